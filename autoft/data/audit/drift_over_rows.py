"""Columns that order the rows in time: dates along which the target changes, and columns that rise with the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.findings import finding
from autoft.data.audit.row_hashes import sample
from autoft.data.audit.target_values import numbers
from autoft.data.convert import Converted
from autoft.data.table import quoted
from autoft.records import Column, Finding, Severity, Task
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd

FEWEST_ROWS, FEWEST_TIMES = 50, 20
#: Stretches of time, of as many rows each, whose targets are compared.
STRETCHES = 10
#: Below this probability, and from this effect on (Cramer's V; its like for ranks), the target changes with time.
UNLIKELY, NOTABLE = 1e-6, 0.1
#: A column with this share of steps in one direction is in order.
IN_ORDER = 0.995
MOST_ROWS = 100_000


def check(
    labels: pd.Series[Any], rows: Array, features: tuple[Column, ...], converted: Converted, *, task: Task
) -> list[Finding]:
    """At most one finding: the column that should order the folds in time.

    A warning for a date along which the target changes (chi-squared test of classes against tenths of time, or
    Kruskal-Wallis test for numbers): a random split learns from the future there. Merely a note for a column in whose
    order the file is.

    Args:
        labels: The target.
        rows: Boolean mask of the rows whose target is usable.
        features: The columns that become inputs.
        converted: Their values.
        task: Kind of problem.
    """
    if rows.sum() < FEWEST_ROWS:
        return []
    target = numbers(labels) if task == "regression" else _codes(labels)
    best: tuple[bool, float, Column] | None = None
    for column in features:
        if column.kind not in ("date", "numeric") or column.distinct < FEWEST_TIMES:
            continue
        times = converted.values[column.id]
        known = rows & np.isfinite(times)
        if known.sum() < FEWEST_ROWS:
            continue
        # That the target changes with a number is what features are for; of a date it means that the world changes.
        effect = _effect(times[known], target[known], task) if column.kind == "date" else 0.0
        if (effect or _in_order(times[known])) and (best is None or (effect > 0, effect) > best[:2]):
            best = (effect > 0, effect, column)
    return [] if best is None else [_finding(best[2], best[1], labels, target, rows, converted, task)]


def _codes(labels: pd.Series[Any]) -> Array:
    import pandas as pd

    return np.asarray(pd.factorize(labels.to_numpy())[0])


def _in_order(times: Array) -> bool:
    steps = np.diff(times)
    steps = steps[steps != 0]
    return len(steps) >= FEWEST_TIMES - 1 and bool(max((steps > 0).mean(), (steps < 0).mean()) >= IN_ORDER)


def _effect(times: Array, target: Array, task: Task) -> float:
    """How much the target changes with time, 0 to 1; 0 where that may be chance or is small."""
    from scipy import stats

    chosen = sample(len(times), MOST_ROWS)
    stretch = np.searchsorted(np.quantile(times[chosen], np.arange(1, STRETCHES) / STRETCHES), times[chosen])
    stretch, size = np.unique(stretch, return_inverse=True)[1], len(chosen)
    groups = int(stretch.max()) + 1
    values = target[chosen]
    if groups < 2 or len(np.unique(values)) < 2:
        return 0.0
    if task == "regression":
        result = stats.kruskal(*(values[stretch == g] for g in range(groups)))
        # Epsilon squared (Tomczak and Tomczak 2014), as a correlation to be on the scale of Cramer's V.
        effect = float(np.sqrt(max(result.statistic / (size - 1), 0.0)))
        return effect if result.pvalue < UNLIKELY and effect >= NOTABLE else 0.0
    places = np.unique(values, return_inverse=True)[1]
    counts = np.bincount(places * groups + stretch, minlength=(int(places.max()) + 1) * groups).reshape(-1, groups)
    tested = stats.chi2_contingency(counts)
    effect = float(np.sqrt(tested[0] / (size * (min(counts.shape) - 1))))
    return effect if tested[1] < UNLIKELY and effect >= NOTABLE else 0.0


def _finding(
    column: Column, effect: float, labels: pd.Series[Any], target: Array, rows: Array, converted: Converted, task: Task
) -> Finding:
    times = converted.values[column.id]
    known = np.flatnonzero(rows & np.isfinite(times))
    order = known[np.argsort(times[known], kind="stable")]
    found = "the rows are in its order"
    severity: Severity = "info"
    fix = f"if it is a time, set evaluate: time: {quoted(column.name)}, so that the model is judged on later rows"
    if effect:
        severity = "warning"
        found = f"the target changes along it (effect {effect:.2f} of 1), so that random folds learn from later rows"
        fix = f"set evaluate: time: {quoted(column.name)} if the model is to predict rows later than these"
    common = np.bincount(target[known]).argmax() if task != "regression" else 0
    shown = target[order].astype(np.float64) if task == "regression" else (target[order] == common) * 1.0
    label = labels.iloc[int(known[np.flatnonzero(target[known] == common)[0]])] if task != "regression" else ""
    what = f"Mean of {labels.name}" if task == "regression" else f"Share of {label}"
    evidence = Evidence(
        counts={"effect": round(effect, 4)},
        sketch=charts.over_rows(shown, y_label=what, x_label=f"Rows in the order of {column.name}"),
    )
    must = "not order the rows in time, unless the recipe says so"
    return finding("time-structure", severity, column.name, must, found, fix, evidence)

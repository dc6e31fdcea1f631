"""Whether the target depends on the place of a row in the file: sorted files, and files in the order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.findings import finding, label_text
from autoft.data.audit.target_values import numbers
from autoft.records import Finding, Task
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd

FEWEST_ROWS = 50
#: Standard deviations of a shuffled file beyond which chance is no explanation, whatever the number of tables.
SURE = 8.0
#: Neighbours differ this many times less than in a shuffled file: sorted, or merely not in random order.
SORTED, ORDERED = 0.05, 0.8


def check(labels: pd.Series[Any], rows: Array, *, task: Task, explained: bool) -> list[Finding]:
    """A finding where neighbouring rows have more similar targets than in a shuffled file.

    Classes: the number of changes from row to row (the runs test of Wald and Wolfowitz 1940). Numbers: the squared
    differences of the ranks of neighbours (Bartels 1982). Either is divided by what a shuffled file has on average.

    Args:
        labels: The target.
        rows: Boolean mask of the rows whose target is usable.
        task: Kind of problem.
        explained: Whether a column of time is known, so that only a sorted file is worth a word.
    """
    values = _values(labels[rows], task)
    if len(values) < FEWEST_ROWS or (values == values[0]).all():
        return []
    ratio, deviations = _neighbours(values, task)
    if deviations < SURE or ratio > ORDERED or (explained and ratio > SORTED):
        return []
    shown, what = _drawn(labels[rows], values, task)
    evidence = Evidence(
        counts={"difference of neighbours, shuffled is 1": round(ratio, 4)},
        sketch=charts.over_rows(shown, y_label=what),
    )
    much = f"neighbours differ {ratio:.0%} as much as in a shuffled file" if ratio >= 0.005 else "it is sorted by it"
    fix = "none needed, as folds do not depend on the order of the file; "
    fix += "if the order is that of time, name the column of time in evaluate: time"
    code = "target-sorted" if ratio <= SORTED else "target-follows-order"
    must = "not tell the target by the place of a row in the file"
    return [finding(code, "info", None, must, much, fix, evidence)]


def _values(labels: pd.Series[Any], task: Task) -> Array:
    """Class numbers, or ranks."""
    import pandas as pd

    if task == "regression":
        return np.asarray(pd.Series(numbers(labels)).rank().to_numpy())
    return np.asarray(pd.factorize(labels.to_numpy())[0])


def _neighbours(values: Array, task: Task) -> tuple[float, float]:
    """How much neighbours differ, as a share of a shuffled file's, and by how many of its standard deviations less."""
    rows = len(values)
    if task == "regression":
        ratio = float((np.diff(values) ** 2).mean() / 2 / values.var())
        return ratio, (1 - ratio) * np.sqrt(rows)
    counts = np.bincount(values).astype(np.float64)
    differ = 1 - (counts * (counts - 1)).sum() / (rows * (rows - 1))
    if differ == 1:  # every row has a class of its own
        return 1.0, 0.0
    ratio = float((np.diff(values) != 0).mean() / differ)
    # Neighbouring pairs overlap, which at most doubles the variance of independent ones.
    return ratio, float((1 - ratio) * differ * np.sqrt(rows / (2 * differ * (1 - differ))))


def _drawn(labels: pd.Series[Any], values: Array, task: Task) -> tuple[Array, str]:
    if task == "regression":
        return numbers(labels), f"Mean of {labels.name}"
    common = np.bincount(values).argmax()
    label = label_text(labels.iloc[int(np.flatnonzero(values == common)[0])])
    return (values == common).astype(np.float64), f"Share of {label}"

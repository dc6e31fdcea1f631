"""Columns whose values name what rows belong to (a patient, a machine): rows of one value are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.findings import finding
from autoft.data.audit.row_hashes import SAMPLE
from autoft.data.audit.target_values import numbers
from autoft.data.convert import Converted
from autoft.data.table import quoted
from autoft.records import Column, Finding, Task
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd

#: Fewer values are categories rather than groups; and so many pairs of rows of one value are needed.
FEWEST_GROUPS, FEWEST_PAIRS = 20, 100
#: Agreement within groups (0: as anywhere, 1: equal) of the target, and of other columns.
SAME_TARGET, CONSTANT_TARGET, SAME_COLUMN = 0.5, 0.8, 0.8
#: Of more rows for each value on average, that the target depends on it is something to learn, and no group.
LARGE = 50
#: Of so many other columns at least, and of this share of them, the values must agree.
FEWEST_COLUMNS, MANY_COLUMNS = 3, 0.5
#: So many candidates, those with the fewest values, are looked at, with so many other columns each.
MOST_CANDIDATES, MOST_COLUMNS = 12, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alike:
    """How alike the rows of one value are: the target, and the share of the other columns that agree."""

    column: Column
    groups: int
    size: float
    target: float
    others: float

    @property
    def same_target(self) -> bool:
        return self.target >= SAME_TARGET and self.size <= LARGE


def check(
    labels: pd.Series[Any], rows: Array, columns: tuple[Column, ...], converted: Converted, *, task: Task
) -> list[Finding]:
    """At most one finding: the column that should keep rows together in the folds.

    A warning where the target is nearly the same within each group (a model that recognises the group knows it), or
    fairly so and the rows are alike; a note where only one of the two holds.

    Args:
        labels: The target.
        rows: Boolean mask of the rows whose target is usable.
        columns: All columns but the target, also those that do not become inputs.
        converted: Their values.
        task: Kind of problem.
    """
    target = numbers(labels) if task == "regression" else labels.to_numpy()
    likely = [c for c in columns if _may_group(c, int(rows.sum()))]
    likely = sorted(likely, key=lambda c: c.distinct)[:MOST_CANDIDATES]
    seen = [_alike(c, target, rows, columns, converted, task) for c in likely]
    telling = [a for a in seen if a is not None and (a.same_target or a.others >= MANY_COLUMNS)]
    if not telling:
        return []
    return [_finding(max(telling, key=lambda a: (a.same_target, a.others, a.target)), str(labels.name))]


def _may_group(column: Column, rows: int) -> bool:
    kinds = ("categorical", "text", "identifier")
    if column.kind not in kinds and not (column.kind == "numeric" and column.integral):
        return False
    return FEWEST_GROUPS <= column.distinct <= 0.8 * (rows - column.missing)


def _alike(
    column: Column, target: Array, rows: Array, columns: tuple[Column, ...], converted: Converted, task: Task
) -> _Alike | None:
    chosen, group = _members(converted.values[column.id], rows)
    sizes = np.bincount(group).astype(np.float64) if len(group) else np.zeros(0)
    if (sizes * (sizes - 1)).sum() / 2 < FEWEST_PAIRS or len(sizes) < FEWEST_GROUPS:
        return None
    same = _agreement(target[chosen], group, numeric=task == "regression")
    agree = []
    for other in [c for c in columns if c.used and c.id != column.id][:MOST_COLUMNS]:
        values = converted.values[other.id][chosen]
        agree.append(_agreement(values, group, numeric=values.dtype != object) >= SAME_COLUMN)
    share = float(np.mean(agree)) if len(agree) >= FEWEST_COLUMNS else 0.0
    return _Alike(column=column, groups=len(sizes), size=float(sizes.mean()), target=same, others=share)


def _members(values: Array, rows: Array) -> tuple[Array, Array]:
    """Rows of whole groups of two or more, some 20,000 of them drawn with a fixed seed, and their groups' numbers."""
    import pandas as pd

    codes = np.asarray(pd.factorize(values)[0])
    codes[~rows] = -1
    sizes = np.bincount(codes[codes >= 0])
    several = np.random.default_rng(0).permutation(np.flatnonzero(sizes > 1))
    # One group more than fits, so that a large one does not leave nothing to look at.
    several = several[: int(np.searchsorted(np.cumsum(sizes[several]), SAMPLE)) + 1]
    number = np.full(len(sizes) + 1, -1)  # the last is for the rows without a value
    number[several] = np.arange(len(several))
    chosen = np.flatnonzero(number[codes] >= 0)
    return chosen, number[codes[chosen]]


def _agreement(values: Array, group: Array, *, numeric: bool) -> float:
    """How much more two rows of a group agree than any two: 0 as anywhere, 1 always; 0 for constant columns.

    For numbers the intraclass correlation of their ranks (one-way analysis of variance), else Cohen's kappa of pairs.
    """
    import pandas as pd

    sizes = np.bincount(group).astype(np.float64)
    rows = len(values)
    if numeric:
        ranks = pd.Series(values).rank(na_option="top").to_numpy()
        total = ((ranks - ranks.mean()) ** 2).sum()
        means = np.bincount(group, weights=ranks) / sizes
        within = ((ranks - means[group]) ** 2).sum()
        if total == 0 or rows == len(sizes):
            return 0.0
        between_square, within_square = (total - within) / (len(sizes) - 1), within / (rows - len(sizes))
        typical = (rows - (sizes**2).sum() / rows) / (len(sizes) - 1)
        return float((between_square - within_square) / (between_square + (typical - 1) * within_square))
    codes = pd.factorize(values, use_na_sentinel=False)[0]
    counts = np.bincount(codes).astype(np.float64)
    anywhere = (counts * (counts - 1)).sum() / (rows * (rows - 1))
    joint = np.unique(group * len(counts) + codes, return_counts=True)[1].astype(np.float64)
    inside = (joint * (joint - 1)).sum() / (sizes * (sizes - 1)).sum()
    return float((inside - anywhere) / (1 - anywhere)) if anywhere < 1 else 0.0


def _finding(alike: _Alike, target: str) -> Finding:
    name = alike.column.name
    words = []
    if alike.same_target:
        words.append(f"{quoted(target)} agrees to {alike.target:.0%} among rows of one value")
    if alike.others >= MANY_COLUMNS:
        words.append(f"{alike.others:.0%} of the other columns are nearly constant among rows of one value")
    known = alike.same_target and (alike.target >= CONSTANT_TARGET or alike.others >= MANY_COLUMNS)
    fix = f"if its values name what rows belong to (a person, a machine), set evaluate: group: {quoted(name)}, "
    fix += "so that rows of one value are never in two folds"
    evidence = Evidence(
        counts={"groups looked at": alike.groups, "agreement of the target": round(alike.target, 3)},
        sketch=charts.bars(
            {"target": max(alike.target, 0.0), "other columns": alike.others},
            x_label="Agreement among rows of one value",
            marked=["target"] if alike.same_target else ["other columns"],
        ),
    )
    must = "not tie rows of different folds together"
    return finding("group-structure", "warning" if known else "info", name, must, " and ".join(words), fix, evidence)

"""Hidden groups: columns whose values name what rows belong to (a patient, a machine), so that these are alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.values import MAX_ROWS, codes, ranked
from autoft.errors import quoted
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

#: Fewer values are categories rather than groups.
FEWEST_GROUPS = 20
#: Fewer pairs of rows of one value prove nothing.
FEWEST_PAIRS = 100
#: Agreement of the target within groups (0: as anywhere, 1: equal) that is notable,
SAME_TARGET = 0.5
#: and that makes a warning by itself.
CONSTANT_TARGET = 0.8
#: Agreement of another column within groups that makes it nearly constant.
SAME_COLUMN = 0.8
#: With more rows for each value on average, that the target depends on it is something to learn, and no group.
LARGE = 50
#: Fewest other columns that are compared,
FEWEST_COLUMNS = 3
#: and this share of them must be nearly constant.
MANY_COLUMNS = 0.5
#: Most candidates that are looked at, those with the fewest values,
MOST_CANDIDATES = 12
#: and most other columns for each.
MOST_COLUMNS = 30


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


@check("group-structure", scope="rows")
def hidden_groups(view: TableView) -> list[Finding]:
    """At most one finding: the column that should keep rows together in the folds. A warning where the target is nearly
    the same within each group (a model that recognises the group knows it), or fairly so and the rows are alike; a note
    where only one of the two holds. Columns that are no inputs count too."""
    if view.options.grouped:
        return []
    likely = [c for c in (*view.features, *view.unused) if _may_group(c, int(view.usable.sum()))]
    likely = sorted(likely, key=lambda c: c.distinct)[:MOST_CANDIDATES]
    known = [alike for c in likely if (alike := _alike(c, view)) is not None]
    telling = [a for a in known if a.same_target or a.others >= MANY_COLUMNS]
    if not telling:
        return []
    return [_finding(max(telling, key=lambda a: (a.same_target, a.others, a.target)), view.target)]


def _may_group(column: Column, rows: int) -> bool:
    kinds = ("categorical", "text", "identifier")
    if column.kind not in kinds and not (column.kind == "numeric" and column.integral):
        return False
    return FEWEST_GROUPS <= column.distinct <= 0.8 * (rows - column.missing)


def _alike(column: Column, view: TableView) -> _Alike | None:
    values = view.converted.values
    chosen, group = _members(values[column.id], view.usable)
    sizes = np.bincount(group).astype(np.float64) if len(group) else np.zeros(0)
    if (sizes * (sizes - 1)).sum() / 2 < FEWEST_PAIRS or len(sizes) < FEWEST_GROUPS:
        return None
    same = _agreement(view.answers[chosen], group, numeric=view.task == "regression")
    agree = []
    for other in [c for c in view.features if c.id != column.id][:MOST_COLUMNS]:
        cells = values[other.id][chosen]
        agree.append(_agreement(cells, group, numeric=cells.dtype != object) >= SAME_COLUMN)
    share = float(np.mean(agree)) if len(agree) >= FEWEST_COLUMNS else 0.0
    return _Alike(column=column, groups=len(sizes), size=float(sizes.mean()), target=same, others=share)


def _members(values: Array, rows: Array) -> tuple[Array, Array]:
    """Rows of whole groups of two or more, some 20,000 of them drawn with a fixed seed, and their groups' numbers."""
    groups = np.where(rows, codes(values), -1)
    sizes = np.bincount(groups[groups >= 0])
    several = np.random.default_rng(0).permutation(np.flatnonzero(sizes > 1))
    # One group more than fits, so that a large one does not leave nothing to look at.
    several = several[: int(np.searchsorted(np.cumsum(sizes[several]), MAX_ROWS)) + 1]
    number = np.full(len(sizes) + 1, -1)  # the last is for the rows without a value
    number[several] = np.arange(len(several))
    chosen = np.flatnonzero(number[groups] >= 0)
    return chosen, number[groups[chosen]]


def _agreement(values: Array, group: Array, *, numeric: bool) -> float:
    """How much more two rows of a group agree than any two: 0 as anywhere, 1 always; 0 for constant columns. For
    numbers the intraclass correlation of their ranks (one-way analysis of variance), else Cohen's kappa of pairs."""
    sizes = np.bincount(group).astype(np.float64)
    rows = len(values)
    if numeric:
        ranks = ranked(values)
        total = ((ranks - ranks.mean()) ** 2).sum()
        means = np.bincount(group, weights=ranks) / sizes
        within = ((ranks - means[group]) ** 2).sum()
        if total == 0 or rows == len(sizes):
            return 0.0
        between_square, within_square = (total - within) / (len(sizes) - 1), within / (rows - len(sizes))
        typical = (rows - (sizes**2).sum() / rows) / (len(sizes) - 1)
        return float((between_square - within_square) / (between_square + (typical - 1) * within_square))
    categories = codes(values, missing=True)
    counts = np.bincount(categories).astype(np.float64)
    anywhere = (counts * (counts - 1)).sum() / (rows * (rows - 1))
    joint = np.unique(group * len(counts) + categories, return_counts=True)[1].astype(np.float64)
    inside = (joint * (joint - 1)).sum() / (sizes * (sizes - 1)).sum()
    return float((inside - anywhere) / (1 - anywhere)) if anywhere < 1 else 0.0


def _finding(alike: _Alike, target: str) -> Finding:
    name = alike.column.name
    words = []
    if alike.same_target:
        words.append(f"{quoted(target)} agrees to {alike.target:.0%}")
    if alike.others >= MANY_COLUMNS:
        words.append(f"{alike.others:.0%} of the other columns are nearly constant")
    found = f"may name groups of rows: among rows of one value {' and '.join(words)}"
    known = alike.same_target and (alike.target >= CONSTANT_TARGET or alike.others >= MANY_COLUMNS)
    fix = f"if its values name what rows belong to (a person, a machine), set evaluate: group: {quoted(name)}, "
    fix += "so that rows of one value are never in two folds"
    agreement = {"target": max(alike.target, 0.0), "other columns": alike.others}
    marked = ["target"] if alike.same_target else ["other columns"]
    drawn = charts.bars(agreement, x_label="Agreement among rows of one value", marked=marked)
    counts = {"groups looked at": alike.groups, "agreement of the target": round(alike.target, 3)}
    evidence = Evidence(counts=counts, sketch=drawn)
    must = "not tie rows of different folds together"
    return Finding("group-structure", "warning" if known else "info", name, must, found, fix, evidence)

"""Drift: distance of each column from the training table, and the limit beyond chance (docs/schema.md says which).

Between two samples of n and m rows of one column, chance makes the Jensen-Shannon divergence in bits chi-squared with
one degree of freedom less than there are bins, times (1/n + 1/m) / (8 ln 2). What it makes of a share is bounded by
Bernstein's inequality, which holds for few rows and rare categories too.

Values outside the training table's range, and categories that it did not have, come in every later table: of n and m
values in a random order, k or more of the m lie outside the range of the n with a chance below (k + 1) (m / (n + m))^k;
a new category comes as often as the categories that the training table had once (Good 1953, "The Population Frequencies
of Species"). A single number is worth an alarm that lies far outside the range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, log, sqrt
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autoft.data.audit.placeholders import DAY, day_text
from autoft.data.cells import TRUTH, word
from autoft.data.convert import Converted, convert
from autoft.errors import bare_cell, quoted
from autoft.records.columns import Column, Kind, Target
from autoft.records.findings import Finding, Severity, gathered
from autoft.schema.portable.validate.comparators import divergence
from autoft.schema.reference import MOST_CATEGORIES, Reference, cells_of, references

Measure = Literal["Jensen-Shannon", "infinity norm"]

#: Distances below which no change matters, however many rows prove it.
LEAST: dict[Measure, float] = {"Jensen-Shannon": 0.02, "infinity norm": 0.05}
#: Share of tables without any change that may raise an alarm in some column.
FALSE_ALARMS = 0.01
#: So many columns that are empty more often, or less often, have one cause and one finding; and so have more columns
#: than this that have changed: the rows are of other things.
TOGETHER, MANY_DRIFTED = 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A column of a table, compared with the same column of the training table.

    Attributes:
        distance: Between the two distributions of non-missing cells, 0 to 1; None if either table has none.
        limit: Distances above it are drift; above 1 where there are too few cells for any to be.
        missing, missing_before: Share of empty cells here and in the training table.
        missing_limit: Differences of the two above it are drift.
        median, median_before: Of numbers, and of dates in seconds since 1970, here and in the training table.
        outside: Share of all cells outside the training table's range; None but for numbers and dates.
        unseen: Share of all cells with a category that the training table did not have; None but for categories.
        most_outside, most_unseen: Shares of the two that chance may make; None where they are not known.
        strayed: Cells far outside the training table's range: further than it is wide, and of numbers further than its
            tail suggests (`Reference.reach`).
    """

    column: str
    kind: Kind
    measure: Measure
    distance: float | None
    limit: float
    missing: float
    missing_before: float
    missing_limit: float
    median: float | None = None
    median_before: float | None = None
    outside: float | None = None
    unseen: float | None = None
    most_outside: float | None = None
    most_unseen: float | None = None
    strayed: int = 0

    @property
    def drifted(self) -> bool:
        """Whether the distance is beyond its limit."""
        return self.distance is not None and self.distance > self.limit

    @property
    def emptier(self) -> bool:
        """Whether the share of empty cells differs beyond its limit."""
        return abs(self.missing - self.missing_before) > self.missing_limit


def shifts(
    statistics: Any, columns: Sequence[Column], converted: Converted, rows: int, *, more: int = 0
) -> tuple[Shift, ...]:
    """The columns that both tables have, in the order of `columns`; none if the table has no rows. `statistics` are the
    training table's, as `ProtoEngine.statistics` made them, `converted` the cells of the other table. As the columns of
    both calls share the one false alarm, `more` says how many are compared in another one."""
    known = references(statistics)
    cells = {column.name: cells_of(column, converted) for column in columns if rows and column.name in known}
    compared = [(column, own) for column in columns if (own := cells.get(column.name)) is not None]
    tests = 2 * (len(compared) + more)
    return tuple(_shift(column, known[column.name], own, rows, tests) for column, own in compared)


def target_shift(statistics: Any, target: Target, frame: pd.DataFrame, *, more: int) -> Shift | None:
    """Drift of the answers over the rows that have one; None if the table or the statistics have none."""
    known = references(statistics).get(target.name)
    if known is None or target.name not in frame.columns:
        return None
    kind: Kind = "categorical" if known.edges is None else "numeric"
    false: tuple[str, ...] = ()
    true: tuple[str, ...] = ()
    if known.edges is None and set(known.labels) <= {"true", "false"}:
        kind = "boolean"
        texts = [str(label) for label in target.classes]
        if len(texts) == 2 and word(texts[0]) not in TRUTH:  # declared to be boolean, in words of its own
            false, true = (texts[0],), (texts[1],)
    form = target.number_format
    column = Column(id="target", name=target.name, kind=kind, why="", false=false, true=true, number_format=form)
    answered = frame.loc[frame[target.name].notna(), [target.name]]
    converted = convert(answered, [column])
    found = shifts(statistics, [column], converted, len(answered), more=more)
    if not found or found[0].distance is None:
        return None
    # Words that are neither truth value are other answers than the model can give.
    return replace(found[0], unseen=converted.bad.get("target", 0) / len(answered)) if kind == "boolean" else found[0]


def findings(found: Sequence[Shift]) -> tuple[Finding, ...]:
    """A warning for each column that has changed, or one for all if they are many; a note for dates that have moved
    on."""
    made = gathered([_drifted(shift) for shift in found if shift.drifted], MANY_DRIFTED)
    return (*made, *_emptied([shift for shift in found if shift.emptier]))


def _emptied(found: Sequence[Shift]) -> list[Finding]:
    """Columns that are empty more often, or less often, than before: one warning for `TOGETHER` of them or more."""
    fix, made = "check the source; train again if the change is here to stay", []
    for how in ("more", "less"):
        alike = [shift for shift in found if (shift.missing > shift.missing_before) == (how == "more")]
        if len(alike) >= TOGETHER:
            text = f"has {len(alike):,} columns that are empty {how} often than in training: "
            shares = [(quoted(one.column), one.missing, one.missing_before) for one in alike[:3]]
            text += "; ".join(f"{name} in {now:.1%}, before in {before:.1%}" for name, now, before in shares)
            text += "; ..." if len(alike) > 3 else ""
            made.append(Finding("drift-missing", "warning", None, "be filled in as often as before", text, fix))
            continue
        for one in alike:
            text = f"is empty in {one.missing:.1%} of the cells; in training it was in {one.missing_before:.1%}"
            made.append(Finding("drift-missing", "warning", one.column, "be filled in as often as before", text, fix))
    return made


def _drifted(shift: Shift) -> Finding:
    assert shift.distance is not None
    by_chance = "reported above" if shift.limit == LEAST[shift.measure] else "by chance up to"
    text = f"the {shift.measure} distance is {shift.distance:.3f}; {by_chance} {shift.limit:.3f}"
    if shift.measure == "infinity norm":
        change, limit = 100 * shift.distance, 100 * shift.limit
        text = f"the share of one category by {change:.3g} points; {by_chance} {limit:.3g}"
    text = f"has changed since training: {text}"
    severity: Severity = "warning"
    fix = "check the source and the unit; train again if the change is here to stay"
    if shift.median is not None and shift.median_before is not None:
        say = day_text if shift.kind == "date" else "{:.4g}".format
        now, before = (bare_cell(say(median)) for median in (shift.median, shift.median_before))
        text += f" (the median is {now}, and was {before})"
        if shift.kind == "date" and shift.median > max(shift.median_before, DAY):  # times of the day do not go on
            fix, severity = "nothing to do if time has gone on; train again now and then", "info"
    return Finding("drift", severity, shift.column, "be distributed as in the training", text, fix)


def _shift(column: Column, before: Reference, cells: NDArray[Any], rows: int, tests: int) -> Shift:
    measure: Measure = "infinity norm" if before.edges is None else "Jensen-Shannon"
    missing_before = 1 - before.filled / before.rows
    spread = missing_before * (1 - missing_before)
    missing_limit = max(LEAST["infinity norm"], _bernstein(spread, before.rows, rows, 1, tests))
    distance, limit = _distance(before, cells, measure, tests) if len(cells) else (None, 2.0)
    numbers = before.edges is not None
    more = _places(before, cells, rows, column.kind, tests) if numbers else _unseen(before, cells, rows, tests)
    return Shift(
        column=column.name,
        kind=column.kind,
        measure=measure,
        distance=distance,
        limit=max(LEAST[measure], limit),
        missing=1 - len(cells) / rows,
        missing_before=missing_before,
        missing_limit=missing_limit,
        **more,
    )


def _places(before: Reference, cells: NDArray[Any], rows: int, kind: Kind, tests: int) -> dict[str, Any]:
    """Median and range of numbers or dates, compared with those of the training table."""
    below, above = before.low - cells, cells - before.high
    # Time has no tail: a date is far away once it is further off than all the time of the training table.
    low, high = (before.high - before.low,) * 2 if kind == "date" else before.reach
    return {
        "median": float(np.quantile(cells, 0.5, method="inverted_cdf")) if len(cells) else None,
        "median_before": before.median,
        "outside": int(np.sum((below > 0) | (above > 0))) / rows,
        "most_outside": _most_outside(before.filled, len(cells), tests) / rows,
        "strayed": int(np.sum((below > low) | (above > high))),
    }


def _most_outside(before: int, now: int, tests: int) -> int:
    """Values outside the range of `before` others that chance may make among `now`."""
    if not now:
        return 0
    level, ratio, most = log(FALSE_ALARMS / tests), log(now / (before + now)), 0
    for _ in range(20):  # converges at once, as the left side hardly depends on it
        most = ceil((level - log(most + 2)) / ratio) - 1
    return max(0, most)


def _unseen(before: Reference, cells: NDArray[Any], rows: int, tests: int) -> dict[str, Any]:
    """Shares of new categories; without their number where the training table had more than are kept."""
    from scipy.special import bdtrik

    once = before.filled - float(before.counts[before.counts > 1].sum()) + 1
    share, now = (once + 2 * sqrt(once)) / before.filled, len(cells)  # of new ones: two standard errors above
    most = ceil(bdtrik(1 - FALSE_ALARMS / tests, now, share)) if share < 1 and now else now
    found = {"most_unseen": most / rows}
    if len(before.labels) >= MOST_CATEGORIES:
        return found
    return found | {"unseen": float(before.count(cells)[len(before.labels) :].sum()) / rows}


def _distance(before: Reference, cells: NDArray[Any], measure: Measure, tests: int) -> tuple[float, float]:
    """The distance, and its limit by chance."""
    now = before.count(cells)
    p, q = np.zeros(len(now)), now / len(cells)
    p[: len(before.counts)] = before.counts / before.filled
    if measure == "infinity norm":
        spread = float(np.max(p * (1 - p)))
        return float(np.max(np.abs(p - q))), _bernstein(spread, before.filled, len(cells), len(before.counts), tests)
    from scipy.special import chdtri

    chance = float(chdtri(max(1, len(p) - 1), FALSE_ALARMS / tests)) * (1 / before.filled + 1 / len(cells))
    return divergence(p, q), chance / (8 * log(2))


def _bernstein(spread: float, before: int, now: int, categories: int, tests: int) -> float:
    """Limit by chance of the largest difference of shares (Bernstein's inequality); `spread`: largest p (1 - p)."""
    level = log(2 * categories * tests / FALSE_ALARMS)
    scale = 1 / before + 1 / now
    straight = level * scale / 3
    return straight + sqrt(straight**2 + 2 * level * spread * scale)

"""Far dates: mostly typing errors of the year."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autoft.data.audit import charts, placeholders
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import row_numbers, share_of
from autoft.data.audit.values import drawn_values
from autoft.errors import bare_cell
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

YEAR = 365.25 * 86_400
#: At most this share of the dates may lie far out at either end.
FAR_SHARE = 0.01


def limits(seconds: Array) -> tuple[float, float]:
    """The first and the last date (seconds since 1970) that are near the others; infinite where all are.

    Dates lie far out if a gap of more than a year, and of more than half the range that 98 % of the dates span,
    separates them from the rest. The limit is the middle of the gap, so that dates may go on after training.

    >>> years = np.array([*np.linspace(50, 53, 300), 152.0]) * YEAR
    >>> round(limits(years)[1] / YEAR, 1), limits(years)[0]
    (102.5, -inf)
    """
    known = np.sort(seconds[np.isfinite(seconds)])
    if len(known) < placeholders.MIN_VALUES:
        return -np.inf, np.inf
    tail = max(1, int(FAR_SHARE * len(known)))
    wide = max(YEAR, (known[-tail - 1] - known[tail]) / 2)
    low, high = -np.inf, np.inf
    gaps = np.diff(known)
    ends = np.flatnonzero(gaps[:tail] > wide)
    if len(ends):
        low = float(known[ends[-1]] + gaps[ends[-1]] / 2)
    starts = np.flatnonzero(gaps[-tail:] > wide)
    if len(starts):
        first = len(gaps) - tail + starts[0]
        high = float(known[first] + gaps[first] / 2)
    return low, high


@check("far-dates", scope="columns")
def far_dates(view: TableView) -> Iterator[Finding]:
    """Dates far from the others, but for those that stand for "never"."""
    for column, seconds in view.columns("date"):
        known = np.where(placeholders.on_days(seconds, placeholders.dates(seconds)), np.nan, seconds)
        low, high = limits(known)
        rows = np.flatnonzero((known < low) | (known > high))
        if not len(rows):
            continue
        day = placeholders.day_text(float(known[rows[0]]))
        first = f"(first: row {rows[0] + 1:,}, {bare_cell(day)})"
        found = f"has {share_of(len(rows), len(seconds), 'dates')} that are years apart from all others {first}"
        marks = placeholders.years(known[rows[:5]]).tolist()
        drawn = charts.histogram(placeholders.years(drawn_values(known)), x_label="year", marks=marks)
        evidence = Evidence(counts={"rows": len(rows)}, rows=row_numbers(rows, 5), sketch=drawn)
        fix = "correct them, or accept far-dates to make them missing"
        yield Finding("far-dates", "warning", column.name, "have dates near one another", found, fix, evidence)

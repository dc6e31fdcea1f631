"""Dates that lie far from all others: typing errors of the year, mostly."""

from __future__ import annotations

import numpy as np

from autoft.data.audit import charts, placeholders
from autoft.data.audit.findings import finding, of
from autoft.records import Finding
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence

YEAR = 365.25 * 86_400
#: At most this share of the dates may lie far out at either end.
FAR_SHARE = 0.01


def limits(seconds: Array) -> tuple[float, float]:
    """The first and the last date (seconds since 1970) that are near the others; infinite where all are.

    Dates lie far out if a gap of more than a year, and of more than half the range that 98 % of the dates span,
    parts them from the rest. The limit is the middle of the gap, so that dates may go on after training.

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


def check(column: str, seconds: Array) -> list[Finding]:
    """A warning for dates far from the others, those left out that stand for "never"."""
    days = placeholders.dates(seconds)
    known = np.where(np.isin(np.floor(seconds / 86_400) * 86_400, days), np.nan, seconds) if days else seconds
    low, high = limits(known)
    far = (known < low) | (known > high)
    rows = np.flatnonzero(far)
    if not len(rows):
        return []
    example = placeholders.day_text(float(known[rows[0]]))
    first = f"(first: row {rows[0] + 1:,}, {example})"
    text = f"{of(len(rows), len(seconds), 'cells')} are years apart from all others {first}"
    fix = "correct them, or accept far-dates to make them missing"
    evidence = Evidence(
        counts={"rows": len(rows)},
        rows=tuple(int(row) + 1 for row in rows[:5]),
        sketch=charts.histogram(
            placeholders.years(placeholders.sampled(known)),
            x_label="year",
            marks=placeholders.years(known[rows[:5]]).tolist(),
        ),
    )
    return [finding("far-dates", "warning", column, "have dates near one another", text, fix, evidence)]

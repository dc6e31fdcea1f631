"""Outliers: numbers far from all others of their column."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import row_numbers, share_of
from autoft.data.audit.values import sample
from autoft.errors import bare_cell
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

FEWEST_ROWS = 50
#: Standard deviations from the median (estimated robustly, on the value's own side) from which on a value is far out;
#: one in 700,000 values of an exponential distribution is.
FAR = 10.0
#: More than this share of a column is no outlier, but a part of it.
MANY = 0.01
#: Standard deviations beyond which a tenth of a normal distribution lies, on either side.
TENTH = 1.2816


@check("outlying-values", scope="columns")
def outlying_values(view: TableView) -> Iterator[Finding]:
    """Columns of numbers with a few values far from the others (a robust z-score, each side for itself). Columns of
    positive values must show them on a logarithmic scale, too: a long tail is none."""
    for column, values in view.columns("numeric"):
        low, high = _limits(values)
        if not np.nanmin(values, initial=np.inf) < low and not np.nanmax(values, initial=-np.inf) > high:
            continue
        rows = np.flatnonzero((values < low) | (values > high))
        filled = int(np.isfinite(values).sum())
        if len(rows) > MANY * filled:
            continue
        distance = np.maximum(low - values[rows], values[rows] - high)
        farthest = rows[np.argsort(-distance, kind="stable")]
        found = f"has {share_of(len(rows), filled, 'values')} far from all others "
        drawn = values[sample(len(values))]
        low, high = np.quantile(drawn[np.isfinite(drawn)], [0.1, 0.9])
        found += f"(first: row {rows[0] + 1:,}, {bare_cell(values[rows[0]])}; usual are "
        found += f"{bare_cell(low)} to {bare_cell(high)})"
        fix = "check that they are real; by default autoft clips the most extreme values"
        sketch = charts.histogram(values, x_label=column.name, marks=values[farthest])
        counts = {"values": filled, "far out": len(rows)}
        evidence = Evidence(counts=counts, rows=row_numbers(farthest), sketch=sketch)
        must = "have values of one order of size"
        yield Finding("outlying-values", "info", column.name, must, found, fix, evidence)


def _limits(values: Array) -> tuple[float, float]:
    """The limits beyond which a value is far out; infinite where there are none."""
    drawn = values[sample(len(values))]
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < FEWEST_ROWS:
        return -np.inf, np.inf
    low, high = _reach(drawn)
    if drawn.min() > 0:
        below, above = np.exp(np.minimum(_reach(np.log(drawn)), np.log(np.finfo(np.float64).max)))
        low, high = min(low, float(below)), max(high, float(above))
    return low, high


def _reach(drawn: Array) -> tuple[float, float]:
    tenth, median, ninth = np.quantile(drawn, [0.1, 0.5, 0.9])
    down, up = FAR * (median - tenth) / TENTH, FAR * (ninth - median) / TENTH
    return float(median - down) if down > 0 else -np.inf, float(median + up) if up > 0 else np.inf

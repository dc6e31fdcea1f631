"""Values far from all others in a column of numbers."""

from __future__ import annotations

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.findings import finding, of
from autoft.data.audit.row_hashes import sample
from autoft.data.convert import Converted
from autoft.records import Column, Finding
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence

FEWEST_ROWS = 50
#: Standard deviations from the median (estimated robustly, on the value's own side) from which on a value is far out;
#: one in 700,000 values of an exponential distribution is.
FAR = 10.0
#: More than this share of a column is no outlier, but a part of it.
MANY = 0.01
#: Of a normal distribution a tenth lies beyond so many standard deviations on either side.
TENTH = 1.2816
SHOWN = 10


def check(features: tuple[Column, ...], converted: Converted) -> list[Finding]:
    """A note for each column of numbers with a few values far from the others (a robust z-score, each side for itself).

    Columns of positive values must show them on a logarithmic scale, too: a long tail is none.
    """
    findings = []
    for column in features:
        if column.kind == "numeric":
            findings += _far(column, converted.values[column.id])
    return findings


def _far(column: Column, values: Array) -> list[Finding]:
    low, high = _limits(values)
    if not np.nanmin(values, initial=np.inf) < low and not np.nanmax(values, initial=-np.inf) > high:
        return []
    rows = np.flatnonzero((values < low) | (values > high))
    filled = int(np.isfinite(values).sum())
    if len(rows) > MANY * filled:
        return []
    distance = np.maximum(low - values[rows], values[rows] - high)
    farthest = rows[np.argsort(-distance, kind="stable")]
    found = f"{of(len(rows), filled, 'values')} are far from all others "
    found += f"(first: row {rows[0] + 1:,}, {values[rows[0]]:g}; usual are {_usual(values)})"
    fix = "check that they are real; by default autoft clips the most extreme values"
    evidence = Evidence(
        counts={"values": filled, "far out": len(rows)},
        rows=tuple(int(row) + 1 for row in farthest[:SHOWN]),
        sketch=charts.histogram(values, x_label=column.name, marks=values[farthest]),
    )
    return [finding("outlying-values", "info", column.name, "have values of one order of size", found, fix, evidence)]


def _usual(values: Array) -> str:
    drawn = values[sample(len(values))]
    low, high = np.quantile(drawn[np.isfinite(drawn)], [0.1, 0.9])
    return f"{low:g} to {high:g}"


def _limits(values: Array) -> tuple[float, float]:
    """Below and above what a value is far out; infinite where that cannot be said."""
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

"""Outliers: numbers far from all others of their column, and rows unlike all others though no value of them need be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import row_numbers, share_of
from autoft.data.audit.values import codes, sample
from autoft.data.convert import Converted
from autoft.errors import bare_cell
from autoft.records.arrays import Array
from autoft.records.columns import Column
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


#: Of fewer rows none is odd.
FEWEST_FOREST = 100
#: One column alone is the matter of `outlying_values`.
FEWEST_COLUMNS = 2
#: Rows and columns that the forest looks at, at most.
MOST_ROWS, MOST_COLUMNS = 10_000, 100
#: Scores near 1 are odd and below 0.5 usual (Liu et al. 2008).
ODD = 0.6
#: Least distance of an odd score from those of the other rows, in their standard deviations.
FAR_SCORE = 5.0


def find_odd_rows(features: tuple[Column, ...], converted: Converted, *, kept: Array | None = None) -> list[Finding]:
    """At most one note with the rows that are isolated by far fewer questions than the others. Imports scikit-learn, so
    it is no check of the audit and runs in a training only. Categories count by how rare they are; missing numbers are
    the median. `kept` are the positions of the rows in the table that was read, where some were left out."""
    usable = [column for column in features if column.used and column.kind != "text"][:MOST_COLUMNS]
    rows = len(converted.values[usable[0].id]) if usable else 0
    if len(usable) < FEWEST_COLUMNS or rows < FEWEST_FOREST:
        return []
    from sklearn.ensemble import IsolationForest

    chosen = sample(rows, MOST_ROWS)
    table = np.stack([_numbers(converted.values[column.id], chosen) for column in usable], axis=1)
    forest = IsolationForest(n_estimators=100, random_state=0).fit(table)
    score = -forest.score_samples(table)
    median = np.median(score)
    usual = (np.quantile(score, 0.9) - median) / TENTH
    odd = np.flatnonzero((score >= ODD) & (score > median + FAR_SCORE * usual))
    if not len(odd):
        return []
    worst = odd[np.argsort(-score[odd], kind="stable")]
    noun = "rows" if rows == len(chosen) else f"rows drawn from {rows:,}"
    number = chosen if kept is None else kept[chosen]
    row = int(number[worst[0]]) + 1
    found = f"has {share_of(len(odd), len(chosen), noun)} unlike the others (first: row {row:,}, score "
    found += f"{score[worst[0]]:.2f}; half of the rows are below {median:.2f})"
    drawn = charts.histogram(score, x_label="Score of the isolation forest", marks=score[worst])
    counts = {"rows": len(chosen), "apart": len(odd)}
    evidence = Evidence(counts=counts, rows=row_numbers(number[worst]), sketch=drawn)
    fix = "look at them; remove those that are mistakes or cases that the model will never meet"
    return [Finding("outlying-rows", "info", None, "have rows like one another", found, fix, evidence)]


def _numbers(values: Array, chosen: Array) -> Array:
    """One column for the forest, which only asks whether a value is above a limit: ranks would not serve it."""
    if values.dtype != object:
        drawn = values[chosen].astype(np.float64)
        known = drawn[np.isfinite(drawn)]
        if not len(known):
            return np.zeros(len(drawn))
        # The forest computes in float32, in which seconds since 1970 are minutes apart: all columns are scaled.
        scale = float(known.std()) or 1.0
        return np.where(np.isfinite(drawn), (drawn - np.median(known)) / scale, 0.0)
    categories = codes(values[chosen], missing=True)
    return np.asarray(-np.log(np.bincount(categories)[categories] / len(categories)))

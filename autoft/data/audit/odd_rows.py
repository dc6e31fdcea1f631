"""Odd rows: unlike all others although no single value of them need be, found by an isolation forest."""

from __future__ import annotations

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.findings import row_numbers, share_of
from autoft.data.audit.values import codes, sample
from autoft.data.convert import Converted
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

#: Fewer rows prove nothing.
FEWEST_ROWS = 100
#: One column alone is the matter of `autoft.data.audit.outliers`.
FEWEST_COLUMNS = 2
#: Rows that the forest looks at, at most.
MOST_ROWS = 10_000
#: Columns that it looks at, at most.
MOST_COLUMNS = 100
#: Scores near 1 are odd and below 0.5 usual (Liu et al. 2008).
ODD = 0.6
#: Least distance of an odd score from those of the other rows, in their standard deviations.
FAR = 5.0


def find_odd_rows(features: tuple[Column, ...], converted: Converted, *, kept: Array | None = None) -> list[Finding]:
    """At most one note with the rows that are isolated by far fewer questions than the others.

    Imports scikit-learn, so it is no check of the audit and runs in a training only. Categories count by how rare they
    are; missing numbers are the median.

    Args:
        kept: Positions of the rows in the table that was read, where some were left out.
    """
    usable = [column for column in features if column.used and column.kind != "text"][:MOST_COLUMNS]
    rows = len(converted.values[usable[0].id]) if usable else 0
    if len(usable) < FEWEST_COLUMNS or rows < FEWEST_ROWS:
        return []
    from sklearn.ensemble import IsolationForest

    chosen = sample(rows, MOST_ROWS)
    table = np.stack([_numbers(converted.values[column.id], chosen) for column in usable], axis=1)
    forest = IsolationForest(n_estimators=100, random_state=0).fit(table)
    score = -forest.score_samples(table)
    median = np.median(score)
    usual = (np.quantile(score, 0.9) - median) / 1.2816
    odd = np.flatnonzero((score >= ODD) & (score > median + FAR * usual))
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

"""Sums: a column, or the target, that is a weighted sum of several other columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autoft.data.audit.checks import TableView, check
from autoft.data.audit.predictors import LEAK_R2
from autoft.data.audit.values import sample
from autoft.errors import listed, quoted
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

#: Fewer rows prove nothing, nor do fewer for each column.
MIN_ROWS, ROWS_PER_COLUMN = 100, 3
#: Rows that are looked at, and columns.
MOST_ROWS, MOST_COLUMNS = 5_000, 100
#: Share of its spread by which a sum of features may differ, as by rounding.
ROUNDING = 1e-3
#: Weights of sums and differences are 1 or -1 to this.
WEIGHT = 0.01
#: A column with less than this share of the spread of the sum is no part of it.
PART = 1e-3
#: Longer sums are not named.
MOST_PARTS = 12
#: Columns with fewer values have sums by chance.
MIN_DISTINCT = 10


@check("sum-of-columns", "sum-leak", scope="pairs")
def sums(view: TableView) -> Iterator[Finding]:
    """A note for each column that is the sum or difference of earlier ones, and a warning if the target of a regression
    is a weighted sum of three or more columns (of two `pair-leak` says so)."""
    features, rows = _numbers(view)
    if len(features) < 2 or len(rows) < max(MIN_ROWS, ROWS_PER_COLUMN * len(features)):
        return
    matrix = np.column_stack([view.converted.values[column.id][rows] for column in features])
    spread = matrix.std(axis=0)
    scaled = (matrix - matrix.mean(axis=0)) / spread
    basis: list[int] = []
    for j, column in enumerate(features):
        weights, rest = _fit(scaled[:, basis], scaled[:, j])
        if rest > ROUNDING:
            basis.append(j)
            continue
        weights = weights * spread[j] / spread[basis]
        parts = np.flatnonzero(np.abs(weights) * spread[basis] > PART * spread[j])
        if 2 <= len(parts) <= MOST_PARTS and (np.abs(np.abs(weights[parts]) - 1) < WEIGHT).all():
            yield _sum(column, [features[basis[i]] for i in parts], weights[parts], len(view))
    if view.task == "regression":
        yield from _leak(view, [features[j] for j in basis], scaled[:, basis], rows)


def _numbers(view: TableView) -> tuple[list[Column], Array]:
    """Columns of numbers that are filled and vary, and rows in which all of them are; at most `MOST_ROWS`."""
    usable = np.flatnonzero(view.usable)
    drawn = usable[sample(len(usable), MOST_ROWS)]
    cells = {column.id: (column, values[drawn]) for column, values in view.columns("numeric")}
    some = [column for column, own in cells.values() if len(own) and np.isfinite(own).mean() > 0.8][:MOST_COLUMNS]
    some = [column for column in some if len(np.unique(cells[column.id][1])) >= MIN_DISTINCT]
    if not some:
        return [], drawn[:0]
    filled = np.all([np.isfinite(cells[column.id][1]) for column in some], axis=0)
    return [column for column in some if filled.any() and np.ptp(cells[column.id][1][filled]) > 0], drawn[filled]


def _fit(matrix: Array, y: Array) -> tuple[Array, float]:
    """Weights of the least squares, and the spread that is left as a share of that of `y` (both are centred)."""
    if not matrix.shape[1]:
        return np.zeros(0), 1.0
    weights = np.linalg.lstsq(matrix.T @ matrix, matrix.T @ y, rcond=None)[0]
    return weights, float(np.std(y - matrix @ weights) / max(float(np.std(y)), 1e-300))


def _sum(column: Column, parts: Sequence[Column], weights: Array, rows: int) -> Finding:
    signs = ["-" if weight < 0 else "+" for weight in weights]
    words = " ".join(f"{sign} {quoted(part.name)}" for sign, part in zip(signs, parts, strict=True))
    found = f"is a sum of other columns in every row that was looked at ({words.removeprefix('+ ')})"
    fix = "nothing to do, as networks can take it; add one of them to data.drop for importances that are not shared"
    must, evidence = "say something that other columns do not", Evidence(counts={"rows": rows, "parts": len(parts)})
    return Finding("sum-of-columns", "info", column.name, must, found, fix, evidence)


def _leak(view: TableView, features: Sequence[Column], matrix: Array, rows: Array) -> Iterator[Finding]:
    """A warning if the sum that fits the target in one half of the rows is the target in the other."""
    y = view.answers[rows]
    if len(features) < 3 or np.ptp(y) == 0:
        return
    y = (y - y.mean()) / y.std()
    half = np.random.default_rng(0).permutation(len(y)) % 2 == 0
    weights, _ = _fit(matrix[half], y[half])
    score = 1 - float(np.var(y[~half] - matrix[~half] @ weights) / np.var(y[~half]))
    parts = [features[i] for i in np.flatnonzero(np.abs(weights) > PART)]
    if score < LEAK_R2 or len(parts) < 3 or {part.name for part in parts} & set(view.options.allow_leak):
        return
    names = listed([part.name for part in parts], MOST_PARTS)
    found = f"is a weighted sum of {len(parts)} other columns ({names}; R2 {score:.5f})"
    fix = "if they are known only afterwards, add them to data.drop; else list one under schema.allow_leak"
    evidence = Evidence(counts={"R2": score, "parts": len(parts)})
    yield Finding("sum-leak", "warning", view.target, "not be a sum of the features", found, fix, evidence)

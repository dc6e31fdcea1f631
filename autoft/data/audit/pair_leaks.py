"""Pair leaks: two columns that together give the target away, though neither of them does alone.

Looked for are a weighted sum (also of logarithms: products and ratios) that equals a number, a difference, sum, ratio
or product that separates two classes, and two columns of few values that make a lookup table. Few rows screen all
pairs; what looks like a leak is measured on all rows of the sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from autoft.data.audit import charts, stump
from autoft.data.audit.predictors import LEAK_AUC, LEAK_R2, Predictors, beyond_luck, strongest
from autoft.errors import quoted
from autoft.records.arrays import Array
from autoft.records.columns import Task
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

#: Fewer rows prove nothing.
MIN_ROWS = 100
#: Rows by which likely pairs are found.
SCREENED = 1_000
#: Of more columns the pairs of those that predict best by themselves.
COLUMNS = 40
#: What the screening, with missing cells filled in, must reach: ROC-AUC,
SCREEN_AUC = 0.98
#: or R2.
SCREEN_R2 = 0.98
#: Least mean number of rows per cell of a lookup table.
ROWS_PER_CELL = 10
#: Findings about pairs, at most: a sum of two columns with copies has many.
MOST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Positions of two columns, how they give the target away in words, and with what ROC-AUC or R2."""

    first: int
    second: int
    how: str
    score: float


def pair_leaks(predictors: Predictors, values: Array) -> list[Finding]:
    """A warning for each pair that determines the target; pairs with a column that may do so are left out."""
    truth, task, names = predictors.truth, predictors.task, [column.name for column in predictors.features]
    if len(truth) < MIN_ROWS or len(names) < 2:
        return []
    # Numbers in a plane are no luck; classes may be, of all pairs with each operation.
    if task != "regression" and not beyond_luck(len(truth), 2 * predictors.tried**2):
        return []
    best = strongest(predictors.alone, COLUMNS)
    rows = np.random.default_rng(2).permutation(len(truth))[:SCREENED]
    found = list(_lookups(best, predictors.ordinals, truth, rows, task))
    if task == "regression":
        found += _sums(best, values, truth, rows)
    elif truth.max() == 1:
        found += _orders(best, values, truth == 1, rows)
    findings: list[Finding] = []
    reported: set[int] = set()
    for leak in sorted(found, key=lambda leak: -leak.score):
        # The copy of a column that leaks in a pair leaks in pairs, too.
        if reported & {leak.first, leak.second} or len(findings) == MOST:
            continue
        reported |= {leak.first, leak.second}
        if not {names[leak.first], names[leak.second]} & set(predictors.allow):
            findings.append(_finding(leak, predictors, values))
    return findings


def _finding(leak: Leak, predictors: Predictors, values: Array) -> Finding:
    first, second = (predictors.features[i].name for i in (leak.first, leak.second))
    alone, truth, metric = predictors.alone, predictors.truth, predictors.metric
    found = f"predicts the target together with column {quoted(second)}, through {leak.how} ({metric} {leak.score:.4f})"
    fix = "if they are known only afterwards, add one to data.drop; else list one under schema.allow_leak"
    x, z = values[:, leak.first], values[:, leak.second]
    scores = {first: float(alone[leak.first]), second: float(alone[leak.second]), "together": leak.score}
    drawn = charts.bars(scores, x_label=metric, marked=["together"])
    if predictors.task != "regression" and np.isfinite(x).any() and np.isfinite(z).any():
        drawn = charts.scatter(x[:2000], z[:2000], x_label=first, y_label=second, marked=truth[:2000] == truth.max())
    evidence = Evidence(counts={metric: leak.score}, sketch=drawn)
    return Finding("pair-leak", "warning", first, "not give the answer away with another column", found, fix, evidence)


def _numeric(best: Array, values: Array) -> list[int]:
    """Positions of the columns that hold numbers in at least 80 % of the rows, and more than one."""
    shares = np.isfinite(values[:, best]).mean(axis=0)
    return [int(j) for j, share in zip(best, shares, strict=True) if share >= 0.8 and np.nanstd(values[:, j]) > 0]


def _filled(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.nanmedian(values, axis=0))


def _pairwise(matrix: Array, y: Array) -> Array:
    """R2 of the linear fit of `y` on every pair of columns, from their correlations."""
    z = (matrix - matrix.mean(axis=0)) / np.maximum(matrix.std(axis=0), 1e-300)
    r, c = z.T @ (y - y.mean()) / max(float(y.std()), 1e-300) / len(y), z.T @ z / len(y)
    rest = 1 - c**2
    # Columns that are copies of each other have no plane between them.
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = (r[:, None] ** 2 + r**2 - 2 * r[:, None] * r * c) / rest
    return np.where(rest > 1e-6, explained, 0.0)


def _sums(best: Array, values: Array, y: Array, rows: Array) -> Iterator[Leak]:
    """Weighted sums, and products of powers where everything is positive, that equal the target."""
    columns = _numeric(best, values)
    plain: Callable[[Array], Array] = np.asarray
    for transform, how in ((plain, "a weighted sum"), (np.log, "a product or ratio")):
        chosen = columns if transform is plain else [j for j in columns if np.nanmin(values[:, j]) > 0]
        if len(chosen) < 2 or (transform is not plain and y.min() <= 0):
            continue
        some = transform(_filled(values[rows][:, chosen]))
        screened = _pairwise(some, transform(y[rows]))
        for a, b in zip(*np.nonzero(np.triu(screened >= SCREEN_R2, 1)), strict=True):
            first, second = chosen[a], chosen[b]
            score = _plane(transform(values[:, [first, second]]), transform(y))
            if score >= LEAK_R2:
                yield Leak(first=first, second=second, how=how, score=score)


def _plane(pair: Array, y: Array) -> float:
    """R2 of a linear fit over the rows that have both."""
    both = np.isfinite(pair).all(axis=1)
    if both.sum() < MIN_ROWS:
        return 0.0
    design = np.column_stack([pair[both] - pair[both].mean(axis=0), np.ones(int(both.sum()))])
    weights = np.linalg.lstsq(design, y[both], rcond=None)[0]
    return stump.explained(y[both], design @ weights)


_OPERATIONS: tuple[tuple[str, Callable[[Array, Array], Array], bool], ...] = (
    ("their difference", lambda x, z: x - z, False),
    ("their sum", lambda x, z: x + z, False),
    ("their ratio", lambda x, z: np.log(x) - np.log(z), True),
    ("their product", lambda x, z: np.log(x) + np.log(z), True),
)


def _orders(best: Array, values: Array, positive: Array, rows: Array) -> Iterator[Leak]:
    """Differences, sums, ratios and products whose order separates two classes."""
    columns = _numeric(best, values)
    truth = positive[rows]
    if len(columns) < 2 or not 0 < truth.sum() < len(truth):
        return
    some = _filled(values[rows][:, columns])
    above_zero = np.nanmin(values[:, columns], axis=0) > 0
    for a in range(len(columns) - 1):
        for how, operation, needs_positive in _OPERATIONS:
            later = np.array([b for b in range(a + 1, len(columns)) if not needs_positive or above_zero[[a, b]].all()])
            if not len(later):
                continue
            areas = _areas(operation(some[:, [a]], some[:, later]), truth)
            for b in later[areas >= SCREEN_AUC]:
                first, second = columns[a], columns[int(b)]
                result = operation(values[:, first], values[:, second])
                both = np.isfinite(result)
                score = _areas(result[both][:, None], positive[both])[0] if 0 < positive[both].sum() < both.sum() else 0
                if score >= LEAK_AUC:
                    yield Leak(first=first, second=second, how=how, score=float(score))


def _areas(scores: Array, positive: Array) -> Array:
    """ROC-AUC of each column of scores, of it or of its reverse; ties in any order."""
    ranks = np.empty(scores.shape)
    order = np.argsort(scores, axis=0, kind="stable")
    np.put_along_axis(ranks, order, np.arange(1.0, len(scores) + 1)[:, None], axis=0)
    ones = int(positive.sum())
    areas = (ranks[positive].sum(axis=0) - ones * (ones + 1) / 2) / (ones * (len(positive) - ones))
    return np.asarray(np.maximum(areas, 1 - areas))


def _lookups(best: Array, ordinals: Array, truth: Array, rows: Array, task: Task) -> Iterator[Leak]:
    """Pairs of columns of few values in whose combinations the target is (almost) always the same."""
    sizes = {int(j): int(ordinals[:, j].max()) + 2 for j in best}
    least = SCREEN_R2 if task == "regression" else SCREEN_AUC
    few = [j for j, size in sizes.items() if 2 < size <= len(truth) / ROWS_PER_CELL / 2]
    for i, first in enumerate(few):
        for second in few[i + 1 :]:
            if sizes[first] * sizes[second] > len(truth) / ROWS_PER_CELL:
                continue
            cell = (ordinals[:, first] + 1) * sizes[second] + ordinals[:, second] + 1
            if _purity(cell[rows], truth[rows], task) < least:
                continue
            score = _lookup(cell, truth, task)
            if score >= (LEAK_R2 if task == "regression" else LEAK_AUC):
                yield Leak(first=first, second=second, how="the combination of their values", score=score)


def _purity(cell: Array, truth: Array, task: Task) -> float:
    """Share of the rows whose class is the most frequent one of their cell, or of the variance between cells."""
    if task == "regression":
        count = np.bincount(cell)
        mean = np.bincount(cell, weights=truth) / np.maximum(count, 1)
        return stump.explained(truth, mean[cell])
    classes = int(truth.max()) + 1
    counts = np.bincount(cell * classes + truth, minlength=(int(cell.max()) + 1) * classes)
    return float(counts.reshape(-1, classes).max(axis=1).sum() / len(cell))


def _lookup(cell: Array, truth: Array, task: Task) -> float:
    """Score of the table of means made from one half of the rows for the other, and the reverse."""
    half = np.random.default_rng(0).permutation(len(truth)) % 2 == 0
    if task == "regression":
        answers = truth[:, None] - truth.mean()
    else:
        answers = (truth[:, None] == np.arange(truth.max() + 1)).astype(np.float64)
    predicted = np.empty(answers.shape)
    size = int(cell.max()) + 1
    for here in (half, ~half):
        count = np.bincount(cell[~here], minlength=size)[:, None]
        sums = np.stack([np.bincount(cell[~here], weights=y[~here], minlength=size) for y in answers.T], axis=1)
        means = np.where(count > 0, sums / np.maximum(count, 1), answers[~here].mean(axis=0))
        predicted[here] = means[cell[here]]
    if task == "regression":
        return stump.explained(answers[:, 0], predicted[:, 0])
    return float(np.mean([stump.area(answers[:, c] > 0, predicted[:, c]) for c in range(answers.shape[1])]))

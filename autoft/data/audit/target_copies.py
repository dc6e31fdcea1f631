"""Copies of the target: columns that are the answer, or the answer in other words or units, in most rows."""

from __future__ import annotations

import numpy as np

from autoft.records.arrays import Array

#: Cohen's kappa from which a column is a copy of the class. With 97 % of the rows right it is 0.94 for two even classes
#: and 0.83 where one of them has nine in ten rows; `Sex` reaches 0.5 for the survivors of the Titanic.
KAPPA = 0.8
#: Values of such a column for each class, at most: with more they describe, and do not copy.
VALUES_PER_CLASS = 2
#: Share of rows on one straight line (or of known cells, for a class) from which a column is a copy of a number; how
#: near, as a share of its spread;
ON_LINE, LINE_WIDTH = 0.5, 1e-6
#: lines through two rows that are tried (one in four is the right one where half of the rows lie on it); and rows by
#: which the best is chosen.
LINES, SCREENED = 40, 500
#: Numbers with fewer distinct values meet lines by chance.
MIN_DISTINCT = 20


def copied_class(ordinal: Array, truth: Array) -> float:
    """Share of the rows in which a column names the class, 0 if it is no copy; missing cells name one, or none.
    `ordinal` ``[n]`` are its values as positions, -1 where missing, `truth` ``[n]`` class positions.

    >>> truth = np.arange(200) % 2
    >>> copied_class(np.where(np.arange(200) < 6, 1 - truth, truth), truth)
    0.97
    """
    known, classes = ordinal >= 0, int(truth.max()) + 1
    share = float(known.mean())
    named = share * _named(ordinal[known], truth[known], classes) if ON_LINE <= share < 1 else 0.0
    return max(_named(ordinal, truth, classes), named)


def _named(ordinal: Array, truth: Array, classes: int) -> float:
    values = int(ordinal.max()) + 2
    if classes < 2 or not classes < values <= VALUES_PER_CLASS * classes + 1:
        return 0.0
    counts = np.bincount((ordinal + 1) * classes + truth, minlength=values * classes).reshape(values, classes)
    counts, named = counts[counts.any(axis=1)], counts.argmax(axis=1)[counts.any(axis=1)]
    if len(np.unique(named)) < classes:
        return 0.0
    rows = counts.sum()
    right = counts.max(axis=1).sum() / rows
    rows_named = np.bincount(named, weights=counts.sum(axis=1), minlength=classes)
    chance = float(rows_named @ counts.sum(axis=0)) / float(rows) ** 2
    return float(right) if right - chance >= KAPPA * (1 - chance) else 0.0


def copied_number(values: Array, truth: Array) -> float:
    """Share of the rows in which the target is one linear function of a column, 0 if they are less than half.

    >>> x = np.random.default_rng(0).normal(size=200)
    >>> copied_number(x, np.where(np.arange(200) < 6, 0.0, 2 * x + 1))
    0.97
    """
    known = np.isfinite(values)
    x, y = values[known], truth[known]
    if len(np.unique(x[:1000])) < MIN_DISTINCT or len(np.unique(y[:1000])) < MIN_DISTINCT:
        return 0.0
    rng = np.random.default_rng(0)
    one, other = rng.integers(len(x), size=(2, LINES))
    apart = x[one] != x[other]
    one, other = one[apart], other[apart]
    slopes = (y[one] - y[other]) / (x[one] - x[other])
    width = LINE_WIDTH * float(y.std())
    if not np.isfinite(width):  # numbers whose squares are none
        return 0.0
    tried = [(x[i], y[i], slope) for i, slope in zip(one, slopes, strict=True) if slope != 0]
    some = slice(None, None, max(1, len(x) // SCREENED))
    best = max(tried, key=lambda line: _on_line(x[some], y[some], line, width), default=None)
    share = 0.0 if best is None else _on_line(x, y, best, width) * len(x) / len(values)
    return share if share >= ON_LINE else 0.0


def _on_line(x: Array, y: Array, line: tuple[float, float, float], width: float) -> float:
    """Share of points on a line through a point with a slope."""
    across, along, slope = line
    return float(np.mean(np.abs(y - along - slope * (x - across)) <= width))

"""Regression tree over one ordered column, and the scores of its predictions, in numpy alone.

It answers whether a column alone gives the target away; importing scikit-learn for that would cost more than the rest
of `autoft check`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autoft.records.arrays import Array


def even_halves(classes: Array) -> Array:
    """Which of two halves each row is in, ``[n]`` booleans; every class is divided evenly between them."""
    order = np.lexsort((np.random.default_rng(0).permutation(len(classes)), classes))
    half = np.zeros(len(classes), dtype=bool)
    half[order[::2]] = True
    return half


def cross_predict(x: Array, y: Array, half: Array, depth: int) -> Array:
    """Predictions ``[n, c]`` for the rows of each half by a tree fitted on the other.

    Args:
        x: ``[n]`` the column as numbers from 0 on, -1 where a cell is missing.
        y: ``[n, c]`` targets; for classes their 0/1 indicators, for which squared error and Gini impurity agree.
        depth: Most splits from the root to a leaf.
    """
    # So far away that a split between missing cells and the rest is always clean.
    x = np.where(x < 0, -len(x), x)
    predicted = np.empty(y.shape)
    for here in (half, ~half):
        predicted[here] = _grow(x[~here], y[~here], depth)(x[here])
    return predicted


def _grow(x: Array, y: Array, depth: int) -> Any:
    """A function from values to the means of their leaves (CART: Breiman et al. 1984, all nodes of a level at once)."""
    values, position = np.unique(x, return_inverse=True)
    count = np.bincount(position.ravel()).astype(np.float64)
    total = np.stack([np.bincount(position.ravel(), weights=column) for column in y.T], axis=1)
    square = np.bincount(position.ravel(), weights=(y**2).sum(axis=1))
    # A node is a run of neighbouring values; `first` holds the position at which each begins.
    first = np.zeros(1, dtype=int)
    for _ in range(depth):
        cuts = _cuts(first, count, total, square)
        if not len(cuts):
            break
        first = np.sort(np.concatenate([first, cuts]))
    edges = (values[first[1:] - 1] + values[first[1:]]) / 2
    means = np.add.reduceat(total, first) / np.add.reduceat(count, first)[:, None]
    return lambda new: means[np.searchsorted(edges, new, side="left")]


def _cuts(first: Array, count: Array, total: Array, square: Array) -> Array:
    """Where the best split of each node that is not pure yet begins its right part."""
    size = np.diff([*first, len(count)])
    node = np.repeat(np.arange(len(first)), size)
    n, s = np.add.reduceat(count, first), np.add.reduceat(total, first)
    impure = np.add.reduceat(square, first) - (s**2).sum(axis=1) / n > 1e-12 * square.sum()
    # Sums to the left of the cut behind each value, within its node.
    left_n = np.cumsum(count) - (np.cumsum(count)[first] - count[first])[node]
    left_s = np.cumsum(total, axis=0) - (np.cumsum(total, axis=0)[first] - total[first])[node]
    right_n, right_s = n[node] - left_n, s[node] - left_s
    last = np.zeros(len(count), dtype=bool)
    last[first + size - 1] = True
    gain = np.full(len(count), -np.inf)
    open_ = impure[node] & ~last
    gain[open_] = ((left_s**2).sum(axis=1)[open_] / left_n[open_]) + ((right_s**2).sum(axis=1)[open_] / right_n[open_])
    best = np.flatnonzero(open_ & (gain == np.maximum.reduceat(gain, first)[node]))
    return best[np.unique(node[best], return_index=True)[1]] + 1


def area(positive: Array, score: Array) -> float:
    """ROC-AUC of a score for a boolean truth of which both values occur (Mann-Whitney, ties count half)."""
    _, position, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[position.ravel()]
    ones = int(positive.sum())
    return float((rank[positive].sum() - ones * (ones + 1) / 2) / (ones * (len(score) - ones)))


def explained(y: Array, predicted: Array) -> float:
    """R2: the share of the variance of `y` that the predictions explain."""
    return float(1.0 - ((y - predicted) ** 2).sum() / ((y - y.mean()) ** 2).sum())

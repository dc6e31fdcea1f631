"""Regression trees over one ordered column each, and the scores of their predictions, in numpy alone.

They answer whether a column alone gives the target away, for thousands of columns at once: a tree a column, grown in
Python, would cost more than the rest of `autoft check`, as would importing scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from autoft.records.arrays import Array

#: Cells (rows times targets) of the columns whose trees grow at once.
CELLS = 1 << 16


def even_halves(classes: Array) -> Array:
    """Which of two halves each row is in, ``[n]`` booleans; every class is divided evenly between them."""
    order = np.lexsort((np.random.default_rng(0).permutation(len(classes)), classes))
    half = np.zeros(len(classes), dtype=bool)
    half[order[::2]] = True
    return half


def blocks(columns: int, cells: int) -> Iterator[slice]:
    """Columns of so many cells each, as many at a time as fit into a bounded memory."""
    width = max(1, CELLS // cells)
    return (slice(start, start + width) for start in range(0, columns, width))


def cross_predict(x: Array, y: Array, half: Array, depth: int) -> Array:
    """Predictions ``[columns, n, c]`` for the rows of each half by trees fitted on the other, one for each column.

    Args:
        x: ``[columns, n]`` the columns as whole numbers from 0 on, -1 where a cell is missing.
        y: ``[n, c]`` targets; for classes their 0/1 indicators, for which squared error and Gini impurity agree.
        depth: Most splits from the root to a leaf.
    """
    # All columns lie behind one another: each has a slot for missing cells, and one for each of its numbers.
    slots = int(x.max()) + 2
    base = slots * np.arange(len(x))
    place, predicted = x + 1 + base[:, None], np.empty((*x.shape, y.shape[1]))
    for here in (half, ~half):
        leaf, means = _grow(place[:, ~here], y[~here], base, slots, depth)
        predicted[:, here] = means[leaf[place[:, here]]]
    return predicted


def _grow(place: Array, y: Array, base: Array, slots: int, depth: int) -> tuple[Array, Array]:
    """The leaf of each slot, and the means ``[leaves, c]`` (CART: Breiman et al. 1984; all nodes of a level at once)"""
    columns, size = len(base), len(base) * slots
    rows = np.bincount(place.ravel(), minlength=size)
    kept = np.flatnonzero(rows)

    def sums(values: Array) -> Array:
        return np.bincount(place.ravel(), weights=np.tile(values, columns), minlength=size)[kept]

    count, total = rows[kept].astype(np.float64), np.stack([sums(own) for own in y.T], axis=1)
    starts = np.searchsorted(kept, base)
    behind = np.empty_like(total)
    for start, end in pairwise([*starts, len(kept)]):
        np.cumsum(total[start:end], axis=0, out=behind[start:end])
    square = sums((y**2).sum(axis=1))
    least = 1e-12 * np.repeat(np.add.reduceat(square, starts), np.diff(starts, append=len(kept)))
    nodes = _Nodes(np.arange(len(kept)), starts, count, np.cumsum(count), total, behind, square, least)
    first = [starts]
    for _ in range(depth):
        nodes, cuts = _cut(nodes)
        if not len(cuts):
            break
        first.append(nodes.position[cuts])
        nodes = nodes._replace(first=np.sort(np.concatenate([nodes.first, cuts])))
    begin = np.sort(np.concatenate(first))
    means = np.add.reduceat(total, begin) / np.add.reduceat(count, begin)[:, None]
    left, right = kept[begin - 1], kept[begin]
    own = right // slots * slots
    # The edge is half way; the one behind missing cells is right behind them, and the first leaf has none.
    edge = np.where(left == own, own + 1, (left + right) // 2 + 1)
    edge[np.searchsorted(begin, starts)] = base
    return np.cumsum(np.bincount(edge, minlength=size)) - 1, means


class _Nodes(NamedTuple):
    """Nodes are runs of neighbouring values: `first` says at which entry each begins. One entry is one value.

    Attributes:
        position: Of the value among all of the columns.
        rows, total: Of the value: how many rows have it, and the sum of their targets.
        behind_rows, behind_total: The same of all values of the column up to it.
        square: Sum of the squared targets.
        least: Of a node that is not pure.
    """

    position: Array
    first: Array
    rows: Array
    behind_rows: Array
    total: Array
    behind_total: Array
    square: Array
    least: Array


def _cut(nodes: _Nodes) -> tuple[_Nodes, Array]:
    """Those of the nodes that are not pure yet, and where the best split of each begins its right part."""
    size = np.diff(nodes.first, append=len(nodes.rows))
    n, s = np.add.reduceat(nodes.rows, nodes.first), np.add.reduceat(nodes.total, nodes.first)
    impure = np.add.reduceat(nodes.square, nodes.first) - (s**2).sum(axis=1) / n > nodes.least[nodes.first]
    wanted = impure & (size > 1)
    n, s, size, entries = n[wanted], s[wanted], size[wanted], np.repeat(wanted, size)
    first = np.cumsum(size) - size
    nodes = _Nodes(*(own if own is nodes.first else own[entries] for own in nodes))._replace(first=first)
    if not len(first):
        return nodes, first
    node, last = np.repeat(np.arange(len(first)), size), first + size - 1
    # Sums to the left of the cut behind each value, within its node.
    left_n = nodes.behind_rows - (nodes.behind_rows[first] - nodes.rows[first])[node]
    left_s = nodes.behind_total - (nodes.behind_total[first] - nodes.total[first])[node]
    right_n, right_s = n[node] - left_n, s[node] - left_s
    right_n[last] = 1.0  # nothing is cut off behind the last value
    gain = ((left_s**2).sum(axis=1) / left_n) + ((right_s**2).sum(axis=1) / right_n)
    gain[last] = -np.inf
    best = np.flatnonzero(gain == np.maximum.reduceat(gain, first)[node])
    return nodes, best[np.diff(node[best], prepend=-1) > 0] + 1


def area(positive: Array, score: Array) -> float:
    """ROC-AUC of a score for a boolean truth of which both values occur (Mann-Whitney, ties count half)."""
    return float(areas(positive, score[None])[0])


def areas(positive: Array, scores: Array) -> Array:
    """ROC-AUC ``[columns]`` of each of the scores ``[columns, n]``."""
    order, rows = np.argsort(scores, axis=1), len(positive)
    ordered = np.take_along_axis(scores, order, axis=1)
    first = np.flatnonzero(np.column_stack([np.ones(len(scores), dtype=bool), ordered[:, 1:] != ordered[:, :-1]]))
    rank = first % rows + (np.diff(first, append=order.size) + 1) / 2
    rank *= np.add.reduceat(positive[order].ravel().astype(np.float64), first)
    ones = int(positive.sum())
    return (np.bincount(first // rows, rank) - ones * (ones + 1) / 2) / (ones * (rows - ones))


def explained(y: Array, predicted: Array) -> float:
    """R2: the share of the variance of `y` that the predictions explain."""
    return float(1.0 - ((y - predicted) ** 2).sum() / ((y - y.mean()) ** 2).sum())

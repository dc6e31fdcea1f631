"""Combinations: differences, products and ratios of two numbers, which a member chooses on its training rows (numpy).

Trees split one column at a time, and bins bend along one: what depends on a ratio takes many of them. A member takes
the combinations that say most of what boosted trees get wrong, if such trees get better by them: both by rows that the
trees have not learned from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from autoft.preprocessing.bins import bin_edges
from autoft.preprocessing.target_encoding import KnownTarget, sampled
from autoft.records.arrays import Array

#: How two numbers are combined, by position.
KINDS = ("difference", "product", "ratio")
_SIGNS = ("−", "×", "÷")
#: Most combinations of a member; most columns that are combined, which say most alone; fewest values of those.
MOST, COLUMNS, FEWEST_VALUES = 8, 8, 11
#: Columns of a table, its categories among them, beyond which none are made.
MOST_COLUMNS = 60
#: Fewest training rows to choose by, and most.
FEWEST_ROWS, MOST_ROWS = 1_000, 10_000
#: Bins of a combination, and rows that a mean of 0 counts for in each.
_BINS, _PRIOR = 32, 20.0
#: Trees that are asked, and how much each of them learns.
_TREES, _RATE = 50, 0.15
#: Standard errors, and share of the squared errors, by which trees have to get better.
_SURE, _SHARE = 3.0, 0.003


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Combinations:
    """What members have chosen, with a leading axis of members.

    Attributes:
        first, second: ``[S, k]`` int64 positions of the numbers; 0 where a member has fewer.
        kind: ``[S, k]`` int64 positions among `KINDS`.
        center, factor: ``[S, k]`` float64: median, and one over the spread (`robust_scale`); 0 where there is none.
    """

    first: Array
    second: Array
    kind: Array
    center: Array
    factor: Array

    def named(self, columns: Sequence[str]) -> list[tuple[str, str, str]]:
        """First and second column and the sign between them, of all that members have chosen."""
        given = zip(self.first[self.chosen], self.second[self.chosen], self.kind[self.chosen], strict=True)
        return [(columns[first], columns[second], _SIGNS[kind]) for first, second, kind in given]

    @property
    def chosen(self) -> Array:
        """``[S, k]`` bool, whether a member has this one."""
        return np.asarray(self.first != self.second)

    def of(self, members: slice | Sequence[int]) -> Combinations:
        return Combinations(**{name: getattr(self, name)[members] for name in self.__slots__})


def combined(numbers: Array, first: Array, second: Array, kind: Array) -> Array:
    """Combinations ``[n, k]`` of numbers ``[n, d]`` at positions ``[k]``; NaN where they are missing or not finite.

    >>> combined(np.array([[6.0, 3.0], [1.0, 0.0]]), *np.array([[0, 0, 0], [1, 1, 1], [0, 1, 2]])).tolist()
    [[3.0, 18.0, 2.0], [1.0, 0.0, nan]]
    """
    a, b = numbers[:, first], numbers[:, second]
    with np.errstate(all="ignore"):
        found = np.choose(kind, [a - b, a * b, a / b])
    return np.where(np.isfinite(found), found, np.nan)


def choose_combinations(
    positions: Sequence[int], numbers: Array, others: Array, members: Sequence[Array], known: Sequence[KnownTarget]
) -> list[Array]:
    """What each member chooses: first and second positions and kinds ``[3, k]``, k at most `MOST`. Only the rows in
    `members` are read for it.

    Args:
        positions: Of the numbers ``[n, d]`` that may be combined.
        others: Codes of categories ``[n, c]``, which trees read besides.
    """
    found = []
    for rows, own in zip(members, known, strict=True):
        few = sampled(rows, MOST_ROWS)
        found.append(_choose(positions, numbers[rows[few]], others[rows[few]], own.of(few)))
    return found


def _choose(positions: Sequence[int], numbers: Array, others: Array, known: KnownTarget) -> Array:
    """First and second positions and kinds of a member's combinations ``[3, k]``, the best first. Of several classes
    the most frequent one decides."""
    none, half, y, weights = np.zeros((3, 0), np.int64), known.parts % 2, known.values[:, 0], known.weights
    if len(y) < FEWEST_ROWS or min(np.bincount(half, minlength=2)) < FEWEST_ROWS // 4:
        return none
    x, y = np.hstack([numbers, others]), y - np.average(y, weights=weights)
    alone = np.array([_explained(numbers[:, position], y, weights) for position in positions])
    strongest = np.sort(np.argsort(-alone, kind="stable")[:COLUMNS])
    left = y - _by_trees(x, y, half)
    ways = np.array(list(_ways(np.asarray(positions)[strongest]))).T
    scores = np.array([_explained(own, left, weights) for own in combined(numbers, *ways).T])
    best = np.argsort(-scores, kind="stable")[:MOST]
    found = ways[:, best[scores[best] > 0]]
    if not found.shape[1]:
        return none
    after = y - _by_trees(np.hstack([x, combined(numbers, *found)]), y, half)
    gains, error = weights * (np.square(left) - np.square(after)), float(np.average(np.square(left), weights=weights))
    enough = gains.mean() > max(_SURE * gains.std() / np.sqrt(len(gains)), _SHARE * error)
    return found if enough else none


def _ways(columns: Array) -> Iterator[tuple[int, int, int]]:
    """All combinations of some columns; a ratio has two ways."""
    for (first, second), kind in product(combinations(columns.tolist(), 2), range(len(KINDS))):
        yield first, second, kind
        if KINDS[kind] == "ratio":
            yield second, first, kind


def _explained(x: Array, y: Array, weights: Array) -> float:
    """Share of the squares of y that means by bins of x explain, beyond what as many bins explain by chance."""
    finite = np.isfinite(x)
    if not finite.any():
        return 0.0
    edges = bin_edges(x[finite], _BINS)
    bins = np.where(finite, np.searchsorted(edges, np.where(finite, x, 0.0), side="right"), len(edges) + 1)
    counts, sums = np.bincount(bins, weights), np.bincount(bins, weights * y)
    explained = float((np.square(sums) / (counts + _PRIOR)).sum() / max(float(weights @ np.square(y)), 1e-300))
    return explained - len(edges) / len(y)


def _by_trees(x: Array, y: Array, half: Array) -> Array:
    """What boosted trees of the other half of the rows answer, ``[n]``; weights, which make their bins slow, count
    where gains are measured."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    x, found = x.copy(), np.zeros_like(y)
    # scikit-learn refuses numbers that are missing in every row; what one half lacks says nothing of the other.
    x[:, np.isnan(x[half == 0]).all(axis=0) | np.isnan(x[half == 1]).all(axis=0)] = 0.0
    with threadpool_limits(1):  # few rows: threads would wait more than they work
        for own in (half == 0, half == 1):
            trees = HistGradientBoostingRegressor(
                max_iter=_TREES, learning_rate=_RATE, early_stopping=False, random_state=0
            )
            found[own] = trees.fit(x[~own], y[~own]).predict(x[own])
    return found

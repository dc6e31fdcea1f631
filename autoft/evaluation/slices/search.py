"""Search for weak slices: groups of rows, of one or two conditions, with the highest loss.

The mean loss of a slice is compared with that of all other rows by Welch's one-sided t test. The variance of the slice
is that of its own losses or that of all losses, whichever is larger: the first is conservative where losses are skewed
to the right, the second where they are skewed to the left. Probabilities are multiplied by the number of slices
(Bonferroni), so that the probability of any false alarm is at most 5 %. Searching slices: Chung et al., "Slice Finder:
automated data slicing for model validation", ICDE 2019.

All pairs of conditions are summed by one matrix product. Slices that stand out are tested again with rows of one
cluster (identical rows, one patient) as a single observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autoft.evaluation.slices.groups import Groups
from autoft.records.arrays import Array

#: Fewest rows in a slice, and outside it.
FEWEST_ROWS = 50
#: Most conditions (their pairs are some 30,000 slices); further columns are skipped.
MOST_CONDITIONS = 240
#: Most rows, evenly spread over a longer table.
MOST_ROWS = 200_000
#: Rows of one matrix product.
CHUNK = 2**15
#: Most slices that are shown.
MOST_FOUND = 5
#: Slices that are tested again: this number with the highest loss, and this number with the smallest p-value.
CLOSE = 100
#: Probability of a false alarm in the whole search.
LEVEL = 0.05
#: Share of a slice within another one from which both are the same finding.
SAME = 0.9
#: A condition: position of the column's groups, and of the group.
Condition = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSlice:
    """A weak slice: its conditions, and an upper bound of the probability that chance alone made it."""

    conditions: tuple[Condition, ...]
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceSearch:
    """Weak slices, the worst first; the number of slices tried, and of columns that they are made of."""

    found: tuple[FoundSlice, ...]
    tried: int
    columns: int


def weakest(losses: Array, groups: Sequence[Groups], clusters: Array, row_weights: Array | None = None) -> SliceSearch:
    """At most five slices with the highest mean loss, all of them significantly worse than the other rows.

    A slice within another one replaces it only if it is significantly worse than the rest of it. Rows of a slice that
    is already found do not count for another one.

    Args:
        losses: Loss of each row, ``[m]``.
        groups: Groups of the same rows by column, the most important columns first.
        row_weights: ``[m]``, None where all rows count the same; rows of weight 0 do not count at all.
    """
    rows = np.arange(len(losses)) if row_weights is None else np.flatnonzero(row_weights > 0)
    if len(rows) > MOST_ROWS:
        rows = rows[np.linspace(0, len(rows) - 1, MOST_ROWS).astype(int)]
    weights = np.ones(len(rows)) if row_weights is None else row_weights[rows]
    own = [one.rows(rows) for one in groups]
    conditions, columns = conditions_of(own)
    losses, weights = losses[rows].astype(np.float64), weights / weights.mean()
    if not conditions or np.ptp(losses) == 0:
        return SliceSearch(found=(), tried=0, columns=columns)
    pairs, means, chances = _every_slice(own, conditions, losses, weights)
    tried = len(pairs)
    numbered = np.unique(clusters[rows], return_inverse=True)[1].ravel()
    searching = _Searching(own, conditions, losses, weights, numbered, tried)
    close = _standing_out(pairs, means, np.minimum(chances * tried, 1.0), len(conditions))
    return SliceSearch(found=searching.named(close), tried=tried, columns=columns)


def conditions_of(groups: Sequence[Groups]) -> tuple[list[Condition], int]:
    """Groups with enough rows in and outside of them, column by column as far as there is room."""
    conditions: list[Condition] = []
    columns = 0
    for g, one in enumerate(groups):
        counts = np.bincount(one.codes, minlength=len(one.labels))
        enough = (counts >= FEWEST_ROWS) & (counts <= len(one.codes) - FEWEST_ROWS)
        own = [(g, int(code)) for code in np.flatnonzero(enough)]
        if len(conditions) + len(own) > MOST_CONDITIONS:
            break
        conditions += own
        columns += 1
    return conditions, columns


def _every_slice(
    groups: Sequence[Groups], conditions: Sequence[Condition], losses: Array, weights: Array
) -> tuple[Array, Array, Array]:
    """All slices with enough rows: pairs of conditions ``[t, 2]`` (twice the same for one condition), their mean losses
    (standardized), and the p-value of each."""
    from scipy.stats import t

    centre = np.average(losses, weights=weights)
    scaled = (losses - centre) / np.sqrt(np.average(np.square(losses - centre), weights=weights))
    # Numbers of rows, and the sums of `_mean_and_error`.
    powers = (weights**p * scaled**k for p in (1, 2) for k in range(3))
    terms = np.array([np.ones(len(losses)), *powers], dtype=np.float32)
    size = len(conditions)
    sums = np.zeros((len(terms), size, size))
    for start in range(0, len(losses), CHUNK):
        here = slice(start, start + CHUNK)
        inside = np.stack([groups[g].codes[here] == code for g, code in conditions], axis=1).astype(np.float32)
        for term, total in zip(terms, sums, strict=True):
            total += inside.T @ (inside * term[here, None])
    first, second = np.triu_indices(size)
    enough = (sums[0] >= FEWEST_ROWS) & (sums[0] <= len(losses) - FEWEST_ROWS)
    first, second = (place[enough[first, second]] for place in (first, second))
    sums = sums[:, first, second]
    mean, error = _mean_and_error(sums)
    error = np.maximum(error, sums[4] / sums[1] ** 2)  # all losses have variance 1
    other, others_error = _mean_and_error(terms.astype(np.float64).sum(axis=1)[:, None] - sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (mean - other) / np.sqrt(error + others_error)
    return np.stack([first, second], axis=1), mean, np.nan_to_num(t.sf(ratio, sums[0] - 1), nan=1.0)


def _mean_and_error(sums: Array) -> tuple[Array, Array]:
    """Weighted mean and its squared standard error, from n and the sums of ``w e^k`` and ``w^2 e^k`` (k of 0 to 2)."""
    n, total, first, *squared = sums[[0, 1, 2, 4, 5, 6]]
    mean = first / total
    spread = np.maximum(squared[2] - 2 * mean * squared[1] + mean**2 * squared[0], 0.0)
    return mean, spread / total**2 * n / (n - 1)


def _standing_out(pairs: Array, means: Array, chances: Array, size: int) -> Array:
    """Slices to test again, in the order of their mean loss: the worst, the surest, and those that contain them."""
    sure = np.flatnonzero(chances <= LEVEL)
    worst = sure[np.argsort(-means[sure], kind="stable")][:CLOSE]
    surest = sure[np.argsort(chances[sure], kind="stable")][:CLOSE]
    named = np.zeros(size, dtype=bool)
    named[pairs[np.union1d(worst, surest)].ravel()] = True
    parents = sure[(pairs[sure, 0] == pairs[sure, 1]) & named[pairs[sure, 0]]]
    close = np.unique(np.concatenate([worst, surest, parents]))
    chosen: Array = pairs[close[np.argsort(-means[close], kind="stable")]]
    return chosen


@dataclass(frozen=True, slots=True, eq=False)
class _Searching:
    """Tests of single slices against other rows, with clusters (numbered from 0) as observations."""

    groups: Sequence[Groups]
    conditions: Sequence[Condition]
    losses: Array
    weights: Array
    clusters: Array
    tried: int

    def named(self, pairs: Array) -> tuple[FoundSlice, ...]:
        """The slices to show, of those that stand out."""
        inside = [self._rows(pair) for pair in pairs]
        sizes = [int(some.sum()) for some in inside]
        shown = np.zeros(len(self.losses), dtype=bool)
        found: list[FoundSlice] = []
        for place, some in enumerate(inside):
            if len(found) == MOST_FOUND:
                break
            fresh = some & ~shown
            if fresh.sum() < FEWEST_ROWS or self._chance(fresh, ~some & ~shown) > LEVEL:
                continue
            if self._same_as_another(place, pairs, inside, sizes, shown):
                continue
            conditions = tuple(sorted({self.conditions[c] for c in pairs[place]}))
            found.append(FoundSlice(conditions=conditions, chance=self._chance(some, ~some)))
            shown |= some
        return tuple(found)

    def _rows(self, pair: Array) -> Array:
        (g, code), (h, other) = (self.conditions[c] for c in pair)
        return np.asarray((self.groups[g].codes == code) & (self.groups[h].codes == other))

    def _same_as_another(
        self, place: int, pairs: Array, inside: Sequence[Array], sizes: Sequence[int], shown: Array
    ) -> bool:
        """Whether a slice lies in a larger or simpler weak one and is not significantly worse than its rest.

        Rows of slices that are shown already count for neither.
        """
        some, size = inside[place], sizes[place]
        for other, (theirs, of) in enumerate(zip(inside, sizes, strict=True)):
            simpler = len(set(pairs[other])) < len(set(pairs[place])) or other < place
            if other == place or of < size or (of == size and not simpler):
                continue
            within = np.count_nonzero(some & theirs) >= SAME * size
            if within and self._chance(some & ~shown, theirs & ~some & ~shown) > LEVEL:
                return True
        return False

    def _chance(self, here: Array, there: Array) -> float:
        """Upper bound of the probability that rows are worse than others by chance; 1 where it is unknown."""
        from scipy.stats import t

        if not here.any() or np.count_nonzero(there) < 2:
            return 1.0
        losses, weights, w, both = self.losses, self.weights, self.weights[here], here | there
        mean, own, number = clustered_mean(losses[here], w, self.clusters[here])
        other, rest, _ = clustered_mean(losses[there], weights[there], self.clusters[there])
        if number < 2:
            return 1.0
        centre = np.average(losses[both], weights=weights[both])
        spread = np.average(np.square(losses[both] - centre), weights=weights[both])
        pooled = spread * (w @ w) / w.sum() ** 2
        error = float(np.sqrt(max(own * number / (number - 1), pooled) + rest))
        return float(min(t.sf((mean - other) / error, number - 1) * self.tried, 1.0)) if error else 1.0


def clustered_mean(values: Array, weights: Array, clusters: Array) -> tuple[float, float, int]:
    """Weighted mean of some rows, its squared standard error (of a large sample) and their number of clusters.

    Rows of a cluster (identical rows, one patient) add up before they are squared: they are one observation.
    """
    total = weights.sum()
    mean = float(weights @ values / total)
    sums = np.bincount(clusters, weights * (values - mean) / total)
    return mean, float(np.square(sums).sum()), len(np.unique(clusters))

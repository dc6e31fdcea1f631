"""Near copies: rows that equal others but for a little noise in their numbers, as repeated or oversampled cases do.

Of rows that have nothing to do with one another, R times as many pairs lie within R times a small distance, at least:
R^D times as many in D dimensions (Grassberger and Procaccia 1983). Of copies with noise all pairs lie within a few
times the noise, and none between that and the distance of different rows. So a distance t is looked for within which
there are hardly fewer pairs than within R t. Distances are the largest over the columns, in units of a column's spread;
categories and whole numbers must be equal. Nothing here sees the target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from autoft.data.audit.values import codes, hashed, missing_cells, sample
from autoft.records.arrays import Array
from autoft.records.columns import Column

#: Distances that are tried, in units of a column's spread.
DISTANCES = tuple(float(t) for t in np.geomspace(1e-10, 2e-2, 28))
#: Within these multiples of the distance there must be hardly more pairs:
MULTIPLES = (4.0, 30.0)
#: this share of those pairs at least lies within the distance itself,
SHARE = 0.6
#: and chance has to make as much with a probability below this.
LEVEL = 1e-8
#: Largest dimension that is believed, and the share of what larger distances show that is believed of small ones.
MOST_DIMENSIONS, BELIEVED = 6.0, 0.5
#: Share of the pairs within the largest likely distance that must be within the chosen one.
MOSTLY = 0.4
#: How much further than the distance within which nearly all copies lie the last ones may be.
TAIL = 2.0
#: Columns by which near rows are searched; all are compared in the end.
SEARCHED = 8
#: The pairs of so many rows with all others are counted, in longer tables up to this distance only.
MOST_ROWS, FURTHEST = 2_000, 0.1
#: Fewer different rows prove nothing.
MIN_ROWS = 20
#: With more noise than this, many rows in one place are a state, as an idle machine has, or a cluster, and no copies of
#: one case: more than both so many, and this share of the different rows.
QUIET, MOST_COPIES, CROWD = 1e-4, 12, 0.05
#: Neighbours by which copies are connected.
NEIGHBOURS = 12
#: Share of the pairs near in the searched columns that must be near in all, and share of them with a distance of its
#: own: prices of 9.99 and 10.00 are no copies.
NEAR_IN_ALL, DIFFERENT = 0.6, 0.3
#: Below this distance no grid of values is so fine.
FINEST_GRID = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NearCopies:
    """Groups of near copies: ``[n]`` the number of each row's group, exact copies included; and the distance within
    which they lie, as a share of a column's spread."""

    group: Array
    distance: float

    @property
    def rows(self) -> Array:
        """Positions of the rows whose group has others, in order."""
        return np.flatnonzero(np.bincount(self.group)[self.group] > 1)


def find_near_copies(features: Sequence[Column], values: Mapping[str, Array], exact: Array) -> NearCopies | None:
    """The near copies of a table, if it has any; `exact` ``[n]`` are hashes of the rows, equal where rows are.

    >>> x = Column(id="c0", name="x", kind="numeric", why="")
    >>> cells = np.repeat(np.random.default_rng(0).normal(size=60), 2) + np.arange(120) * 1e-8
    >>> found = find_near_copies([x], {"c0": cells}, np.arange(120))
    >>> len(found.rows), bool(found.group[0] == found.group[1]), bool(found.group[1] == found.group[2])
    (120, True, False)
    """
    _, first, same = np.unique(exact, return_index=True, return_inverse=True)
    if len(first) < MIN_ROWS:
        return None
    measures = [column for column in features if column.kind == "numeric" and _has_fractions(values[column.id])]
    measured = {column.id for column in measures}
    others = [column for column in features if column.id not in measured]
    scaled = _searched(measures, values, first)
    if not scaled:
        return None
    points = np.column_stack([*scaled, _combined(others, values, first)])
    distance = _distance(points)
    if distance is None:
        return None
    pairs = _pairs(points, distance)
    # The noise is judged by the columns that were searched; the others may have a little more.
    near = _alike(measures, others, values, first[pairs], 3 * distance)
    if near.sum() < max(1.0, NEAR_IN_ALL * len(pairs)):
        return None
    pairs = pairs[near]
    once = pairs[pairs[:, 0] < pairs[:, 1]]
    apart = np.abs(points[once[:, 0]] - points[once[:, 1]]).max(axis=1)
    distinct = len({f"{one:.4g}" for one in apart.tolist()})
    if distance > FINEST_GRID and distinct < DIFFERENT * min(len(apart), 100):
        return None
    group = _connected(pairs, len(first))
    if distance > QUIET:
        size = np.bincount(group)[group]  # each row of a large group stands alone
        group = np.where(size > max(MOST_COPIES, CROWD * len(group)), len(group) + np.arange(len(group)), group)
        if not MIN_ROWS <= len(np.unique(group)) < len(group):
            return None
    return NearCopies(group=group[same], distance=distance)


def _connected(pairs: Array, rows: int) -> Array:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    edges = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(rows, rows))
    return np.asarray(connected_components(edges, directed=False)[1])


def _has_fractions(cells: Array) -> bool:
    known = cells[np.isfinite(cells)]
    return bool((known != np.rint(known)).any())


def _searched(measures: Sequence[Column], values: Mapping[str, Array], rows: Array) -> list[Array]:
    """The columns of numbers with the most different values, in units of their spread; missing cells are zeros."""
    if not measures:
        return []
    some = [measures[i] for i in np.unique(np.linspace(0, len(measures) - 1, 10 * SEARCHED).astype(int))]
    drawn = rows[sample(len(rows), 1_000)]
    distinct = [len(np.unique(values[column.id][drawn])) for column in some]
    scaled = []
    for i in np.argsort(-np.array(distinct), kind="stable")[:SEARCHED]:
        cells = values[some[i].id]
        middle, spread = _scale(cells)
        if spread > 0:
            scaled.append(np.where(np.isfinite(cells[rows]), (cells[rows] - middle) / spread, 0.0))
    return scaled


def _scale(cells: Array) -> tuple[float, float]:
    """Median and usual spread of a column of numbers (0 if it has none): a tail does not widen it."""
    drawn = cells[sample(len(cells))]
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return 0.0, 0.0
    low, middle, high = np.quantile(drawn, [0.25, 0.5, 0.75])
    if high > low:
        return float(middle), float(high - low) / 1.349
    off = np.abs(drawn - middle)
    return float(middle), float(np.median(off[off > 0])) if (off > 0).any() else 0.0


def _combined(others: Sequence[Column], values: Mapping[str, Array], rows: Array) -> Array:
    """A number for each combination of the cells of some columns, far from any other."""
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for position, column in enumerate(others[: 2 * SEARCHED]):
        mixed += hashed(values[column.id][rows], position)
    return 10.0 * codes(mixed)


def _distance(points: Array) -> float | None:
    """The distance within which copies lie, None if there are no copies."""
    from scipy.spatial import cKDTree
    from scipy.special import betainc

    radii = np.array([t * m for m in (1.0, *MULTIPLES) for t in DISTANCES])
    counted = radii <= (np.inf if len(points) <= MOST_ROWS else FURTHEST)
    order = np.flatnonzero(counted)[np.argsort(radii[counted])]
    drawn = points[sample(len(points), MOST_ROWS)]
    tree = cKDTree(points, balanced_tree=False)
    found = cKDTree(drawn, balanced_tree=False).count_neighbors(tree, radii[order], p=np.inf) - len(drawn)
    counts = np.full(len(radii), np.inf)
    counts[order] = found / (1 + len(drawn) / len(points))  # pairs of drawn rows are counted twice
    near, *wider = counts.reshape(-1, len(DISTANCES))
    dimensions = _dimensions(points)
    told = np.zeros(len(DISTANCES), dtype=bool)
    for multiple, wide in zip(MULTIPLES, wider, strict=True):
        known = np.isfinite(wide) & (near > 0)
        # So many of the pairs or more, where each is near with a chance of its own (binomial tail).
        chance = betainc(near[known], wide[known] - near[known] + 1, multiple**-dimensions)
        told[known] |= (near[known] >= SHARE * wide[known]) & (chance < LEVEL)
    if not told.any():
        return None
    # Where the number of pairs hardly grows any more; larger distances add pairs of chance.
    likely = told & (near >= MOSTLY * near[told].max())
    flat = np.where(likely, near / np.maximum(wider[0], 1), 0.0)
    likely &= flat >= 0.97 * flat.max()
    return TAIL * DISTANCES[int(np.argmax(likely & (near >= 0.99 * near[likely].max())))]


def _dimensions(points: Array) -> float:
    """Dimensions in which different rows spread: by how much faster than distances the number of pairs grows."""
    from scipy.spatial.distance import pdist

    drawn = points[sample(len(points), 500), :-1]
    distances = pdist(drawn, "chebyshev")
    few, many = np.quantile(distances[distances > 0], [0.05, 0.25]) if (distances > 0).any() else (1.0, 1.0)
    found = log(5) / log(many / few) if many > few else 1.0
    return max(1.0, BELIEVED * min(found, 2 * MOST_DIMENSIONS))


def _pairs(points: Array, distance: float) -> Array:
    """Pairs of near rows ``[m, 2]``, of each row the nearest ones."""
    from scipy.spatial import cKDTree

    tree = cKDTree(points, balanced_tree=False)
    most = min(NEIGHBOURS, len(points))
    near = tree.query(points, k=most, p=np.inf, distance_upper_bound=distance * (1 + 1e-9))[1].reshape(-1, most)
    row = np.repeat(np.arange(len(points)), most)
    pairs = np.column_stack([row, near.ravel()])
    return np.asarray(pairs[(pairs[:, 1] < len(points)) & (pairs[:, 0] != pairs[:, 1])])


def _alike(
    measures: Sequence[Column], others: Sequence[Column], values: Mapping[str, Array], pairs: Array, distance: float
) -> Array:
    """Which pairs of rows are near in every column of measures, and equal in every other."""
    alike = np.ones(len(pairs), dtype=bool)
    for columns, near in ((measures, True), (others, False)):
        for column in columns:
            one, other = values[column.id][pairs.T]
            same = (one == other) | (missing_cells(one) & missing_cells(other))
            if near:
                with np.errstate(invalid="ignore"):
                    same |= np.abs(one - other) <= distance * _scale(values[column.id])[1]
            alike &= same
    return alike

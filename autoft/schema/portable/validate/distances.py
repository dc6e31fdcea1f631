"""Distances between the values of a column in two tables.

L-infinity norm and normalized absolute difference compare how often each value occurs; the Jensen-Shannon divergence
(J. Lin, Divergence measures based on the Shannon entropy, 1991; base 2, so from 0 to 1) compares those, or the
histograms of numbers.
"""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

Counts = dict[str, float]
#: Edges [n, 2] and masses [n] of a histogram's buckets, and the mass of NaN.
Buckets = tuple[NDArray[np.float64], NDArray[np.float64], float]


def _aligned(treatment: Counts, control: Counts) -> tuple[list[str], NDArray[np.float64]]:
    """All values in order, and their counts [2, values]."""
    texts = sorted(treatment.keys() | control.keys())
    return texts, np.array([[side.get(text, 0.0) for text in texts] for side in (treatment, control)])


def _shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)


def _largest(texts: list[str], differences: NDArray[np.float64]) -> tuple[float, str]:
    if not texts:
        return 0.0, ""
    largest = differences.max()
    return float(largest), texts[int(np.flatnonzero(differences == largest)[-1])]


def l_infinity(treatment: Counts, control: Counts) -> tuple[float, str]:
    """The largest difference of the shares of one value, and that value.

    >>> l_infinity({"a": 1, "b": 1}, {"a": 1})
    (0.5, 'b')
    """
    texts, counts = _aligned(treatment, control)
    shares = _shares(counts)
    return _largest(texts, np.abs(shares[0] - shares[1]))


def absolute_difference(treatment: Counts, control: Counts) -> tuple[float, str]:
    """The largest difference of the counts of one value as a share of all counts, and that value.

    >>> absolute_difference({"a": 1, "b": 1}, {"a": 2})
    (0.25, 'b')
    """
    texts, counts = _aligned(treatment, control)
    total = counts.sum()
    return _largest(texts, np.abs(counts[0] - counts[1]) / total if total else np.zeros(len(texts)))


def jensen_shannon(counts: NDArray[np.float64]) -> float:
    """The divergence of two distributions, from their counts [2, outcomes]."""
    return max(0.0, divergence(*_shares(counts)))


def divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """The Jensen-Shannon divergence of two distributions over the same outcomes, in bits.

    >>> divergence(np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.0, 1.0]))
    1.0
    """
    from scipy.special import rel_entr

    middle = (p + q) / 2
    return float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / (2 * log(2))


def texts_divergence(treatment: Counts, control: Counts) -> float:
    """`jensen_shannon` of the values of a column."""
    return jensen_shannon(_aligned(treatment, control)[1])


def buckets_divergence(treatment: Buckets, control: Buckets) -> float:
    """`jensen_shannon` of two histograms, each with its buckets divided at the edges of the other.

    Within a bucket the mass is spread evenly; one of width 0 stays apart. NaN, and buckets that reach to infinity,
    count as different in the two tables, as in TFDV.

    >>> def halves(a, b, c):
    ...     return np.array([[a, b], [b, c]]), np.array([1.0, 1.0]), 0.0
    >>> buckets_divergence(halves(0, 1, 2), halves(0.5, 1.5, 2.5))
    0.25
    """
    finite = [np.isfinite(edges).all(axis=1) for edges, _, _ in (treatment, control)]
    cuts = np.unique(
        np.concatenate([side[0][keep].ravel() for side, keep in zip((treatment, control), finite, strict=True)])
    )
    rows = []
    for number, (edges, masses, nan) in enumerate((treatment, control)):
        keep = finite[number]
        apart = np.zeros((2, 2))
        apart[number] = nan, masses[~keep].sum()
        rows.append(np.concatenate([_divided(edges[keep], masses[keep], cuts), apart.ravel()]))
    return jensen_shannon(np.array(rows))


def _divided(edges: NDArray[np.float64], masses: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mass at each cut, then between each cut and the next."""
    points, widths = np.zeros(len(cuts)), edges[:, 1] - edges[:, 0]
    flat = widths == 0
    np.add.at(points, np.searchsorted(cuts, edges[flat, 0]), masses[flat])
    between = np.zeros(max(len(cuts) - 1, 0))
    for (low, high), mass, width in zip(edges[~flat], masses[~flat], widths[~flat], strict=True):
        first, last = np.searchsorted(cuts, (low, high))
        between[first:last] += mass * np.diff(cuts[first : last + 1]) / width
    return np.concatenate([points, between])

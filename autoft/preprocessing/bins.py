"""Bins of the piecewise-linear encoding, found in training rows (numpy).

Gorishniy, Rubachev, Babenko, "On embeddings for numerical features in tabular deep learning", NeurIPS 2022
(arXiv 2203.05556): bins between quantiles, one input for each, which rises from 0 to 1 while the number passes through
the bin. A network's first layer (a linear model, even) then bends at every edge.
"""

from __future__ import annotations

import numpy as np

from autoft.records.arrays import Array


def bin_edges(x: Array, bins: int) -> Array:
    """At most ``bins + 1`` ascending edges of a column ``[m]`` (fewer, down to one, where it has fewer values).

    A column of few values gets an edge at each of them. Where single values are frequent (a zero in nine rows of ten),
    quantiles would spend themselves on them: such a value gets edges at itself and its neighbours, so that it can stand
    apart, and the quantiles are those of the other rows.

    >>> bin_edges(np.array([2.0, 1.0, 1.0, 5.0]), 8).tolist()
    [1.0, 2.0, 5.0]
    >>> bin_edges(np.r_[np.zeros(90), np.arange(1, 11)], 4).tolist()
    [0.0, 1.0, 5.5, 10.0]
    """
    values, counts = np.unique(x, return_counts=True)
    if len(values) <= bins + 1:
        return np.asarray(values)
    frequent = [int(v) for v in np.argsort(-counts, kind="stable") if counts[v] * bins > len(x)]
    if not frequent:
        return np.asarray(np.unique(np.quantile(x, np.linspace(0.0, 1.0, bins + 1))))
    own: set[int] = set()
    for v in frequent:  # the most frequent first; half of the edges are for the others
        near = {n for n in (v - 1, v, v + 1) if 0 <= n < len(values)}
        own |= near if len(own | near) <= (bins + 1) // 2 else {v}
    rest = np.delete(values, sorted(frequent)).repeat(np.delete(counts, sorted(frequent)))
    left = bins + 1 - len(own)
    spread = np.quantile(rest, np.linspace(0.0, 1.0, left)) if left > 1 and len(rest) else np.array([])
    return np.asarray(np.unique(np.concatenate([values[sorted(own)], spread]))[: bins + 1])


def begin_and_factor(edges: Array, bins: int) -> tuple[Array, Array]:
    """Where each bin begins, and one over its width, both ``[bins]``; bins that are not there have a factor of 0.

    >>> begin_and_factor(np.array([1.0, 2.0, 4.0]), 3)[1].tolist()
    [1.0, 0.5, 0.0]
    """
    begin, factor = np.zeros(bins), np.zeros(bins)
    begin[: len(edges) - 1] = edges[:-1]
    factor[: len(edges) - 1] = 1.0 / np.diff(edges)
    return begin, factor


def encoded(x: Array, begin: Array, factor: Array) -> Array:
    """The encoding ``[..., f, bins]`` of numbers ``[..., f]``, each between 0 and 1 (`begin_and_factor`)."""
    return np.clip((x[..., None] - begin) * factor, 0.0, 1.0)

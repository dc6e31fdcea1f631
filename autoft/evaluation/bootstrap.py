"""The cluster bootstrap: draws of rows, and intervals of scores computed on them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from autoft.errors import EvaluationError
from autoft.records.arrays import Array
from autoft.records.problem import Draws
from autoft.records.scores import Interval

#: Ends of a 95 % interval, in percent.
TAILS = (2.5, 97.5)


def draw(clusters: Array, draws: Draws) -> Array:
    """How often each row appears in each bootstrap draw, ``[draws, n]``; 0 where it is not drawn.

    Whole clusters are drawn with replacement, as many as there are, so that rows of one cluster (identical rows, one
    patient) are drawn equally often. The first draws are the same whatever the number of draws.

    Args:
        clusters: Cluster of each row, ``[n]``; any integers.

    Raises:
        EvaluationError: If there are no rows or no draws.

    >>> counts = draw(np.array([0, 0, 1, 2]), Draws(number=3))
    >>> bool((counts[:, 0] == counts[:, 1]).all())
    True
    """
    if clusters.size == 0 or draws.number < 1:
        found = f"there are {clusters.size:,} rows and {draws.number:,} draws"
        fix = "evaluate on a table with rows and with at least one draw"
        raise EvaluationError("The bootstrap", "have rows and draws", found, fix)
    names, member = np.unique(clusters, return_inverse=True)
    rng = np.random.default_rng(draws.seed)
    # A cluster can be drawn at most len(names) times; more than 255 times is too improbable for a second byte.
    counts = np.empty((draws.number, clusters.size), dtype=np.uint8)
    for row in counts:
        times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        row[:] = np.minimum(times, 255)[member.ravel()]
    return counts


def mean_interval(samples: Array) -> Interval:
    """Mean and 95 % percentile interval of the draws; undefined draws (NaN) are skipped.

    >>> mean_interval(np.array([1.0, 2.0, np.nan, 3.0])).value
    2.0
    """
    defined = samples[np.isfinite(samples)]
    if not defined.size:
        return Interval(value=math.nan, low=math.nan, high=math.nan)
    low, high = np.percentile(defined, TAILS)
    return Interval(value=float(defined.mean()), low=float(low), high=float(high))


def around(value: float, samples: Array) -> Interval:
    """A value computed on all rows with the 95 % percentile interval of the draws."""
    return replace(mean_interval(samples), value=float(value))

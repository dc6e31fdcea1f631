"""Folds in time order: stretches of rows, and windows that learn from the past alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from autoft.errors import SchemaError
from autoft.records.arrays import Array
from autoft.records.split import HOLDOUT, LEARNED, Stretch

#: Stretches for each block whose rows are drawn together: rows next to one another are alike. With fewer, an interval
#: rests on too few draws; with many more, it is that of independent rows.
STRETCHES = 10
#: Fewest rows of a window, and of what it is scored on.
_FEWEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Expanding windows: the model of each block learns from the rows before the block alone.

    Attributes:
        gap: What it does not learn from, just before the block.
        horizon: What is scored, from the beginning of the block on; None for the whole block.
    """

    gap: Stretch = field(default_factory=Stretch)
    horizon: Stretch | None = None


def stretches(sizes: Array, k: int) -> tuple[int, Array]:
    """Number of stretches, at most k, and that of each cluster; `sizes` of the clusters are in the order of time."""
    # The middle of each cluster on the scale of rows decides its stretch.
    middle = np.cumsum(sizes) - sizes / 2
    found = np.minimum(np.floor(middle * k / sizes.sum()), k - 1)
    # A large group may span several stretches' worth of rows; stretches that would be empty are skipped.
    filled, stretch = np.unique(found, return_inverse=True)
    return len(filled), stretch


def expanding(blocks: Array, time: Array, k: int, windows: Windows) -> tuple[Array, tuple[Array, ...]]:
    """Blocks with `LEARNED` for rows that are not scored, and the rows that the model of each block learns from.

    Rows of one time as the first row of a block are not before it. A row that comes later than its cluster's first row
    may lie behind the block that follows, and is not learned from by its model.

    Args:
        blocks: ``[n]`` in the order of time; `LEARNED` before the first, `HOLDOUT` after the last.
        time: ``[n]`` numbers or datetimes.

    Raises:
        SchemaError: If gap or horizon leave too few rows.

    >>> blocks, rows = expanding(np.repeat([-2, 0, 1], 10), np.arange(30), 2, Windows())
    >>> [len(own) for own in rows]
    [10, 20]
    """
    at = time.astype("datetime64[ms]").astype(np.float64) / 1000 if time.dtype.kind == "M" else time.astype(np.float64)
    touched = blocks != HOLDOUT
    place = np.searchsorted(np.sort(at[touched]), at)
    scored, trained = np.zeros(len(blocks), dtype=bool), []
    for block in range(k):
        here, before = blocks == block, touched & (blocks < block)
        start = at[here].min()
        first, gap, horizon = place[here].min(), windows.gap, windows.horizon
        edge = at < start - gap.amount if gap.seconds else place < first - gap.amount
        window = np.flatnonzero(before & edge & (at < start))
        if horizon is not None:
            here &= at < start + horizon.amount if horizon.seconds else place < first + horizon.amount
        if min(len(window), here.sum()) < _FEWEST:
            found = f"window {block + 1} has {len(window):,} and {here.sum():,}"
            must = f"leave at least {_FEWEST} rows to learn from and {_FEWEST} to score"
            fix = "shorten evaluate: gap, or lengthen evaluate: horizon, or use fewer folds"
            raise SchemaError("The expanding windows", must, found, fix)
        scored |= here
        trained.append(window)
    return np.where(scored | ~touched, blocks, LEARNED), tuple(trained)

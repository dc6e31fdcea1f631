"""Random numbers for layers that need them while training: windows on one table, the same on every backend.

Drawing dropout masks for each member of a stack took a quarter of an epoch. Here numpy draws one table of uniform
numbers per seed, and a step shows each layer a window of it that begins at a random place. All members look through
the same window: what stands at a position of a batch is another row for each of them. So a trial's masks do not
depend on how many others train beside it, nor on the backend.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from autoft.records.arrays import Array

#: Numbers in a table (4 MiB) and in one of its rows. Windows begin at a row and are gathered row by row: XLA would
#: compile a slice again for every beginning.
_LENGTH, _ROW = 2**20, 32

_open = threading.local()


@lru_cache(maxsize=2)
def table(seed: int, largest: int) -> Array:
    """Uniform numbers in [0, 1), ``[rows, 32]`` float32, for windows of up to `largest` numbers."""
    length = max(_LENGTH, 2 ** math.ceil(math.log2(8 * max(largest, 1))))
    return np.random.default_rng([seed, 3]).random((length // _ROW, _ROW), dtype=np.float32)


def windows(numbers: Array, seed: int, epoch: int, *, steps: int, layers: int, largest: int) -> Array:
    """The table's rows where the windows of an epoch begin: ``[steps, layers]`` int32."""
    rng = np.random.default_rng([seed, 4, epoch, 0])
    return rng.integers(0, len(numbers) - -(-largest // _ROW) + 1, (steps, layers), dtype=np.int32)


@contextmanager
def drawing(numbers: Any, starts: Sequence[Any]) -> Iterator[None]:
    """Within the block, layers take their random numbers from windows."""
    before = getattr(_open, "window", None)
    _open.window = (numbers, starts)
    try:
        yield
    finally:
        _open.window = before


def uniform(shape: tuple[int, ...], *, layer: int, generator: Any) -> Any:
    """Uniform numbers ``[1, B, width]`` for all members from the open window of a layer, else of all the shape ``[S, B,
    width]`` (whose sizes may be tensors) from a Keras generator."""
    import keras
    from keras import ops

    window = getattr(_open, "window", None)
    if window is None:
        return keras.random.uniform(shape, seed=generator)
    numbers, starts = window
    size = math.prod(shape[1:])
    rows = ops.take(numbers, starts[layer] + ops.arange((size + _ROW - 1) // _ROW, dtype="int32"), axis=0)
    return ops.reshape(ops.reshape(rows, (-1,))[:size], (1, *shape[1:]))

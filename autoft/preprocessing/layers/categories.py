"""Layers of categories: each member's own slots, and one-hot columns."""

from __future__ import annotations

from typing import Any

from keras import ops

from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer


@layer
class CategorySlots(Configured):
    """Codes of the whole table to each member's own slots: ``[B, c]`` int32 -> ``[S, B, c]`` int32.

    A category that the member never saw in its training rows becomes 0, unknown. `sizes`: codes of each column.
    """

    def __init__(self, members: int, sizes: list[int], **kwargs: Any) -> None:
        super().__init__(trainable=False, **{k: v for k, v in kwargs.items() if k not in ("dtype", "trainable")})
        self.members, self.sizes = members, list(sizes)

    def build(self, input_shape: Any) -> None:
        self.tables = [
            self.add_weight(shape=(self.members, size), dtype="int32", initializer="zeros", name=f"table_{j}")
            for j, size in enumerate(self.sizes)
        ]

    def call(self, inputs: Any) -> Any:
        columns = [ops.take(ops.convert_to_tensor(table), inputs[:, j], axis=1) for j, table in enumerate(self.tables)]
        return ops.stack(columns, axis=-1)


@layer
class OneHotSlots(Configured):
    """One-hot columns: slots ``[S, B, k]`` -> ``[S, B, sum of sizes + k]`` float32.

    Missing has a column of its own; unknown is all zeros. `positions`: slots to encode; `sizes`: categories of each.
    """

    def __init__(self, positions: list[int], sizes: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.positions, self.sizes = list(positions), list(sizes)

    def call(self, inputs: Any) -> Any:
        blocks = [
            ops.one_hot(inputs[:, :, position] - 1, size + 1, dtype="float32")
            for position, size in zip(self.positions, self.sizes, strict=True)
        ]
        return ops.concatenate(blocks, axis=-1)


@layer
class NumberCodes(Configured):
    """Codes of numbers as categories: ``[B, c]`` float64 -> ``[B, c]`` int32.

    0 where a number is none of its column's `count` values, 1 where it is missing. Weights: ``values [count, c]``,
    ascending; columns with fewer have the last again.
    """

    def __init__(self, count: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float64", "trainable": False})
        self.count = count

    def build(self, input_shape: Any) -> None:
        self.values = self.add_weight(shape=(self.count, input_shape[-1]), name="values")

    def call(self, inputs: Any) -> Any:
        table, missing = ops.convert_to_tensor(self.values), ops.isnan(inputs)
        numbers = ops.where(missing, ops.zeros_like(inputs), inputs)
        below, step = ops.zeros_like(numbers, dtype="int32"), 2 ** (self.count.bit_length() - 1)
        while step:  # a search by halves in all columns at once; Keras' own looks at one column at a time
            reached = below + step
            value = ops.take_along_axis(table, ops.minimum(reached, self.count) - 1, axis=0)
            below = ops.where(ops.logical_and(value < numbers, reached <= self.count), reached, below)
            step //= 2
        found = ops.take_along_axis(table, ops.minimum(below, self.count - 1), axis=0) == numbers
        known = ops.where(ops.logical_and(found, ops.isfinite(numbers)), below + 2, ops.zeros_like(below))
        return ops.where(missing, ops.ones_like(known), known)


@layer
class CodeTables(Configured):
    """What each member knows of each code: ``[B, c]`` int32 -> ``[S, B, c * width]`` float32.

    `sizes`: codes of each column; `width`: numbers that each code stands for.
    """

    def __init__(self, members: int, sizes: list[int], width: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "trainable": False})
        self.members, self.sizes, self.width = members, list(sizes), width

    def build(self, input_shape: Any) -> None:
        self.tables = [
            self.add_weight(shape=(self.members, size, self.width), initializer="zeros", name=f"table_{j}")
            for j, size in enumerate(self.sizes)
        ]

    def call(self, inputs: Any) -> Any:
        columns = [ops.take(ops.convert_to_tensor(table), inputs[:, j], axis=1) for j, table in enumerate(self.tables)]
        return ops.concatenate(columns, axis=-1)

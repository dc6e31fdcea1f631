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

"""Layers that make one stacked network of S separate ones, and vectors of categories for one of them."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer


@layer
class MemberInputs(Configured):
    """The inputs of one member: ``[S, B, f]`` -> ``[B, f]``."""

    def __init__(self, member: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.member = member

    def call(self, inputs: Any) -> Any:
        return inputs[self.member]


@layer
class StackMembers(keras.layers.Layer):  # type: ignore[misc]
    """Logits of S members, a list of ``[B, outputs]`` -> ``[S, B, outputs]``."""

    def call(self, inputs: Any) -> Any:
        return ops.stack([ops.cast(own, "float32") for own in inputs], axis=0)


@layer
class CategoryVectors(Configured):
    """A learned vector for each category of each column: slots ``[B, e]`` int32 -> ``[B, e * length]``.

    While training, a share of the slots is shown as unknown (slot 0), as `stacked.StackedEmbedding` does. `sizes` are
    the slots of each column, unknown and missing included.
    """

    def __init__(self, sizes: list[int], length: int, hidden_share: float = 0.02, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sizes, self.length, self.hidden_share = list(sizes), length, hidden_share
        self.generator = keras.random.SeedGenerator()

    def build(self, input_shape: Any) -> None:
        first = keras.initializers.RandomNormal(stddev=self.length**-0.5)
        self.tables = [
            self.add_weight(shape=(size, self.length), initializer=first, name=f"table_{j}")
            for j, size in enumerate(self.sizes)
        ]

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training and self.hidden_share > 0:
            shown = keras.random.uniform(ops.shape(inputs), seed=self.generator) >= self.hidden_share
            inputs = inputs * ops.cast(shown, inputs.dtype)
        return ops.concatenate([ops.take(table, inputs[:, j], axis=0) for j, table in enumerate(self.tables)], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], len(self.sizes) * self.length)

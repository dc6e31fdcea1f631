"""Numbers spread like a normal distribution, as a stacked Keras layer."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

#: Answers end here, where scikit-learn's do: the normal quantile of one in ten million.
END = 5.199337582605575


@keras.saving.register_keras_serializable(package="autoft")
class QuantileNormal(keras.layers.Layer):  # type: ignore[misc]
    """Each number becomes the normal quantile of its rank in the member's rows: ``[S, B, k]`` float64 -> float32.

    Between two quantiles ranks are interpolated; a value that is several quantiles gets the middle of their ranks.
    The smallest and the largest value, and all beyond, become -5.2 and 5.2. As scikit-learn's `QuantileTransformer`
    does, but that a column whose values are all the same becomes 0 instead of -5.2.

    Args:
        members: S.
        count: Most quantiles of a member; a member with fewer has infinities behind them.
    """

    def __init__(self, members: int, count: int, **kwargs: Any) -> None:
        own = {k: v for k, v in kwargs.items() if k not in ("dtype", "trainable")}
        super().__init__(dtype="float64", trainable=False, **own)
        self.members, self.count = members, count

    def build(self, input_shape: Any) -> None:
        self.quantiles = self.add_weight(shape=(self.members, self.count, input_shape[-1]), name="quantiles")

    def call(self, inputs: Any) -> Any:
        table = ops.convert_to_tensor(self.quantiles)
        last = ops.sum(ops.cast(ops.isfinite(table), "int32"), axis=1, keepdims=True) - 1  # [S, 1, k]
        before, upto = self._rank(table, inputs, or_equal=False), self._rank(table, inputs, or_equal=True)
        from_left = self._interpolated(table, inputs, ops.clip(upto - 1, 0, last - 1))
        from_right = self._interpolated(table, inputs, ops.clip(before - 1, 0, last - 1))
        share = (from_left + from_right) / (2.0 * ops.cast(last, "float64"))
        normal = math.sqrt(2.0) * ops.erfinv(2.0 * ops.clip(share, 0.0, 1.0) - 1.0)
        low, high = table[:, :1], ops.take_along_axis(table, last, axis=1)
        end = END * ops.ones_like(inputs)
        normal = ops.where(inputs >= high, end, ops.where(inputs <= low, -end, ops.clip(normal, -END, END)))
        return ops.cast(ops.where(high > low, normal, ops.zeros_like(inputs)), "float32")

    def _rank(self, table: Any, inputs: Any, *, or_equal: bool) -> Any:
        """How many quantiles are below each number (or equal to it): int32 ``[S, B, k]``.

        A search by halves in all columns at once; Keras' own looks at one column at a time.
        """
        rank, step = ops.zeros_like(inputs, dtype="int32"), 2 ** (self.count.bit_length() - 1)
        while step:
            reached = rank + step
            value = ops.take_along_axis(table, ops.minimum(reached, self.count) - 1, axis=1)
            below = value <= inputs if or_equal else value < inputs
            rank = ops.where(ops.logical_and(below, reached <= self.count), reached, rank)
            step //= 2
        return rank

    def _interpolated(self, table: Any, inputs: Any, j: Any) -> Any:
        """Rank of each number, with fractions, on the line through quantiles j and j + 1."""
        low, high = ops.take_along_axis(table, j, axis=1), ops.take_along_axis(table, j + 1, axis=1)
        width = high - low
        flat = ops.logical_not(width > 0)
        share = (inputs - low) / ops.where(flat, ops.ones_like(width), width)
        # On a flat piece the number is either of its ends: the one that the search came from.
        return ops.cast(j, "float64") + ops.clip(share, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "members": self.members, "count": self.count}

"""Layer of combinations of two numbers."""

from __future__ import annotations

from typing import Any

from keras import ops

from autoft.preprocessing.layers.numbers import LIMIT, MemberStatistics
from autoft.preprocessing.registered_layers import layer


@layer
class CombinedNumbers(MemberStatistics):
    """Differences, products and ratios of two numbers, scaled: ``[B, d]`` float64 -> ``[S, B, k]`` float32.

    What is missing or not finite (a ratio to 0) becomes 0.

    Args:
        first, second: Positions of the numbers, ``[S][k]``.
        kind: 0 for a difference, 1 for a product, 2 for a ratio, ``[S][k]``.
    """

    names = ("center", "factor")

    def __init__(self, first: list[list[int]], second: list[list[int]], kind: list[list[int]], **kwargs: Any) -> None:
        super().__init__(len(first), **kwargs)
        self.first, self.second, self.kind = first, second, kind

    def build(self, input_shape: Any) -> None:
        super().build((None, len(self.first[0])))

    def call(self, inputs: Any) -> Any:
        a, b = (self._members(inputs, own) for own in (self.first, self.second))
        kind = ops.convert_to_tensor(self.kind)[:, None]
        found = ops.where(kind == 0, a - b, ops.where(kind == 1, a * b, a / b))
        scaled = (found - ops.convert_to_tensor(self.center)) * self.factor
        scaled = ops.where(ops.isfinite(found), scaled, ops.zeros_like(found))
        return ops.cast(ops.clip(scaled, -LIMIT, LIMIT), "float32")

    def _members(self, inputs: Any, positions: list[list[int]]) -> Any:
        """Inputs at the positions of each member, ``[S, B, k]``."""
        flat = [position for own in positions for position in own]
        taken = ops.reshape(ops.take(inputs, flat, axis=-1), (-1, self.members, len(positions[0])))
        return ops.transpose(taken, (1, 0, 2))

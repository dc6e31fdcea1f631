"""Columns of boosted trees from the encoding of networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer


@layer
class TreeColumns(Configured):
    """``dense [S, B, d]``, ``slots [S, B, e]`` (a list of those that there are) -> ``[S, B, f]`` float32.

    Numbers come first, NaN where they are missing, then the codes of one-hot blocks, then the slots.

    Args:
        numbers: Positions of the dense inputs that stay as they are.
        gaps: For some of those (place among them), the position of the 0/1 input that says where they are missing.
        one_hot: First position and width of each block of 0/1 inputs that is one category.
    """

    def __init__(
        self, numbers: Sequence[int], gaps: Sequence[Sequence[int]], one_hot: Sequence[Sequence[int]], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.numbers, self.gaps, self.one_hot = list(numbers), [list(g) for g in gaps], [list(o) for o in one_hot]

    def build(self, input_shape: Any) -> None:
        self.width = input_shape[0][2]

    def call(self, inputs: Any) -> Any:
        first, found = inputs[0], []
        if self.numbers:
            found.append(self._numbers(first))
        if self.one_hot:
            # Whole numbers up to 256 are exact in every product, those of bfloat16 included.
            codes = np.zeros((self.width, len(self.one_hot)), np.float32)
            for column, (start, width) in enumerate(self.one_hot):
                codes[start : start + width, column] = np.arange(1, width + 1)
            found.append(ops.matmul(first, ops.convert_to_tensor(codes)))
        if len(inputs) > 1 or not found:
            found.append(ops.cast(inputs[-1], "float32"))
        return ops.concatenate(found, axis=2) if len(found) > 1 else found[0]

    def _numbers(self, dense: Any) -> Any:
        numbers = ops.take(dense, self.numbers, axis=2)
        if not self.gaps:
            return numbers
        indicators = {place: indicator for place, indicator in self.gaps}  # noqa: C416
        where = [indicators.get(place, -1) for place in range(len(self.numbers))]
        missing = ops.take(dense, [max(position, 0) for position in where], axis=2) > 0.5
        known = np.array([position < 0 for position in where])
        return ops.where(ops.logical_and(missing, ops.logical_not(known)), float("nan"), numbers)

    def compute_output_shape(self, input_shape: Any) -> Any:
        width = len(self.numbers) + len(self.one_hot)
        if len(input_shape) > 1 or not width:
            width += input_shape[-1][2]
        return (*input_shape[0][:2], width)

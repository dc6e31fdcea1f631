"""Layers of numbers: gaps, scales, quantiles; stacked, so that every member has the statistics of its own rows.

Shapes: B rows, S members, d or k numbers. Numbers arrive as float64 (an epoch in milliseconds or a long identifier is
already ruined in float32) and leave as float32 after scaling.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer
from autoft.records.arrays import LARGEST, Array

#: Far outside anything that smooth clipping tells apart, and small enough that float32 squares stay finite.
LIMIT = 1e6


@layer
class MemberStatistics(Configured):
    """Base of layers with one row of float64 statistics per member: weights ``[S, 1, d]``, not trained."""

    names: tuple[str, ...] = ()

    def __init__(self, members: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float64", "trainable": False})
        self.members = members

    def build(self, input_shape: Any) -> None:
        for name in self.names:
            setattr(self, name, self.add_weight(shape=(self.members, 1, input_shape[-1]), name=name))


@layer
class MedianImpute(MemberStatistics):
    """Missing numbers become the median of the member's training rows: ``[B, d]`` -> ``[S, B, d]`` float64."""

    names = ("center",)

    def call(self, inputs: Any) -> Any:
        center, finite = ops.convert_to_tensor(self.center), ops.clip(inputs, -LARGEST, LARGEST)
        return ops.where(ops.isnan(inputs)[None], center, finite[None])


@layer
class RobustScale(MemberStatistics):
    """``(x - median) / interquartile range``: ``[S, B, d]`` float64 -> float32, never infinite."""

    names = ("center", "factor")

    def call(self, inputs: Any) -> Any:
        scaled = ops.clip((inputs - self.center) * self.factor, -LIMIT, LIMIT)
        return ops.cast(scaled, "float32")


@layer
class SmoothClip(keras.layers.Layer):  # type: ignore[misc]
    """``x / sqrt(1 + (x / 3)^2)``: keeps the order of values and their range below 3 (RealMLP, arXiv 2407.04491).

    >>> import numpy as np
    >>> SmoothClip()(np.array([[0.0, 1e6]], dtype="float32")).numpy().round(3).tolist()
    [[0.0, 3.0]]
    """

    def call(self, inputs: Any) -> Any:
        return inputs / ops.sqrt(1.0 + ops.square(inputs / 3.0))


@layer
class SignedLog(MemberStatistics):
    """``sign(x) log1p(|x| / unit)`` of columns that have a unit, the others as they are; ``[S, B, d]`` float64."""

    names = ("unit",)

    def call(self, inputs: Any) -> Any:
        unit = ops.convert_to_tensor(self.unit)
        logged = unit > 0
        # Finite, as a tiny unit could make it infinite, and infinity times a factor of 0 is no number.
        ratio = ops.minimum(ops.abs(inputs) / ops.where(logged, unit, ops.ones_like(unit)), LARGEST)
        return ops.where(logged, ops.sign(inputs) * ops.log1p(ratio), inputs)


@layer
class MissingIndicator(MemberStatistics):
    """1 where a number is missing, 0 elsewhere, for some columns: ``[B, k]`` -> ``[S, B, k]`` float32.

    Always 0 for a member without missing cells in its training rows: its network never learned what 1 means.
    """

    names = ("gaps",)

    def call(self, inputs: Any) -> Any:
        gaps = ops.convert_to_tensor(self.gaps)
        return ops.cast(ops.where(ops.isnan(inputs)[None], gaps, ops.zeros_like(gaps)), "float32")


#: Answers end here, where scikit-learn's do: the normal quantile of one in ten million.
END = 5.199337582605575


@layer
class QuantileNormal(Configured):
    """Each number becomes the normal quantile of its rank in the member's rows: ``[S, B, k]`` float64 -> float32.

    Between two quantiles ranks are interpolated; a value that is several quantiles gets the middle of their ranks.
    The smallest and the largest value, and all beyond, become -5.2 and 5.2. As scikit-learn's `QuantileTransformer`
    does, except that a column of one value becomes 0. A member with less than `count` quantiles has infinities behind.
    """

    def __init__(self, members: int, count: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float64", "trainable": False})
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


def scaling_layer(statistics: Mapping[str, Array], *, clip: bool) -> keras.Model:
    """Numbers ``[B, k]`` float64, scaled (`NumberScale` ``[S, k]``), by `clip` to 3 units: ``[S, B, k]`` float32."""
    members, size = statistics["center"].shape
    inputs = keras.Input((size,), dtype="float64")
    x = _with_weights(MedianImpute(members, name="median_impute"), inputs, statistics["center"])
    if statistics["unit"].any():
        x = _with_weights(SignedLog(members, name="signed_log"), x, statistics["unit"])
    scale = RobustScale(members, name="robust_scale")
    x = _with_weights(scale, x, statistics["middle"], statistics["factor"])
    return keras.Model(inputs, SmoothClip(name="smooth_clip")(x) if clip else x, name="scaled")


def quantile_layer(statistics: Mapping[str, Array]) -> keras.Model:
    """Numbers ``[B, k]`` float64 as normal quantiles ``[S, B, k]`` float32: `statistics` of `encoders.Quantile`."""
    members, count, size = statistics["quantiles"].shape
    inputs = keras.Input((size,), dtype="float64")
    imputed = _with_weights(MedianImpute(members, name="median_impute"), inputs, statistics["center"])
    normal = QuantileNormal(members, count, name="quantile_normal")
    model = keras.Model(inputs, normal(imputed), name="quantile")
    normal.set_weights([statistics["quantiles"]])
    return model


def _with_weights(own: MemberStatistics, inputs: Any, *statistics: Array) -> Any:
    """Outputs of a layer that has been given its statistics, each ``[S, k]``."""
    outputs = own(inputs)
    own.set_weights([one[:, None] for one in statistics])
    return outputs

"""The preprocessing layers: stacked, so that every member of the bag has the statistics of its own rows.

Shapes: B rows, S members, d numbers, c categorical columns. Numbers arrive as float64 (an epoch in
milliseconds or a long identifier is already ruined in float32) and leave as float32 after scaling.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from autoft.preprocess.quantiles import LARGEST

_SECONDS = {"year": 365.2425 * 86_400, "week": 7 * 86_400.0, "day": 86_400.0}

# Far outside anything that smooth clipping tells apart, and small enough that float32 squares stay finite.
_LIMIT = 1e6


@keras.saving.register_keras_serializable(package="autoft")
class MemberStatistics(keras.layers.Layer):  # type: ignore[misc]
    """Base of layers with one row of float64 statistics per member: weights ``[S, 1, d]``, not trained."""

    names: tuple[str, ...] = ()

    def __init__(self, members: int, **kwargs: Any) -> None:
        super().__init__(dtype="float64", trainable=False, **{k: v for k, v in kwargs.items() if k not in _OWN})
        self.members = members

    def build(self, input_shape: Any) -> None:
        for name in self.names:
            setattr(self, name, self.add_weight(shape=(self.members, 1, input_shape[-1]), name=name))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "members": self.members}


_OWN = ("dtype", "trainable")


@keras.saving.register_keras_serializable(package="autoft")
class MedianImpute(MemberStatistics):
    """Missing numbers become the median of the member's training rows: ``[B, d]`` -> ``[S, B, d]`` float64."""

    names = ("center",)

    def call(self, inputs: Any) -> Any:
        center, finite = ops.convert_to_tensor(self.center), ops.clip(inputs, -LARGEST, LARGEST)
        return ops.where(ops.isnan(inputs)[None], center, finite[None])


@keras.saving.register_keras_serializable(package="autoft")
class RobustScale(MemberStatistics):
    """``(x - median) / interquartile range``: ``[S, B, d]`` float64 -> float32, never infinite."""

    names = ("center", "factor")

    def call(self, inputs: Any) -> Any:
        scaled = ops.clip((inputs - self.center) * self.factor, -_LIMIT, _LIMIT)
        return ops.cast(scaled, "float32")


@keras.saving.register_keras_serializable(package="autoft")
class SmoothClip(keras.layers.Layer):  # type: ignore[misc]
    """``x / sqrt(1 + (x / 3)^2)``: keeps the order of values and their range below 3 (RealMLP, arXiv 2407.04491).

    >>> SmoothClip()(np.array([[0.0, 1e6]], dtype="float32")).numpy().round(3).tolist()
    [[0.0, 3.0]]
    """

    def call(self, inputs: Any) -> Any:
        return inputs / ops.sqrt(1.0 + ops.square(inputs / 3.0))


def _floor(x: Any) -> Any:
    """Whole numbers in float64; on JAX Keras' own floor comes in float32, which moves a date by a minute."""
    return ops.cast(ops.floor(x), "float64")


@keras.saving.register_keras_serializable(package="autoft")
class DateCycles(keras.layers.Layer):  # type: ignore[misc]
    """Seconds since 1970 to sines and cosines of the year, week and day: ``[B, k]`` -> ``[B, 6k]`` float32.

    A missing date gives zeros, the centre of every circle.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float64"})

    def call(self, inputs: Any) -> Any:
        known = ops.logical_not(ops.isnan(inputs))
        seconds = ops.where(known, inputs, ops.zeros_like(inputs))
        parts = []
        for name, period in _SECONDS.items():
            # The weekday is a step, not a slope: Sunday evening is as far from Monday as Sunday morning.
            moment = _floor(seconds / _SECONDS["day"]) * _SECONDS["day"] if name == "week" else seconds
            angle = 2.0 * np.pi * (moment / period - _floor(moment / period))
            parts += [ops.where(known, f(angle), ops.zeros_like(angle)) for f in (ops.sin, ops.cos)]
        return ops.cast(ops.concatenate(parts, axis=-1), "float32")


@keras.saving.register_keras_serializable(package="autoft")
class Elapsed(keras.layers.Layer):  # type: ignore[misc]
    """Seconds from one date to another, after the numbers they came with: ``[B, d]`` -> ``[B, d + p]`` float64.

    NaN, missing, where one of the two is.

    Args:
        first, second: Positions of the dates of each of the p pairs.

    >>> Elapsed([0], [1])(np.array([[60.0, 90.0]])).numpy().tolist()
    [[60.0, 90.0, 30.0]]
    """

    def __init__(self, first: list[int], second: list[int], **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float64"})
        self.first, self.second = list(first), list(second)

    def call(self, inputs: Any) -> Any:
        between = ops.take(inputs, self.second, axis=-1) - ops.take(inputs, self.first, axis=-1)
        return ops.concatenate([inputs, between], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "first": self.first, "second": self.second}


@keras.saving.register_keras_serializable(package="autoft")
class Quotients(keras.layers.Layer):  # type: ignore[misc]
    """Quotients of numbers, after the numbers they came with: ``[B, d]`` -> ``[B, d + r]`` float64.

    NaN, missing, where one of the two is, and where the quotient is not finite.

    Args:
        above, below: Positions of the parts of each of the r quotients.

    >>> Quotients([0], [1])(np.array([[60.0, 90.0]])).numpy().round(3).tolist()
    [[60.0, 90.0, 0.667]]
    """

    def __init__(self, above: list[int], below: list[int], **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float64"})
        self.above, self.below = list(above), list(below)

    def call(self, inputs: Any) -> Any:
        below = ops.take(inputs, self.below, axis=-1)
        zero = below == 0
        found = ops.take(inputs, self.above, axis=-1) / ops.where(zero, ops.ones_like(below), below)
        lost = ops.logical_or(zero, ops.logical_not(ops.isfinite(found)))
        found = ops.where(lost, ops.full_like(found, np.nan), found)
        return ops.concatenate([inputs, found], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "above": self.above, "below": self.below}


@keras.saving.register_keras_serializable(package="autoft")
class SignedLog(MemberStatistics):
    """``sign(x) log1p(|x| / unit)`` of columns that have a unit, the others as they are; ``[S, B, d]`` float64."""

    names = ("unit",)

    def call(self, inputs: Any) -> Any:
        unit = ops.convert_to_tensor(self.unit)
        logged = unit > 0
        # Finite, as a tiny unit could make it infinite, and infinity times a factor of 0 is no number.
        ratio = ops.minimum(ops.abs(inputs) / ops.where(logged, unit, ops.ones_like(unit)), LARGEST)
        return ops.where(logged, ops.sign(inputs) * ops.log1p(ratio), inputs)


@keras.saving.register_keras_serializable(package="autoft")
class Products(keras.layers.Layer):  # type: ignore[misc]
    """Products of inputs, after the inputs they came with: ``[S, B, f]`` -> ``[S, B, f + p]`` float32.

    Args:
        first, second: Positions of the factors of each of the p products.
    """

    def __init__(self, first: list[int], second: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first, self.second = list(first), list(second)

    def call(self, inputs: Any) -> Any:
        made = ops.take(inputs, self.first, axis=-1) * ops.take(inputs, self.second, axis=-1)
        return ops.concatenate([inputs, made], axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "first": self.first, "second": self.second}


@keras.saving.register_keras_serializable(package="autoft")
class MissingIndicator(MemberStatistics):
    """1 where a number is missing, 0 elsewhere, for some columns: ``[B, k]`` -> ``[S, B, k]`` float32.

    Always 0 for a member without missing cells in its training rows: its network never learned what 1 means.
    """

    names = ("gaps",)

    def call(self, inputs: Any) -> Any:
        gaps = ops.convert_to_tensor(self.gaps)
        return ops.cast(ops.where(ops.isnan(inputs)[None], gaps, ops.zeros_like(gaps)), "float32")


@keras.saving.register_keras_serializable(package="autoft")
class Repeat(keras.layers.Layer):  # type: ignore[misc]
    """The same rows for every member: ``[B, d]`` -> ``[S, B, d]``."""

    def __init__(self, members: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.members = members

    def call(self, inputs: Any) -> Any:
        return ops.repeat(inputs[None], self.members, axis=0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "members": self.members}


@keras.saving.register_keras_serializable(package="autoft")
class CategorySlots(keras.layers.Layer):  # type: ignore[misc]
    """Codes of the whole table to each member's own slots: ``[B, c]`` int32 -> ``[S, B, c]`` int32.

    A category that the member never saw in its training rows becomes 0, unknown.

    Args:
        members: S.
        sizes: Number of codes of each column.
    """

    def __init__(self, members: int, sizes: list[int], **kwargs: Any) -> None:
        super().__init__(trainable=False, **{k: v for k, v in kwargs.items() if k not in _OWN})
        self.members, self.sizes = members, list(sizes)

    def build(self, input_shape: Any) -> None:
        self.tables = [
            self.add_weight(shape=(self.members, size), dtype="int32", initializer="zeros", name=f"table_{j}")
            for j, size in enumerate(self.sizes)
        ]

    def call(self, inputs: Any) -> Any:
        columns = [ops.take(ops.convert_to_tensor(table), inputs[:, j], axis=1) for j, table in enumerate(self.tables)]
        return ops.stack(columns, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "members": self.members, "sizes": self.sizes}


@keras.saving.register_keras_serializable(package="autoft")
class OneHotSlots(keras.layers.Layer):  # type: ignore[misc]
    """One-hot columns: slots ``[S, B, k]`` -> ``[S, B, sum of sizes + k]`` float32.

    Missing has a column of its own; unknown is all zeros.

    Args:
        positions: Which of the slots are one-hot encoded.
        sizes: Number of categories of each.
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

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "positions": self.positions, "sizes": self.sizes}


@keras.saving.register_keras_serializable(package="autoft")
class Select(keras.layers.Layer):  # type: ignore[misc]
    """Some positions of the last axis."""

    def __init__(self, positions: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.positions = list(positions)

    def call(self, inputs: Any) -> Any:
        return ops.take(inputs, self.positions, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "positions": self.positions}

"""Layers that make numbers of numbers: parts of dates, times between them, quotients, products, choices."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from autoft.preprocessing.registered_layers import layer

_SECONDS = {"year": 365.2425 * 86_400, "week": 7 * 86_400.0, "day": 86_400.0}


def _floor(x: Any) -> Any:
    """Whole numbers in float64; on JAX Keras' own floor comes in float32, which moves a date by a minute."""
    return ops.cast(ops.floor(x), "float64")


@layer
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


@layer
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


@layer
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


@layer
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


@layer
class Repeat(keras.layers.Layer):  # type: ignore[misc]
    """The same rows for every member: ``[B, d]`` -> ``[S, B, d]``."""

    def __init__(self, members: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.members = members

    def call(self, inputs: Any) -> Any:
        return ops.repeat(inputs[None], self.members, axis=0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "members": self.members}


@layer
class Select(keras.layers.Layer):  # type: ignore[misc]
    """Some positions of the last axis."""

    def __init__(self, positions: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.positions = list(positions)

    def call(self, inputs: Any) -> Any:
        return ops.take(inputs, self.positions, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "positions": self.positions}

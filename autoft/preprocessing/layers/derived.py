"""Layers that make numbers of numbers: parts of dates, times between them, quotients, products, choices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import keras
import numpy as np
from keras import ops

from autoft.preprocessing.layers.base import Configured
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


class Pairs(Configured, ABC):
    """Base of layers that put p numbers, each `made` of the inputs at two positions, after the inputs: ``[..., d]`` ->
    ``[..., d + p]``."""

    def __init__(self, first: list[int], second: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first, self.second = list(first), list(second)

    def call(self, inputs: Any) -> Any:
        made = self.made(ops.take(inputs, self.first, axis=-1), ops.take(inputs, self.second, axis=-1))
        return ops.concatenate([inputs, made], axis=-1)

    @abstractmethod
    def made(self, first: Any, second: Any) -> Any:
        """The new numbers."""


@layer
class Elapsed(Pairs):
    """Seconds from a first date to a second one; NaN where one of them is missing.

    >>> Elapsed([0], [1], dtype="float64")(np.array([[60.0, 90.0]])).numpy().tolist()
    [[60.0, 90.0, 30.0]]
    """

    def made(self, first: Any, second: Any) -> Any:
        return second - first


@layer
class Quotients(Pairs):
    """Quotients of numbers; NaN where one of them is missing, and where the quotient is not finite.

    >>> Quotients([0], [1], dtype="float64")(np.array([[60.0, 90.0]])).numpy().round(3).tolist()
    [[60.0, 90.0, 0.667]]
    """

    def made(self, first: Any, second: Any) -> Any:
        zero = second == 0
        found = first / ops.where(zero, ops.ones_like(second), second)
        lost = ops.logical_or(zero, ops.logical_not(ops.isfinite(found)))
        return ops.where(lost, ops.full_like(found, np.nan), found)


@layer
class Products(Pairs):
    """Products of inputs ``[S, B, f]`` float32."""

    def made(self, first: Any, second: Any) -> Any:
        return first * second


@layer
class Repeat(Configured):
    """The same rows for every member: ``[B, d]`` -> ``[S, B, d]``."""

    def __init__(self, members: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.members = members

    def call(self, inputs: Any) -> Any:
        return ops.repeat(inputs[None], self.members, axis=0)


@layer
class Select(Configured):
    """Some positions of the last axis."""

    def __init__(self, positions: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.positions = list(positions)

    def call(self, inputs: Any) -> Any:
        return ops.take(inputs, self.positions, axis=-1)

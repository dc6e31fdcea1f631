"""Layers for numbers: piecewise-linear encodings and periodic vectors, each member's own (S members, B rows, f)."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer


class _OfNumbers(Configured):
    """Base of layers that look at some columns of the dense encoding."""

    def __init__(self, positions: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.positions = list(positions)

    def numbers(self, inputs: Any) -> Any:
        """``[S, B, dense]`` -> ``[S, B, f, 1]``."""
        return ops.expand_dims(ops.take(inputs, self.positions, axis=-1), -1)


@layer
class PiecewiseLinear(_OfNumbers):
    """Piecewise-linear encoding (arXiv 2203.05556): ``[S, B, dense]`` -> ``[S, B, f * bins]``, each from 0 to 1.

    The bins are not trained: they come from each member's training rows (`autoft.preprocessing.bins`).
    """

    def __init__(self, positions: list[int], bins: int, **kwargs: Any) -> None:
        super().__init__(positions, **kwargs)
        self.bins = bins

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[0], len(self.positions), self.bins)
        self.begin = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="begin")
        self.factor = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="factor")

    def call(self, inputs: Any) -> Any:
        begin, factor = (ops.expand_dims(weight.value, 1) for weight in (self.begin, self.factor))
        shares = ops.clip((self.numbers(inputs) - begin) * factor, 0.0, 1.0)
        members, rows, numbers, bins = ops.shape(shares)
        return ops.reshape(shares, (members, rows, numbers * bins))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], len(self.positions) * self.bins)


@layer
class NumberVectors(_OfNumbers):
    """Vectors of numbers as TabM uses them: ``w x + b + V PLE(x)`` -> ``[S, B, f * dim]`` (arXiv 2410.24210).

    `V` is zero at first: a linear embedding that learns to bend.
    """

    def __init__(self, positions: list[int], dim: int, **kwargs: Any) -> None:
        super().__init__(positions, **kwargs)
        self.dim = dim

    def build(self, input_shape: Any) -> None:
        (members, *_), (*_, encoded) = input_shape
        numbers = len(self.positions)
        self.slope = self.add_weight(shape=(members, numbers, self.dim), initializer="zeros", name="slope")
        self.shift = self.add_weight(shape=(members, numbers, self.dim), initializer="zeros", name="shift")
        self.bend = self.add_weight(shape=(members, encoded, self.dim), initializer="zeros", name="bend")

    def call(self, inputs: Any) -> Any:
        dense, encoded = inputs
        slope, shift, bend = (weight.value for weight in (self.slope, self.shift, self.bend))
        members, numbers, dim = ops.shape(slope)
        rows, bins = ops.shape(encoded)[1], ops.shape(bend)[1] // numbers
        shares = ops.transpose(ops.reshape(encoded, (members, rows, numbers, bins)), (0, 2, 1, 3))
        bent = ops.matmul(shares, ops.reshape(bend, (members, numbers, bins, dim)))
        straight = self.numbers(dense) * ops.expand_dims(slope, 1) + ops.expand_dims(shift, 1)
        return ops.reshape(straight + ops.transpose(bent, (0, 2, 1, 3)), (members, rows, numbers * dim))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[0][:-1], len(self.positions) * self.dim)


@layer
class PeriodicVectors(_OfNumbers):
    """RealMLP's embedding PBLD: ``[x, W cos(2 pi w x + b) + c]`` -> ``[S, B, f * (dim + 1)]`` (arXiv 2407.04491).

    Where a number's answer may only rise or fall, it has half waves: the angle is kept between -pi and 0, where the
    cosine rises once and is flat before and after (with frequencies and W that are not negative).
    """

    def __init__(
        self, positions: list[int], waves: int = 16, dim: int = 3, clipped: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(positions, **kwargs)
        self.waves, self.dim, self.clipped = waves, dim, clipped

    def build(self, input_shape: Any) -> None:
        members, numbers = input_shape[0], len(self.positions)
        shapes = {
            "frequency": (members, numbers, self.waves),
            "phase": (members, numbers, self.waves),
            "mix": (members, numbers * self.waves, self.dim),
            "shift": (members, numbers, self.dim),
        }
        for name, shape in shapes.items():
            setattr(self, name, self.add_weight(shape=shape, initializer="zeros", name=name))
        for name, limit in (("low", -math.inf), ("high", math.inf)) if self.clipped else ():
            first = keras.initializers.Constant(limit)
            weight = self.add_weight(shape=(members, numbers, 1), initializer=first, trainable=False, name=name)
            setattr(self, name, weight)

    def call(self, inputs: Any) -> Any:
        x = self.numbers(inputs)
        members, rows, numbers, _ = ops.shape(x)
        frequency, phase, shift = (ops.expand_dims(w.value, 1) for w in (self.frequency, self.phase, self.shift))
        angles = 2.0 * math.pi * frequency * x + phase
        if self.clipped:
            low, high = (ops.expand_dims(w.value, 1) for w in (self.low, self.high))
            angles = ops.minimum(ops.maximum(angles, low), high)
        waves = ops.transpose(ops.cos(angles), (0, 2, 1, 3))
        mixed = ops.matmul(waves, ops.reshape(self.mix.value, (members, numbers, self.waves, self.dim)))
        vectors = ops.concatenate([x, ops.transpose(mixed, (0, 2, 1, 3)) + shift], axis=-1)
        return ops.reshape(vectors, (members, rows, numbers * (self.dim + 1)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], len(self.positions) * (self.dim + 1))

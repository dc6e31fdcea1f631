"""Layers of monotone networks that autoft does not use, stacked as its own are: ``[S, B, in]`` -> ``[S, B, out]``.

`benchmarks.constructions` compares them with autoft's bounds on weights:

- `Absolute`: Runje & Shankaranarayana, "Constrained monotonic neural networks", ICML 2023 (arXiv 2205.11775);
- `Lipschitz`, `SortPairs`, `Slope`: Nolte, Kitouni, Williams, "Expressive monotonic neural networks", ICLR 2023
  (arXiv 2307.07512);
- `Calibrators`, `Lattices`: Canini, Cotter, Gupta, Milani Fard, Pfeifer, "Fast and flexible monotonic functions with
  ensembles of lattices", NeurIPS 2016; You, Ding, Canini, Pfeifer, Gupta, "Deep lattice networks and partial monotonic
  functions", NeurIPS 2017 (arXiv 1709.06680).

Sizes are asked of tensors, since a program goes on with fewer members than a layer was built for.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from autoft.records.arrays import Array

#: Of 16 units of `Absolute`, how many bend upward, downward, and saturate on both sides (the authors' 7 : 7 : 2).
_CONVEX, _CONCAVE, _UNITS = 7, 7, 16


class Absolute(keras.layers.Layer):  # type: ignore[misc]
    """A dense layer whose weights have a sign by an absolute value in the forward pass.

    Args:
        signs: ``[in, out]``: 1 and -1 for ``|W|`` and ``-|W|``, NaN for weights of any sign, 0 for none at all.
        bend: Whether units bend: convex, concave and saturated ones in turn.
    """

    def __init__(self, signs: Array, *, bend: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.any, self.signs = np.isnan(signs), np.nan_to_num(signs).astype(np.float32)
        self.units, self.bend = signs.shape[1], bend
        kind = np.arange(self.units) * _CONVEX % _UNITS  # neighbours differ, so that both halves have all kinds
        saturated = kind >= _CONVEX + _CONCAVE
        self.low = np.where(saturated, -1.0, np.where(kind < _CONVEX, 0.0, -np.inf)).astype(np.float32)
        self.high = np.where(saturated, 1.0, np.where(kind < _CONVEX, np.inf, 0.0)).astype(np.float32)

    def build(self, input_shape: Any) -> None:
        members, _, inputs = input_shape
        self.kernel = self.add_weight(shape=(members, inputs, self.units), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(members, 1, self.units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        kernel = self.kernel.value
        signed = ops.where(self.any, kernel, self.signs * ops.abs(kernel))
        x = ops.matmul(inputs, signed) + self.bias.value
        return ops.minimum(ops.maximum(x, self.low), self.high) if self.bend else x

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)


class Lipschitz(keras.layers.Layer):  # type: ignore[misc]
    """A dense layer that takes no output further than its inputs go.

    Args:
        units: Width of the output.
        first: Whether inputs are measured by the sum of their moves (no weight is above 1), as in the first layer, or
            by the largest (the weights of a unit sum to at most 1). Together no input moves the last output faster
            than itself.
    """

    def __init__(self, units: int, *, first: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.first = units, first

    def build(self, input_shape: Any) -> None:
        members, _, inputs = input_shape
        self.kernel = self.add_weight(shape=(members, inputs, self.units), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(members, 1, self.units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        kernel = self.kernel.value
        size = ops.abs(kernel) if self.first else ops.sum(ops.abs(kernel), axis=1, keepdims=True)
        return ops.matmul(inputs, kernel / ops.maximum(size, 1.0)) + self.bias.value

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)


class SortPairs(keras.layers.Layer):  # type: ignore[misc]
    """GroupSort by two (Anil, Lucas, Grosse, ICML 2019): the lower of each pair of units, then the higher."""

    def call(self, inputs: Any) -> Any:
        half = ops.shape(inputs)[-1] // 2
        one, other = inputs[..., :half], inputs[..., half:]
        return ops.concatenate([ops.minimum(one, other), ops.maximum(one, other)], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class Slope(keras.layers.Layer):  # type: ignore[misc]
    """``steepness * (g + sum of the constrained inputs) + bias``: where g is no steeper than 1, it rises with them.

    Args:
        signs: ``[in]``: 1 and -1 for constrained inputs, 0 for the others.
    """

    def __init__(self, signs: Array, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.signs = np.asarray(signs, dtype=np.float32)[:, None]

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[0][0], 1, 1)
        self.steepness = self.add_weight(shape=shape, initializer="ones", trainable=False, name="steepness")
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        g, dense = inputs
        return self.steepness.value * (g + ops.matmul(dense, self.signs)) + self.bias.value

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]


class Calibrators(keras.layers.Layer):  # type: ignore[misc]
    """A curve for every number and a value for every category, between 0 and 1: ``[S, B, in]`` -> ``[S, B, f + c]``.

    Inputs are the ramps of the numbers, ``[S, B, f * bins]`` (`networks.layers.numbers.PiecewiseLinear`), and after
    them the one-hot columns of the categories, ``[S, B, o]``.

    Args:
        signs: ``[f]`` of the numbers: 1 for a curve that rises, -1 for one that falls, 0 for any.
        bins: Of each number.
        owners: ``[o]``, to which of the c categories a one-hot column belongs.
    """

    def __init__(self, signs: Array, bins: int, owners: Array, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.signs, self.bins, numbers = np.asarray(signs, dtype=np.float32), bins, len(signs)
        self.categories = len(np.unique(owners))
        columns = np.concatenate([np.repeat(np.arange(numbers), bins), numbers + np.asarray(owners, dtype=int)])
        self.member_of = np.eye(numbers + self.categories, dtype=np.float32)[columns]

    def build(self, input_shape: Any) -> None:
        members, numbers = input_shape[0], len(self.signs)
        hot = input_shape[2] - numbers * self.bins
        self.start = self.add_weight(shape=(members, 1, numbers), initializer="zeros", name="start")
        self.rise = self.add_weight(shape=(members, numbers * self.bins, 1), initializer="zeros", name="rise")
        if hot:
            self.value = self.add_weight(shape=(members, hot, 1), initializer="zeros", name="value")

    def call(self, inputs: Any) -> Any:
        start, weights = self.start.value, self.rise.value
        if self.categories:
            weights = ops.concatenate([weights, self.value.value], axis=1)
            start = ops.concatenate([start, *[ops.zeros_like(start[:, :, :1])] * self.categories], axis=2)
        return ops.clip(ops.matmul(inputs, weights * self.member_of) + start, 0.0, 1.0)

    def projected(self, start: Any, rise: Any) -> tuple[Any, Any]:
        """Curves after a step: in their direction and between 0 and 1 (values of categories need no more than that)."""
        members, numbers = ops.shape(start)[0], len(self.signs)
        rise = self._directed(ops.reshape(rise, (members, numbers, self.bins)))
        knots = ops.cumsum(ops.concatenate([ops.transpose(start, (0, 2, 1)), rise], axis=2), axis=2)
        knots = ops.clip(knots, 0.0, 1.0)
        rise = self._directed(knots[:, :, 1:] - knots[:, :, :-1])
        return ops.transpose(knots[:, :, :1], (0, 2, 1)), ops.reshape(rise, (members, numbers * self.bins, 1))

    def _directed(self, rise: Any) -> Any:
        low = np.where(self.signs > 0, 0.0, -np.inf).astype(np.float32)[:, None]
        high = np.where(self.signs < 0, 0.0, np.inf).astype(np.float32)[:, None]
        return ops.minimum(ops.maximum(rise, low), high)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], len(self.signs) + self.categories)


class Lattices(keras.layers.Layer):  # type: ignore[misc]
    """The sum of small lattices, over the root of their number: ``[S, B, columns]`` -> ``[S, B, 1]``.

    A lattice has a value for each corner of the unit cube of its columns and is multilinear between them.

    Args:
        picks: ``[lattices, d]``: the columns of each.
        rising: ``[columns]``, which of them may only raise it.
    """

    def __init__(self, picks: Array, rising: Array, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lattices, self.dimensions = picks.shape
        # [columns, d * lattices]: a product with it is quicker than a gather of columns and its gradient.
        self.places = np.eye(len(rising), dtype=np.float32)[picks.T.ravel()].T
        self.rising = np.asarray(rising, dtype=bool)[picks.T]  # [d, lattices]

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[0], 2**self.dimensions, self.lattices)
        self.corners = self.add_weight(shape=shape, initializer="zeros", name="corners")
        self.bias = self.add_weight(shape=(input_shape[0], 1, 1), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        # Rows stand last, and the weights of corners are products of two halves: nothing is sliced out of large arrays.
        members, rows, d = ops.shape(inputs)[0], ops.shape(inputs)[1], self.dimensions
        placed = ops.matmul(self.places.T, ops.transpose(inputs, (0, 2, 1)))
        placed = ops.unstack(ops.reshape(placed, (members, d, self.lattices, rows)), d, axis=1)
        first, second = _shares(placed[: d // 2]), _shares(placed[d // 2 :])  # [S, lattices, 2^k, B]
        shape = (members, 2 ** (d // 2), 2 ** (d - d // 2), self.lattices)
        corners = ops.transpose(ops.reshape(self.corners.value, shape), (0, 3, 2, 1))
        total = ops.sum(ops.matmul(corners, first) * second, axis=(1, 2))
        return ops.expand_dims(total, 2) * (1.0 / np.sqrt(self.lattices).astype(np.float32)) + self.bias.value

    def projected(self, corners: Any) -> Any:
        """The corners after a step: no edge along a rising column falls.

        Both ends of an edge that falls take its middle, one dimension after the other. Middle, lower and higher never
        fall where their arguments rise, so that a dimension that is in order stays so.
        """
        members, d = ops.shape(corners)[0], self.dimensions
        for k in range(d):
            shape = (members, 2**k, 2, 2 ** (d - k - 1), self.lattices)
            cube = ops.reshape(corners, shape)
            low, high = cube[:, :, 0], cube[:, :, 1]
            middle = 0.5 * (low + high)
            ordered = ops.stack([ops.minimum(low, middle), ops.maximum(high, middle)], axis=2)
            corners = ops.reshape(ops.where(self.rising[k], ordered, cube), (members, 2**d, self.lattices))
        return corners

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], 1)


def _shares(columns: list[Any]) -> Any:
    """Shares of the corners of a cube at ``k`` coordinates ``[S, lattices, B]``: ``[S, lattices, 2^k, B]``."""
    first, *others = columns
    shares = [1.0 - first, first]
    for column in others:
        shares = [share * side for share in shares for side in (1.0 - column, column)]
    return ops.stack(shares, axis=2)

"""The preprocessing layers: stacked, so that every member of the bag has the statistics of its own rows.

Shapes: B rows, S members, d numbers, c categorical columns. Numbers arrive as float64 (an epoch in
milliseconds or a long identifier is already ruined in float32) and leave as float32 after scaling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from autoft.preprocessing.registered_layers import layer
from autoft.preprocessing.statistics import LARGEST

_SECONDS = {"year": 365.2425 * 86_400, "week": 7 * 86_400.0, "day": 86_400.0}

# Far outside anything that smooth clipping tells apart, and small enough that float32 squares stay finite.
_LIMIT = 1e6


@layer
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
        scaled = ops.clip((inputs - self.center) * self.factor, -_LIMIT, _LIMIT)
        return ops.cast(scaled, "float32")


@layer
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
class MissingIndicator(MemberStatistics):
    """1 where a number is missing, 0 elsewhere, for some columns: ``[B, k]`` -> ``[S, B, k]`` float32.

    Always 0 for a member without missing cells in its training rows: its network never learned what 1 means.
    """

    names = ("gaps",)

    def call(self, inputs: Any) -> Any:
        gaps = ops.convert_to_tensor(self.gaps)
        return ops.cast(ops.where(ops.isnan(inputs)[None], gaps, ops.zeros_like(gaps)), "float32")


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


@layer
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


#: Answers end here, where scikit-learn's do: the normal quantile of one in ten million.
END = 5.199337582605575


@layer
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


#: What separates words: all of ASCII but letters and digits, and punctuation, symbols, spaces, controls beyond it.
#: Whatever `autoft.preprocessing.text.clean` keeps is none of these in any version of Unicode, by test.
SEPARATORS = r"[\x00-\x2f\x3a-\x60\x7b-\x7f\p{P}\p{S}\p{Z}\p{Cc}]+"


@layer
class CountWords(keras.layers.Layer):  # type: ignore[misc]
    """How often each known word is in a text: strings ``[B, 1]`` -> ``[B, u]`` float32 (TensorFlow only).

    It lowers and splits texts itself, so that plain texts may come as they are. `autoft.preprocessing.text.clean` does
    that too, and composes accents, which TensorFlow cannot: on what it returns nothing is left to do here.

    Args:
        vocabulary: The words.
    """

    def __init__(self, vocabulary: Sequence[str], **kwargs: Any) -> None:
        super().__init__(trainable=False, **{k: v for k, v in kwargs.items() if k != "trainable"})
        self.vocabulary = list(vocabulary)
        # A word that nobody can write: the lookup refuses to be empty, and this one is counted nowhere.
        self._lookup = keras.layers.StringLookup(vocabulary=["\ue000none", *self.vocabulary], oov_token="\ue000unknown")
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True

    def build(self, input_shape: Any) -> None:
        self.built = True

    def call(self, inputs: Any) -> Any:
        import tensorflow as tf

        texts = tf.strings.regex_replace(tf.reshape(inputs, [-1]), r"\x00", " ")  # where lower would stop
        texts = tf.strings.lower(texts, encoding="utf-8")
        # Ragged: one text of a million words among thousands of short ones must not make all as wide as it is.
        words = tf.strings.split(tf.strings.regex_replace(texts, SEPARATORS, " "))
        positions = tf.cast(self._lookup(words.values), tf.int64) - 2
        kept = positions >= 0
        cells = tf.stack([tf.boolean_mask(words.value_rowids(), kept), tf.boolean_mask(positions, kept)], axis=1)
        shape = tf.stack([tf.size(texts, tf.int64), tf.constant(len(self.vocabulary), tf.int64)])
        counts = tf.scatter_nd(cells, tf.ones(tf.shape(cells)[:1]), shape)
        return tf.ensure_shape(counts, (None, len(self.vocabulary)))

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor((inputs.shape[0], len(self.vocabulary)), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "vocabulary": self.vocabulary}


@layer
class WordWeights(keras.layers.Layer):  # type: ignore[misc]
    """TF-IDF of each member's own words: counts ``[B, u]`` -> ``[S, B, slots]`` float32.

    ``log(1 + count)`` times the word's weight, every row scaled to a length of 1: longer, rare words would drown the
    other columns (docs/decisions.md). Rows without a known word are zeros.

    Args:
        members: S.
        slots: Words that a member can know.
        start, size: Where the column's counts lie among those of all text columns.
    """

    def __init__(self, members: int, slots: int, start: int, size: int, **kwargs: Any) -> None:
        super().__init__(trainable=False, **{k: v for k, v in kwargs.items() if k != "trainable"})
        self.members, self.slots, self.start, self.size = members, slots, start, size

    def build(self, input_shape: Any) -> None:
        shape = (self.members, self.slots)
        self.positions = self.add_weight(shape=shape, dtype="int32", initializer="zeros", name="positions")
        self.idf = self.add_weight(shape=shape, initializer="zeros", name="idf")

    def call(self, inputs: Any) -> Any:
        if not self.size:
            return ops.zeros((self.members, ops.shape(inputs)[0], self.slots), dtype="float32")
        counts = ops.log1p(inputs[:, self.start : self.start + self.size])
        own = ops.take(ops.transpose(counts), ops.convert_to_tensor(self.positions), axis=0)  # [S, slots, B]
        weighted = ops.transpose(own, (0, 2, 1)) * ops.convert_to_tensor(self.idf)[:, None]
        length = ops.sqrt(ops.sum(ops.square(weighted), axis=-1, keepdims=True))
        return weighted / ops.where(length > 0, length, ops.ones_like(length))

    def get_config(self) -> dict[str, Any]:
        own = {"members": self.members, "slots": self.slots, "start": self.start, "size": self.size}
        return {**super().get_config(), **own}

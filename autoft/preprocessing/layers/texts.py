"""Layers of running text: counts of words, and their weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer

#: What separates words: all of ASCII but letters and digits, and punctuation, symbols, spaces, controls beyond it.
#: Whatever `autoft.preprocessing.text.clean` keeps is none of these in any version of Unicode, by test.
SEPARATORS = r"[\x00-\x2f\x3a-\x60\x7b-\x7f\p{P}\p{S}\p{Z}\p{Cc}]+"


@layer
class CountWords(Configured):
    """How often each known word is in a text: strings ``[B, 1]`` -> ``[B, u]`` float32 (TensorFlow only).

    It lowers and splits texts itself, so that plain texts may come as they are. `autoft.preprocessing.text.clean` does
    that too, and composes accents, which TensorFlow cannot: on what it returns nothing is left to do here.
    """

    def __init__(self, vocabulary: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "trainable": False})
        self.vocabulary = list(vocabulary)
        # A word that nobody can write: the lookup refuses to be empty, and this one is counted nowhere.
        known, unknown = ["\ue000none", *self.vocabulary], "\ue000unknown"
        self._lookup = keras.layers.StringLookup(vocabulary=known, oov_token=unknown)
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


@layer
class WordWeights(Configured):
    """TF-IDF of each member's own words: counts ``[B, u]`` -> ``[S, B, slots]`` float32.

    ``log(1 + count)`` times the word's weight, every row scaled to a length of 1: longer, rare words would drown the
    other columns (docs/decisions.md). Rows without a known word are zeros. The column's counts are `size` of those of
    all text columns, from `start` on.
    """

    def __init__(self, members: int, slots: int, start: int, size: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "trainable": False})
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

"""Forests of boosted trees as a layer (S members, B rows): constant weights, and one gather a level of the trees."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from autoft.networks.forest import BITS, CODES, KINDS, WORDS
from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer

#: Numbers that are held for a tree of a row at a time: its node, the parts of it, the cell and where both stand.
_PER_TREE = 12
#: The same for what categories need.
_PER_TREE_OF_CODES = 8


@layer
class Forest(Configured):
    """Sums of boosted trees, `autoft.networks.forest`: rows ``[S, B, F]`` -> raw scores ``[S, B, outputs]``.

    NaN is a missing value, and a column of categories has their codes. The arguments are those of `ForestSize`.
    """

    def __init__(self, trees: int, nodes: int, splits: int, depth: int, outputs: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.trees, self.nodes, self.splits, self.depth, self.outputs = trees, nodes, splits, depth, outputs

    def build(self, input_shape: Any) -> None:
        members = input_shape[0]
        shapes = {
            "nodes": (members, self.nodes, 3 + (self.splits > 0)),
            "roots": (members, self.trees),
            "values": (members, self.nodes),
            "baseline": (members, self.outputs),
        }
        if self.splits:
            shapes["sets"] = (members, self.splits + 1, WORDS)
        self.held = {
            name: self.add_weight(
                shape=shape,
                initializer="zeros",
                dtype="int32" if name == "roots" else "float32",
                trainable=False,
                name=name,
            )
            for name, shape in shapes.items()
        }

    def call(self, inputs: Any) -> Any:
        held = {name: weight.value for name, weight in self.held.items()}
        members, trees = ops.shape(held["roots"])
        rows, columns = ops.shape(inputs)[1], ops.shape(inputs)[2] * KINDS
        cells = _cells(inputs, with_codes=self.splits > 0)
        table, sets, first_node, first_word = _numbered(held)
        first_cell = ops.reshape(ops.arange(members * rows, dtype="int32") * columns, (members, rows, 1))
        place = ops.expand_dims(held["roots"] + first_node, 1) + ops.zeros((1, rows, 1), dtype="int32")

        def step(level: Any, place: Any) -> Any:
            node = ops.take(table, place, axis=0)
            cell = ops.take(cells, first_cell + ops.cast(node[..., 0], "int32"), axis=0)
            if sets is None:
                right = ops.cast(cell > node[..., 1], "float32")
            else:
                right = ops.cast(cell[..., 0] > node[..., 1], "float32")
                right = right + _bit(sets, node[..., 3], cell, first_word)
            return ops.cast(node[..., 2] + right, "int32") + ops.expand_dims(first_node, 2)

        if keras.backend.backend() == "jax":
            # Level after level, XLA computes the first ones many times over: 200 trees took 1.2 ms a row, not .06.
            place = ops.fori_loop(0, self.depth, step, place)
        else:  # TensorFlow's loops take three times as long
            for level in range(self.depth):
                place = step(level, place)
        found = ops.take(ops.reshape(held["values"], (-1,)), place, axis=0)
        by_output = ops.reshape(found, (members, rows, trees // self.outputs, self.outputs))
        return ops.sum(by_output, axis=2) + ops.expand_dims(held["baseline"], 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.outputs)

    def cells_per_row(self, input_shape: Any) -> int:
        """Numbers that it holds for one row of all members."""
        members, _, features = input_shape
        of_codes = self.splits > 0
        each = self.trees * (_PER_TREE + _PER_TREE_OF_CODES * of_codes) + features * KINDS * (3 if of_codes else 1)
        return int(members * each)


def _cells(inputs: Any, *, with_codes: bool) -> Any:
    """``[S, B, F]`` -> ``[S * B * F * KINDS]``: each cell in all forms, none of which is NaN.

    With codes they are ``[..., 3]``: the number that is compared, and for a code the word of a set that has its bit,
    and a factor that moves this bit to the first place (0 for other forms).
    """
    missing = ops.isnan(inputs)
    lost = ops.cast(missing, "float32")
    infinite = 1.0 / (1.0 - lost)  # where a cell is missing; LiteRT makes a constant infinity the largest number
    none = ops.zeros_like(lost)
    forms = [ops.where(missing, -infinite, inputs), ops.where(missing, infinite, inputs), lost, none]
    if not with_codes:
        return ops.reshape(ops.stack(forms, axis=-1), (-1,))
    within = ops.minimum(ops.maximum(ops.where(missing, -1.0, inputs), 0.0), CODES - 1.0)
    code = ops.where(ops.floor(within) == inputs, within, float(CODES))
    word = ops.floor(code / BITS)
    factor = ops.take(2.0 ** -np.arange(BITS, dtype=np.float32), ops.cast(code - word * BITS, "int32"), axis=0)
    table = [*forms, none, none, none, word, none, none, none, factor]
    return ops.reshape(ops.stack([ops.stack(table[i::KINDS], axis=-1) for i in range(KINDS)], axis=-2), (-1, 3))


def _numbered(held: Any) -> tuple[Any, Any, Any, Any]:
    """Nodes ``[S * nodes, 3 or 4]`` and words of sets ``[S * sets * WORDS]`` (or None) of all members; each member's
    first node ``[S, 1]`` and first word ``[S, 1, 1]``. Nodes number children and sets within their member, as whole
    numbers are exact in float32 up to 2^24 only."""
    members, nodes, size = ops.shape(held["nodes"])
    member = ops.expand_dims(ops.arange(members, dtype="int32"), 1)
    table, sets, words = ops.reshape(held["nodes"], (members * nodes, size)), None, 0
    if "sets" in held:
        sets, words = ops.reshape(held["sets"], (-1,)), ops.shape(held["sets"])[1] * WORDS
    return table, sets, member * nodes, ops.expand_dims(member * words, 2)


def _bit(sets: Any, number: Any, cell: Any, first_word: Any) -> Any:
    """1 where a code's bit in the node's set is 1: then it goes right. Other forms of cells have a factor of 0."""
    word = first_word + ops.cast(number * WORDS + cell[..., 1], "int32")
    found = ops.take(sets, word, axis=0) * cell[..., 2]
    return ops.floor(found) - 2.0 * ops.floor(found / 2.0)

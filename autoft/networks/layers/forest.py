"""Forests of boosted trees as a layer (S members, B rows): constant weights, and one gather a level of the trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from autoft.networks.forest import BITS, CODES, KINDS, WORDS
from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer

#: Numbers that are held for a tree of a row at a time: its node with column, threshold, child and set, that of the last
#: level, positions of both in the weights, the value and the comparison.
_PER_TREE = 12


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
        members, nodes, size = ops.shape(held["nodes"])
        rows = ops.shape(inputs)[1]
        cells = _cells(inputs)
        columns = ops.shape(inputs)[2] * KINDS
        member = ops.reshape(ops.arange(members, dtype="int32"), (members, 1, 1))
        first_cell = ops.reshape(ops.arange(members * rows, dtype="int32") * columns, (members, rows, 1))
        table = ops.reshape(held["nodes"], (members * nodes, size))
        place = ops.expand_dims(held["roots"], 1) + member * nodes
        place = place + ops.zeros((members, rows, 1), dtype="int32")
        for _ in range(self.depth):
            node = ops.take(table, place, axis=0)
            cell = ops.take(cells, first_cell + ops.cast(node[..., 0], "int32"), axis=0)
            child = node[..., 2] + ops.cast(cell > node[..., 1], "float32")
            if self.splits:
                child = child + _right(held["sets"], member, node[..., 3], cell)
            place = ops.cast(child, "int32") + member * nodes
        found = ops.take(ops.reshape(held["values"], (members * nodes,)), place, axis=0)
        by_output = ops.reshape(found, (members, rows, self.trees // self.outputs, self.outputs))
        return ops.sum(by_output, axis=2) + ops.expand_dims(held["baseline"], 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.outputs)

    def cells_per_row(self, input_shape: Any) -> int:
        """Numbers that it holds for one row of all members."""
        members, _, features = input_shape
        each = self.trees * (_PER_TREE + (4 if self.splits else 0)) + features * KINDS
        return int(members * each)


def _cells(inputs: Any) -> Any:
    """``[S, B, F]`` -> ``[S * B * F * KINDS]``: each cell in all forms, none of which is NaN."""
    missing = inputs != inputs
    within = ops.minimum(ops.maximum(ops.where(missing, -1.0, inputs), 0.0), CODES - 1.0)
    forms = [
        ops.where(missing, -np.inf, inputs),
        ops.where(missing, np.inf, inputs),
        ops.cast(missing, "float32"),
        ops.where(ops.floor(within) == inputs, within, float(CODES)),
    ]
    return ops.reshape(ops.stack(forms, axis=-1), (-1,))


def _right(sets: Any, member: Any, own: Any, cell: Any) -> Any:
    """1 where the code of a cell is among those of a node's set, which go right; sets 0 are empty."""
    members, count, words = ops.shape(sets)
    code = ops.minimum(ops.maximum(cell, 0.0), float(CODES))
    word = ops.floor(code / BITS)
    place = ops.cast(own * words + word, "int32") + member * (count * words)
    found = ops.take(ops.reshape(sets, (members * count * words,)), place, axis=0)
    power = ops.take(2.0 ** -np.arange(BITS, dtype=np.float32), ops.cast(code - word * BITS, "int32"), axis=0)
    shifted = ops.floor(found * power)
    return shifted - 2.0 * ops.floor(shifted / 2.0)

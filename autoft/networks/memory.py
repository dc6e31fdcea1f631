"""Memory that a row takes while a network predicts it."""

from __future__ import annotations

import math
from typing import Any

#: Numbers that a network may hold at a time: a quarter of a gigabyte.
HELD = 2**26


def cells_per_row(model: Any) -> int:
    """Numbers that all layers of a Keras model hold for one row: Keras keeps them until the model has answered.

    Models inside it count with all their layers. Layers of an ensemble of k networks stack its rows, which their shapes
    do not say.
    """
    total, stacked = 0, 1
    for layer in model.layers:
        if hasattr(layer, "layers"):
            total += cells_per_row(layer)
            continue
        try:
            given, answer = layer.input, layer.output
        except ValueError:  # the head, which several networks share: it holds next to nothing
            continue
        if hasattr(layer, "cells_per_row"):  # more than goes in and out
            total += layer.cells_per_row(_listed(given)[0].shape)
        if hasattr(layer, "networks"):
            stacked = layer.networks
            if not getattr(layer, "merged", True):  # the multipliers make k copies of what comes in
                total += _numbers(given) * stacked
        total += _numbers(answer) * (stacked if len(_listed(answer)[0].shape) == 3 else 1)
    return total


def _listed(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


def _numbers(tensors: Any) -> int:
    return sum(math.prod(size for size in tensor.shape if size is not None) for tensor in _listed(tensors))

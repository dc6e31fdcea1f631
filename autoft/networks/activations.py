"""Activations by name: Keras' own, and the mixed one of monotone networks."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from autoft.networks.architecture import MIXED


def mixed(inputs: Any) -> Any:
    """``relu(x)`` in every second unit and ``-relu(-x)`` in the others: both rise, one is convex, the other concave.

    With kernels that are not negative, plain ReLU networks are convex in their inputs; where some units bend the other
    way, deep ones come close to any monotone function (Runje & Shankaranarayana, ICML 2023, arXiv 2205.11775; Sartor
    and others, 2025, arXiv 2505.02537). What is linear after a unit with any sign does not notice.

    >>> import numpy as np
    >>> (np.asarray(mixed(np.array([[-2.0, -2.0, 3.0, 3.0]], dtype="float32"))) + 0.0).tolist()
    [[0.0, -2.0, 3.0, 0.0]]
    """
    width = ops.shape(inputs)[-1]  # a program for arrays of any size learns it when it runs
    side = 1.0 - 2.0 * ops.cast(ops.arange(width) % 2, inputs.dtype)
    return side * ops.relu(side * inputs)


def activated(name: str, inputs: Any) -> Any:
    """Inputs after the activation of a name."""
    return mixed(inputs) if name == MIXED else keras.activations.get(name)(inputs)

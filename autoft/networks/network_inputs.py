"""Network inputs: dense columns, vectors of categories and the piecewise-linear encoding of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.initial_state import InitialState
from autoft.preprocessing.bins import encoded
from autoft.records.arrays import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInputs:
    """Keras tensors at the front of a network: ``dense [S, B, dense]`` float32, ``slots [S, B, e]`` int32 (those that
    there are); dense columns as they are and vectors of categories, ``[S, B, width]`` each; and the piecewise-linear
    encoding of numbers ``[S, B, f * bins]``, None where the architecture has none."""

    inputs: Mapping[str, Any]
    features: tuple[Any, ...]
    piecewise: Any


def network_inputs(architecture: Architecture, inputs: Inputs, members: int) -> NetworkInputs:
    """The inputs of a network; categories are embedded in a layer named ``embedding``."""
    import keras

    from autoft.networks.layers.numbers import PiecewiseLinear
    from autoft.networks.layers.stacked import StackedEmbedding

    found: dict[str, Any] = {}
    features, piecewise = [], None
    if inputs.dense:
        found["dense"] = keras.Input(batch_shape=(members, None, inputs.dense), name="dense")
        features.append(found["dense"])
        if architecture.bins:
            piecewise = PiecewiseLinear(list(inputs.numbers), architecture.bins, name="bins")(found["dense"])
    if inputs.embedded:
        found["slots"] = keras.Input(batch_shape=(members, None, len(inputs.embedded)), dtype="int32", name="slots")
        vectors = StackedEmbedding(list(inputs.embedded), architecture.embedding, name="embedding")
        features.append(vectors(found["slots"]))
    return NetworkInputs(inputs=found, features=tuple(features), piecewise=piecewise)


def concatenated(features: Sequence[Any]) -> Any:
    """Features side by side, in a layer named ``features``."""
    import keras

    return keras.layers.Concatenate(name="features")(list(features)) if len(features) > 1 else features[0]


def bin_weights(architecture: Architecture, start: InitialState) -> dict[str, Array]:
    """Weights of the piecewise-linear encoding, which are not trained; none without bins."""
    if not architecture.bins:
        return {}
    begin, factor = start.edges(architecture.bins)
    return {"bins/begin": begin, "bins/factor": factor}


def first_inputs(architecture: Architecture, start: InitialState, weights: Mapping[str, Array]) -> Array:
    """What the first layer multiplies, of the training rows at hand, ``[S, m, in]``: shares of bins, dense columns,
    vectors of categories."""
    features = [start.dense]
    if architecture.bins:
        numbers = start.dense[:, :, list(start.inputs.numbers)]
        shares = encoded(numbers, weights["bins/begin"][:, None], weights["bins/factor"][:, None])
        features.insert(0, shares.reshape(*start.dense.shape[:2], -1))
    return np.concatenate([*features, *start.vectors(weights)], axis=2)

"""The stacked multilayer perceptron, and the linear model as its case without hidden layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autoft.networks.architecture import Architecture, Factor, InitialState, Inputs
from autoft.preprocessing.bins import encoded
from autoft.records.arrays import Array

_KERNEL, _OTHER = Factor(l2=1.0, decay=1.0), Factor()


def read(architecture: Architecture, inputs: Inputs, members: int) -> tuple[dict[str, Any], list[Any], Any]:
    """The network's inputs, ``dense [S, B, dense]`` float32 and ``slots [S, B, e]`` int32 (those that there are).

    Returns:
        Inputs by name; the features that they give as they are (dense columns, vectors of categories); and the
        piecewise-linear encoding of the numbers, None where the architecture has none.
    """
    import keras

    from autoft.networks.layers.numbers import PiecewiseLinear
    from autoft.networks.layers.stacked import StackedEmbedding

    given: dict[str, Any] = {}
    features, piecewise = [], None
    if inputs.dense:
        given["dense"] = keras.Input(batch_shape=(members, None, inputs.dense), name="dense")
        features.append(given["dense"])
        if architecture.bins:
            piecewise = PiecewiseLinear(list(inputs.numbers), architecture.bins, name="bins")(given["dense"])
    if inputs.embedded:
        given["slots"] = keras.Input(batch_shape=(members, None, len(inputs.embedded)), dtype="int32", name="slots")
        vectors = StackedEmbedding(list(inputs.embedded), architecture.embedding, name="embedding")
        features.append(vectors(given["slots"]))
    return given, features, piecewise


def joined(features: list[Any]) -> Any:
    """Features side by side."""
    import keras

    return keras.layers.Concatenate(name="features")(features) if len(features) > 1 else features[0]


def build(architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
    """A Keras model from encoded rows to logits ``[S, B, outputs]``."""
    import keras

    from autoft.networks.layers.stacked import StackedDense, StackedDropout

    given, features, piecewise = read(architecture, inputs, members)
    x = joined(features if piecewise is None else [piecewise, *features])
    if not architecture.depth:
        # Dropout of inputs is to a linear model what an adaptive L2 penalty is (Wager, Wang, Liang, 2013).
        x = StackedDropout(members, seed=1, name="dropout_inputs")(x)
    for layer in range(architecture.depth):
        x = StackedDense(architecture.width, architecture.activation, name=f"hidden_{layer}")(x)
        x = StackedDropout(members, seed=layer + 1, name=f"dropout_{layer}")(x)
    return keras.Model(given, StackedDense(outputs, name="logits")(x), name="network")


def initial(architecture: Architecture, start: InitialState) -> dict[str, Array]:
    """First weights by name (``hidden_0/kernel``).

    Each block of inputs draws from its own generator, keyed by its column: a member's weights do not move when
    some other column has a category more. The first layer is scaled by the power of the encoded *training*
    rows (RealMLP's idea, arXiv 2407.04491: neurons start with unit variance), which one-hot columns need.
    """
    width, weights = architecture.width, bins(architecture, start)
    names = [name for name, _ in start.blocks]
    first, power = [], np.square(start.dense).sum(axis=2).mean(axis=1, dtype=np.float64)
    if architecture.bins:
        shares = encoded(
            start.dense[:, :, list(start.inputs.numbers)], *(e[:, None] for e in start.edges(architecture.bins))
        )
        power = power + np.square(shares).sum(axis=(2, 3)).mean(axis=1, dtype=np.float64)
        first += [start.normal(f"bins {names[j]}", (architecture.bins, width)) for j in start.inputs.numbers]
    first += [start.normal(name, (size, width)) for name, size in start.blocks]
    for j, (category, slots) in enumerate(start.categories):
        vectors = start.normal(f"embedding {category}", (slots + 2, architecture.embedding))
        weights[f"embedding/table_{j}"] = vectors / np.float32(np.sqrt(architecture.embedding))
        first.append(start.normal(category, (architecture.embedding, width)))
    fan_in = np.maximum(power + len(start.categories), 1.0).astype(np.float32)
    kernel = np.concatenate(first, axis=1) / np.sqrt(fan_in)[:, None, None]
    if not architecture.depth:  # a convex problem begins at zero, with the shares of the classes
        kernel = np.zeros((start.members, kernel.shape[1], start.outputs), np.float32)
    for layer in range(architecture.depth):
        weights[f"hidden_{layer}/kernel"] = kernel
        weights[f"hidden_{layer}/bias"] = np.zeros((start.members, 1, width), np.float32)
        last = layer + 1 == architecture.depth
        kernel = start.normal(f"layer {layer + 1}", (width, start.outputs if last else width))
        kernel = kernel * np.float32(np.sqrt((0.1 if last else 2.0) / width))
    weights["logits/kernel"] = kernel
    weights["logits/bias"] = start.bias[:, None, :].astype(np.float32)
    return weights


def bins(architecture: Architecture, start: InitialState) -> dict[str, Array]:
    """The bins of the piecewise-linear encoding, which are not trained."""
    if not architecture.bins:
        return {}
    begin, factor = start.edges(architecture.bins)
    return {"bins/begin": begin, "bins/factor": factor}


def factor(name: str) -> Factor:
    """L2 and weight decay are for kernels."""
    return _KERNEL if name.endswith("kernel") else _OTHER


def parameters(architecture: Architecture, inputs: Inputs, outputs: int) -> int:
    """Weights in the kernels of one member."""
    width = architecture.width
    fan_in = inputs.dense + len(inputs.embedded) * architecture.embedding + len(inputs.numbers) * architecture.bins
    if not architecture.depth:
        return fan_in * outputs
    return fan_in * width + (architecture.depth - 1) * width**2 + width * outputs

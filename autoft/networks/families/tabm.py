"""TabM: Gorishniy, Kotelnikov, Babenko, "TabM: advancing tabular deep learning with parameter-efficient ensembling",
ICLR 2025 (arXiv 2410.24210).

k networks inside each member share the kernels of all layers but the last and differ in vectors that multiply what goes
into a layer and what comes out of it (batch ensembles, Wen, Tran, Ba, 2020). They learn side by side, each by its own
loss, and answer with their mean. Sharing is the regularizer: k separate networks are worth half as much.

`tabm-mini` keeps the multipliers of the first layer's inputs alone; from there on the networks differ in what they see
and, at the end, in how they answer. It is half as dear and, with piecewise-linear vectors of numbers
(`numbers.NumberVectors`, which both have here), nearly as good.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autoft.networks.architecture import Architecture, Factor, InitialState, Inputs
from autoft.networks.families.mlp import bins, joined, read
from autoft.records.arrays import Array

#: Length of a number's vector (the authors' median of tuned values).
DIM = 16

_KERNEL, _OTHER = Factor(l2=1.0, decay=1.0), Factor()


def build(architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
    """A Keras model from encoded rows to the logits of each of the k networks, ``[S, B, k, outputs]``."""
    import keras

    from autoft.networks.layers.ensemble import EnsembleDense, EnsembleFirst, EnsembleLogits, EnsembleView
    from autoft.networks.layers.numbers import NumberVectors
    from autoft.networks.layers.stacked import StackedDense, StackedDropout

    given, features, piecewise = read(architecture, inputs, members)
    if piecewise is not None:
        vectors = NumberVectors(list(inputs.numbers), DIM, name="vectors")([given["dense"], piecewise])
        features.insert(0, vectors)
    width, k, activation = architecture.width, architecture.ensemble, architecture.activation
    mini, x = architecture.kind == "tabm-mini", joined(features)
    if not mini:
        x = EnsembleView(k, name="view")(x)
    # From here on the k networks stand in the rows.
    for layer in range(architecture.depth):
        name = f"hidden_{layer}"
        if not mini:
            x = EnsembleDense(width, k, activation, view=not layer, name=name)(x)
        elif not layer:
            x = EnsembleFirst(width, k, activation, merged=architecture.merged, name=name)(x)
        else:
            x = StackedDense(width, activation, name=name)(x)
        x = StackedDropout(members, seed=layer + 1, name=f"dropout_{layer}")(x)
    return keras.Model(given, EnsembleLogits(outputs, k, name="logits")(x), name="network")


def initial(architecture: Architecture, start: InitialState) -> dict[str, Array]:
    """First weights by name.

    Only what multiplies the first layer's inputs is random, one number for each network and column (N(0, 1), as the
    authors have it with vectors of numbers; the columns of one category share it); all other multipliers are 1.
    """
    k, width, weights = architecture.ensemble, architecture.width, bins(architecture, start)
    names = [name for name, _ in start.blocks]
    multipliers = []
    if architecture.bins:
        count = len(start.inputs.numbers)
        limit = 1.0 / np.sqrt(DIM)
        weights["vectors/slope"] = start.uniform("slope", (count, DIM), limit)
        weights["vectors/shift"] = start.uniform("shift", (count, DIM), limit)
        weights["vectors/bend"] = np.zeros((start.members, count * architecture.bins, DIM), np.float32)
        for j in start.inputs.numbers:
            multipliers.append(np.repeat(start.normal(f"vector {names[j]}", (k, 1)), DIM, axis=2))
    multipliers += [np.repeat(start.normal(name, (k, 1)), size, axis=2) for name, size in start.blocks]
    for j, (category, slots) in enumerate(start.categories):
        vectors = start.normal(f"embedding {category}", (slots + 2, architecture.embedding))
        weights[f"embedding/table_{j}"] = vectors / np.float32(np.sqrt(architecture.embedding))
        multipliers.append(np.repeat(start.normal(category, (k, 1)), architecture.embedding, axis=2))
    into = np.concatenate(multipliers, axis=2)
    weights["view/into" if architecture.kind == "tabm" else "hidden_0/into"] = into
    fan_in = into.shape[2]
    for layer in range(architecture.depth):
        limit = 1.0 / np.sqrt(fan_in)
        weights[f"hidden_{layer}/kernel"] = start.uniform(f"layer {layer}", (fan_in, width), limit)
        bias = start.uniform(f"bias {layer}", (1, width), limit)
        if architecture.kind == "tabm":
            ones = np.ones((start.members, k, width), np.float32)
            weights |= {f"hidden_{layer}/into": ones} if layer else {}
            weights[f"hidden_{layer}/out"] = ones
            bias = np.repeat(bias, k, axis=1)
        weights[f"hidden_{layer}/bias"] = bias
        fan_in = width
    limit = 1.0 / np.sqrt(width)
    weights["logits/kernel"] = start.uniform("logits", (k * width, start.outputs), limit)
    weights["logits/bias"] = np.repeat(start.bias[:, None, :], k, axis=1).astype(np.float32)
    return weights


def factor(name: str) -> Factor:
    """L2 and weight decay are for kernels."""
    return _KERNEL if name.endswith("kernel") else _OTHER


def parameters(architecture: Architecture, inputs: Inputs, outputs: int) -> int:
    """Multiplications of a row in the kernels of one member: shared kernels count once for each network."""
    width = architecture.width
    fan_in = inputs.dense + len(inputs.embedded) * architecture.embedding + len(inputs.numbers) * DIM
    shared = fan_in * width + (architecture.depth - 1) * width**2 + width * outputs
    return architecture.ensemble * shared + len(inputs.numbers) * architecture.bins * DIM

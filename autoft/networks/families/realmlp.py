"""RealMLP: Holzmüller, Grinsztajn, Steinwart, "Better by default", NeurIPS 2024 (arXiv 2407.04491).

A multilayer perceptron whose every part was tuned on 118 tables: numbers enter with periodic vectors, a learned scale
stands before the first layer, kernels are of unit size with the width divided out of the product (NTK
parametrization), neurons begin with unit variance and with kinks where the training rows lie, activations learn how
much they bend, and learning rate, dropout and weight decay follow schedules of their own.

In the NTK parametrization a rate of r moves a layer of 256 units as one of r / 16 does in the usual one. Rates are
stated here in the usual one, so that one range serves all architectures: `RATE` is in each weight's factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autoft.networks.architecture import MIXED, Architecture, Factor, InitialState, Inputs
from autoft.networks.families.mlp import joined, read
from autoft.records.arrays import Array

#: The learning rates of the paper, .04 for classes and .2 for numbers, are .0025 and .0125 of ours.
RATE = 16.0

#: Of the periodic vectors: frequencies, learned numbers besides the value, and the frequencies' standard deviation.
WAVES, DIM, SIGMA = 16, 3, 0.1

#: Factors of the learning rate by the end of a weight's name; what is not here is a kernel.
_FACTORS = {
    "/bias": 0.1,
    "scale": 6.0,
    "share": 0.1,
    "frequency": 0.1,
    "phase": 0.1,
    "mix": 0.1,
    "shift": 0.1,
}
#: Rows whose random mean is where a neuron's kink lies ("he+5").
_KINKS = 5


def build(architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
    """A Keras model from encoded rows to logits ``[S, B, outputs]``."""
    import keras

    from autoft.networks.layers.numbers import PeriodicVectors
    from autoft.networks.layers.stacked import Bend, NTKDense, Scale, StackedDropout

    given, features, _ = read(architecture, inputs, members)
    if inputs.numbers:
        clipped = architecture.activation == MIXED  # of a monotone network some waves may only rise
        waves = PeriodicVectors(list(inputs.numbers), WAVES, DIM, clipped, name="waves")
        features.insert(0, waves(given["dense"]))
    x = Scale(name="front")(joined(features))
    for layer in range(architecture.depth):
        x = NTKDense(architecture.width, name=f"hidden_{layer}")(x)
        x = Bend(architecture.activation, name=f"bend_{layer}")(x)
        x = StackedDropout(members, seed=layer + 1, name=f"dropout_{layer}")(x)
    return keras.Model(given, NTKDense(outputs, name="logits")(x), name="network")


def initial(architecture: Architecture, start: InitialState) -> dict[str, Array]:
    """First weights by name: a pass of the training rows through the network, layer by layer.

    Each column of a kernel is divided by the standard deviation of its products on the training rows, and each bias
    is minus a random convex combination of five of them.
    """
    weights: dict[str, Array] = {}
    if start.inputs.numbers:
        count = len(start.inputs.numbers)
        weights["waves/frequency"] = np.float32(SIGMA) * start.normal("frequency", (count, WAVES))
        weights["waves/phase"] = start.uniform("phase", (count, WAVES), np.pi)
        weights["waves/mix"] = start.uniform("mix", (count * WAVES, DIM), 1.0 / np.sqrt(WAVES))
        weights["waves/shift"] = start.uniform("shift", (count, DIM), 1.0 / np.sqrt(WAVES))
        if architecture.activation == MIXED:
            limits = np.full((start.members, count, 1), np.inf, np.float32)
            weights |= {"waves/low": -limits, "waves/high": limits}
    for j, (category, slots) in enumerate(start.categories):
        weights[f"embedding/table_{j}"] = start.normal(f"embedding {category}", (slots + 2, architecture.embedding))
    x = first_inputs(start, weights)
    weights["front/scale"] = np.ones((start.members, 1, x.shape[2]), np.float32)
    for layer in range(architecture.depth):
        x = _layer(weights, f"hidden_{layer}", x, start, architecture.width)
        weights[f"bend_{layer}/share"] = np.ones((start.members, 1, architecture.width), np.float32)
        x = activated(x, architecture.activation)
    _layer(weights, "logits", x, start, start.outputs)
    return weights


def first_inputs(start: InitialState, weights: Mapping[str, Array]) -> Array:
    """What the first hidden layer multiplies, of the training rows at hand, ``[S, m, in]``: before it is scaled."""
    parts = [start.dense]
    if start.inputs.numbers:
        own = start.dense[:, :, list(start.inputs.numbers)]
        angles = 2.0 * np.pi * weights["waves/frequency"][:, None] * own[..., None] + weights["waves/phase"][:, None]
        if "waves/low" in weights:
            angles = np.clip(angles, weights["waves/low"][:, None], weights["waves/high"][:, None])
        mix = weights["waves/mix"].reshape(start.members, own.shape[2], WAVES, DIM)
        learned = np.einsum("smfw,sfwd->smfd", np.cos(angles), mix) + weights["waves/shift"][:, None]
        parts.insert(0, np.concatenate([own[..., None], learned], axis=3).reshape(*own.shape[:2], -1))
    return np.concatenate([*parts, *start.vectors(weights)], axis=2)


def half_waves(weights: Mapping[str, Array], rising: Array) -> dict[str, Array]:
    """First weights of the periodic vectors where some numbers may only rise.

    Args:
        weights: All first weights.
        rising: ``[f]``, of each number.
    """
    frequency, phase, mix = (weights[f"waves/{name}"] for name in ("frequency", "phase", "mix"))
    own, each = rising[:, None], np.repeat(rising, WAVES)[:, None]
    limited = {
        "waves/low": np.where(own, np.float32(-np.pi), weights["waves/low"]),
        "waves/high": np.where(own, np.float32(0.0), weights["waves/high"]),
        # Rises lie where the rows do: around 0.
        "waves/frequency": np.where(own, np.abs(frequency), frequency),
        "waves/phase": np.where(own, -np.abs(phase), phase),
        # Cut off, not turned around, so that the learned numbers are not much alike; no weaker for it.
        "waves/mix": np.where(each, np.sqrt(2.0) * np.maximum(mix, 0.0), mix),
    }
    return {name: np.asarray(array, np.float32) for name, array in limited.items()}


def _layer(weights: dict[str, Array], name: str, x: Array, start: InitialState, units: int) -> Array:
    """Kernel and bias of a layer, and its output on the training rows ``[S, m, units]``."""
    fan_in = x.shape[2]
    kernel = start.normal(name, (fan_in, units))
    products = np.matmul(x, kernel) / np.float32(np.sqrt(fan_in))
    spread = products.std(axis=1, keepdims=True)
    spread = np.where(spread > 1e-6, spread, 1.0).astype(np.float32)  # nothing varies: nothing to divide by
    kernel, products = kernel / spread, products / spread
    shares, picks = [], []
    for rng in start.generators(f"{name} bias"):
        shares.append(rng.dirichlet(np.ones(_KINKS), size=units).T)  # [5, units]
        picks.append(rng.integers(x.shape[1], size=(_KINKS, units)))
    chosen = np.take_along_axis(products, np.stack(picks), axis=1)
    bias = -(np.stack(shares) * chosen).sum(axis=1, keepdims=True).astype(np.float32)
    weights[f"{name}/kernel"], weights[f"{name}/bias"] = kernel, bias
    return np.asarray(products + bias)


def activated(x: Array, activation: str) -> Array:
    """Of sums ``[S, m, units]``: the mixed activation of monotone networks, or Mish."""
    if activation == MIXED:
        side = 1.0 - 2.0 * (np.arange(x.shape[2]) % 2)
        return np.asarray(side * np.maximum(side * x, 0.0), np.float32)
    return np.asarray(x * np.tanh(np.logaddexp(0.0, x)), dtype=np.float32)


def factor(name: str) -> Factor:
    """Factors of a weight. The decay factor is the square of the rate's: so the authors' optimizer has it.

    That is, the scale decays at 36 times and periodic vectors and activations at a hundredth of the kernels' rate;
    biases do not. L2 is divided by 256, which makes it what it is to a layer of 256 units in the usual
    parametrization.
    """
    rate = next((f for end, f in _FACTORS.items() if name.endswith(end)), 1.0)
    kernel = name.endswith("kernel")
    decay = 0.0 if name.endswith("/bias") else rate**2
    return Factor(rate=RATE * rate, l2=1.0 / RATE**2 if kernel else 0.0, decay=RATE * decay)


def parameters(architecture: Architecture, inputs: Inputs, outputs: int) -> int:
    """Weights in the kernels of one member."""
    width = architecture.width
    fan_in = inputs.dense + len(inputs.embedded) * architecture.embedding + len(inputs.numbers) * (DIM + 1 + WAVES)
    return fan_in * width + (architecture.depth - 1) * width**2 + width * outputs

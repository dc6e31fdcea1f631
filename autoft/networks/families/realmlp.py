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
from typing import Any, ClassVar

import numpy as np

from autoft.networks.architecture import MIXED, Architecture, Inputs
from autoft.networks.family import FAMILIES, Factor, Family, Traits
from autoft.networks.initial_state import InitialState, bend_among_rows, mixed_activation
from autoft.networks.network_inputs import concatenated, network_inputs
from autoft.networks.weight_bounds import BoundLayout, Bounds, WeightBounds, bound_units, within
from autoft.records.arrays import Array

#: The learning rates of the paper, .04 for classes and .2 for numbers, are .0025 and .0125 of ours.
RATE = 16.0
#: Frequencies of each number's periodic vector, their standard deviation, and learned numbers besides the value.
WAVES, SIGMA, DIM = 16, 0.1, 3
#: Factors of the learning rate by the end of a weight's name; what is not here is a kernel.
_FACTORS = {"/bias": 0.1, "scale": 6.0, "share": 0.1, "frequency": 0.1, "phase": 0.1, "mix": 0.1, "shift": 0.1}
#: Rows whose random mean is where a neuron's kink lies ("he+5").
_KINKS = 5


@FAMILIES.register
class RealMLP(Family):
    """Periodic vectors of numbers, a scale, and NTK layers whose activations learn how much they bend."""

    name: ClassVar[str] = "realmlp"
    dimensions: ClassVar[frozenset[str]] = frozenset({"width", "depth", "embedding"})
    # The authors began with SELU for classes, and came to Mish for all. Mish is a softplus and a tanh.
    traits: ClassVar[Traits] = Traits(
        searched=True,
        portfolio=True,
        resizable=True,
        activation="mish",
        schedule="cycles",
        epochs=64,
        beta_2=0.95,
        weight_decay=0.02,
        effort=8.0,
    )

    def build(self, architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
        import keras

        from autoft.networks.layers.numbers import PeriodicVectors
        from autoft.networks.layers.stacked import Bend, NTKDense, Scale, StackedDropout

        front = network_inputs(architecture, inputs, members)
        features = list(front.features)
        if inputs.numbers:
            clipped = architecture.activation == MIXED  # of a monotone network some waves may only rise
            waves = PeriodicVectors(list(inputs.numbers), WAVES, DIM, clipped, name="waves")
            features.insert(0, waves(front.inputs["dense"]))
        x = Scale(name="front")(concatenated(features))
        for layer in range(architecture.depth):
            x = NTKDense(architecture.width, name=f"hidden_{layer}")(x)
            x = Bend(architecture.activation, name=f"bend_{layer}")(x)
            x = StackedDropout(members, seed=layer + 1, name=f"dropout_{layer}")(x)
        return keras.Model(front.inputs, NTKDense(outputs, name="logits")(x), name="network")

    def initial_weights(self, architecture: Architecture, start: InitialState) -> dict[str, Array]:
        """A pass of the training rows through the network, layer by layer.

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
        x = _first_inputs(start, weights)
        weights["front/scale"] = np.ones((start.members, 1, x.shape[2]), np.float32)
        activated = mixed_activation if architecture.activation == MIXED else mish
        for layer in range(architecture.depth):
            x = _layer(weights, f"hidden_{layer}", x, start, architecture.width)
            weights[f"bend_{layer}/share"] = np.ones((start.members, 1, architecture.width), np.float32)
            x = activated(x)
        _layer(weights, "logits", x, start, start.outputs)
        return weights

    def bounded_weights(
        self, architecture: Architecture, start: InitialState, weights: Mapping[str, Array], bounds: WeightBounds
    ) -> dict[str, Array]:
        # Kinks lie among the rows without bounds too; weights that are cut off need it again.
        found = dict(weights)
        if "waves/frequency" in bounds.low:
            found |= _half_waves(found, (bounds.low["waves/frequency"] == 0).all(axis=1))
        found = within(found, bounds)
        if architecture.activation == MIXED and bound_units(bounds).any():
            units = {f"hidden_{layer}": np.ones(architecture.width, bool) for layer in range(architecture.depth)}
            units["logits"] = np.ones(start.outputs, bool)
            bend_among_rows(start, found, _first_inputs(start, found), units, ntk=True)
        return found

    def factor(self, weight: str) -> Factor:
        """Factors of a weight. The decay factor is the square of the rate's: so the authors' optimizer has it.

        That is, the scale decays at 36 times and periodic vectors and activations at a hundredth of the kernels' rate;
        biases do not. L2 is divided by 256, which makes it what it is to a layer of 256 units in the usual
        parametrization.
        """
        rate = next((f for end, f in _FACTORS.items() if weight.endswith(end)), 1.0)
        kernel = weight.endswith("kernel")
        decay = 0.0 if weight.endswith("/bias") else rate**2
        return Factor(rate=RATE * rate, l2=1.0 / RATE**2 if kernel else 0.0, decay=RATE * decay)

    def vectors(self, architecture: Architecture) -> int:
        return DIM + 1

    def parameters(self, architecture: Architecture, inputs: Inputs, outputs: int) -> int:
        waves = len(inputs.numbers) * WAVES * (architecture.width if architecture.depth else outputs)
        return super().parameters(architecture, inputs, outputs) + waves

    def monotone_weights(self, layout: BoundLayout, architecture: Architecture) -> Mapping[str, Bounds]:
        """Bounds of the kernels; of the waves, which rise half a wave where no weight is negative; of the scale; and of
        how much units bend: ``x + a (f(x) - x)`` never falls where a is at most 1."""
        found = layout.kernels(architecture)
        if not layout.bound:
            return found
        scale = found["front/scale"] = Bounds((1, len(layout.constrained)))
        scale.sign(layout.constrained[None, :], 1)
        numbers = layout.numbers(DIM + 1)
        if numbers.any():
            frequency = found["waves/frequency"] = Bounds((len(numbers), WAVES))
            frequency.sign(numbers[:, None], 1)
            mix = found["waves/mix"] = Bounds((len(numbers) * WAVES, DIM))
            mix.sign(np.repeat(numbers, WAVES)[:, None], 1)
        for layer in range(architecture.depth):
            share = found[f"bend_{layer}/share"] = Bounds((1, architecture.width))
            share.high[:] = 1.0
        return found


def _first_inputs(start: InitialState, weights: Mapping[str, Array]) -> Array:
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


def _half_waves(weights: Mapping[str, Array], rising: Array) -> dict[str, Array]:
    """First weights of the periodic vectors where some numbers (`rising`, ``[f]``) may only rise."""
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
    kernel = start.normal(name, (x.shape[2], units))
    products = np.matmul(x, kernel) / np.float32(np.sqrt(x.shape[2]))
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


def mish(x: Array) -> Array:
    """Mish of sums ``[S, m, units]``."""
    return np.asarray(x * np.tanh(np.logaddexp(0.0, x)), dtype=np.float32)

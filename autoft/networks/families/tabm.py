"""TabM: Gorishniy, Kotelnikov, Babenko, "TabM: advancing tabular deep learning with parameter-efficient ensembling",
ICLR 2025 (arXiv 2410.24210).

k networks inside each member share the kernels of all layers but the last and differ in vectors that multiply what goes
into a layer and what comes out of it (batch ensembles, Wen, Tran, Ba, 2020). They learn side by side, each by its own
loss, and answer with their mean. Sharing is the regularizer: k separate networks are worth half as much.

`tabm-mini` keeps the multipliers of the first layer's inputs alone; from there on the networks differ in what they see
and, at the end, in how they answer. It is half as expensive and, with piecewise-linear vectors of numbers
(`numbers.NumberVectors`, which both have here), nearly as good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.families.mlp import embeddings
from autoft.networks.family import FAMILIES, Family, Traits
from autoft.networks.initial_state import InitialState
from autoft.networks.network_inputs import bin_weights, concatenated, network_inputs
from autoft.networks.weight_bounds import BoundLayout, Bounds
from autoft.records.arrays import Array

#: Length of a number's vector (the authors' median of tuned values).
DIM = 16
#: Networks of a member by training rows of a fold: the authors' 32 where that is affordable without an accelerator.
_SIZES = ((1_500, 32), (6_000, 16), (10**12, 8))


@FAMILIES.register
class TabMMini(Family):
    """TabM whose networks differ in what multiplies their inputs, and in their logits."""

    name: ClassVar[str] = "tabm-mini"
    dimensions: ClassVar[frozenset[str]] = frozenset({"width", "depth", "embedding"})
    # Activations of an ensemble lie in memory, not in a cache.
    traits: ClassVar[Traits] = Traits(
        searched=True,
        portfolio=True,
        resizable=True,
        activation="relu",
        piecewise=True,
        ensembles=_SIZES,
        weight_decay=3e-4,
        effort=4.0,
    )
    #: The weight that multiplies the first layer's inputs, and whether narrow networks have it in the kernel.
    first: ClassVar[str] = "hidden_0/into"
    merges: ClassVar[bool] = True

    def architecture(
        self, params: Mapping[str, Any], inputs: Inputs, rows: int, *, activation: str | None = None
    ) -> Architecture:
        found = super().architecture(params, inputs, rows, activation=activation)
        return replace(found, merged=self.merges and found.width <= int(params.get("batch_size", 0)))

    def build(self, architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
        import keras

        from autoft.networks.layers.ensemble import EnsembleLogits
        from autoft.networks.layers.numbers import NumberVectors
        from autoft.networks.layers.stacked import StackedDropout

        front = network_inputs(architecture, inputs, members)
        features = list(front.features)
        if front.piecewise is not None:
            vectors = NumberVectors(list(inputs.numbers), DIM, name="vectors")
            features.insert(0, vectors([front.inputs["dense"], front.piecewise]))
        x = self._before(concatenated(features), architecture)
        # From the first layer on the k networks stand in the rows.
        for layer in range(architecture.depth):
            x = self._hidden(x, architecture, layer)
            x = StackedDropout(members, seed=layer + 1, name=f"dropout_{layer}")(x)
        logits = EnsembleLogits(outputs, architecture.ensemble, name="logits")(x)
        return keras.Model(front.inputs, logits, name="network")

    def _before(self, x: Any, architecture: Architecture) -> Any:
        return x

    def _hidden(self, x: Any, architecture: Architecture, layer: int) -> Any:
        from autoft.networks.layers.ensemble import EnsembleFirst
        from autoft.networks.layers.stacked import StackedDense

        width, k, activation = architecture.width, architecture.ensemble, architecture.activation
        if layer:
            return StackedDense(width, activation, name=f"hidden_{layer}")(x)
        return EnsembleFirst(width, k, activation, merged=architecture.merged, name="hidden_0")(x)

    def initial_weights(self, architecture: Architecture, start: InitialState) -> dict[str, Array]:
        """Only what multiplies the first layer's inputs is random, one number for each network and column (N(0, 1), as
        the authors have it with vectors of numbers; the columns of one category share it); all other multipliers are 1.
        """
        k, width = architecture.ensemble, architecture.width
        weights = bin_weights(architecture, start) | embeddings(architecture, start)
        if architecture.bins:
            count, limit = len(start.inputs.numbers), 1.0 / np.sqrt(DIM)
            weights["vectors/slope"] = start.uniform("slope", (count, DIM), limit)
            weights["vectors/shift"] = start.uniform("shift", (count, DIM), limit)
            weights["vectors/bend"] = np.zeros((start.members, count * architecture.bins, DIM), np.float32)
        into = weights[self.first] = _multipliers(architecture, start)
        fan_in = into.shape[2]
        for layer in range(architecture.depth):
            limit = 1.0 / np.sqrt(fan_in)
            weights[f"hidden_{layer}/kernel"] = start.uniform(f"layer {layer}", (fan_in, width), limit)
            weights[f"hidden_{layer}/bias"] = start.uniform(f"bias {layer}", (1, width), limit)
            fan_in = width
        limit = 1.0 / np.sqrt(width)
        weights["logits/kernel"] = start.uniform("logits", (k * width, start.outputs), limit)
        weights["logits/bias"] = np.repeat(start.bias[:, None, :], k, axis=1).astype(np.float32)
        return weights

    def vectors(self, architecture: Architecture) -> int:
        return DIM if architecture.bins else 0

    def parameters(self, architecture: Architecture, inputs: Inputs, outputs: int) -> int:
        bends = len(inputs.numbers) * architecture.bins * DIM
        return super().parameters(architecture, inputs, outputs) + bends

    def monotone_weights(self, layout: BoundLayout, architecture: Architecture) -> Mapping[str, Bounds]:
        """Bounds of the kernels, the vectors of numbers and the multipliers: none may turn a constrained input's
        sign."""
        found = layout.kernels(architecture)
        if not layout.bound:
            return found
        if architecture.bins:
            numbers = layout.numbers(DIM)
            for name, rows in (("slope", numbers), ("bend", np.repeat(numbers, architecture.bins))):
                bounds = found[f"vectors/{name}"] = Bounds((len(rows), DIM))
                bounds.sign(rows[:, None], 1)
        bounds = found[self.first] = Bounds((architecture.ensemble, len(layout.constrained)))
        bounds.sign(layout.constrained[None, :], 1)
        return found


@FAMILIES.register
class TabM(TabMMini):
    """TabM as its authors have it: multipliers before and after each layer."""

    name: ClassVar[str] = "tabm"
    traits: ClassVar[Traits] = replace(TabMMini.traits, searched=False, effort=5.0)
    first: ClassVar[str] = "view/into"
    merges: ClassVar[bool] = False

    def _before(self, x: Any, architecture: Architecture) -> Any:
        from autoft.networks.layers.ensemble import EnsembleView

        return EnsembleView(architecture.ensemble, name="view")(x)

    def _hidden(self, x: Any, architecture: Architecture, layer: int) -> Any:
        from autoft.networks.layers.ensemble import EnsembleDense

        width, k, activation = architecture.width, architecture.ensemble, architecture.activation
        return EnsembleDense(width, k, activation, view=not layer, name=f"hidden_{layer}")(x)

    def initial_weights(self, architecture: Architecture, start: InitialState) -> dict[str, Array]:
        """TabM-mini's, all further multipliers 1, and a copy of the biases for each network."""
        weights = super().initial_weights(architecture, start)
        for layer in range(architecture.depth):
            ones = np.ones((start.members, architecture.ensemble, architecture.width), np.float32)
            weights |= {f"hidden_{layer}/into": ones} if layer else {}
            weights[f"hidden_{layer}/out"] = ones
            weights[f"hidden_{layer}/bias"] = np.repeat(weights[f"hidden_{layer}/bias"], architecture.ensemble, axis=1)
        return weights

    def monotone_weights(self, layout: BoundLayout, architecture: Architecture) -> Mapping[str, Bounds]:
        found = dict(super().monotone_weights(layout, architecture))
        for layer in range(architecture.depth) if layout.bound else ():
            bounds = found[f"hidden_{layer}/out"] = Bounds((architecture.ensemble, architecture.width))
            bounds.sign(~layout.free[None, :], 1)
            if layer:
                found[f"hidden_{layer}/into"] = bounds
        return found


def _multipliers(architecture: Architecture, start: InitialState) -> Array:
    """``[S, k, in]``, what multiplies the inputs of the first layer."""
    k, names = architecture.ensemble, [name for name, size in start.blocks for _ in range(size)]
    blocks = [(f"vector {names[j]}", DIM) for j in start.inputs.numbers] if architecture.bins else []
    blocks += [*start.blocks, *((category, architecture.embedding) for category, _ in start.categories)]
    return np.concatenate([np.repeat(start.normal(name, (k, 1)), size, axis=2) for name, size in blocks], axis=2)

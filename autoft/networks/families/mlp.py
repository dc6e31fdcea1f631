"""The stacked multilayer perceptron."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from autoft.networks.architecture import MIXED, Architecture, Inputs
from autoft.networks.family import FAMILIES, Family, Traits
from autoft.networks.initial_state import InitialState, bend_among_rows
from autoft.networks.network_inputs import bin_weights, concatenated, first_inputs, network_inputs
from autoft.networks.weight_bounds import BoundLayout, Bounds, WeightBounds, bound_units, within
from autoft.preprocessing.bins import encoded
from autoft.records.arrays import Array


@FAMILIES.register
class MLP(Family):
    """Dense layers with an activation and dropout each."""

    name: ClassVar[str] = "mlp"
    traits: ClassVar[Traits] = Traits(searched=True, portfolio=True, plain=True, resizable=True)

    def build(self, architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
        import keras

        from autoft.networks.layers.stacked import StackedDense, StackedDropout

        front = network_inputs(architecture, inputs, members)
        x = concatenated(front.features if front.piecewise is None else [front.piecewise, *front.features])
        for layer in range(architecture.depth):
            x = StackedDense(architecture.width, architecture.activation, name=f"hidden_{layer}")(x)
            x = StackedDropout(members, seed=layer + 1, name=f"dropout_{layer}")(x)
        return keras.Model(front.inputs, StackedDense(outputs, name="logits")(x), name="network")

    def initial_weights(self, architecture: Architecture, start: InitialState) -> dict[str, Array]:
        """Each block of inputs draws from its own generator, keyed by its column: a member's weights do not move when
        some other column has a category more. The first layer is scaled by the power of the encoded *training* rows
        (RealMLP's idea, arXiv 2407.04491: neurons start with unit variance), which one-hot columns need.
        """
        width, weights = architecture.width, bin_weights(architecture, start) | embeddings(architecture, start)
        weights["hidden_0/kernel"] = _first_kernel(architecture, start)
        for layer in range(architecture.depth):
            weights[f"hidden_{layer}/bias"] = np.zeros((start.members, 1, width), np.float32)
            last = layer + 1 == architecture.depth
            kernel = start.normal(f"layer {layer + 1}", (width, start.outputs if last else width))
            name = "logits/kernel" if last else f"hidden_{layer + 1}/kernel"
            weights[name] = kernel * np.float32(np.sqrt((0.1 if last else 2.0) / width))
        weights["logits/bias"] = start.bias[:, None, :].astype(np.float32)
        return weights

    def bounded_weights(
        self, architecture: Architecture, start: InitialState, weights: Mapping[str, Array], bounds: WeightBounds
    ) -> dict[str, Array]:
        """First weights within bounds; bound units bend where the rows are, free ones begin as without bounds."""
        found = within(weights, bounds)
        if architecture.activation == MIXED and (moved := bound_units(bounds)).any():
            units = {f"hidden_{layer}": moved for layer in range(architecture.depth)}
            bend_among_rows(start, found, first_inputs(architecture, start, found), units)
        return found

    def monotone_weights(self, layout: BoundLayout, architecture: Architecture) -> Mapping[str, Bounds]:
        return layout.kernels(architecture)


def embeddings(architecture: Architecture, start: InitialState) -> dict[str, Array]:
    """First vectors of categories, of unit length on average."""
    return {
        f"embedding/table_{j}": start.normal(f"embedding {category}", (slots + 2, architecture.embedding))
        / np.float32(np.sqrt(architecture.embedding))
        for j, (category, slots) in enumerate(start.categories)
    }


def _first_kernel(architecture: Architecture, start: InitialState) -> Array:
    """``[S, in, width]``, scaled so that units have unit variance on the training rows."""
    width, names = architecture.width, [name for name, size in start.blocks for _ in range(size)]
    first, power = [], np.square(start.dense).sum(axis=2).mean(axis=1, dtype=np.float64)
    if architecture.bins:
        numbers = start.dense[:, :, list(start.inputs.numbers)]
        shares = encoded(numbers, *(edges[:, None] for edges in start.edges(architecture.bins)))
        power = power + np.square(shares).sum(axis=(2, 3)).mean(axis=1, dtype=np.float64)
        first += [start.normal(f"bins {names[j]}", (architecture.bins, width)) for j in start.inputs.numbers]
    first += [start.normal(name, (size, width)) for name, size in start.blocks]
    first += [start.normal(category, (architecture.embedding, width)) for category, _ in start.categories]
    fan_in = np.maximum(power + len(start.categories), 1.0).astype(np.float32)
    return np.asarray(np.concatenate(first, axis=1) / np.sqrt(fan_in)[:, None, None])

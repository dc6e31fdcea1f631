"""The linear model: logistic or softmax regression, or least squares, on the encoded columns.

With piecewise-linear numbers it is an additive model: a curve for each column.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.families.mlp import embeddings
from autoft.networks.family import FAMILIES, Family, Traits
from autoft.networks.initial_state import InitialState
from autoft.networks.network_inputs import bin_weights, concatenated, network_inputs
from autoft.networks.weight_bounds import BoundLayout, Bounds
from autoft.records.arrays import Array


@FAMILIES.register
class Linear(Family):
    """One layer from the inputs to the logits."""

    name: ClassVar[str] = "linear"
    dimensions: ClassVar[frozenset[str]] = frozenset({"numbers", "embedding"})
    traits: ClassVar[Traits] = Traits(searched=True, plain=True, resizable=True)

    def default(self, rows: int) -> tuple[Mapping[str, Any], ...]:
        """With curves for the numbers and without: they cost next to nothing, and on small tables they often win."""
        # The penalty of scikit-learn's logistic regression (C = 1).
        penalized = {"learning_rate": 0.01, "dropout": 0.0, "l2": 0.5 / rows}
        return {**penalized, "numbers": "piecewise"}, {**penalized, "numbers": "plain"}

    def build(self, architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> Any:
        import keras

        from autoft.networks.layers.stacked import StackedDense, StackedDropout

        front = network_inputs(architecture, inputs, members)
        x = concatenated(front.features if front.piecewise is None else [front.piecewise, *front.features])
        # Dropout of inputs is to a linear model what an adaptive L2 penalty is (Wager, Wang, Liang, 2013).
        x = StackedDropout(members, seed=1, name="dropout_inputs")(x)
        return keras.Model(front.inputs, StackedDense(outputs, name="logits")(x), name="network")

    def initial_weights(self, architecture: Architecture, start: InitialState) -> dict[str, Array]:
        # A convex problem begins at zero, with the shares of the classes.
        weights = bin_weights(architecture, start) | embeddings(architecture, start)
        fan_in = self.parameters(architecture, start.inputs, outputs=1)
        weights["logits/kernel"] = np.zeros((start.members, fan_in, start.outputs), np.float32)
        weights["logits/bias"] = start.bias[:, None, :].astype(np.float32)
        return weights

    def monotone_weights(self, layout: BoundLayout, architecture: Architecture) -> Mapping[str, Bounds]:
        return layout.kernels(architecture)

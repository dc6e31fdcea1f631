"""Gated perceptron: a gate after every hidden layer decides how much of each unit passes."""

import keras
import numpy as np
from keras import ops

from autoft.networks.families.mlp import MLP
from autoft.networks.family import FAMILIES, Family, Traits
from autoft.networks.layers.stacked import StackedDense, StackedDropout
from autoft.networks.network_inputs import concatenated, network_inputs
from autoft.preprocessing.registered_layers import layer


@layer
class Gate(keras.layers.Layer):
    """``x * 2 sigmoid(x w + b)`` for every member, ``[S, B, width]``: 1 at first."""

    def build(self, input_shape):
        members, _, width = input_shape
        self.kernel = self.add_weight(shape=(members, width, width), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(members, 1, width), initializer="zeros", name="bias")

    def call(self, inputs):
        return inputs * (2.0 * ops.sigmoid(ops.matmul(inputs, self.kernel) + self.bias))


@FAMILIES.register
class Gated(Family):
    """A perceptron with a gate after every hidden layer."""

    name = "gated"
    traits = Traits(resizable=True, effort=2.0)

    def build(self, architecture, inputs, *, members, outputs):
        front = network_inputs(architecture, inputs, members)
        x = concatenated(front.features if front.piecewise is None else [front.piecewise, *front.features])
        for place in range(architecture.depth):
            x = StackedDense(architecture.width, architecture.activation, name=f"hidden_{place}")(x)
            x = StackedDropout(members, seed=place + 1, name=f"dropout_{place}")(Gate(name=f"gate_{place}")(x))
        return keras.Model(front.inputs, StackedDense(outputs, name="logits")(x), name="network")

    def initial_weights(self, architecture, start):
        weights, width = MLP().initial_weights(architecture, start), architecture.width
        for place in range(architecture.depth):
            weights[f"gate_{place}/kernel"] = np.zeros((start.members, width, width), np.float32)
            weights[f"gate_{place}/bias"] = np.zeros((start.members, 1, width), np.float32)
        return weights

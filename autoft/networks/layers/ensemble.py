"""Layers for k networks that share their kernels, inside each member of a stack (`tabm`).

Between the layers the k networks stand in the rows, ``[S, B * k, width]``, row by row: one product of matrices serves
them all.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from autoft.networks.layers.stacked import activated
from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer


@layer
class EnsembleView(Configured):
    """The same rows seen by k networks, each with multipliers of its own: ``[S, B, in]`` -> ``[S, B * k, in]``."""

    def __init__(self, networks: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.networks = networks

    def build(self, input_shape: Any) -> None:
        members, _, inputs = input_shape
        self.into = self.add_weight(shape=(members, self.networks, inputs), initializer="ones", name="into")

    def call(self, inputs: Any) -> Any:
        into = self.into.value
        members, k, width = ops.shape(into)
        seen = ops.expand_dims(inputs, 2) * ops.expand_dims(into, 1)
        return ops.reshape(seen, (members, ops.shape(inputs)[1] * k, width))

    def compute_output_shape(self, input_shape: Any) -> Any:
        members, rows, inputs = input_shape
        return (members, rows * self.networks if rows else rows, inputs)


@layer
class EnsembleFirst(Configured):
    """``activation((x * r_k) W + b)``, TabM-mini's first layer: ``[S, B, in]`` -> ``[S, B * k, units]``.

    If `merged`, multipliers go into the kernel, ``x (r_k W)``: one wide product of matrices instead of k copies of the
    rows, which pays where there are no fewer rows than units. The same but for rounding.
    """

    def __init__(self, units: int, networks: int, activation: str, *, merged: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.networks, self.activation, self.merged = units, networks, activation, merged

    def build(self, input_shape: Any) -> None:
        members, _, inputs = input_shape
        self.into = self.add_weight(shape=(members, self.networks, inputs), initializer="ones", name="into")
        self.kernel = self.add_weight(shape=(members, inputs, self.units), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(members, 1, self.units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        into, kernel = self.into.value, self.kernel.value
        members, k, width = ops.shape(into)
        units, stacked = ops.shape(kernel)[2], ops.shape(inputs)[1] * k
        if self.merged:
            own = ops.expand_dims(ops.transpose(into, (0, 2, 1)), 3) * ops.expand_dims(kernel, 2)
            x = ops.matmul(inputs, ops.reshape(own, (members, width, k * units)))
        else:
            seen = ops.expand_dims(inputs, 2) * ops.expand_dims(into, 1)
            x = ops.matmul(ops.reshape(seen, (members, stacked, width)), kernel)
        return activated(self.activation, ops.reshape(x, (members, stacked, units)) + self.bias.value)

    def compute_output_shape(self, input_shape: Any) -> Any:
        members, rows, _ = input_shape
        return (members, rows * self.networks if rows else rows, self.units)


@layer
class EnsembleDense(Configured):
    """``activation((x * r_k) W * s_k + b_k)``: ``[S, B * k, in]`` -> ``[S, B * k, units]``; without r_k if the input is
    a `view` (`EnsembleView`)."""

    def __init__(self, units: int, networks: int, activation: str, *, view: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.networks, self.activation, self.view = units, networks, activation, view

    def build(self, input_shape: Any) -> None:
        members, _, inputs = input_shape
        k, units = self.networks, self.units
        if not self.view:
            self.into = self.add_weight(shape=(members, k, inputs), initializer="ones", name="into")
        self.kernel = self.add_weight(shape=(members, inputs, units), initializer="zeros", name="kernel")
        self.out = self.add_weight(shape=(members, k, units), initializer="ones", name="out")
        self.bias = self.add_weight(shape=(members, k, units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        kernel, out, bias = (w.value for w in (self.kernel, self.out, self.bias))
        members, k, units = ops.shape(out)
        width, stacked = ops.shape(kernel)[1], ops.shape(inputs)[1]
        rows = stacked // k

        def by_network(weight: Any, size: Any) -> Any:  # three axes broadcast twice as fast as four
            return ops.reshape(weight, (members, 1, k * size))

        x = inputs
        if not self.view:
            x = ops.reshape(x, (members, rows, k * width)) * by_network(self.into.value, width)
        x = ops.matmul(ops.reshape(x, (members, stacked, width)), kernel)
        x = ops.reshape(x, (members, rows, k * units)) * by_network(out, units) + by_network(bias, units)
        return activated(self.activation, ops.reshape(x, (members, stacked, units)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)


@layer
class EnsembleLogits(Configured):
    """The last layer, of which each of the k networks has its own: ``[S, B * k, in]`` -> ``[S, B, k, units]``."""

    def __init__(self, units: int, networks: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.networks = units, networks

    def build(self, input_shape: Any) -> None:
        members, _, inputs = input_shape
        shape = (members, self.networks * inputs, self.units)
        self.kernel = self.add_weight(shape=shape, initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(members, self.networks, self.units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        kernel, bias = self.kernel.value, self.bias.value
        members, k, units = ops.shape(bias)
        width = ops.shape(inputs)[2]
        x = ops.reshape(inputs, (members, ops.shape(inputs)[1] // k, k, width))
        x = ops.matmul(ops.transpose(x, (0, 2, 1, 3)), ops.reshape(kernel, (members, k, width, units)))
        return ops.transpose(x, (0, 2, 1, 3)) + ops.expand_dims(bias, 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        members, rows, _ = input_shape
        return (members, rows // self.networks if rows else rows, self.networks, self.units)


@layer
class EnsembleMean(Configured):
    """Logits of the mean probability or value of the k networks: ``[S, B, k, outputs]`` -> ``[S, B, outputs]``."""

    def __init__(self, task: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.task = task

    def call(self, inputs: Any) -> Any:
        return mean_logits(self.task, inputs)


def mean_logits(task: str, logits: Any) -> Any:
    """Logits of the mean answer: ``[S, B, k, outputs]`` -> ``[S, B, outputs]``; exact where probabilities are tiny."""
    if task == "regression":
        return ops.mean(logits, axis=2)
    if task == "binary":
        # logsumexp without the 1/k: it falls out of the difference.
        return ops.logsumexp(-ops.softplus(-logits), axis=2) - ops.logsumexp(-ops.softplus(logits), axis=2)
    return ops.logsumexp(ops.log_softmax(logits, axis=-1), axis=2)

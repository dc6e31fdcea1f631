"""Layers for a stack of S members that share a program but nothing else.

Weights are ``[S, in, out]`` and activations ``[S, B, width]``: member s of the output depends on member s of
the input and on no other, so that what one fold learns can never reach another.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from autoft.networks import noise
from autoft.networks.architecture import MIXED
from autoft.preprocessing.layers.base import Configured
from autoft.preprocessing.registered_layers import layer


@layer
class StackedDense(Configured):
    """``activation(x W + b)`` for every member: ``[S, B, in]`` -> ``[S, B, units]``."""

    def __init__(self, units: int, activation: str = "linear", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.activation = units, activation

    def build(self, input_shape: Any) -> None:
        members, _, inputs = input_shape
        self.kernel = self.add_weight(shape=(members, inputs, self.units), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(members, 1, self.units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        return activated(self.activation, ops.matmul(inputs, self.kernel) + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], self.units)


@layer
class NTKDense(StackedDense):
    """``x W / sqrt(in) + b`` for every member: kernels of unit size, whatever the width (NTK parametrization)."""

    def call(self, inputs: Any) -> Any:
        width = ops.cast(ops.shape(inputs)[-1], inputs.dtype)  # a program for arrays of any size learns it when it runs
        return activated(self.activation, ops.matmul(inputs, self.kernel) * ops.rsqrt(width) + self.bias)


@layer
class Scale(keras.layers.Layer):  # type: ignore[misc]
    """A learned factor for every input: ``[S, B, in]`` -> the same."""

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[0], 1, input_shape[2])
        self.scale = self.add_weight(shape=shape, initializer="ones", name="scale")

    def call(self, inputs: Any) -> Any:
        return inputs * self.scale


@layer
class Bend(Configured):
    """A parametric activation, ``x + a (f(x) - x)`` with a learned share for every neuron (RealMLP)."""

    def __init__(self, activation: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activation

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[0], 1, input_shape[2])
        self.share = self.add_weight(shape=shape, initializer="ones", name="share")

    def call(self, inputs: Any) -> Any:
        return inputs + self.share * (activated(self.activation, inputs) - inputs)


@layer
class StackedEmbedding(Configured):
    """One learned vector per category and member: slots ``[S, B, k]`` -> ``[S, B, k * dim]``.

    While training, a share of the slots is shown as unknown (slot 0), so that the vector which stands for
    unseen categories is trained too.

    Args:
        sizes: Categories of each column (besides unknown and missing).
        seed: Of the generator that picks them; in an epoch program the number of the layer's window (`noise`).
    """

    def __init__(self, sizes: list[int], dim: int, hidden_share: float = 0.02, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sizes, self.dim, self.hidden_share, self.seed = list(sizes), dim, hidden_share, seed
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        members = input_shape[0]
        self.tables = [
            self.add_weight(shape=(members, size + 2, self.dim), initializer="zeros", name=f"table_{j}")
            for j, size in enumerate(self.sizes)
        ]

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training and self.hidden_share > 0:
            shown = noise.uniform(ops.shape(inputs), layer=self.seed, generator=self.generator) >= self.hidden_share
            inputs = inputs * ops.cast(shown, inputs.dtype)
        vectors = []
        for j, table in enumerate(variable.value for variable in self.tables):
            # Sizes are asked of the tensors: a program runs with other numbers of members than the layer was built for.
            members, size, dim = ops.shape(table)
            flat = ops.reshape(table, (members * size, dim))
            first = ops.expand_dims(ops.arange(members, dtype=inputs.dtype) * size, 1)
            vectors.append(ops.take(flat, inputs[:, :, j] + first, axis=0))
        return ops.concatenate(vectors, axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], len(self.sizes) * self.dim)


@layer
class StackedDropout(Configured):
    """Dropout with one rate per member, a variable ``[S, 1, 1]``: another rate needs no new program.

    In an epoch program `seed` is the number of the layer's window (`noise`).
    """

    def __init__(self, members: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.members, self.seed = members, seed
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        self.rate = self.add_weight(shape=(self.members, 1, 1), initializer="zeros", trainable=False, name="rate")

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        kept = noise.uniform(ops.shape(inputs), layer=self.seed, generator=self.generator) >= self.rate
        return inputs * (ops.cast(kept, inputs.dtype) * (1.0 / (1.0 - self.rate)))


@layer
class MemberMean(Configured):
    """The stack's answer: mean over members of the probabilities or values, logits ``[S, B, o]`` -> ``[B, C]``.

    Binary tasks have one logit and two probabilities; regression undoes the scaling of the target, which each
    member has from its own training rows, and keeps to the range of the targets there (as RealMLP does).

    Values come out in float64: around 1e9 (a moment in seconds, say) float32 knows only every 64th number.
    """

    def __init__(self, task: str, members: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float64" if task == "regression" else "float32"})
        self.task, self.members = task, members

    def build(self, input_shape: Any) -> None:
        if input_shape[0] not in (None, self.members):
            raise ValueError(f"{self.members} members, but answers of {input_shape[0]}")
        if self.task == "regression":
            shape = (self.members, 1, 1)
            for name, value in (("center", 0.0), ("scale", 1.0), ("low", -np.inf), ("high", np.inf)):
                first = keras.initializers.Constant(value)
                setattr(self, name, self.add_weight(shape=shape, initializer=first, trainable=False, name=name))

    def answers(self, logits: Any) -> Any:
        """Each member's own answer ``[S, B, C]``."""
        if self.task == "regression":
            # Not ops.clip: on JAX Keras computes it in float32 whatever the input is.
            values = ops.cast(logits, "float64") * self.scale + self.center
            return ops.minimum(ops.maximum(values, self.low), self.high)
        if self.task == "binary":
            # Not one minus the other: close to certainty float32 would lose what a calibration still needs.
            return ops.concatenate([ops.sigmoid(-logits), ops.sigmoid(logits)], axis=-1)
        return ops.softmax(logits, axis=-1)

    def call(self, inputs: Any) -> Any:
        # Not ops.mean: on JAX Keras computes it in float32 whatever the input is.
        return ops.sum(self.answers(inputs), axis=0) / self.members


@layer
class WeightedMean(Configured):
    """Answers of several models weighted together (by shares of 1): a list of ``[B, C]`` -> ``[B, C]``."""

    def __init__(self, shares: list[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not (min(shares) >= 0 and abs(sum(shares) - 1) < 1e-3):
            raise ValueError("shares that are no parts of a whole")
        self.shares = list(shares)

    def call(self, inputs: Any) -> Any:
        total = inputs[0] * self.shares[0]
        for share, answer in zip(self.shares[1:], inputs[1:], strict=True):
            total = total + answer * share
        return total


def mixed(inputs: Any) -> Any:
    """``relu(x)`` in every second unit and ``-relu(-x)`` in the others: both rise, one is convex, the other concave.

    With kernels that are not negative, plain ReLU networks are convex in their inputs; where some units bend the other
    way, deep ones come close to any monotone function (Runje & Shankaranarayana, ICML 2023, arXiv 2205.11775; Sartor
    and others, 2025, arXiv 2505.02537). What is linear after a unit with any sign does not notice.

    >>> import numpy as np
    >>> (np.asarray(mixed(np.array([[-2.0, -2.0, 3.0, 3.0]], dtype="float32"))) + 0.0).tolist()
    [[0.0, -2.0, 3.0, 0.0]]
    """
    width = ops.shape(inputs)[-1]  # a program for arrays of any size learns it when it runs
    side = 1.0 - 2.0 * ops.cast(ops.arange(width) % 2, inputs.dtype)
    return side * ops.relu(side * inputs)


def activated(name: str, inputs: Any) -> Any:
    """Inputs after the activation of a name."""
    return mixed(inputs) if name == MIXED else keras.activations.get(name)(inputs)

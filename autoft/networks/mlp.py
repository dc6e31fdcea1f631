"""The stacked multilayer perceptron, the linear model as its case without hidden layers, and their initial weights."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.preprocess.encode import Array
from autoft.preprocess.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """What fixes the shape of a program; everything else about a trial is a variable in it.

    Attributes:
        width, depth: Units of each hidden layer, and how many there are; none of either make a linear model.
        activation: Of the hidden layers.
        embedding: Length of the vectors of embedded categories, 0 where there are none.
    """

    width: int
    depth: int
    activation: str
    embedding: int

    @classmethod
    def linear(cls, embedding: int) -> Architecture:
        """The linear model: logistic or softmax regression, or least squares, on the encoded columns."""
        return cls(width=0, depth=0, activation="linear", embedding=embedding)

    @property
    def windows(self) -> int:
        """Layers that draw random numbers while training (`noise`): embeddings, and each dropout."""
        return 1 + max(self.depth, 1)

    def drawn(self, dense: int, embedded: int) -> int:
        """Most random numbers that one of them draws for a row."""
        return max(self.width, embedded) if self.depth else dense + embedded * max(self.embedding, 1)


def build_mlp(architecture: Architecture, embedded: Sequence[int], *, members: int, dense: int, outputs: int) -> Any:
    """A Keras model from encoded rows to logits.

    Inputs (those that there are): ``dense [S, B, dense]`` float32, ``slots [S, B, e]`` int32.
    Output: logits ``[S, B, outputs]``.

    Args:
        architecture: Shape of the network.
        embedded: Slots of each embedded column, e of them (`slots_of`).
        members: S.
        dense: Width of the dense encoding, may be 0.
        outputs: Number of logits.
    """
    import keras

    from autoft.networks.stacked import StackedDense, StackedDropout, StackedEmbedding

    inputs: dict[str, Any] = {}
    features = []
    if dense:
        inputs["dense"] = keras.Input(batch_shape=(members, None, dense), name="dense")
        features.append(inputs["dense"])
    if embedded:
        inputs["slots"] = keras.Input(batch_shape=(members, None, len(embedded)), dtype="int32", name="slots")
        features.append(StackedEmbedding(list(embedded), architecture.embedding, name="embedding")(inputs["slots"]))
    x = keras.layers.Concatenate(name="features")(features) if len(features) > 1 else features[0]
    if not architecture.depth:
        # Dropout of inputs is to a linear model what an adaptive L2 penalty is (Wager, Wang, Liang, 2013).
        x = StackedDropout(members, seed=1, name="dropout_inputs")(x)
    for layer in range(architecture.depth):
        x = StackedDense(architecture.width, architecture.activation, name=f"hidden_{layer}")(x)
        x = StackedDropout(members, seed=layer + 1, name=f"dropout_{layer}")(x)
    return keras.Model(inputs, StackedDense(outputs, name="logits")(x), name="network")


def slots_of(plan: Plan) -> tuple[int, ...]:
    """Slots of each embedded column."""
    return tuple(category.slots for category in plan.embedded)


def initial_weights(
    architecture: Architecture,
    plan: Plan,
    *,
    power: Array,
    blocks: tuple[tuple[str, int], ...],
    outputs: int,
    bias: Array,
    seed: int,
) -> dict[str, Array]:
    """Initial trainable weights by name (``hidden_0/kernel``).

    Each block of inputs draws from its own generator, keyed by its column: a member's weights do not move when
    some other column has a category more. The first layer is scaled by the power of the encoded *training*
    rows (RealMLP's idea, arXiv 2407.04491: neurons start with unit variance), which one-hot columns need.

    Args:
        power: ``[S]`` mean over a member's training rows of the sum of squared inputs.
        blocks: Name and width of each block of the dense encoding, in order.
        outputs: Number of logits.
        bias: ``[S, outputs]`` initial bias of the logits (log odds of the training rows, or 0).
        seed: Of the run.
    """
    members = len(power)
    weights: dict[str, Array] = {}

    def normal(name: str, shape: tuple[int, ...]) -> Array:
        key = zlib.crc32(name.encode())
        draws = [np.random.default_rng([seed, s, key]).standard_normal(shape) for s in range(members)]
        return np.asarray(np.stack(draws), dtype=np.float32)

    first = [normal(name, (width, architecture.width)) for name, width in blocks]
    for j, category in enumerate(plan.embedded):
        vectors = normal(f"embedding {category.id}", (category.slots + 2, architecture.embedding))
        weights[f"embedding/table_{j}"] = vectors / np.float32(np.sqrt(architecture.embedding))
        first.append(normal(category.id, (architecture.embedding, architecture.width)))
    fan_in = np.maximum(power + len(plan.embedded), 1.0).astype(np.float32)
    kernel = np.concatenate(first, axis=1) / np.sqrt(fan_in)[:, None, None]
    if not architecture.depth:  # a convex problem begins at zero, with the shares of the classes
        kernel = np.zeros((members, kernel.shape[1], outputs), np.float32)
    for layer in range(architecture.depth):
        weights[f"hidden_{layer}/kernel"] = kernel
        weights[f"hidden_{layer}/bias"] = np.zeros((members, 1, architecture.width), np.float32)
        out = architecture.width if layer + 1 < architecture.depth else outputs
        gain = 2.0 if layer + 1 < architecture.depth else 0.1
        kernel = normal(f"layer {layer + 1}", (architecture.width, out)) * np.float32(
            np.sqrt(gain / architecture.width)
        )
    weights["logits/kernel"] = kernel
    weights["logits/bias"] = bias[:, None, :].astype(np.float32)
    return weights

"""The stacked epoch program on TensorFlow: one traced function trains all members for one epoch.

Learning rate, dropout and L2 are variables with one value per member, so every trial of the same shape runs
the program that is already there. A step gathers each member's own batch; the loss is the sum over members
of the mean over their rows, so each member's gradient is what it would be alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autoft.networks.mlp import Architecture, build_mlp
from autoft.preprocess.encode import Array
from autoft.training.data import StackData

# Adam's constants (Kingma & Ba, arXiv 1412.6980) with Keras' epsilon.
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7

#: Rows of each member that are predicted at a time.
CHUNK = 8_192


class Rows:
    """The rows of a stack as tensors, held once for all programs that train on them.

    Args:
        data: The rows.
    """

    def __init__(self, data: StackData) -> None:
        import tensorflow as tf

        self.data = data
        arrays = {"dense": data.dense, "slots": data.slots}
        self.inputs = {name: tf.constant(array) for name, array in arrays.items() if array.shape[2]}
        if data.task == "regression":
            # Each member's scaled values [S, n]; class positions are the same for all.
            self.y = tf.constant((data.y[None] - data.center[:, None]) / data.scale[:, None], tf.float32)
        else:
            kind = tf.float32 if data.task == "binary" else tf.int32
            self.y = tf.constant(np.repeat(data.y[None], data.members, axis=0), kind)


class Program:
    """A compiled stack for one architecture and batch size over one set of rows.

    Args:
        architecture: Fixes the shapes.
        batch: Rows of a member per step.
        rows: The rows.
    """

    def __init__(self, architecture: Architecture, batch: int, rows: Rows) -> None:
        import tensorflow as tf

        data = rows.data
        self.architecture, self.batch, self.data = architecture, batch, data
        self.network = build_mlp(
            architecture, data.plan, members=data.members, dense=data.dense.shape[2], outputs=data.outputs
        )
        self.traces = 0
        self._inputs, self._y = rows.inputs, rows.y
        self._variables = [v.value for v in self.network.trainable_variables]
        self._names = [v.path.split("network/")[-1] for v in self.network.trainable_variables]
        self._decayed = [name.endswith("kernel") for name in self._names]
        self._first = [tf.Variable(tf.zeros_like(v), trainable=False) for v in self._variables]
        self._second = [tf.Variable(tf.zeros_like(v), trainable=False) for v in self._variables]
        member = (data.members, 1, 1)
        self._steps = tf.Variable(tf.zeros(member), trainable=False)
        self._rate = tf.Variable(tf.zeros(member), trainable=False)
        self._l2 = tf.Variable(tf.zeros(member), trainable=False)
        self._dropouts = [layer for layer in self.network.layers if hasattr(layer, "rate")]
        self._generators = [layer.generator for layer in self.network.layers if hasattr(layer, "generator")]
        self._epoch = tf.function(self._epoch_graph)
        self._forward = tf.function(self._forward_graph, reduce_retracing=True)

    def start(
        self, weights: dict[str, Array], *, learning_rate: float, dropout: float, l2: float, seed: int = 0
    ) -> None:
        """Begin a training: initial weights, a fresh optimizer, the trial's hyperparameters, the seed of the masks."""
        for name, variable in zip(self._names, self._variables, strict=True):
            variable.assign(weights[name])
        for slot in (*self._first, *self._second, self._steps):
            slot.assign(np.zeros(slot.shape, np.float32))
        self._rate.assign(np.full(self._rate.shape, learning_rate, np.float32))
        self._l2.assign(np.full(self._l2.shape, l2, np.float32))
        for layer in self._dropouts:
            layer.rate.assign(np.full(layer.rate.shape, dropout, np.float32))
        for j, generator in enumerate(self._generators):
            generator.state.assign(np.array([seed % 2**31, j], dtype="uint32"))

    def epoch(self, order: Array, weights: Array) -> None:
        """Train one epoch on batches ``[steps, S, batch]`` of row positions and row weights."""
        import tensorflow as tf

        self._epoch(self._inputs, self._y, tf.constant(order), tf.constant(weights))

    def logits(self, rows: Array) -> Array:
        """Logits ``[S, m, outputs]`` of each member on its own rows ``[S, m]``."""
        import tensorflow as tf

        chunks = [
            np.asarray(self._forward(self._inputs, tf.constant(rows[:, start : start + CHUNK])))
            for start in range(0, rows.shape[1], CHUNK)
        ]
        return np.concatenate(chunks, axis=1)

    def weights(self) -> dict[str, Array]:
        """The trained weights by name, a copy."""
        return {name: v.numpy().copy() for name, v in zip(self._names, self._variables, strict=True)}

    def _gather(self, inputs: dict[str, Any], rows: Any) -> dict[str, Any]:
        import tensorflow as tf

        return {name: tf.gather(array, rows, batch_dims=1) for name, array in inputs.items()}

    def _forward_graph(self, inputs: dict[str, Any], rows: Any) -> Any:
        return self.network(self._gather(inputs, rows), training=False)

    def _epoch_graph(self, inputs: dict[str, Any], y: Any, order: Any, weights: Any) -> None:
        import tensorflow as tf

        self.traces += 1  # Python code of a graph function runs only while it is traced
        for step in tf.range(tf.shape(order)[0]):
            rows, weight = order[step], weights[step]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(self._variables)
                logits = self.network(self._gather(inputs, rows), training=True)
                losses = self._losses(tf, logits, tf.gather(y, rows, batch_dims=1))
                own = tf.reduce_sum(weight, axis=1)
                loss = tf.reduce_sum(tf.reduce_sum(losses * weight, axis=1) / tf.maximum(own, 1.0))
            gradients = tape.gradient(loss, self._variables)
            self._adam(tf, gradients, tf.reshape(tf.cast(own > 0, tf.float32), (-1, 1, 1)))

    def _losses(self, tf: Any, logits: Any, y: Any) -> Any:
        """``[S, B]`` losses of rows."""
        if self.data.task == "regression":
            return tf.square(logits[:, :, 0] - y)
        if self.data.task == "binary":
            return tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits[:, :, 0])
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)

    def _adam(self, tf: Any, gradients: list[Any], active: Any) -> None:
        """One Adam step; a member without rows in this step (`active` 0) keeps weights and moments."""
        self._steps.assign_add(active)
        steps = tf.maximum(self._steps, 1.0)
        rate = active * self._rate * tf.sqrt(1.0 - BETA_2**steps) / (1.0 - BETA_1**steps)
        slots = zip(self._variables, gradients, self._first, self._second, self._decayed, strict=True)
        for variable, dense, first, second, decayed in slots:
            gradient = tf.convert_to_tensor(dense)
            if decayed:
                gradient += 2.0 * self._l2 * variable  # gradient of l2 * sum(w^2), as in keras.regularizers.L2
            first.assign_add(active * (1.0 - BETA_1) * (gradient - first))
            second.assign_add(active * (1.0 - BETA_2) * (tf.square(gradient) - second))
            variable.assign_sub(rate * first / (tf.sqrt(second) + EPSILON))

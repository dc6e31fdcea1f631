"""Stacked layers: the members share a program and nothing else."""

import keras
import numpy as np
import pytest
from keras import ops

from autoft.networks.layers.ensemble import EnsembleDense, EnsembleFirst, EnsembleLogits, EnsembleMean, EnsembleView
from autoft.networks.layers.numbers import NumberVectors, PeriodicVectors, PiecewiseLinear
from autoft.networks.layers.stacked import (
    Bend,
    MemberMean,
    NTKDense,
    Scale,
    StackedDense,
    StackedDropout,
    StackedEmbedding,
    WeightedMean,
)

S, B = 3, 40


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def dense_stack(activation: str | None = "relu") -> StackedDense:
    layer = StackedDense(4, activation)
    layer.build((S, None, 5))
    layer.set_weights([normal(S, 5, 4, seed=1), normal(S, 1, 4, seed=2)])
    return layer


@pytest.mark.parametrize("activation", [None, "relu", "silu"])
def test_each_member_of_a_dense_stack_equals_a_keras_dense_layer(activation: str | None):
    stack, x = dense_stack(activation), normal(S, B, 5)
    kernel, bias = stack.get_weights()
    out = np.asarray(stack(x))
    for s in range(S):
        alone = keras.layers.Dense(4, activation=activation)
        alone.build((None, 5))
        alone.set_weights([kernel[s], bias[s, 0]])
        np.testing.assert_allclose(out[s], np.asarray(alone(x[s])), atol=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="asks TensorFlow's tape")
def test_a_member_depends_on_its_own_weights_and_inputs_only():
    import tensorflow as tf

    first, second, dropout = dense_stack(), StackedDense(2), StackedDropout(S, seed=3)
    second.build((S, None, 4))
    second.set_weights([normal(S, 4, 2, seed=5), normal(S, 1, 2, seed=6)])
    dropout.build((S, None, 4))
    dropout.rate.assign(np.full((S, 1, 1), 0.3))
    x = tf.constant(normal(S, B, 5))
    with tf.GradientTape() as tape:
        tape.watch(x)
        member = tf.reduce_sum(tf.square(second(dropout(first(x), training=True))[1]))
    sources = [x, *(v.value for v in (*first.trainable_variables, *second.trainable_variables))]
    for gradient in tape.gradient(member, sources):
        found = np.abs(gradient.numpy()).reshape(S, -1).max(axis=1)
        assert found[1] > 0
        assert found[0] == found[2] == 0.0


@pytest.fixture
def embedding() -> StackedEmbedding:
    layer = StackedEmbedding([3, 2], dim=4, hidden_share=0.5, seed=1)
    layer.build((S, None, 2))
    layer.set_weights([normal(S, 5, 4, seed=7), normal(S, 4, 4, seed=8)])
    return layer


def test_an_embedding_looks_up_each_members_own_vectors(embedding: StackedEmbedding):
    slots = np.stack([np.random.default_rng(s).integers(0, (5, 4), size=(B, 2)) for s in range(S)]).astype(np.int32)
    tables = embedding.get_weights()
    expected = np.stack([np.hstack([tables[j][s][slots[s, :, j]] for j in range(2)]) for s in range(S)])
    np.testing.assert_array_equal(np.asarray(embedding(slots)), expected)


def test_categories_are_shown_as_unknown_in_training_only(embedding: StackedEmbedding):
    slots = np.full((S, 2000, 2), 3, dtype=np.int32)
    out = np.asarray(embedding(slots, training=True)).reshape(S, 2000, 2, 4)
    tables = embedding.get_weights()
    for s in range(S):
        for j in range(2):
            unknown = (out[s, :, j] == tables[j][s][0]).all(axis=1)
            assert ((out[s, :, j] == tables[j][s][3]).all(axis=1) == ~unknown).all()
            assert unknown.mean() == pytest.approx(0.5, abs=0.06)
    assert (np.asarray(embedding(slots))[0, :, :4] == tables[0][0][3]).all()


def test_each_member_has_its_own_dropout_rate():
    layer = StackedDropout(S, seed=0)
    layer.build((S, None, 50))
    layer.rate.assign(np.array([0.0, 0.2, 0.5])[:, None, None])
    x = np.ones((S, 400, 50), np.float32)
    out = np.asarray(layer(x, training=True))
    np.testing.assert_array_equal(out[0], x[0])
    assert (out[1:] == 0).mean(axis=(1, 2)) == pytest.approx([0.2, 0.5], abs=0.02)
    np.testing.assert_allclose(out[2][out[2] > 0], 2.0, rtol=1e-6)
    assert out.mean(axis=(1, 2)) == pytest.approx([1.0] * 3, abs=0.03)


def test_dropout_draws_anew_in_training_and_does_nothing_else():
    layer = StackedDropout(S, seed=0)
    layer.build((S, None, 50))
    layer.rate.assign(np.full((S, 1, 1), 0.5))
    x = np.ones((S, 20, 50), np.float32)
    np.testing.assert_array_equal(np.asarray(layer(x)), x)
    assert not np.array_equal(np.asarray(layer(x, training=True)), np.asarray(layer(x, training=True)))


@pytest.mark.parametrize(("task", "outputs"), [("binary", 1), ("multiclass", 4)])
def test_the_bag_answers_with_the_mean_of_its_members(task: str, outputs: int):
    logits = normal(S, B, outputs) * 5
    head = MemberMean(task, S)
    out = np.asarray(head(logits))
    full = np.concatenate([np.zeros_like(logits), logits], axis=2) if task == "binary" else logits
    shares = np.exp(full.astype(np.float64))
    expected = (shares / shares.sum(axis=2, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(out, expected, atol=1e-6)
    np.testing.assert_allclose(out.sum(axis=1), 1.0, atol=1e-6)


def test_values_far_from_zero_keep_their_digits():
    head = MemberMean("regression", 2)
    head.build((2, None, 1))
    head.set_weights(
        [np.array([1e9, 1e9 + 2])[:, None, None], np.ones((2, 1, 1)), *map(np.array, head.get_weights()[2:])]
    )
    values = np.asarray(head(ops.convert_to_tensor(np.array([[[0.0], [0.5]], [[0.0], [0.5]]], np.float32))))
    assert values[:, 0].tolist() == [1e9 + 1, 1e9 + 1.5]


def test_answers_stay_within_each_members_training_targets():
    head = MemberMean("regression", 2)
    head.build((2, None, 1))
    head.set_weights([np.array(w)[:, None, None] for w in ([0.0, 0.0], [1.0, 1.0], [-1.0, -9.0], [1.0, 9.0])])
    values = np.asarray(head(ops.convert_to_tensor(np.array([[[-5.0], [5.0]], [[-5.0], [5.0]]], np.float32))))
    assert values[:, 0].tolist() == [-3.0, 3.0]


@pytest.mark.parametrize(
    "layer",
    [
        NTKDense(4),
        Scale(),
        Bend("mish"),
        WeightedMean([0.3, 0.7]),
        PiecewiseLinear([0, 2], 4),
        NumberVectors([1], 3),
        PeriodicVectors([0], 4, 2),
        EnsembleView(3),
        EnsembleFirst(4, 3, "relu", merged=False),
        EnsembleFirst(4, 3, "relu", merged=True),
        EnsembleDense(4, 3, "relu", view=True),
        EnsembleLogits(2, 3),
        EnsembleMean("binary"),
        StackedDense(4, "silu"),
        StackedEmbedding([3, 2], 4, hidden_share=0.1, seed=5),
        StackedDropout(S, seed=2),
        MemberMean("regression", S),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_are_rebuilt_from_their_configuration(layer: keras.layers.Layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()

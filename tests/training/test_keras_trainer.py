"""Trials of a user's own Keras model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from autoft.errors import AutoFTError, TrainingError
from autoft.networks.families.own import DENSE
from autoft.records.hints import Hints, RatioInput
from autoft.records.trials import checkpoint_epochs
from autoft.training.keras_trainer import KerasTrainer, network_for
from autoft.training.trial_trainer import Limits
from tests.contract.test_leakage import BLOCKS, FOLDS, OUT, clean, data_of, everything_in_a_new_layout

EPOCHS = 4
PARAMS = {"units": 8, "batch_size": 32, "learning_rate": 0.02, "rate": 0.2}


def build(hp: Any, inputs: Any) -> keras.Model:
    """Everything that has a state of its own: vectors, moving means, masks."""
    x = keras.layers.Dense(hp.Int("units", 8, 16, step=8), activation="relu")(inputs.features)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(hp.Float("rate", 0.0, 0.5))(x)
    return keras.Model(inputs.tensors, keras.layers.Dense(inputs.outputs)(x))


def never() -> bool:
    return False


def make_trainer(data: Any, build: Any = build, epochs: int = EPOCHS, **more: Any) -> KerasTrainer:
    return KerasTrainer(
        data, build=build, folds=FOLDS, limits=Limits(epochs=epochs, patience=epochs), seed=1, clock=lambda: 0.0, **more
    )


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def trained(request, make):
    trainer = make_trainer(make(request.param, pairs=request.param == "binary", center=1e9))
    return trainer, trainer.train(PARAMS, never)


def test_a_trial_has_curves_checkpoints_and_all_folds_answers(trained):
    _, result = trained
    assert result.status == "finished"
    assert result.checkpoints == checkpoint_epochs(EPOCHS)
    assert np.isfinite(result.held_out).all()
    assert np.shape(result.curves["held_out"]) == (EPOCHS, FOLDS)
    assert all(array.shape[0] == FOLDS for array in result.weights.values())
    curve = np.mean(result.curves["held_out"], axis=1)
    assert result.epochs == 1 + min((c - 1 for c in result.checkpoints), key=curve.__getitem__)


def test_the_train_curve_falls(trained):
    _, result = trained
    curve = np.mean(result.curves["train"], axis=1)
    assert curve[-1] < curve[0]


def test_the_same_trial_again_is_equal_to_the_bit(trained):
    trainer, result = trained
    again = trainer.train(PARAMS, never)
    assert again.curves == result.curves
    assert np.array_equal(again.held_out, result.held_out)
    assert all(np.array_equal(again.weights[name], own) for name, own in result.weights.items())


def test_the_ensemble_answers_as_the_members_did(trained):
    trainer, result = trained
    ensemble = trainer.ensemble([(result, 1.0)])
    data = trainer.data
    network = ensemble.networks[0]
    logits = np.asarray(network({"dense": data.dense[:FOLDS], "slots": data.slots[:FOLDS]}, training=False))
    pooled = result.held_out[result.checkpoints.index(result.epochs)]
    for s, rows in enumerate(data.held_out[:FOLDS]):
        np.testing.assert_allclose(data.answers(s, logits[s, rows]), pooled[rows], rtol=1e-5, atol=1e-5)


def test_answers_after_some_epochs_are_those_of_the_trial(trained):
    trainer, result = trained
    answers = trainer.answers_after(PARAMS, 2, EPOCHS, never)
    pooled = result.held_out[result.checkpoints.index(2)]
    rounding = 0.0 if keras.backend.backend() == "tensorflow" else 1e-5  # JAX compiles the two ways apart
    for own, rows in zip(answers[:FOLDS], trainer.data.held_out, strict=False):
        np.testing.assert_allclose(own, pooled[rows], rtol=rounding)
    assert trainer.answers_after(PARAMS, 2, EPOCHS, lambda: True) is None


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_held_out_rows_leave_a_members_weights_as_they_are(task):
    """Whatever stands in block OUT, its member trains the same network to the bit."""
    rows, members = clean(task), []
    for own in (rows, everything_in_a_new_layout(rows, np.flatnonzero(BLOCKS == OUT))):
        training = make_trainer(data_of(own, task))._training(PARAMS)
        for epoch in (1, 2):
            training.epoch(epoch, None)
        members.append({name: array[OUT] for name, array in training.weights().items()})
    before = make_trainer(data_of(rows, task))._training(PARAMS).weights()
    assert any(not np.array_equal(array[OUT], members[0][name]) for name, array in before.items())
    for name, array in members[0].items():
        assert np.array_equal(array, members[1][name]), name


def test_a_trial_ends_when_time_is_up_or_it_is_pruned(make):
    trainer = make_trainer(make("binary"))
    late = trainer.train(PARAMS, lambda: True)
    assert (late.checkpoints, late.reason) == ((1,), "out of time after epoch 1")
    pruned = trainer.train(PARAMS, never, prune=lambda curve: "hopeless" if len(curve) == 2 else "")
    assert (pruned.status, pruned.reason, pruned.checkpoints) == ("pruned", "hopeless", (1, 2))


def test_losses_that_are_no_numbers_make_a_failed_trial(make):
    def diverging(hp, inputs):
        model = keras.Sequential([keras.layers.Dense(inputs.outputs)])
        model.compile(keras.optimizers.SGD(1e30))
        return model

    result = make_trainer(make("regression"), diverging).train({"batch_size": 16}, never)
    assert result.status == "failed"
    assert result.reason.startswith("diverged at epoch 1")


def test_a_build_that_raises_makes_a_failed_trial(make):
    def sometimes(hp, inputs):
        raise ValueError("negative\nsize")

    result = make_trainer(make("binary"), sometimes).train(PARAMS, never)
    assert (result.status, result.reason) == ("failed", "ValueError: negative")


def test_optimizer_and_loss_of_a_compiled_model_are_used(make):
    seen = []

    def loss(y, predicted):
        seen.append(tuple(y.shape)[1:])
        return keras.ops.mean(keras.ops.abs(y - predicted), axis=-1)

    def compiled(hp, inputs):
        model = keras.Sequential([keras.layers.Dense(inputs.outputs)])
        model.compile(keras.optimizers.SGD(0.0), loss)
        return model

    result = make_trainer(make("regression"), compiled).train({"batch_size": 16}, never)
    assert len({tuple(losses) for losses in result.curves["held_out"]}) == 1  # a rate of 0 learns nothing
    assert seen[0] == (1,)


def test_a_quantile_and_weights_of_rows_and_classes_are_trained(make):
    weights = np.linspace(0.5, 1.5, 90)
    high = make_trainer(replace(make("regression"), quantile=0.9), epochs=8).train(
        {**PARAMS, "learning_rate": 0.05}, never
    )
    low = make_trainer(replace(make("regression"), quantile=0.1), epochs=8).train(
        {**PARAMS, "learning_rate": 0.05}, never
    )
    at = [own.held_out[own.checkpoints.index(own.epochs)].mean() for own in (high, low)]
    assert at[0] > at[1]
    plain, weighted = (
        make_trainer(replace(make("binary"), weights=own)).train({**PARAMS, "class_balance": balance}, never)
        for own, balance in ((None, 0.0), (weights, 1.0))
    )
    assert not np.array_equal(plain.held_out, weighted.held_out)


def test_inputs_of_a_hint_that_is_off_are_zeros():
    data = data_of(clean("regression"), "regression")
    hints = Hints(ratios=(RatioInput(id="r000", name="r", numerator="n1", denominator="n0"),))
    trainer = make_trainer(data, hints=hints)
    off = trainer._training({**PARAMS, "without": ("r000: ratio",)})._inputs[DENSE]
    hidden = np.flatnonzero((off == 0).all(axis=(0, 1)) & ~(data.dense == 0).all(axis=(0, 1)))
    assert 1 <= len(hidden) < data.dense.shape[2]


def probabilities(hp, inputs):
    return keras.layers.Dense(inputs.outputs, activation="sigmoid")(inputs.features)


def from_probabilities(hp, inputs):
    model = keras.Sequential([keras.layers.Dense(inputs.outputs)])
    model.compile("adam", "binary_crossentropy")
    return model


class OwnStep(keras.Model):
    def train_step(self, data):
        return {}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda hp, inputs: None, "return a Keras model, but it returned None"),
        (lambda hp, inputs: 3, "return a Keras model, but it returned a int"),
        (lambda hp, inputs: keras.layers.Dense(2)(inputs.features), r"logits of shape \(rows, 1\).*\(None, 2\)"),
        (lambda hp, inputs: keras.layers.Dense(1)(keras.Input((3,))), "its output does not follow from them"),
        (lambda hp, inputs: keras.Model(i := keras.Input((3,)), keras.layers.Dense(1)(i)), "cannot read inputs.feat"),
        (probabilities, r"gives probabilities \(sigmoid\).*remove the sigmoid"),
        (from_probabilities, "binary_crossentropy takes probabilities.*from_logits=True"),
        (lambda hp, inputs: OwnStep(), "a OwnStep has a train_step of its own"),
    ],
)
def test_wrong_builds_say_what_to_do(make, wrong, message):
    with pytest.raises(TrainingError, match=message) as caught:
        network_for(wrong, {}, make("binary"))
    assert isinstance(caught.value, AutoFTError)
    assert caught.value.fix


def test_random_generators_of_the_process_are_left_alone(make):
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    make_trainer(make("binary"), epochs=1).train(PARAMS, never)
    assert np.array_equal(np.random.get_state()[1], before)

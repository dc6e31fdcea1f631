"""Losses of weighted rows and classes, the focal and the pinball loss, against numpy and against repeated rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from choices_help import choose
from scipy.special import expit, log_softmax

from autoft.evaluation import losses
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.selection import Candidate
from autoft.networks.family import architecture_of, initial_weights
from autoft.networks.initial_state import InitialState
from autoft.records.problem import Problem, Truth
from autoft.training.program import Program, Rows
from autoft.training.stack import Stack, batches
from autoft.training.step import EXTRAS, Settings, class_factors, logit_losses, total_loss
from autoft.training.trainer import Trainer
from autoft.training.trial_trainer import Limits

RNG = np.random.default_rng(0)


def setting(*values: float) -> Any:
    return keras.ops.convert_to_tensor(np.array(values, dtype=np.float32)[:, None, None])


def numbers(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize("ensemble", [1, 4])
def test_the_focal_loss_is_that_of_its_paper(task: str, ensemble: int):
    """-(1 - p)^gamma log p, gamma of each member its own; 0 is the log-loss."""
    classes = 1 if task == "binary" else 3
    inner = () if ensemble == 1 else (ensemble,)
    logits = (RNG.normal(size=(2, 5, *inner, classes)) * 3).astype(np.float32)
    y = RNG.integers(0, max(classes, 2), (2, 5))
    truth = y if ensemble == 1 else y[:, :, None]
    given = truth.astype(np.int32 if task == "multiclass" else np.float32)
    found = numbers(logit_losses(task, logits, given, focal=setting(0.0, 2.0)))  # type: ignore[arg-type]
    if task == "binary":
        p = expit(logits[..., 0].astype(float))
        own = np.where(truth == 1, p, 1 - p)
    else:
        p = np.exp(log_softmax(logits.astype(float), axis=-1))
        index = np.broadcast_to(truth, p.shape[:-1])[..., None]
        own = np.take_along_axis(p, index, axis=-1)[..., 0]
    gamma = np.array([0.0, 2.0]).reshape(2, *[1] * (own.ndim - 1))
    np.testing.assert_allclose(found, -((1 - own) ** gamma) * np.log(own), rtol=2e-4, atol=1e-6)


def test_the_focal_loss_of_certain_rows_is_finite():
    for logits, y in (([[[80.0]], [[-80.0]]], [[1.0], [1.0]]), ([[[99.0, 0, 0]], [[0, 99.0, 0]]], [[0], [0]])):
        task = "binary" if len(logits[0][0]) == 1 else "multiclass"
        kind = np.float32 if task == "binary" else np.int32
        found = logit_losses(task, np.array(logits, np.float32), np.array(y, kind), focal=setting(2.0, 2.0))  # type: ignore[arg-type]
        assert numbers(found)[0, 0] == pytest.approx(0, abs=1e-6)
        assert numbers(found)[1, 0] == pytest.approx(80 if task == "binary" else 99, rel=1e-4)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_the_pinball_loss_is_lowest_at_the_quantile(quantile: float):
    y = RNG.normal(size=400)
    logits = RNG.normal(size=(1, 400, 1)).astype(np.float32)
    found = numbers(logit_losses("regression", logits, y[None].astype(np.float32), quantile=quantile))
    error = y - logits[0, :, 0]
    expected = np.where(error > 0, quantile * error, (quantile - 1) * error)
    np.testing.assert_allclose(found[0], expected, atol=1e-5)
    np.testing.assert_allclose(losses.row_losses(y, logits[0, :, 0], quantile), expected, atol=1e-12)
    grid = np.linspace(-2.5, 2.5, 501)
    costs = [losses.pinball(y, np.full(400, level), quantile).mean() for level in grid]
    assert grid[np.argmin(costs)] == pytest.approx(np.quantile(y, quantile), abs=0.05)
    assert losses.weighted_quantile(y, quantile) == pytest.approx(np.quantile(y, quantile), abs=0.05)
    counts = RNG.integers(0, 3, 400)
    assert losses.weighted_quantile(y, quantile, counts) == losses.weighted_quantile(np.repeat(y, counts), quantile)


def test_class_weights_are_powers_of_rarity_with_mean_one():
    shares = np.array([[0.9, 0.1, 0.0], [0.5, 0.25, 0.25]], dtype=np.float32)
    y = np.array([[0, 1, 0], [2, 0, 1]])
    found = numbers(class_factors(shares, setting(0.5, 1.0), y))
    first = np.array([1 / 0.9, 1 / 0.1]) ** 0.5
    first /= first @ [0.9, 0.1]
    np.testing.assert_allclose(found, [first[[0, 1, 0]], [4 / 3, 2 / 3, 4 / 3]], rtol=1e-5)
    assert (numbers(class_factors(shares, setting(0.0, 0.0), y)) == 1).all()
    rows = np.repeat([0, 1], [90, 10])
    np.testing.assert_allclose(losses.class_weights(rows, 0.5), first, rtol=1e-9)
    assert losses.class_weights(rows, 0.7)[rows].mean() == pytest.approx(1)


def test_a_weight_counts_as_so_many_rows():
    own = RNG.normal(size=(1, 3)) ** 2
    weights = np.array([[2.0, 1.0, 3.0]])
    twice = float(numbers(total_loss(own, weights / 2)))
    assert twice == pytest.approx(float(numbers(total_loss(np.repeat(own, [2, 1, 3], axis=1), np.ones((1, 6))))))
    padded = np.pad(weights / 2, ((0, 0), (0, 5)))
    assert float(numbers(total_loss(np.pad(own, ((0, 0), (0, 5)), constant_values=9), padded))) == pytest.approx(twice)


def test_batches_carry_weights_with_mean_one():
    rows = [np.array([0, 2, 3]), np.array([1, 2, 3, 4, 5])]
    given = np.array([1.0, 2, 3, 4, 0.5, 7])
    order, weights = batches(rows, 2, seed=3, epoch=1, given=given)
    for s, own in enumerate(rows):
        held = weights[:, s] > 0
        np.testing.assert_allclose(weights[:, s][held], given[order[:, s][held]] / given[own].mean(), rtol=1e-6)
        assert weights[:, s].sum() == pytest.approx(len(own))
    plain = batches(rows, 2, seed=3, epoch=1)
    for one, other in zip(plain, batches(rows, 2, seed=3, epoch=1, given=np.full(6, 5.0)), strict=True):
        np.testing.assert_array_equal(one, other)


def after_training(data: Stack, batch: int, start: InitialState, **given: float) -> dict[str, np.ndarray]:
    """Weights after three epochs."""
    params = {"architecture": "mlp", "width": 8, "depth": 1, "activation": "silu", "embedding": 4}
    architecture = architecture_of(params, start.inputs, 60)
    program = Program(architecture, batch, Rows(data), extras=EXTRAS.intersection(given))
    program.start(initial_weights(architecture, start), [Settings(learning_rate=0.01, **given)])  # type: ignore[arg-type]
    for epoch in range(1, 4):
        program.epoch(*batches(data.train, batch, seed=0, epoch=epoch, given=data.weights), number=epoch)
    return program.weights()


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_weighted_rows_train_as_repeated_ones(make, task: str):
    """In one batch, from the same first weights; class weights, focal loss and quantile on."""
    data, quantile = make(task, kinds="n"), 0.7 if task == "regression" else None
    weights = np.random.default_rng(5).integers(1, 4, len(data.y)).astype(float)
    weighted = replace(data, weights=weights, quantile=quantile)
    rows = tuple(np.repeat(own, weights[own].astype(int)) for own in data.train)
    repeated = replace(data, train=rows, quantile=quantile)
    np.testing.assert_allclose(weighted.prior(), repeated.prior(), atol=0.02)  # half a row of each class is added
    given = {"class_balance": 0.6, "focal": 1.0} if task == "multiclass" else {}
    one, other = (
        after_training(each, max(map(len, each.train)), data.start(0), **given) for each in (weighted, repeated)
    )
    for name, w in one.items():
        np.testing.assert_allclose(w, other[name], atol=2e-4, err_msg=name)


def test_settings_at_zero_train_the_plain_loss(make):
    data = make("multiclass", kinds="n")
    start = data.start(0)
    plain = after_training(data, 16, start)
    neutral = after_training(data, 16, start, class_balance=0.0, focal=0.0)
    other = after_training(data, 16, start, class_balance=1.0, focal=0.0)
    for name, w in plain.items():
        np.testing.assert_allclose(neutral[name], w, atol=1e-5, err_msg=name)
    assert not np.allclose(other["logits/kernel"], plain["logits/kernel"], atol=1e-3)


@pytest.mark.parametrize(
    ("task", "objective", "quantile", "more"),
    [
        ("binary", "f1", None, {"class_balance": 1.0}),
        ("multiclass", "recall", None, {"class_balance": 0.5, "focal": 2.0}),
        ("regression", "pinball", 0.8, {}),
        ("regression", "mae", None, {}),
    ],
)
def test_a_trial_keeps_the_checkpoint_that_the_choice_takes(
    make, params: dict[str, Any], task: str, objective: str, quantile: float | None, more: dict[str, float]
):
    """Weights are kept while it trains, the choice is made afterwards: by the same weighted loss."""
    level = METRICS[objective].trained_quantile(quantile)
    weights = np.random.default_rng(2).integers(1, 5, 90).astype(float)
    data = replace(make(task), weights=weights, quantile=level)
    trainer = Trainer(data, folds=3, limits=Limits(epochs=12, patience=12), seed=1)
    outcome = trainer.train({**params, "learning_rate": 0.05, **more}, lambda: False)
    candidates = [
        Candidate(trial=0, epochs=e, predictions=p, balance=more.get("class_balance", 0.0))
        for e, p in zip(outcome.checkpoints, outcome.held_out, strict=True)
    ]
    problem = Problem(task=task, objective=objective, quantile=quantile)  # type: ignore[arg-type]
    ((chosen, _),) = choose(Truth(y=data.y, weights=weights), candidates, problem)
    assert candidates[chosen].epochs == outcome.epochs
    own = losses.row_losses(data.y, outcome.held_out[chosen], level)
    if "class_balance" in more:
        own = own * losses.class_weights(data.y, more["class_balance"], weights)[data.y]
    mean = np.average(own, weights=weights)
    sizes = [weights[held].sum() for held in data.held_out]
    units = data.scale if task == "regression" else np.ones(3)
    curve = outcome.curves["held_out"][outcome.epochs - 1]
    assert np.average(np.array(curve) * units, weights=sizes) == pytest.approx(mean, rel=1e-5)


def test_a_quantile_begins_at_that_of_the_training_rows(make):
    data = replace(make("regression", center=1000.0), quantile=0.9)
    bias = data.prior()[:, 0] * data.scale + data.center
    for s, rows in enumerate(data.train):
        assert bias[s] == pytest.approx(np.quantile(data.y[rows], 0.9, method="inverted_cdf"))

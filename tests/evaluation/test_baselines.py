"""Baselines: fitted on training rows alone, compared with the network on the same draws."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from autoft.evaluation.baselines import NAMES, BaselineInputs, BaselineScorer, train_baselines
from autoft.evaluation.correction import corrected, holdout
from autoft.evaluation.folds import FoldRule, RowOrigin, members, split
from autoft.evaluation.selection import Candidate
from autoft.records.problem import BEST_TRIAL, Draws, Problem, Truth

BINARY = Problem(task="binary", objective="roc_auc")
REGRESSION = Problem(task="regression", objective="rmse")
PROBLEMS = {"binary": BINARY, "multiclass": Problem(task="multiclass", objective="log_loss"), "regression": REGRESSION}


def table(task, rows=200, holdout=0.0):
    """Two informative columns (one of codes), missing cells, a column that is never filled, infinities."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 4))
    x[:, 1] = rng.integers(0, 400, size=rows)
    signal = x[:, 0] + (x[:, 1] % 2)
    x[rng.random((rows, 4)) < 0.1] = np.nan
    x[:, 2], x[0, 3], x[1, 3] = np.nan, np.inf, 1e300
    y = signal + 0.1 * rng.normal(size=rows)
    if task != "regression":
        y = np.digitize(y, [0.5] if task == "binary" else [0.0, 1.0])
    origin = RowOrigin(keys=np.arange(rows, dtype=np.uint64))
    got, _ = split(y, task, origin, FoldRule(folds=3, holdout=holdout, seed=0))
    return BaselineInputs(features=x, categorical=np.array([False, True, False, False])), y, got


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_row_gets_predictions_that_beat_the_constant(task):
    inputs, y, blocks = table(task, holdout=0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = train_baselines(inputs, Truth(y=y), members(blocks, "holdout"), PROBLEMS[task], seed=0)
    assert list(got) == ["constant", "linear", "hist_gradient_boosting"]
    error = {}
    for name, p in got.items():
        assert np.isfinite(p).all()
        if task == "regression":
            error[name] = np.mean((p - y) ** 2)
        else:
            assert p.shape == (200, 2 if task == "binary" else 3)
            assert p.sum(axis=1) == pytest.approx(np.ones(200))
            error[name] = np.mean(p.argmax(axis=1) != y)
    assert error["linear"] < 0.8 * error["constant"]
    assert error["hist_gradient_boosting"] < 0.8 * error["constant"]


def test_boosting_is_given_up_where_its_time_is_over():
    inputs, y, blocks = table("binary")
    asked = iter([False, True, True])
    got = train_baselines(inputs, Truth(y=y), members(blocks, "holdout"), BINARY, seed=0, over=lambda: next(asked))
    assert list(got) == ["constant", "linear"]
    assert all((predictions[blocks.blocks >= 0].sum(axis=1) > 0.99).all() for predictions in got.values())


def test_held_out_rows_do_not_reach_the_models():
    inputs, y, blocks = table("binary")
    stack = members(blocks, "corrected")
    before = train_baselines(inputs, Truth(y=y), stack, BINARY, seed=0)
    out = stack[0].held_out[1:]
    inputs.features[out], y[out] = 1e6, 1 - y[out]
    after = train_baselines(inputs, Truth(y=y), stack, BINARY, seed=0)
    first = stack[0].held_out[0]
    for name in before:
        assert (before[name][first] == after[name][first]).all()
        assert (before[name] != after[name]).any()


def test_a_class_that_training_rows_lack_has_probability_zero():
    inputs, _, _ = table("binary", rows=60)
    y = np.r_[np.zeros(40, int), np.ones(20, int)]
    origin = RowOrigin(keys=np.arange(60, dtype=np.uint64), time=np.arange(60))
    blocks, _ = split(y, "binary", origin, FoldRule(folds=3, seed=0))
    got = train_baselines(inputs, Truth(y=y), members(blocks, "corrected"), BINARY, seed=0)
    for p in got.values():
        assert (p[blocks.blocks == 2][:, 1] == 0).all()


def verdicts(quality, honest):
    """Verdict words against two baselines, for a network whose predictions follow the truth this well."""
    rng = np.random.default_rng(2)
    y = rng.normal(size=300)
    network = quality * y + 0.2 * rng.normal(size=300)
    baselines = {"constant": np.zeros(300), "linear": 0.5 * y + 0.2 * rng.normal(size=300)}
    truth, found = Truth(y=y, blocks=np.full(300, -1)), [Candidate(trial=0, epochs=1, predictions=network)]
    settings = {"rule": BEST_TRIAL, "draws": Draws(number=100, seed=3)}
    if honest:
        score = corrected(truth, found, REGRESSION, **settings)
    else:
        score = holdout(truth, found, REGRESSION, predictions=network, **settings)
    scorer = BaselineScorer(truth, REGRESSION, score)
    return [scorer.compare(name, predictions) for name, predictions in baselines.items()], score


@pytest.mark.parametrize("honest", [False, True])
@pytest.mark.parametrize(
    ("quality", "words"), [(1.0, "beaten beaten"), (0.5, "beaten level"), (-0.5, "not beaten not beaten")]
)
def test_verdicts_in_words(quality, words, honest):
    got, _ = verdicts(quality, honest)
    assert " ".join(baseline.verdict for baseline in got) == words
    assert all((baseline.difference.value > 0) == (baseline.verdict == "beaten") for baseline in got[:1])


def test_differences_come_from_the_draws_of_the_network():
    got, score = verdicts(1.0, honest=True)
    for baseline in got:
        gain = baseline.metrics["rmse"].value - score.held_out["rmse"].value
        assert baseline.difference.value == pytest.approx(gain)


def test_a_lucky_choice_beats_no_baseline():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=150)
    trials = [Candidate(trial=t, epochs=1, predictions=rng.dirichlet([1, 1], size=150)) for t in range(60)]
    truth, settings = Truth(y=y, blocks=np.full(150, -1)), {"rule": BEST_TRIAL, "draws": Draws(number=200)}
    score = corrected(truth, trials, BINARY, **settings)
    flattered = holdout(truth, trials, BINARY, predictions=score.predictions, **settings)
    guess = np.full((150, 2), 0.5)
    naive, honest = (BaselineScorer(truth, BINARY, s).compare("constant", guess) for s in (flattered, score))
    assert naive.verdict == "beaten"
    assert honest.verdict == "level"


def test_words_are_learned_from_training_rows_alone():
    """Rows of weight 0 have no say, nor have those of the held-out block."""
    inputs, y, blocks = table("binary")
    weights, seen = np.where(np.arange(len(y)) % 4 == 0, 0.0, 1.0), []

    def words(rows: np.ndarray) -> np.ndarray:
        seen.append(rows)
        return np.zeros((len(y), 1))

    every = members(blocks, "corrected")
    truth = Truth(y=y, weights=weights)
    train_baselines(replace(inputs, words=words), truth, every, BINARY, seed=0, names=NAMES[:2])
    for rows, member in zip(seen, every, strict=True):
        np.testing.assert_array_equal(rows, member.train[weights[member.train] > 0])

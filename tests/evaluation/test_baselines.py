"""Baselines: fitted on training rows alone, compared with the network on the same draws."""

import warnings

import numpy as np
import pytest

from autoft.evaluation.baselines import compare, run
from autoft.evaluation.correction import Candidate, corrected
from autoft.evaluation.folds import members, split


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
    got, _ = split(y, task=task, folds=3, keys=np.arange(rows, dtype=np.uint64), holdout=holdout, seed=0)
    return x, np.array([False, True, False, False]), y, got


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_row_gets_predictions_that_beat_the_constant(task):
    x, categorical, y, blocks = table(task, holdout=0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        got = run(x, categorical=categorical, y=y, members=members(blocks, "holdout"), task=task, seed=0)
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


def test_held_out_rows_do_not_reach_the_models():
    x, categorical, y, blocks = table("binary")
    stack = members(blocks, "corrected")
    before = run(x, categorical=categorical, y=y, members=stack, task="binary", seed=0)
    out = stack[0].held_out[1:]
    x[out], y[out] = 1e6, 1 - y[out]
    after = run(x, categorical=categorical, y=y, members=stack, task="binary", seed=0)
    first = stack[0].held_out[0]
    for name in before:
        assert (before[name][first] == after[name][first]).all()
        assert (before[name] != after[name]).any()


def test_a_class_that_training_rows_lack_has_probability_zero():
    x, categorical, _, _ = table("binary", rows=60)
    y = np.r_[np.zeros(40, int), np.ones(20, int)]
    blocks, _ = split(y, task="binary", folds=3, keys=np.arange(60, dtype=np.uint64), time=np.arange(60), seed=0)
    got = run(x, categorical=categorical, y=y, members=members(blocks, "corrected"), task="binary", seed=0)
    for p in got.values():
        assert (p[blocks.blocks == 2][:, 1] == 0).all()


def verdicts(quality, honest):
    """Verdict words against two baselines, for a network whose predictions follow the truth this well."""
    rng = np.random.default_rng(2)
    y = rng.normal(size=300)
    network = quality * y + 0.2 * rng.normal(size=300)
    baselines = {"constant": np.zeros(300), "linear": 0.5 * y + 0.2 * rng.normal(size=300)}
    settings = {"clusters": np.arange(300), "task": "regression", "objective": "rmse", "positive_index": 1, "seed": 3}
    verdict = corrected(y, [Candidate(trial=0, epochs=1, predictions=network)], draws=100, **settings)
    return compare(y, network, baselines, draws=100, verdict=verdict if honest else None, **settings), verdict


@pytest.mark.parametrize("honest", [False, True])
@pytest.mark.parametrize(
    ("quality", "words"), [(1.0, "beaten beaten"), (0.5, "beaten level"), (-0.5, "not beaten not beaten")]
)
def test_verdicts_in_words(quality, words, honest):
    got, _ = verdicts(quality, honest)
    assert " ".join(baseline.verdict for baseline in got) == words
    assert all((baseline.difference.value > 0) == (baseline.verdict == "beaten") for baseline in got[:1])


def test_differences_come_from_the_draws_of_the_network():
    got, verdict = verdicts(1.0, honest=True)
    for baseline in got:
        gain = baseline.metrics["rmse"].value - verdict.held_out["rmse"].value
        assert baseline.difference.value == pytest.approx(gain)


def test_a_lucky_choice_beats_no_baseline():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=150)
    trials = [Candidate(trial=t, epochs=1, predictions=rng.dirichlet([1, 1], size=150)) for t in range(60)]
    settings = {"clusters": np.arange(150), "task": "binary", "objective": "roc_auc", "positive_index": 1, "seed": 0}
    verdict = corrected(y, trials, draws=200, **settings)
    guess = {"constant": np.full((150, 2), 0.5)}
    naive, honest = (
        compare(y, verdict.predictions, guess, draws=200, verdict=v, **settings)[0] for v in (None, verdict)
    )
    assert naive.verdict == "beaten"
    assert honest.verdict == "level"


def test_words_are_learned_from_the_rows_that_the_models_learn_from():
    """Rows of weight 0 have no say, nor have those of the held-out block."""
    x, categorical, y, blocks = table("binary")
    weights, seen = np.where(np.arange(len(y)) % 4 == 0, 0.0, 1.0), []

    def words(rows: np.ndarray) -> np.ndarray:
        seen.append(rows)
        return np.zeros((len(y), 1))

    every = members(blocks, "corrected")
    setting = {"categorical": categorical, "task": "binary", "seed": 0, "boosting": False, "row_weights": weights}
    run(x, y=y, members=every, words=words, **setting)
    for rows, member in zip(seen, every, strict=True):
        np.testing.assert_array_equal(rows, member.train[weights[member.train] > 0])

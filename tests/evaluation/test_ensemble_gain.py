"""Gain of the ensemble: closed forms, and a simulation in which the truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from autoft.evaluation.baselines import BaselineScorer
from autoft.evaluation.correction import corrected
from autoft.evaluation.ensemble_gain import PairPredictions, ensemble_gain, pairs_of, with_gain
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.selection import Candidate
from autoft.records.columns import Task
from autoft.records.decisions import CalibrationMethod, Costs
from autoft.records.problem import BEST_TRIAL, Draws, Problem, Truth
from autoft.records.scores import Gain

ROWS = 300
BINARY = Problem(task="binary", objective="roc_auc")
REGRESSION = Problem(task="regression", objective="rmse")


def blocks_of(k: int) -> np.ndarray:
    return np.arange(ROWS) % k


def predicted(k: int, model: Any) -> PairPredictions:
    """Predictions by pair; `model` is asked for those of all rows."""
    blocks, found = blocks_of(k), {}
    for pair in combinations(range(k), 2):
        whole = np.asarray(model(pair), dtype=float)
        whole[~np.isin(blocks, pair)] = np.nan
        found[pair] = whole
    return PairPredictions(pairs=found, blocks=blocks)


@pytest.mark.parametrize("k", [3, 5, 10])
def test_independent_errors_average_out(k: int):
    """Models with independent errors of variance 1: the mean of m has 1 / m; the share that a bag has is counted."""
    rng = np.random.default_rng(0)
    gains = [
        ensemble_gain(predicted(k, lambda pair: rng.normal(size=ROWS)), Truth(y=np.zeros(ROWS)), REGRESSION)["rmse"]
        for _ in range(20)
    ]
    m = min(k - 1, 4)
    assert np.mean(gains) == pytest.approx((k - 2) / (k * (1 - 1 / m)) * (m**-0.5 - 1) + 1, abs=0.02)


@pytest.mark.parametrize("k", [3, 4, 5, 6, 10, 50])
def test_every_block_is_left_out_by_as_many_models(k: int):
    blocks = [block for pair in pairs_of(k) for block in pair]
    assert {blocks.count(block) for block in range(k)} == {min(k - 1, 4)}
    assert len(pairs_of(k)) == min(k * (k - 1) // 2, 2 * k)  # what the plan counts on


def test_equal_models_gain_nothing():
    truth = np.random.default_rng(1).normal(size=ROWS)
    found = ensemble_gain(predicted(4, lambda pair: truth + 1), Truth(y=truth), REGRESSION)
    assert found["rmse"] == pytest.approx(1.0)
    assert found["mae"] == pytest.approx(1.0)


def test_ranking_different_models_together_costs_area():
    """Models that agree on the order of the rows, each with an offset of its own: pooled, their area is too small."""
    rng = np.random.default_rng(2)
    k, signal = 5, rng.normal(size=ROWS)
    y = (signal + rng.normal(size=ROWS) > 0).astype(int)
    offsets = {pair: rng.normal(0, 2) for pair in combinations(range(k), 2)}

    def model(pair: tuple[int, int]) -> np.ndarray:
        p = 1 / (1 + np.exp(-signal - offsets[pair]))
        return np.stack([1 - p, p], axis=1)

    counted, pooled = (
        ensemble_gain(predicted(k, model), Truth(y=y), BINARY, exchangeable=random) for random in (True, False)
    )
    singles = predicted(k, model).pairs
    area = roc_auc_score(y, signal)  # what each model has by itself
    below = np.mean([roc_auc_score(y, _single(singles, step, k)) for step in range(1, k)])
    assert counted["roc_auc"] * (1 - below) == pytest.approx(1 - area, abs=0.03)
    assert (pooled["roc_auc"] - counted["roc_auc"]) * (1 - below) > 0.03
    assert pooled["log_loss"] == counted["log_loss"]


def _single(pairs: Mapping[tuple[int, int], np.ndarray], step: int, k: int) -> np.ndarray:
    """Pooled predictions of one model for each block."""
    blocks = blocks_of(k)
    return np.array([pairs[min(i, (i + step) % k), max(i, (i + step) % k)][r, 1] for r, i in enumerate(blocks)])


def test_a_score_moves_by_a_share_of_what_is_left_to_gain():
    rng = np.random.default_rng(3)
    y = rng.normal(size=200)
    found = [Candidate(trial=0, epochs=1, predictions=y + rng.normal(0, 0.1, 200))]
    score = corrected(Truth(y=y), found, REGRESSION, rule=BEST_TRIAL, draws=Draws(number=50))
    moved = with_gain(score, Gain(left={"rmse": 0.9, "r2": 0.5}), REGRESSION)
    for end in ("value", "low", "high"):
        rmse, r2 = (getattr(score.held_out[name], end) for name in ("rmse", "r2"))
        assert getattr(moved.held_out["rmse"], end) == pytest.approx(0.9 * rmse)
        assert getattr(moved.held_out["r2"], end) == pytest.approx((1 + r2) / 2)
        assert getattr(moved.held_out["rmse"], end) > 0
    np.testing.assert_allclose(moved.samples, 0.9 * score.samples)
    gained = {name: moved.held_out[name].value - score.held_out[name].value for name in ("rmse", "r2")}
    assert dict(moved.ensemble_gain) == pytest.approx(gained)
    assert moved.held_out["mae"] == score.held_out["mae"]
    assert moved.optimism == score.optimism


def test_an_interval_grows_by_the_error_of_an_estimated_gain():
    rng = np.random.default_rng(4)
    y = rng.normal(size=400)
    found = [Candidate(trial=0, epochs=1, predictions=y + rng.normal(0, 1.0, 400))]
    score = corrected(Truth(y=y), found, REGRESSION, rule=BEST_TRIAL, draws=Draws(number=200))
    sure, unsure = (with_gain(score, Gain(left={"rmse": 0.9}, errors={"rmse": e}), REGRESSION) for e in (0.0, 0.1))
    before, after = sure.held_out["rmse"], unsure.held_out["rmse"]
    assert after.value == before.value
    own = 1.96 * 0.1 * before.value  # of the estimate alone; errors that know nothing of each other add as squares
    assert after.high - after.value == pytest.approx(np.hypot(before.high - before.value, own))
    assert after.value - after.low == pytest.approx(np.hypot(before.value - before.low, own))
    assert np.std(unsure.samples) == pytest.approx(np.hypot(np.std(sure.samples), 0.1 * before.value))


@pytest.mark.parametrize("k", [4, 5, 8])
def test_half_of_the_models_measure_the_same_gain(k: int):
    rng = np.random.default_rng(5)

    def gain(reach: int) -> float:
        whole = predicted(k, lambda pair: rng.normal(size=ROWS))
        pairs = {pair: whole.pairs[pair] for pair in pairs_of(k, reach)}
        few = PairPredictions(pairs=pairs, blocks=whole.blocks, reach=reach)
        return ensemble_gain(few, Truth(y=np.zeros(ROWS)), REGRESSION)["rmse"]

    assert len(pairs_of(k, 1)) == k
    half, whole = (np.mean([gain(reach) for _ in range(15)]) for reach in (1, 2))
    assert half == pytest.approx(whole, abs=0.06)


def test_temperatures_of_blocks_are_no_cost_of_pooling():
    """One ranking for all blocks: an area gains nothing, however sure the models are in each."""
    rng, k = np.random.default_rng(0), 5
    y = rng.integers(0, 2, ROWS)
    logit = 4.0 * (rng.normal(size=ROWS) + y - 0.5)  # much too sure
    positive = 1 / (1 + np.exp(-logit))
    pairs = predicted(k, lambda pair: np.stack([1 - positive, positive], axis=1))
    methods: tuple[CalibrationMethod, ...] = ("none", "temperature")
    plain, calibrated = (ensemble_gain(pairs, Truth(y=y), BINARY, method=method) for method in methods)
    assert calibrated["roc_auc"] == pytest.approx(plain["roc_auc"], abs=1e-12)


@pytest.mark.parametrize("rows", [3, 6, 20])
@pytest.mark.parametrize(
    ("task", "objective"), [("binary", "roc_auc"), ("multiclass", "log_loss"), ("regression", "r2")]
)
def test_no_interval_leaves_the_range_of_its_metric(task: Task, objective: str, rows: int) -> None:
    """Whatever the bag gains or loses, on the smallest tables: every metric, and the difference to another model."""
    rng = np.random.default_rng(rows)
    number = {"binary": 2, "multiclass": 3, "regression": 0}[task]
    y = rng.permutation(np.arange(rows) % number) if number else rng.normal(size=rows)
    shapes = [rng.dirichlet(np.ones(number), rows) if number else rng.normal(size=rows) for _ in range(2)]
    found = [Candidate(trial=trial, epochs=1, predictions=own) for trial, own in enumerate(shapes)]
    costs = Costs(matrix=((0.0, 1.0, 2.0), (1.0, 0.0, 1.0), (3.0, 1.0, 0.0)) if number == 3 else ())
    problem = Problem(task=task, objective=objective, quantile=None if number else 0.9, goal=costs if number else None)
    score = corrected(Truth(y=y), found[:1], problem, rule=BEST_TRIAL, draws=Draws(number=20))
    assert set(score.held_out) == {metric.name for metric in METRICS if task in metric.tasks}
    for left, error in ((0.0, 0.0), (0.5, 0.3), (2.0, 0.0), (50.0, 1.0)):
        lefts, errors = (dict.fromkeys(score.held_out, each) for each in (left, error))
        moved = with_gain(score, Gain(left=lefts, errors=errors), problem)
        for name, interval in moved.held_out.items():
            low, high = METRICS[name].bounds(problem)
            ends = np.array(
                [interval.value, interval.low, interval.high, *(moved.samples if name == objective else ())]
            )
            assert ((ends >= low) & (ends <= high))[np.isfinite(ends)].all(), (name, left, interval)
    low, high = METRICS[objective].bounds(problem)
    gap = BaselineScorer(Truth(y=y), problem, moved).compare("other", found[1].predictions).difference
    assert not gap.low < low - high
    assert not gap.high > high - low

"""Estimated gain: against fresh rows, for models that fit their rows closely and for models that do not."""

from __future__ import annotations

import numpy as np
import pytest

from autoft.evaluation.estimated_gain import USUAL, estimated_gain, squared_gain
from autoft.evaluation.metrics import METRICS
from autoft.records.problem import Problem, Truth

ROWS, FRESH = 300, 5_000
VALUES = Problem(task="regression", objective="rmse")


def ridges(k: int, features: int, strength: float, seed: int) -> tuple[np.ndarray, np.ndarray, Truth, float]:
    """Ridge models of k folds: answers to their rows, what they learned from, the truth, and the gain on fresh rows."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=features)
    x, fresh = rng.normal(size=(ROWS, features)), rng.normal(size=(FRESH, features))
    y, new = (part @ weights + rng.normal(size=len(part)) * 3 for part in (x, fresh))
    blocks = np.arange(ROWS) % k
    trained = blocks != np.arange(k)[:, None]
    fits = [np.linalg.solve(x[t].T @ x[t] + strength * np.eye(features), x[t].T @ y[t]) for t in trained]
    single = np.mean([np.square(fresh @ fit - new).mean() for fit in fits])
    together = np.square(fresh @ np.mean(fits, axis=0) - new).mean()
    return np.stack([x @ fit for fit in fits]), trained, Truth(y=y, blocks=blocks), 1 - together / single


@pytest.mark.parametrize("k", [2, 3, 5, 10])
@pytest.mark.parametrize(("features", "strength"), [(5, 1.0), (60, 1.0), (100, 30.0)], ids=["few", "many", "shrunk"])
def test_the_estimate_is_the_gain_on_fresh_rows(k: int, features: int, strength: float) -> None:
    """Training errors are .2 to .98 of the held-out ones, gains .1 to 35 %."""
    runs = [ridges(k, features, strength, seed) for seed in range(4)]
    true = np.mean([gain for *_, gain in runs])
    found = np.mean([squared_gain(*run) for *run, _ in runs])
    assert found == pytest.approx(true, rel=0.3, abs=0.004)


def test_equal_members_gain_nothing_and_exact_ones_the_usual() -> None:
    rng = np.random.default_rng(0)
    truth = Truth(y=rng.normal(size=ROWS), blocks=np.arange(ROWS) % 5)
    trained = truth.blocks != np.arange(5)[:, None]
    equal = np.tile(truth.y + rng.normal(size=ROWS), (5, 1))
    assert squared_gain(equal, trained, truth) < 0.001
    exact = np.where(trained, truth.y, truth.y + 1)
    assert squared_gain(exact, trained, truth) == pytest.approx(USUAL * 4 / 5)


@pytest.mark.parametrize("classes", [2, 4])
def test_every_metric_of_classes_has_an_estimate_with_an_error(classes: int) -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, classes, ROWS)
    logits = 2 * np.eye(classes)[y] + rng.normal(size=(ROWS, classes))
    answers = np.exp(logits + 0.7 * rng.normal(size=(5, ROWS, classes)))
    answers /= answers.sum(axis=2, keepdims=True)
    truth = Truth(y=y, blocks=np.arange(ROWS) % 5)
    problem = Problem(task="binary" if classes == 2 else "multiclass", objective="log_loss")
    found = estimated_gain(answers, truth.blocks != np.arange(5)[:, None], truth, problem)
    assert found.source == "estimated"
    assert set(found.left) == set(found.errors) == {m.name for m in METRICS if problem.task in m.tasks} - {"cost"}
    assert all(0 < left < 1.1 for left in found.left.values())
    assert 0 < found.left["log_loss"] < 1
    assert min(found.errors.values()) > 0


def test_rows_without_weight_do_not_count_and_doubled_ones_count_twice() -> None:
    answers, trained, truth, _ = ridges(5, 30, 1.0, 0)
    weights = np.random.default_rng(2).integers(0, 3, ROWS)
    rows = np.repeat(np.arange(ROWS), weights)
    weighted = Truth(y=truth.y, blocks=truth.blocks, weights=weights.astype(float))
    twice = squared_gain(answers[:, rows], trained[:, rows], truth.take(rows))
    assert squared_gain(answers, trained, weighted) == pytest.approx(twice)


def test_members_that_learn_from_the_past_alone_are_compared_where_they_can_be() -> None:
    """Member k knows the blocks before its own: the first block is known to four of five, the last to none."""
    answers, _, truth, _ = ridges(5, 30, 1.0, 1)
    assert truth.blocks is not None
    past = truth.blocks < np.arange(5)[:, None]
    some = truth.blocks < 3
    all_rows, few = squared_gain(answers, past, truth), squared_gain(answers[:, some], past[:, some], truth.take(some))
    assert 0 < all_rows < 0.5
    assert few == pytest.approx(all_rows, rel=0.1)

"""Answers and losses of rows, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_squared_error

from autoft.evaluation.losses import answers, row_losses

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("task", "outputs"), [("binary", 1), ("multiclass", 4)])
def test_losses_average_to_the_log_loss(task: str, outputs: int):
    logits = RNG.normal(size=(50, outputs)) * 3
    y = RNG.integers(0, max(2, outputs), 50)
    found = answers(logits, task)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)
    exact = found.astype(np.float64)
    expected = log_loss(y, exact / exact.sum(axis=1, keepdims=True), labels=range(max(2, outputs)))
    assert row_losses(y, found).mean() == pytest.approx(expected, rel=1e-5)


def test_the_second_column_of_a_binary_answer_is_the_sigmoid():
    np.testing.assert_allclose(answers(np.array([[0.0], [2.0]]), "binary")[:, 1], [0.5, 1 / (1 + np.exp(-2))])


@pytest.mark.parametrize(("task", "outputs"), [("binary", 1), ("multiclass", 3)])
def test_one_sure_mistake_costs_much_but_not_everything(task: str, outputs: int):
    logits = np.full((2, outputs), -3e38, dtype=np.float32)
    logits[0, 0] = 3e38
    with np.errstate(over="raise", invalid="raise"):
        found = answers(logits, task)
        losses = row_losses(np.array([0 if task == "binary" else 1, 1]), found)
    assert np.isfinite(losses).all()
    assert losses[0] == pytest.approx(-np.log(1e-7))


def test_values_return_to_the_targets_scale_in_full_precision():
    logits = RNG.normal(size=(20, 1)).astype(np.float32)
    y = 1e9 + RNG.normal(size=20)
    found = answers(logits, "regression", center=1e9, scale=0.5)
    np.testing.assert_array_equal(found, logits[:, 0].astype(np.float64) * 0.5 + 1e9)
    assert row_losses(y, found).mean() == pytest.approx(mean_squared_error(y, found))
    kept = answers(logits, "regression", center=1e9, scale=0.5, limits=(1e9, 1e9 + 0.2))
    np.testing.assert_array_equal(kept, np.clip(found, 1e9, 1e9 + 0.2))

"""Names, definitions and details of the metrics."""

from dataclasses import replace

import numpy as np
import pytest

from autoft.errors import EvaluationError
from autoft.evaluation.metrics import METRICS, default_objective, details, objectives, scores
from autoft.records import Problem, Truth

BINARY = Problem(task="binary", objective="roc_auc")
MULTICLASS = Problem(task="multiclass", objective="log_loss")
REGRESSION = Problem(task="regression", objective="rmse")


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_default_objective_exists_for_its_task(task):
    assert default_objective(task) in objectives(task)


def test_documented_names_are_there():
    named = {"roc_auc", "pr_auc", "precision", "recall", "f1", "log_loss", "brier", "balanced_accuracy"}
    assert named | {"accuracy", "mcc"} <= set(objectives("binary")) == set(objectives("multiclass"))
    assert set(objectives("regression")) == {"rmse", "mae", "r2", "median_absolute_error"}
    assert set(objectives("regression", 0.9)) == {*objectives("regression"), "pinball"}
    assert {name for name, metric in METRICS.items() if metric.direction == "min"} == {
        "cost", "log_loss", "brier", "rmse", "mae", "median_absolute_error", "pinball",
    }  # fmt: skip


def test_binary_scores_are_those_of_the_positive_class():
    truth = Truth(y=np.array([0, 0, 0, 1]))
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.5, 0.5], [0.4, 0.6]])
    first, second = (scores(truth, p, replace(BINARY, positive_index=i)) for i in (0, 1))
    # A tie at one half goes to the positive class, whichever that is.
    assert second["precision"] == 0.5
    assert first["precision"] == 1.0
    assert second["brier"] == pytest.approx((0.1**2 + 0.2**2 + 0.5**2 + 0.4**2) / 4)


def test_multiclass_brier_sums_over_the_classes():
    truth = Truth(y=np.array([0, 1, 2]))
    assert scores(truth, np.eye(3)[[1, 2, 0]], MULTICLASS)["brier"] == 2.0


def test_metrics_without_meaning_are_nan_not_zero():
    p = np.array([[0.9, 0.1], [0.8, 0.2]])
    got = scores(Truth(y=np.array([0, 0])), p, BINARY)
    assert np.isnan([got["roc_auc"], got["pr_auc"], got["recall"], got["mcc"], got["macro_f1"]]).all()
    assert got["accuracy"] == 1.0


def test_rows_that_were_not_held_out_are_refused():
    with pytest.raises(EvaluationError, match="must be finite numbers"):
        scores(Truth(y=np.array([0.0, 1.0])), np.array([0.0, np.nan]), REGRESSION)


def test_details_of_a_binary_task():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=3000)
    p = np.clip(rng.normal(0.3 + 0.4 * y, 0.2), 0, 1)
    got = details(Truth(y=y), np.stack([1 - p, p], axis=1), BINARY, classes=("No", "Yes"))
    assert list(got.per_class) == ["No", "Yes"]
    assert got.per_class["Yes"]["rows"] == y.sum()
    assert list(got.curves["roc"]) == list(got.curves["pr"]) == ["Yes"]
    roc = got.curves["roc"]["Yes"]
    assert len(roc["x"]) == len(roc["y"]) <= 200
    assert (roc["x"][0], roc["y"][0], roc["x"][-1], roc["y"][-1]) == (0, 0, 1, 1)
    assert np.array(got.confusion).sum() == 3000
    assert got.confusion[1][1] / y.sum() == pytest.approx(got.per_class["Yes"]["recall"])


def test_details_of_a_class_without_rows():
    truth = Truth(y=np.array([0, 1, 0, 1]))
    got = details(truth, np.full((4, 3), 1 / 3), MULTICLASS, classes=("a", "b", "c"))
    assert list(got.curves["roc"]) == ["a", "b"]
    assert got.per_class["c"]["rows"] == 0
    assert np.isnan(got.per_class["c"]["roc_auc"])


def test_details_of_a_regression():
    y = np.arange(5000.0)
    got = details(Truth(y=y), y + 1, REGRESSION)
    residuals = got.curves["residuals"]["all"]
    assert len(residuals["x"]) == 2000
    assert residuals["x"][0] == residuals["y"][0] + 1

"""Details behind the scores: tables by class, confusion and curves."""

import numpy as np
import pytest

from autoft.evaluation.details import details
from autoft.records.problem import Problem, Truth

BINARY = Problem(task="binary", objective="roc_auc")
MULTICLASS = Problem(task="multiclass", objective="log_loss")
REGRESSION = Problem(task="regression", objective="rmse")


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

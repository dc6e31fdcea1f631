"""Scores: definitions, undefined cases, and equality with scikit-learn under ties, random weights and draw counts."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from autoft.errors import EvaluationError
from autoft.evaluation.metrics import metrics_of
from autoft.evaluation.metrics.sums import CHUNK
from autoft.evaluation.scores import scores, weighted_scores
from autoft.records.problem import Problem, Truth

BINARY = Problem(task="binary", objective="roc_auc")
MULTICLASS = Problem(task="multiclass", objective="log_loss")
REGRESSION = Problem(task="regression", objective="rmse")


def classification(classes, rows=300, seed=0):
    """Predictions on a coarse grid, so that many rows tie."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=rows)
    p = rng.random((rows, classes)) + 0.6 * np.eye(classes)[y]
    p = np.round(p / p.sum(axis=1, keepdims=True), 1) + 0.01
    return y, p / p.sum(axis=1, keepdims=True), rng


def reference(y, p, w, *, positive, task):
    """Every metric of a classification, directly from scikit-learn."""
    number = p.shape[1]
    labels = list(range(number))
    ranked = [positive] if task == "binary" else labels
    said = np.where(p[:, positive] >= 0.5, positive, 1 - positive) if task == "binary" else p.argmax(axis=1)
    macro = sk.precision_recall_fscore_support(y, said, labels=labels, average="macro", sample_weight=w)
    own = macro
    if task == "binary":
        own = sk.precision_recall_fscore_support(y, said, pos_label=positive, average="binary", sample_weight=w)
    error = (p - np.eye(number)[y]) ** 2
    brier = error[:, positive] if task == "binary" else error.sum(axis=1)
    return {
        "roc_auc": np.mean([sk.roc_auc_score(y == c, p[:, c], sample_weight=w) for c in ranked]),
        "pr_auc": np.mean([sk.average_precision_score(y == c, p[:, c], sample_weight=w) for c in ranked]),
        **dict(zip(("precision", "recall", "f1"), own[:3], strict=True)),
        **dict(zip(("macro_precision", "macro_recall", "macro_f1"), macro[:3], strict=True)),
        "balanced_accuracy": sk.balanced_accuracy_score(y, said, sample_weight=w),
        "accuracy": sk.accuracy_score(y, said, sample_weight=w),
        "mcc": sk.matthews_corrcoef(y, said, sample_weight=w),
        "log_loss": sk.log_loss(y, p, labels=labels, sample_weight=w),
        "brier": np.average(brier, weights=w),
    }


@pytest.mark.parametrize(("task", "classes", "positive"), [("binary", 2, 1), ("binary", 2, 0), ("multiclass", 4, 1)])
def test_classification_equals_scikit_learn(task, classes, positive):
    y, p, rng = classification(classes)
    weightings = [np.ones((1, len(y))), rng.random((3, len(y))), rng.poisson(1.0, (3, len(y))).astype(np.uint8)]
    for weights in weightings:
        problem = Problem(task=task, objective="log_loss", positive_index=positive)
        got = weighted_scores(Truth(y=y), p, weights, problem)
        assert set(got) == {metric.name for metric in metrics_of(problem)}
        for draw, w in enumerate(weights):
            for name, value in reference(y, p, w.astype(float), positive=positive, task=task).items():
                assert got[name][draw] == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_regression_equals_repeated_rows(offset):
    rng = np.random.default_rng(1)
    y = rng.normal(size=201).round(1) + offset
    predicted = y + rng.normal(size=201).round(1)
    counts = rng.poisson(1.0, (6, 201)).astype(np.uint8)
    got = weighted_scores(Truth(y=y), predicted, counts, Problem(task="regression", objective="rmse"))
    for draw, w in enumerate(counts):
        truth, value = np.repeat(y, w), np.repeat(predicted, w)
        assert got["rmse"][draw] == pytest.approx(np.sqrt(sk.mean_squared_error(truth, value)), abs=1e-9)
        assert got["mae"][draw] == pytest.approx(sk.mean_absolute_error(truth, value), abs=1e-9)
        assert got["r2"][draw] == pytest.approx(sk.r2_score(truth, value), abs=1e-9)
        assert got["median_absolute_error"][draw] == pytest.approx(sk.median_absolute_error(truth, value), abs=1e-9)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_ones_equal_the_point_scores(task):
    y, p, _ = classification(3 if task == "multiclass" else 2)
    if task == "regression":
        y, p = y + p[:, 0], p[:, 1].astype(np.float32)
    problem = Problem(task=task, objective="rmse" if task == "regression" else "log_loss")
    got = weighted_scores(Truth(y=y), p, np.ones((1, len(y))), problem)
    for name, value in scores(Truth(y=y), p, problem).items():
        assert got[name][0] == pytest.approx(value, abs=1e-9), name


def test_undefined_draws_are_nan_and_no_others():
    y, p, _ = classification(2, rows=40)
    weights = np.stack([y == 1, y == 0, np.ones(40, dtype=bool), np.zeros(40, dtype=bool)]).astype(np.uint8)
    got = weighted_scores(Truth(y=y), p, weights, BINARY)
    assert np.isnan(got["roc_auc"]).tolist() == [True, True, False, True]
    assert np.isnan(got["pr_auc"]).tolist() == [True, True, False, True]
    assert np.isnan(got["recall"]).tolist() == [False, True, False, True]
    assert np.isnan(got["mcc"]).tolist() == [True, True, False, True]
    assert np.isnan(got["log_loss"]).tolist() == [False, False, False, True]


def test_certain_but_wrong_predictions_have_a_finite_loss():
    p = np.array([[1, 0], [0, 1]], dtype=np.float32)
    truth = Truth(y=np.array([1, 1]))
    got = weighted_scores(truth, p, np.ones((1, 2)), BINARY, names=("log_loss",))
    assert 5 < got["log_loss"][0] < 10
    assert got["log_loss"][0] == pytest.approx(scores(truth, p, BINARY)["log_loss"])


def test_long_weightings_are_worked_on_in_parts():
    y, p, rng = classification(2, rows=CHUNK // 3)
    weights = rng.integers(0, 3, (7, len(y)), dtype=np.uint8)
    together = weighted_scores(Truth(y=y), p, weights, BINARY, names=("roc_auc",))["roc_auc"]
    alone = weighted_scores(Truth(y=y), p, weights[6:], BINARY, names=("roc_auc",))["roc_auc"]
    assert together[6] == alone[0]
    assert not np.isnan(together).any()


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

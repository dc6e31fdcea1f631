"""Metrics of probabilities: log loss and Brier score."""

from __future__ import annotations

import math

import numpy as np

from autoft.evaluation.losses import row_losses
from autoft.evaluation.metrics.metric import CLASSES, METRICS, Prediction
from autoft.evaluation.metrics.sums import MeanMetric
from autoft.records.arrays import Array
from autoft.records.problem import Problem, Truth


class _ProbabilityMetric(MeanMetric):
    direction = "min"
    range = (0.0, math.inf)
    tasks = CLASSES
    needs = "proba"

    def columns(self, truth: Truth, prediction: Prediction) -> Array:
        """Log-loss and Brier score of each row, ``[n, 2]``."""
        return np.stack([row_losses(truth.y, prediction.values), _row_briers(truth, prediction)], axis=1)


@METRICS.register
class LogLoss(_ProbabilityMetric):
    name = "log_loss"
    label = "Log loss"
    meaning = "how wrong the probabilities are, sure mistakes most; 0 is perfect"
    default_for = ("multiclass",)
    synonyms = ("logloss", "cross_entropy", "crossentropy")
    row_loss = "log loss"
    column = 0


@METRICS.register
class Brier(_ProbabilityMetric):
    """Brier score: binary 0 to 1, of several classes 0 to 2."""

    name = "brier"
    label = "Brier score"
    meaning = "mean squared error of the probabilities; 0 is perfect"
    guards_brier = True
    column = 1

    def bounds(self, problem: Problem) -> tuple[float, float]:
        return (0.0, 1.0 if problem.task == "binary" else 2.0)


def _row_briers(truth: Truth, prediction: Prediction) -> Array:
    """Brier score of each row, ``[n]``, as scikit-learn 1.7 and later define it.

    Binary the squared error of the positive probability, of several classes the sum of their squared errors.
    """
    if prediction.problem.task == "binary":
        right = truth.y == prediction.problem.positive_index
        return np.asarray(np.square(prediction.positive.astype(np.float64) - right))
    right = np.eye(prediction.values.shape[1])[truth.y]
    return np.asarray(np.square(prediction.values.astype(np.float64) - right).sum(axis=1))

"""Metrics of predicted values."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

import numpy as np

from autoft.evaluation.losses import pinball
from autoft.evaluation.metrics.metric import METRICS, VALUES, Prediction
from autoft.evaluation.metrics.sums import MeanMetric, SummedMetric, means, sum_type
from autoft.records.arrays import Array
from autoft.records.problem import Truth


def _errors(truth: Truth, prediction: Prediction) -> Array:
    return np.asarray(prediction.values.astype(np.float64) - truth.y)


class _ErrorMetric(MeanMetric):
    direction = "min"
    range = (0.0, math.inf)
    tasks = VALUES
    needs = "value"

    def columns(self, truth: Truth, prediction: Prediction) -> Array:
        """Squared and absolute error of each row, ``[n, 2]``."""
        error = _errors(truth, prediction)
        return np.stack([np.square(error), np.abs(error)], axis=1)


@METRICS.register
class RootMeanSquaredError(_ErrorMetric):
    name = "rmse"
    label = "RMSE"
    meaning = "root mean squared error, in units of the target; large errors count most"
    default_for = VALUES
    synonyms = ("mse",)
    row_loss = "squared error"
    column = 0

    def of_mean(self, mean: Array) -> Array:
        return np.sqrt(mean)


@METRICS.register
class MeanAbsoluteError(_ErrorMetric):
    """Mean absolute error, which the median minimizes."""

    name = "mae"
    label = "Mean absolute error"
    meaning = "the average miss, in units of the target"
    column = 1

    def trained_quantile(self, quantile: float | None) -> float | None:
        return 0.5


@METRICS.register
class R2(SummedMetric[Array]):
    """Coefficient of determination; NaN where the target does not vary."""

    name = "r2"
    range = (-math.inf, 1.0)
    label = "R²"
    meaning = "share of the target's variance that is explained; 0 is the mean as the answer, 1 is perfect"
    tasks = VALUES
    needs = "value"

    def sums(self, truth: Truth, prediction: Prediction, names: Collection[str]) -> Callable[[Array], Array]:
        """Means of squared errors, of squared and of plain distances from the mean, ``[draws, 3]``."""
        # Centred first: sums of squares of a far-away target would cancel to nothing.
        centred = truth.y - truth.y.mean()
        columns = np.stack([np.square(_errors(truth, prediction)), np.square(centred), centred], axis=1)
        return lambda weights: means(weights, columns)

    def value(self, sums: Array) -> Array:
        residual, square, mean = sums.T
        variance = square - np.square(mean)
        # A draw of equal targets leaves rounding noise instead of 0.
        return np.where(variance > 1e-12 * square, 1 - residual / variance, np.nan)

    def point(self, truth: Truth, prediction: Prediction) -> float:
        if truth.weights is not None:
            return super().point(truth, prediction)
        residual = np.square(_errors(truth, prediction)).sum()
        return float(1 - residual / np.square(truth.y - truth.y.mean()).sum()) if np.ptp(truth.y) > 0 else np.nan


@METRICS.register
class MedianAbsoluteError(SummedMetric[Array]):
    name = "median_absolute_error"
    label = "Median absolute error"
    meaning = "half of the predictions miss by less than this, in units of the target"
    direction = "min"
    range = (0.0, math.inf)
    tasks = VALUES
    needs = "value"
    synonyms = ("median_ae",)

    def sums(self, truth: Truth, prediction: Prediction, names: Collection[str]) -> Callable[[Array], Array]:
        """Weighted medians, ``[draws]``."""
        error = np.abs(_errors(truth, prediction))
        order = np.argsort(error, kind="stable")
        ascending, last = error[order], len(error) - 1

        def medians(w: Array) -> Array:
            below = np.cumsum(np.take(w, order, axis=1), axis=1, dtype=sum_type(w))
            half = below[:, -1:] / 2
            # The mean of the lower and the upper median, as np.median takes it of repeated rows.
            lower, upper = (below < half).sum(axis=1), (below <= half).sum(axis=1)
            value = (ascending[np.minimum(lower, last)] + ascending[np.minimum(upper, last)]) / 2
            return np.where(half[:, 0] > 0, value, np.nan)

        return medians

    def value(self, sums: Array) -> Array:
        return sums

    def trained_quantile(self, quantile: float | None) -> float | None:
        return 0.5


@METRICS.register
class Pinball(_ErrorMetric):
    name = "pinball"
    label = "Pinball loss"
    meaning = "the average miss, in units of the target, weighted so that the wanted quantile misses least"
    needs_quantile = True
    row_loss = "pinball loss"

    def columns(self, truth: Truth, prediction: Prediction) -> Array:
        assert prediction.problem.quantile is not None
        return pinball(truth.y, prediction.values, prediction.problem.quantile)[:, None]

    def trained_quantile(self, quantile: float | None) -> float | None:
        return quantile

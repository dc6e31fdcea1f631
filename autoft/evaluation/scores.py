"""Scores: every metric of one set of predictions, on the rows as they are or under many weightings.

Classes are positions in ``Target.classes``. Predictions are probabilities ``[n, classes]`` (two columns for a binary
task), or values ``[n]`` of a regression. A metric is NaN where it is undefined: macro averages, balanced accuracy and
areas need every class among the true labels; precision, recall and F1 of a binary task need a positive row; MCC needs
two classes; R2 needs a target that varies.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoft.errors import EvaluationError
from autoft.evaluation.metrics import METRICS, Prediction, metrics_of
from autoft.evaluation.metrics.sums import chunks, draws_of, means
from autoft.records.arrays import Array
from autoft.records.decisions import ONE_HALF, AnyRule
from autoft.records.problem import Problem, Truth


def scores(truth: Truth, predictions: Array, problem: Problem, *, rule: AnyRule = ONE_HALF) -> dict[str, float]:
    """Every metric of the problem on the given rows, each of which counts by its weight.

    Raises:
        EvaluationError: If there are no rows, or a prediction is not finite (looked for where rows have no weights).

    >>> truth, problem = Truth(y=np.array([1.0, 2.0])), Problem(task="regression", objective="mae")
    >>> scores(truth, np.array([1.0, 4.0]), problem)["mae"]
    1.0
    """
    if truth.weights is not None:
        found = weighted_scores(truth, predictions, np.ones((1, len(truth)), dtype=np.uint8), problem, rule=rule)
        return {name: float(values[0]) for name, values in found.items()}
    check_predictions(truth.y, predictions)
    prediction = Prediction(values=predictions, problem=problem, rule=rule)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {metric.name: metric.point(truth, prediction) for metric in metrics_of(problem)}


def weighted_scores(
    truth: Truth,
    predictions: Array,
    weights: Array,
    problem: Problem,
    *,
    names: Sequence[str] | None = None,
    rule: AnyRule = ONE_HALF,
) -> dict[str, Array]:
    """Scores of one set of predictions under each of many weightings.

    Args:
        truth: True answers of the rows; their weights multiply every weighting (a row of weight 2 counts as two).
        predictions: All finite.
        weights: Non-negative row weights ``[draws, n]``, for instance draw counts.
        names: Metrics to compute; None for all of the problem.

    Returns:
        ``[draws]`` values by name; NaN where the weighted rows leave a metric undefined (see above).

    >>> truth, problem = Truth(y=np.array([1.0, 2, 3])), Problem(task="regression", objective="mae")
    >>> weighted_scores(truth, np.array([1.0, 2, 6]), np.array([[1, 1, 1], [1, 0, 0]]), problem)["mae"]
    array([1., 0.])
    """
    wanted = metrics_of(problem) if names is None else [METRICS[name] for name in names]
    return draws_of(wanted, truth, Prediction(values=predictions, problem=problem, rule=rule), weights)


def weighted_means(weights: Array, columns: Array, row_weights: Array | None = None) -> Array:
    """Weighted means of several columns under each weighting: ``[draws, n], [n, c] -> [draws, c]``."""
    result = np.empty((len(weights), columns.shape[1]))
    for start, stop in chunks(weights):
        some = weights[start:stop] if row_weights is None else weights[start:stop] * row_weights
        result[start:stop] = means(some, columns)
    return result


def check_predictions(y: Array, predictions: Array) -> None:
    """Raise an `EvaluationError` where predictions are not finite, or not one for each true value."""
    bad = int((~np.isfinite(predictions)).sum())
    if len(y) == 0 or len(y) != len(predictions) or bad:
        found = f"{len(y):,} true values came with {len(predictions):,} predictions, {bad:,} numbers of them not finite"
        fix = "score only rows that were held out, and leave out models that diverged"
        raise EvaluationError("Predictions to be scored", "be finite numbers, one row for each true value", found, fix)

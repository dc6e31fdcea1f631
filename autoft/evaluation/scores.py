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

#: Reasons why a metric has no interval.
NO_ROWS, FEW_ROWS = "no rows", "too few rows"


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
    by_class: bool = False,
) -> dict[str, Array]:
    """Scores of one set of predictions under each of many weightings.

    Args:
        truth: True answers of the rows; their weights multiply every weighting (a row of weight 2 counts as two).
        predictions: All finite.
        weights: Non-negative row weights ``[draws, n]``, for instance draw counts.
        names: Metrics to compute; None for all of the problem.
        by_class: Whether macro metrics of several classes come as ``[draws, classes]``, for `over_classes`.

    Returns:
        ``[draws]`` values by name; NaN where the weighted rows leave a metric undefined (see above).

    >>> truth, problem = Truth(y=np.array([1.0, 2, 3])), Problem(task="regression", objective="mae")
    >>> weighted_scores(truth, np.array([1.0, 2, 6]), np.array([[1, 1, 1], [1, 0, 0]]), problem)["mae"]
    array([1., 0.])
    """
    wanted = metrics_of(problem) if names is None else [METRICS[name] for name in names]
    prediction = Prediction(values=predictions, problem=problem, rule=rule)
    return draws_of(wanted, truth, prediction, weights, by_class=by_class)


def over_classes(samples: Array) -> Array:
    """Macro scores ``[draws]`` from those by class, ``[draws, classes]``; other samples as they are.

    A draw that lacks a class is undefined and skipped, as long as half of the draws have them all. With many small
    classes hardly any draw does: a class that a draw lacks then counts with its mean over the other draws, if half of
    the draws have it. (The mean over the classes at hand would count rare classes, mostly the hard ones, too little.)

    >>> over_classes(np.array([[1.0, np.nan], [0.5, 0.0], [np.nan, 0.0], [np.nan, 0.2]])).round(3)
    array([0.533, 0.25 , 0.375, 0.475])
    """
    if samples.ndim == 1:
        return samples
    known = np.isfinite(samples)
    whole, drawn = known.all(axis=1), known.any(axis=1)
    enough = drawn.sum() / 2
    if whole.sum() >= enough or (known.sum(axis=0) < enough).any():
        return np.asarray(samples.mean(axis=1))
    means = np.where(known, samples, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(drawn, np.where(known, samples, means).mean(axis=1), np.nan)


def why_undefined(y: Array, defined: bool) -> str:
    """Why a metric has no interval on rows with the answers `y`; `defined`: it has a value on all of them."""
    if not len(y):
        return NO_ROWS
    if defined:
        return FEW_ROWS
    kinds = "value" if y.dtype.kind == "f" else "class"
    return f"one {kinds} only" if np.ptp(y) == 0 else "a class is missing"


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

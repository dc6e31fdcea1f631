"""Predictions and losses of held-out rows in numpy, float64, as curves and choices need them."""

from __future__ import annotations

import numpy as np

from autoft.records.arrays import Array
from autoft.records.columns import Task

#: Smallest probability in a loss: networks compute in float32, which cannot tell smaller ones from 0.
SMALLEST = 1e-7


def answers(
    logits: Array,
    task: Task,
    center: float | Array = 0.0,
    scale: float | Array = 1.0,
    limits: tuple[float | Array, float | Array] = (-np.inf, np.inf),
) -> Array:
    """Probabilities ``[n, classes]`` float32, or values ``[n]`` of a regression, from logits ``[n, outputs]``.

    Values are float64, since they may lie far from 0 (moments in seconds).
    """
    logits = np.asarray(logits, dtype=np.float64)
    if task == "regression":
        return np.asarray(np.clip(logits[:, 0] * scale + center, *limits))
    if task == "binary":
        positive = 1.0 / (1.0 + np.exp(-np.clip(logits[:, 0], -60, 60)))
        return np.asarray(np.stack([1.0 - positive, positive], axis=1), dtype=np.float32)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def row_losses(y: Array, predictions: Array, quantile: float | None = None) -> Array:
    """Loss of each row, ``[n]``: log-loss of probabilities, squared error of values or `pinball` at a quantile.

    Its mean over held-out rows chooses the checkpoint of a trial, while it trains and in every draw of the correction.
    Probabilities are kept away from 0 by `SMALLEST`, with rows that sum to 1.

    >>> row_losses(np.array([1]), np.array([[0.5, 0.5]])).round(3)
    array([0.693])
    """
    if predictions.ndim == 1:
        if quantile is not None:
            return pinball(y, predictions, quantile)
        return np.asarray(np.square(predictions.astype(np.float64) - y))
    clipped = np.clip(predictions.astype(np.float64), SMALLEST, None)
    return np.asarray(-np.log(clipped[np.arange(len(y)), y] / clipped.sum(axis=1)))


def pinball(y: Array | float, predictions: Array, quantile: float) -> Array:
    """Pinball loss of each prediction, ``[n]``: Koenker & Bassett, "Regression quantiles", Econometrica 46 (1978).

    A value above its prediction costs `quantile` a unit, a value below it ``1 - quantile``: the best constant is that
    quantile. At .5 it is half the absolute error.

    >>> pinball(np.array([3.0, 0.0]), np.array([1.0, 1.0]), 0.9).round(3).tolist()
    [1.8, 0.1]
    """
    error = y - predictions.astype(np.float64)
    return np.asarray(np.maximum(quantile * error, (quantile - 1.0) * error))


def class_weights(y: Array, balance: float, weights: Array | None = None) -> Array:
    """Weight of each class, ``[classes]``: ``(n / (K n_c))^balance``, with mean 1 over the rows.

    They also choose the checkpoint of a trial that trains with class weights: by the plain log-loss it would be the one
    that has learned them least.

    Args:
        y, weights: Class positions and weights of the rows, ``[n]``; None where all count the same.
        balance: 0 weighs all classes alike, 1 gives all the same weight in total.

    >>> class_weights(np.array([0, 0, 0, 1]), 1.0).round(3).tolist()
    [0.667, 2.0]
    """
    counts = np.bincount(y, weights)
    powers = np.power(np.where(counts > 0, counts, 1.0) / counts.sum(), -balance) * (counts > 0)
    return np.asarray(powers * counts.sum() / (counts @ powers))


def weighted_quantile(values: Array, quantile: float, weights: Array | None = None) -> float:
    """The smallest value that has at least a share `quantile` of the weights at or below it.

    >>> weighted_quantile(np.array([1.0, 9.0]), 0.5, np.array([1, 3]))
    9.0
    """
    order = np.argsort(values, kind="stable")
    below = np.cumsum(np.ones(len(values)) if weights is None else weights[order])
    return float(values[order][min(int(np.searchsorted(below, quantile * below[-1])), len(values) - 1)])

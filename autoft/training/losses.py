"""Answers and losses of held-out rows in numpy, float64: what curves and choices are read off."""

from __future__ import annotations

import numpy as np

from autoft.preprocess.encode import Array
from autoft.records import Task

#: Probabilities are kept this far from 0 and rows made to sum to 1 before a logarithm is taken: networks
#: compute in float32, which cannot tell smaller distances from certainty.
SMALLEST = 1e-7


def answers(
    logits: Array,
    task: Task,
    center: float | Array = 0.0,
    scale: float | Array = 1.0,
    limits: tuple[float | Array, float | Array] = (-np.inf, np.inf),
) -> Array:
    """Logits ``[n, outputs]`` to probabilities ``[n, classes]`` float32, or to values ``[n]`` float64 for regression.

    That is the precision in which they are kept: values may lie far from 0 (moments in seconds), probabilities not.
    """
    logits = np.asarray(logits, dtype=np.float64)
    if task == "regression":
        return np.asarray(np.clip(logits[:, 0] * scale + center, *limits))
    if task == "binary":
        positive = 1.0 / (1.0 + np.exp(-np.clip(logits[:, 0], -60, 60)))
        return np.asarray(np.stack([1.0 - positive, positive], axis=1), dtype=np.float32)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def bounded(probabilities: Array) -> Array:
    """Probabilities in float64, away from 0 by `SMALLEST`, with rows that sum to 1."""
    clipped = np.clip(probabilities.astype(np.float64), SMALLEST, None)
    return np.asarray(clipped / clipped.sum(axis=1, keepdims=True))


def row_losses(y: Array, predictions: Array) -> Array:
    """Loss of each row, ``[n]``: log-loss of probabilities, squared error of values.

    Its mean over held-out rows is what chooses the checkpoint of a trial, while it trains and in every draw of the
    correction.

    >>> row_losses(np.array([1]), np.array([[0.5, 0.5]])).round(3)
    array([0.693])
    """
    if predictions.ndim == 1:
        return np.asarray(np.square(predictions.astype(np.float64) - y))
    return np.asarray(-np.log(bounded(predictions)[np.arange(len(y)), y]))

"""Answers and losses of held-out rows in numpy, float64: what curves and choices are read off."""

from __future__ import annotations

import numpy as np

from autoft.preprocess.encode import Array
from autoft.records import Task

#: Probabilities are kept this far from 0 and 1, so that one sure mistake cannot make a mean infinite.
EPSILON = 1e-7


def answers(logits: Array, task: Task, center: float = 0.0, scale: float = 1.0) -> Array:
    """Logits ``[n, outputs]`` to probabilities ``[n, classes]`` float32, or to values ``[n]`` float64 for regression.

    That is the precision in which they are kept: values may lie far from 0 (moments in seconds), probabilities not.
    """
    logits = np.asarray(logits, dtype=np.float64)
    if task == "regression":
        return logits[:, 0] * scale + center
    if task == "binary":
        positive = 1.0 / (1.0 + np.exp(-np.clip(logits[:, 0], -60, 60)))
        return np.asarray(np.stack([1.0 - positive, positive], axis=1), dtype=np.float32)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def row_losses(y: Array, predictions: Array, task: Task) -> Array:
    """Loss of each row ``[n]``: log-loss of the true class, or squared error.

    >>> row_losses(np.array([1]), np.array([[0.5, 0.5]]), "binary").round(3)
    array([0.693])
    """
    if task == "regression":
        return np.asarray(np.square(y - predictions))
    true = np.asarray(predictions, dtype=np.float64)[np.arange(len(y)), y]
    return np.asarray(-np.log(np.clip(true, EPSILON, 1.0)))

"""Blending: the trials that a search has trained, weighted together; nothing trained is thrown away.

Greedy selection with replacement: Caruana, Niculescu-Mizil, Crew, Ksikes, "Ensemble selection from libraries of
models", ICML 2004. It begins with the trial that is best by the objective and adds, again and again, the one that
lowers the squared error of the mean prediction most (for classes that is the Brier score, a proper one). Squared errors
of means are quadratic forms: one small matrix says what every blend is worth, so that the whole selection can be made
anew on every draw of the bias correction.
"""

from __future__ import annotations

import numpy as np

from autoft.evaluate.intervals import Array
from autoft.records import Task

#: Trials that a blend may draw on, the best by the objective, and rounds of the selection: weights are n-ths of those.
POOL, ROUNDS = 10, 12


def errors(y: Array, predictions: Array, task: Task, positive_index: int, unit: float = 1.0) -> Array:
    """What a prediction is wrong by, ``[m, c]``: one column for two classes and for values, else one for each class.

    Args:
        y: Class positions or values, ``[m]``.
        predictions: ``[m, classes]`` or ``[m]``.
        task, positive_index: The problem.
        unit: Of the values, so that squares of far-away targets stay small.

    >>> errors(np.array([1, 0]), np.array([[0.25, 0.75], [1.0, 0.0]]), "binary", 1).tolist()
    [[-0.25], [0.0]]
    """
    if task == "regression":
        return np.asarray((predictions.astype(np.float64) - y)[:, None] / unit)
    if task == "binary":
        return np.asarray((predictions[:, [positive_index]] - (y == positive_index)[:, None]).astype(np.float32))
    return np.asarray((predictions - np.eye(predictions.shape[1], dtype=np.float32)[y]).astype(np.float32))


def products(wrong: Array, weights: Array) -> Array:
    """Weighted products of errors ``[m, c, t]`` of t trials: ``[t, t]``."""
    flat = wrong.reshape(-1, wrong.shape[2])
    weighted = flat * np.repeat(weights, wrong.shape[1])[:, None].astype(flat.dtype)
    return np.asarray(weighted.T.astype(np.float64) @ flat.astype(np.float64))


def select(gram: Array, members: int) -> Array:
    """Weights ``[t]`` of a blend that begins with the first trial; they sum to 1.

    Args:
        gram: `products` of the trials.
        members: Most different trials.

    >>> opposite = np.array([[1.0, -1.0], [-1.0, 1.0]])  # one is wrong by 1 where the other is by -1
    >>> select(opposite, 5).tolist(), select(opposite, 1).tolist()
    ([0.5, 0.5], [1.0, 0.0])
    """
    counts = np.zeros(len(gram))
    counts[0] = 1
    best, lowest = counts.copy(), float(gram[0, 0])
    inside, total = gram[0].copy(), float(gram[0, 0])
    for size in range(2, ROUNDS + 1):
        losses = (total + 2 * inside + np.diagonal(gram)) / size**2
        if np.count_nonzero(counts) >= members:
            losses = np.where(counts > 0, losses, np.inf)
        pick = int(np.argmin(losses))
        total += 2 * inside[pick] + gram[pick, pick]
        inside = inside + gram[pick]
        counts[pick] += 1
        if losses[pick] < lowest * (1 - 1e-9):
            best, lowest = counts.copy(), float(losses[pick])
    return np.asarray(best / best.sum())

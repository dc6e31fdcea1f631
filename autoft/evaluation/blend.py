"""Blending: weighted means of the predictions of several trials.

Greedy selection with replacement (Caruana, Niculescu-Mizil, Crew, Ksikes, "Ensemble selection from libraries of
models", ICML 2004). It begins with the trial that is best by the objective; each round adds the trial that lowers the
squared error of the mean prediction most (for classes the Brier score, a proper one). Squared errors of means are
quadratic forms: one small matrix scores every blend, so that the selection can be repeated on every bootstrap draw.
Where a regression learns a quantile, squared errors would pull it to the mean: there the pinball loss is lowered, on at
most `ROWS` rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autoft.evaluation.losses import pinball
from autoft.records.arrays import Array
from autoft.records.columns import Task

#: Trials that a blend may consist of: the best by the objective.
POOL = 10
#: Rounds of the selection; weights are multiples of one over the rounds used.
ROUNDS = 12
#: Largest number of rows, evenly spaced, on which pinball losses are compared: it is done again on every draw.
ROWS = 4_000


def errors(y: Array, predictions: Array, task: Task, positive_index: int, unit: float = 1.0) -> Array:
    """Errors of predictions, ``[m, c]``: one column for two classes and for values, else one for each class.

    Args:
        y: Class positions or values, ``[m]``.
        unit: Divisor of the errors of values, so that squares of large targets stay small.

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
        members: Largest number of different trials.

    >>> opposite = np.array([[1.0, -1.0], [-1.0, 1.0]])  # one is wrong by 1 where the other is by -1
    >>> select(opposite, 5).tolist(), select(opposite, 1).tolist()
    ([0.5, 0.5], [1.0, 0.0])
    """
    inside, total = gram[0].copy(), float(gram[0, 0])

    def losses(size: int) -> Array:
        return np.asarray((total + 2 * inside + np.diagonal(gram)) / size**2)

    def add(pick: int) -> None:
        nonlocal inside, total
        total += 2 * inside[pick] + gram[pick, pick]
        inside = inside + gram[pick]

    return _greedy(losses, add, len(gram), members, total)


def sample(rows: int) -> Array:
    """Positions of the rows on which pinball losses are compared: at most `ROWS`, evenly spaced."""
    return np.asarray(np.unique(np.linspace(0, rows - 1, min(rows, ROWS)).round().astype(int)))


def select_by_pinball(y: Array, predictions: Array, weights: Array, members: int, quantile: float) -> Array:
    """As `select`, by the pinball loss of the mean prediction, from values and weights ``[m]``, predictions ``[m, t]``.

    >>> y, one = np.zeros(2), np.ones(2)
    >>> select_by_pinball(y, np.array([[1.0, -1.0], [1.0, -1.0]]), one, 5, 0.5).tolist()
    [0.5, 0.5]
    """
    few = weights > 0
    wrong, own = predictions[few].astype(np.float64) - y[few, None], weights[few].astype(np.float64)
    total = wrong[:, 0].copy()

    def losses(size: int) -> Array:
        return np.asarray(own @ pinball(0.0, (total[:, None] + wrong) / size, quantile))

    def add(pick: int) -> None:
        total[:] += wrong[:, pick]

    return _greedy(losses, add, wrong.shape[1], members, float(own @ pinball(0.0, total, quantile)))


def _greedy(
    losses: Callable[[int], Array], add: Callable[[int], None], trials: int, members: int, lowest: float
) -> Array:
    """Weights ``[trials]`` after the rounds.

    Args:
        losses: From a size to the loss of a blend of that size with each trial as its next member, ``[trials]``.
        add: Makes a trial the next member.
        lowest: Loss of the first trial alone.
    """
    counts = np.eye(1, trials)[0]
    best = counts.copy()
    for size in range(2, ROUNDS + 1):
        # Once the blend is full, only its own trials may be added.
        full = np.count_nonzero(counts) >= members
        tried = np.where(counts > 0, losses(size), np.inf) if full else losses(size)
        pick = int(np.argmin(tried))
        add(pick)
        counts[pick] += 1
        if tried[pick] < lowest * (1 - 1e-9):
            best, lowest = counts.copy(), float(tried[pick])
    return np.asarray(best / best.sum())

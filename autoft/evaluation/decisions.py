"""Decisions: the class that is decided for each row."""

from __future__ import annotations

import numpy as np

from autoft.records import CostMatrix, Task
from autoft.records.arrays import Array


def decide(
    probabilities: Array,
    *,
    task: Task,
    positive_index: int,
    threshold: float | Array = 0.5,
    matrix: CostMatrix = (),
) -> Array:
    """The decided class of each row, ``[n]``.

    Args:
        probabilities: ``[n, classes]``.
        task, positive_index: The problem.
        threshold: Of a binary task, one for all rows or one for each.
        matrix: Of other tasks, costs ``[true][answered]``: the answer with the lowest expected cost is decided, the
            first of several (Elkan, "The foundations of cost-sensitive learning", IJCAI 2001). Without it the most
            probable class is.

    >>> decide(np.array([[0.5, 0.5], [0.9, 0.1]]), task="binary", positive_index=1)
    array([1, 0])
    >>> costs = ((0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (9.0, 9.0, 0.0))  # missing the last class costs most
    >>> decide(np.array([[0.5, 0.3, 0.2], [0.9, 0.05, 0.05]]), task="multiclass", positive_index=1, matrix=costs)
    array([2, 0])
    """
    if task == "binary":
        return np.where(probabilities[:, positive_index] >= threshold, positive_index, 1 - positive_index)
    if matrix:
        return np.asarray(np.argmin(probabilities.astype(np.float64) @ np.array(matrix), axis=1))
    return np.asarray(np.argmax(probabilities, axis=1))

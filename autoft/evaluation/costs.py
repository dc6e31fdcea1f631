"""Costs of single rows: the one place where costs meet true labels."""

from __future__ import annotations

import numpy as np

from autoft.records import Costs
from autoft.records.arrays import Array


def row_costs(costs: Costs, y: Array, answered: Array | int, positive_index: int) -> Array:
    """The cost of an answer to each row, ``[n]``.

    Args:
        y: True class positions, ``[n]``.
        answered: Answered class positions, ``[n]``, or one answer to all rows.
        positive_index: Position of the positive class (two classes).

    >>> costs = Costs(false_negative=5.0, false_positive=2.0)
    >>> row_costs(costs, np.array([1, 1, 0, 0]), np.array([1, 0, 1, 0]), 1).tolist()
    [0.0, 5.0, 2.0, 0.0]
    >>> worth = Costs(false_positive=2.0, gains=np.array([7.0, 8.0, np.nan, np.nan]))
    >>> row_costs(worth, np.array([1, 1, 0, 0]), 0, 1).tolist()
    [7.0, 8.0, 0.0, 0.0]
    """
    if costs.matrix:
        return np.asarray(np.array(costs.matrix, dtype=np.float64)[y, answered])
    positive, said = y == positive_index, np.broadcast_to(np.equal(answered, positive_index), np.shape(y))
    missed = costs.false_negative * (1.0 if costs.gains is None else np.where(positive, costs.gains, 0.0))
    of_positive = np.where(said, costs.true_positive, missed)
    return np.asarray(np.where(positive, of_positive, np.where(said, costs.false_positive, costs.true_negative)))

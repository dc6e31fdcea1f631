"""What the answer to each row costs: the one place where costs meet true labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autoft.records import CostMatrix, Costs, DecisionGoal
from autoft.records.arrays import Array


def row_costs(costs: Costs, y: Array, answered: Array | int, positive_index: int) -> Array:
    """The cost of an answer to each row, ``[n]``.

    Args:
        costs: Of answers; its gains are those of these rows.
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


def of_rows(costs: DecisionGoal | None, rows: Array) -> DecisionGoal | None:
    """The same of some rows: gains belong to rows."""
    if not isinstance(costs, Costs) or costs.gains is None:
        return costs
    return replace(costs, gains=costs.gains[rows])


def matrix_of(costs: DecisionGoal | None) -> CostMatrix:
    """The matrix by which several classes are decided; empty for the most probable class."""
    return costs.matrix if isinstance(costs, Costs) else ()


__all__ = ["matrix_of", "of_rows", "row_costs"]

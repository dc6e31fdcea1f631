"""Decisions: the class that is decided for each row, and what that costs: the one place where costs meet labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autoft.records.arrays import Array
from autoft.records.decisions import ONE_HALF, AnyRule, Costs
from autoft.records.problem import Problem


def decide(probabilities: Array, positive: int | None, rule: AnyRule = ONE_HALF) -> Array:
    """The decided class of each row, ``[n]``.

    Args:
        probabilities: ``[n, classes]``.
        positive: Position of the positive of two classes (`Problem.positive`); None for more classes. These are
            decided by the lowest expected cost (Elkan, "The foundations of cost-sensitive learning", IJCAI 2001) where
            the rule has a matrix, else by the highest probability. Of equals the first is taken.
        rule: Threshold or cost matrix; its calibration is taken to be applied.

    >>> decide(np.array([[0.5, 0.5], [0.9, 0.1]]), positive=1)
    array([1, 0])
    >>> from autoft.records.decisions import DecisionRule
    >>> rule = DecisionRule(matrix=((0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (9.0, 9.0, 0.0)))  # missing the last class
    >>> decide(np.array([[0.5, 0.3, 0.2], [0.9, 0.05, 0.05]]), None, rule)
    array([2, 0])
    """
    if positive is not None:
        return np.where(probabilities[:, positive] >= rule.threshold, positive, 1 - positive)
    if rule.matrix:
        return np.asarray(np.argmin(probabilities.astype(np.float64) @ np.array(rule.matrix), axis=1))
    return np.asarray(np.argmax(probabilities, axis=1))


def decided_by(rule: AnyRule, problem: Problem) -> AnyRule:
    """The rule; of several classes with costs, one that has their matrix."""
    return replace(rule, matrix=problem.matrix) if problem.matrix and not rule.matrix else rule


def row_costs(costs: Costs, y: Array, answered: Array | int, positive_index: int) -> Array:
    """The cost of an answer to each row, ``[n]``.

    Args:
        y: True class positions, ``[n]``.
        answered: Answered class positions, ``[n]``, or one for all rows.
        positive_index: Position of the positive of two classes.

    >>> costs = Costs(false_negative=5.0, false_positive=2.0)
    >>> row_costs(costs, np.array([1, 1, 0, 0]), np.array([1, 0, 1, 0]), 1).tolist()
    [0.0, 5.0, 2.0, 0.0]
    """
    if costs.matrix:
        return np.asarray(np.array(costs.matrix, dtype=np.float64)[y, answered])
    positive, said = y == positive_index, np.broadcast_to(np.equal(answered, positive_index), np.shape(y))
    missed = costs.false_negative * (1.0 if costs.gains is None else np.where(positive, costs.gains, 0.0))
    of_positive = np.where(said, costs.true_positive, missed)
    return np.asarray(np.where(positive, of_positive, np.where(said, costs.false_positive, costs.true_negative)))

"""The problem and the truth: what every score needs to know besides predictions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autoft.records.arrays import Array
from autoft.records.columns import Task
from autoft.records.decisions import Costs, DecisionGoal


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is predicted, and what counts.

    Attributes:
        task: Kind of problem.
        objective: Name of the metric that is tuned.
        positive_index: Position of the positive class (binary).
        quantile: Of the objective ``pinball``.
        goal: What decisions follow (costs of answers, or a minimum), where the recipe says it. The gains of single
            rows are the truth's.
    """

    task: Task
    objective: str
    positive_index: int = 1
    quantile: float | None = None
    goal: DecisionGoal | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """True answers of rows, and what belongs to each of these rows.

    Attributes:
        y: Class positions or values, ``[n]``.
        weights: ``[n]``, None where all rows count the same; a row of weight 2 counts as two.
        clusters: Rows that are drawn together share a number, ``[n]``; None where every row stands alone.
        gains: ``[n]``, what missing each row costs; None where all cost the same.
    """

    y: Array
    weights: Array | None = None
    clusters: Array | None = None
    gains: Array | None = None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: Array) -> Truth:
        """The same of some rows.

        >>> import numpy as np
        >>> Truth(y=np.array([0, 1, 1]), weights=np.array([1.0, 2.0, 3.0])).take(np.array([2, 0])).weights
        array([3., 1.])
        """
        parts = {name: getattr(self, name) for name in ("weights", "clusters", "gains")}
        return Truth(y=self.y[rows], **{name: None if part is None else part[rows] for name, part in parts.items()})

    def goal(self, problem: Problem) -> DecisionGoal | None:
        """The problem's costs with the gains of these rows, or its minimum."""
        goal = problem.goal
        return replace(goal, gains=self.gains) if isinstance(goal, Costs) else goal

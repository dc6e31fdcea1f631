"""Problem and truth: what every score needs besides predictions, and the settings of a selection and its draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from autoft.records.arrays import Array
from autoft.records.columns import Task
from autoft.records.decisions import CostMatrix, Costs, DecisionGoal

#: Whether probabilities are calibrated.
Calibrate = Literal["auto", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is predicted, and what counts.

    Attributes:
        objective: Name of the metric that is tuned.
        positive_index: Position of the positive class (binary).
        quantile: Of the objective ``pinball``.
        goal: What decisions follow (costs of answers, or a minimum), where the recipe says it. What missing a single
            row costs is part of the `Truth`.
    """

    task: Task
    objective: str
    positive_index: int = 1
    quantile: float | None = None
    goal: DecisionGoal | None = None

    @property
    def positive(self) -> int | None:
        """Position of the positive of two classes; None where there are more classes or none."""
        return self.positive_index if self.task == "binary" else None

    @property
    def matrix(self) -> CostMatrix:
        """Costs ``[true][answered]`` of several classes; empty where none are given."""
        return self.goal.matrix if isinstance(self.goal, Costs) else ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """True answers of rows, and what belongs to each of these rows.

    Attributes:
        y: Class positions or values, ``[n]``.
        weights: ``[n]``, None where all rows count the same; a row of weight 2 counts as two.
        clusters: Rows that are drawn together share a number, ``[n]``; None where every row stands alone.
        gains: ``[n]``, what missing each row costs; None where all cost the same.
        blocks: Block of each row, ``[n]``, negative for rows in none (`records.split`); None where there are no blocks.
    """

    y: Array
    weights: Array | None = None
    clusters: Array | None = None
    gains: Array | None = None
    blocks: Array | None = None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: Array) -> Truth:
        """The same of some rows.

        >>> Truth(y=np.array([0, 1, 1]), weights=np.array([1.0, 2.0, 3.0])).take(np.array([2, 0])).weights
        array([3., 1.])
        """
        parts = {name: getattr(self, name) for name in ("weights", "clusters", "gains", "blocks")}
        return Truth(y=self.y[rows], **{name: None if part is None else part[rows] for name, part in parts.items()})

    def goal(self, problem: Problem) -> DecisionGoal | None:
        """The problem's costs with the gains of these rows, or its minimum."""
        goal = problem.goal
        return replace(goal, gains=self.gains) if isinstance(goal, Costs) else goal

    def weighted(self, weights: Array) -> Array:
        """Weightings of the rows ``[..., n]``, each multiplied by the weights of the rows."""
        return weights if self.weights is None else weights * self.weights

    @property
    def groups(self) -> Array:
        """Cluster of each row, ``[n]``: its own number where every row stands alone."""
        return np.arange(len(self.y)) if self.clusters is None else self.clusters


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRule:
    """How a model is chosen: the largest number of trials in a blend (1 takes the best trial alone), and whether its
    probabilities are calibrated."""

    members: int = 1
    calibration: Calibrate = "none"


#: The best trial alone, as it is.
BEST_TRIAL = SelectionRule()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Bootstrap draws: their number and their seed; equal seeds give equal draws."""

    number: int = 500
    seed: int = 0

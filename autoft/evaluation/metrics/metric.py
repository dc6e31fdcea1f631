"""Metrics: what a metric is, and the registry of all of them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Literal

import numpy as np

from autoft.evaluation.decisions import decide, decided_by
from autoft.records.arrays import Array
from autoft.records.columns import Task
from autoft.records.decisions import ONE_HALF, AnyRule
from autoft.records.problem import Problem, Truth
from autoft.registry import Registry

Direction = Literal["max", "min"]
Needs = Literal["proba", "label", "value"]

CLASSES: tuple[Task, ...] = ("binary", "multiclass")
VALUES: tuple[Task, ...] = ("regression",)


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """Predictions of some rows, and the problem that they answer.

    Attributes:
        values: Probabilities ``[n, classes]``, or values ``[n]`` of a regression.
        rule: Decides the classes; its calibration is taken to be applied.
    """

    values: Array
    problem: Problem
    rule: AnyRule = ONE_HALF

    @cached_property
    def labels(self) -> Array:
        """The decided class of each row, ``[n]``."""
        return decide(self.values, self.problem.positive, decided_by(self.rule, self.problem))

    @property
    def positive(self) -> Array:
        """Probability of the positive class, ``[n]`` (binary)."""
        return np.asarray(self.values[:, self.problem.positive_index])

    def take(self, rows: Array) -> Prediction:
        return replace(self, values=self.values[rows], rule=self.rule.take(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCounts:
    """Decisions of a binary task at several thresholds, counted (and weighted) by outcome.

    Attributes:
        hits, alarms: Positive and negative rows that are decided to be positive, ``[..., thresholds]``.
        positives, negatives: Rows of each class, to be broadcast with them.
    """

    hits: Array
    alarms: Array
    positives: Array
    negatives: Array

    @property
    def defined(self) -> Array:
        """0 where both classes have rows, else NaN: to be added to a metric."""
        return np.where((self.positives > 0) & (self.negatives > 0), 0.0, np.nan)

    def __sub__(self, other: DecisionCounts) -> DecisionCounts:
        return DecisionCounts(**{name: counts - getattr(other, name) for name, counts in self._each()})

    def total(self) -> DecisionCounts:
        """The sums along the first axis."""
        return DecisionCounts(**{name: counts.sum(axis=0) for name, counts in self._each()})

    def _each(self) -> Iterator[tuple[str, Array]]:
        return ((one.name, getattr(self, one.name)) for one in fields(self))


class Metric(ABC):
    """One way to score predictions; subclasses give the attributes and `point`.

    A registered metric is computed for every task that it names, with an interval, for baselines and slices too, is
    shown in the report, and may be the objective of a recipe.

    Attributes:
        name: Key in ``evaluation.json`` and value of ``evaluate.objective``.
        label: Name for people.
        meaning: What it says, in one line.
        direction: Whether more (``max``) or less (``min``) is better.
        range: The least and the largest value that it can have; intervals do not leave it (`bounds`).
        tasks: Tasks for which it is computed.
        needs: What it looks at: probabilities, decided labels or predicted values.
        default_for: Tasks whose objective it is unless the user names another.
        aliases: Other names that a recipe may use.
        synonyms: What other libraries call it, or something like it: a hint for recipes that use such a name.
        ranks_only: Whether only the order of the rows matters. Isotonic calibration, which makes ties, is not used.
        threshold: ``tuned``: as the objective of a binary task it gets the threshold that is best for it, by
            `at_threshold`. ``minimum``: its best threshold would be trivial, so that it is only compared at the
            threshold of a minimum. ``none``: decided by one half.
        needs_quantile: Whether it exists only with ``evaluate.quantile``.
        needs_costs: Whether it exists only with the costs of decisions.
        rare_classes: Whether class weights may help where a class is rare: never, by the ``labels`` of its rows, or by
            the ``costs`` of missing them.
        guards_brier: Whether calibration must not worsen the Brier score either.
        row_loss: What the loss of one row is called, if the metric is the mean (or its root) of what is trained.
        repeated_for: Tasks in which another metric has the same value, so that long tables leave this one out.
    """

    name: str
    label: str
    meaning: str
    direction: Direction = "max"
    range: tuple[float, float] = (-math.inf, math.inf)
    tasks: tuple[Task, ...]
    needs: Needs
    objective: bool = True
    default_for: tuple[Task, ...] = ()
    aliases: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    ranks_only: bool = False
    threshold: Literal["tuned", "minimum", "none"] = "none"
    needs_quantile: bool = False
    needs_costs: bool = False
    rare_classes: Literal["never", "labels", "costs"] = "never"
    guards_brier: bool = False
    row_loss: str = ""
    repeated_for: tuple[Task, ...] = ()

    @abstractmethod
    def point(self, truth: Truth, prediction: Prediction) -> float:
        """The value on some rows, each of which counts by `truth.weights`; NaN where it is undefined."""

    def draws(self, truth: Truth, prediction: Prediction, weights: Array) -> Array:
        """The value under each weighting, ``[draws]``; NaN where it is undefined.

        Args:
            weights: Of the rows, ``[draws, n]``, instead of those of `truth`; as a rule draw counts.
        """
        found = np.full(len(weights), np.nan)
        for place, own in enumerate(weights):
            drawn = np.flatnonzero(own)
            if drawn.size:
                some = replace(truth.take(drawn), weights=own[drawn].astype(np.float64))
                found[place] = self.point(some, prediction.take(drawn))
        return found

    def at_threshold(self, counts: DecisionCounts, problem: Problem) -> Array:
        """The value at each threshold, in the shape of `counts.hits`; NaN where a class has no rows.

        Asked only where `threshold` is not ``none``. By default the value of four rows, one for each outcome, that
        count as often as it happened; a formula is faster.
        """
        yes, no = problem.positive_index, 1 - problem.positive_index
        misses, rights = counts.positives - counts.hits, counts.negatives - counts.alarms
        weights = np.stack([counts.hits, counts.alarms, misses, rights], axis=-1)
        answers = Prediction(values=np.eye(2)[[yes, yes, no, no]], problem=problem)
        found = self.draws(Truth(y=np.array([yes, no, yes, no])), answers, weights.reshape(-1, 4))
        return np.asarray(found.reshape(counts.hits.shape) + counts.defined)

    def trained_quantile(self, quantile: float | None) -> float | None:
        """The quantile whose pinball loss is trained for this objective; None for the usual loss of the task."""
        return None

    def bounds(self, problem: Problem) -> tuple[float, float]:
        """The least and the largest possible value for a problem: as a rule `range`."""
        return self.range

    @property
    def perfect(self) -> float:
        """Its best value: 1 where more is better, else 0."""
        return float(self.more_is_better)

    @property
    def more_is_better(self) -> bool:
        return self.direction == "max"

    def better(self, score: Array) -> Array:
        """The scores turned so that more is better."""
        return score if self.more_is_better else -score


#: Every metric by name, in the order in which reports show them.
METRICS: Registry[Metric] = Registry("metric", "autoft.metrics", own="autoft.evaluation.metrics")

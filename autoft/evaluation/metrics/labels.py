"""Metrics of decided labels, from confusion matrices; and the cost of the decisions."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from autoft.evaluation.decisions import row_costs
from autoft.evaluation.metrics.metric import CLASSES, METRICS, DecisionCounts, Prediction
from autoft.evaluation.metrics.sums import MeanMetric, SummedMetric, sum_type
from autoft.records.arrays import Array
from autoft.records.decisions import Costs
from autoft.records.problem import Problem, Truth

Share = Literal["precision", "recall", "f1"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Confusions:
    """Margins of confusion matrices, one for each draw.

    Attributes:
        hits: Right decisions by class, ``[draws, classes]``.
        true, decided: Rows by their true class, and by their decided class, ``[draws, classes]``.
        total: Rows, ``[draws]``.
        positive: Position of the positive class; None of several classes.
    """

    hits: Array
    true: Array
    decided: Array
    total: Array
    positive: int | None

    def share(self, name: Share) -> Array:
        """Precision, recall or F1 by class, ``[draws, classes]``; NaN for a class without rows.

        The precision of a class that is never decided is 0, as with scikit-learn's ``zero_division=0``.
        """
        if name == "recall":
            found = self.hits / self.true
        elif name == "precision":
            found = np.divide(self.hits, self.decided, out=np.zeros_like(self.hits), where=self.decided > 0)
        else:
            found = 2 * self.hits / (self.true + self.decided)
        return np.where(self.true > 0, found, np.nan)


class _LabelMetric(SummedMetric[Confusions]):
    tasks = CLASSES
    needs = "label"
    range = (0.0, 1.0)

    def sums(self, truth: Truth, prediction: Prediction, names: Collection[str]) -> Callable[[Array], Confusions]:
        positive, number = prediction.problem.positive, prediction.values.shape[1]
        cells, cell = np.unique(truth.y * number + prediction.labels, return_inverse=True)
        order = np.argsort(cell.ravel(), kind="stable")
        starts = np.searchsorted(cell.ravel()[order], np.arange(len(cells)))

        def confusions(w: Array) -> Confusions:
            table = np.zeros((len(w), number * number))
            table[:, cells] = np.add.reduceat(np.take(w, order, axis=1), starts, axis=1, dtype=sum_type(w))
            table = table.reshape(-1, number, number)
            hits, total = np.diagonal(table, axis1=1, axis2=2), table.sum(axis=(1, 2))
            true, decided = table.sum(axis=2), table.sum(axis=1)
            return Confusions(hits=hits, true=true, decided=decided, total=total, positive=positive)

        return confusions


class _ShareOfPositive(_LabelMetric):
    """Precision, recall or F1 of the positive class; of several classes their mean."""

    share: Share

    def value(self, sums: Confusions) -> Array:
        by_class = sums.share(self.share)
        return np.asarray(by_class.mean(axis=1) if sums.positive is None else by_class[:, sums.positive])

    def by_class(self, sums: Confusions) -> Array | None:
        return sums.share(self.share) if sums.positive is None else None


class _MeanShare(_ShareOfPositive):
    """Precision, recall or F1, averaged over the classes."""

    def value(self, sums: Confusions) -> Array:
        return np.asarray(sums.share(self.share).mean(axis=1))


@METRICS.register
class Precision(_ShareOfPositive):
    name = "precision"
    share = "precision"
    label = "Precision"
    meaning = "of those predicted positive, the share that are"
    threshold = "minimum"

    def at_threshold(self, counts: DecisionCounts, problem: Problem) -> Array:
        hits = counts.hits
        return np.asarray(np.where(hits > 0, hits / (hits + counts.alarms), 0.0) + counts.defined)


@METRICS.register
class Recall(_ShareOfPositive):
    name = "recall"
    share = "recall"
    label = "Recall"
    meaning = "of those that are positive, the share that is found"
    threshold = "minimum"
    rare_classes = "labels"

    def at_threshold(self, counts: DecisionCounts, problem: Problem) -> Array:
        return np.asarray(counts.hits / counts.positives + counts.defined)


@METRICS.register
class F1(_ShareOfPositive):
    name = "f1"
    share = "f1"
    label = "F1"
    meaning = "harmonic mean of precision and recall; high only if both are"
    threshold = "tuned"
    rare_classes = "labels"

    def at_threshold(self, counts: DecisionCounts, problem: Problem) -> Array:
        return np.asarray(2 * counts.hits / (counts.hits + counts.alarms + counts.positives) + counts.defined)


class Macro(_MeanShare):
    """The mean of a share over the classes; of several classes that is the share itself."""

    objective = False

    def __init__(self, share: Share, title: str) -> None:
        self.share, self.name, self.label = share, f"macro_{share}", f"Macro {title}"
        # Of two classes the mean recall is the balanced accuracy.
        self.repeated_for = CLASSES if share == "recall" else ("multiclass",)
        self.meaning = f"{title} averaged over the classes, each counting alike"


METRICS.register(Macro("precision", "precision"))
METRICS.register(Macro("recall", "recall"))
METRICS.register(Macro("f1", "F1"))


@METRICS.register
class BalancedAccuracy(_MeanShare):
    """Balanced accuracy: where every class has rows it is the mean recall."""

    name = "balanced_accuracy"
    share = "recall"
    label = "Balanced accuracy"
    meaning = "share of right answers, averaged over the classes; rare classes count alike"
    repeated_for = ("multiclass",)
    threshold = "tuned"
    rare_classes = "labels"

    def at_threshold(self, counts: DecisionCounts, problem: Problem) -> Array:
        rights = counts.negatives - counts.alarms
        return np.asarray((counts.hits / counts.positives + rights / counts.negatives) / 2)


@METRICS.register
class Accuracy(_LabelMetric):
    name = "accuracy"
    label = "Accuracy"
    meaning = "share of right answers; misleading where one class is common"
    threshold = "tuned"

    def value(self, sums: Confusions) -> Array:
        return np.asarray(sums.hits.sum(axis=1) / sums.total)

    def at_threshold(self, counts: DecisionCounts, problem: Problem) -> Array:
        right = counts.hits + (counts.negatives - counts.alarms)
        return np.asarray(right / (counts.positives + counts.negatives) + counts.defined)


@METRICS.register
class MatthewsCorrelation(_LabelMetric):
    """Matthews' correlation coefficient; of several classes that of Gorodkin (2004). 0 where one class is decided."""

    name = "mcc"
    range = (-1.0, 1.0)
    label = "Matthews correlation"
    meaning = "correlation of predicted and true class; 0 is guessing, 1 is perfect"
    threshold = "tuned"
    rare_classes = "labels"

    def value(self, sums: Confusions) -> Array:
        right, true, decided, total = sums.hits.sum(axis=1), sums.true, sums.decided, sums.total
        covariance = right * total - (true * decided).sum(axis=1)
        varied, spread = total**2 - (true**2).sum(axis=1), total**2 - (decided**2).sum(axis=1)
        found = np.divide(covariance, np.sqrt(varied * spread), out=np.zeros_like(total), where=varied * spread > 0)
        return np.where((true > 0).sum(axis=1) > 1, found, np.nan)

    def at_threshold(self, counts: DecisionCounts, problem: Problem) -> Array:
        hits, alarms = counts.hits, counts.alarms
        misses, rights = counts.positives - hits, counts.negatives - alarms
        spread = np.sqrt((hits + alarms) * (misses + rights) * counts.positives * counts.negatives)
        found = np.where(spread > 0, (hits * rights - alarms * misses) / spread, 0.0)
        return np.asarray(found + counts.defined)


@METRICS.register
class Cost(MeanMetric):
    name = "cost"
    label = "Cost"
    meaning = "mean cost of a row's answer, by the costs that were given; 0 is perfect"
    direction = "min"
    tasks = CLASSES
    needs = "label"
    threshold = "tuned"
    needs_costs = True
    rare_classes = "costs"

    def bounds(self, problem: Problem) -> tuple[float, float]:
        """Nothing below 0 if no answer earns anything; no largest value, since rows may have costs of their own."""
        costs = problem.goal
        assert isinstance(costs, Costs)
        binary = (costs.false_negative, costs.false_positive, costs.true_negative, costs.true_positive)
        least = min(min(map(min, costs.matrix)) if costs.matrix else min(binary), 0.0)
        return (0.0 if least == 0 else -math.inf, math.inf)

    def columns(self, truth: Truth, prediction: Prediction) -> Array:
        """The cost of each row's decision, ``[n, 1]``."""
        costs, own = truth.goal(prediction.problem), prediction.problem
        assert isinstance(costs, Costs)
        return row_costs(costs, truth.y, prediction.labels, own.positive_index)[:, None]

    def at_threshold(self, counts: DecisionCounts, problem: Problem) -> Array:
        costs, hits, alarms = problem.goal, counts.hits, counts.alarms
        assert isinstance(costs, Costs)
        spent = (counts.positives - hits) * costs.false_negative + alarms * costs.false_positive
        spent = spent + hits * costs.true_positive + (counts.negatives - alarms) * costs.true_negative
        return np.asarray(spent / (counts.positives + counts.negatives) + counts.defined)

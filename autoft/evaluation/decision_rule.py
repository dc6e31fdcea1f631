"""Decision rules: calibration and threshold, fitted on any weighting of the rows.

Both are part of the choice, so they are fitted again on each bootstrap draw. A threshold other than one half (or that
of the costs), and isotonic regression instead of a temperature, is used only if it is better in cross-fitting: the rows
are divided into `PARTS` parts, rows of one cluster in the same part, and each part is scored by what was fitted on the
others. Under a minimum the best threshold that reaches it is taken, or the nearest to it. Several classes with costs
are decided by the lowest expected cost, which has no parameter.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autoft.evaluation import calibration as calibrate
from autoft.evaluation.metrics import METRICS, DecisionCounts
from autoft.records.arrays import Array
from autoft.records.decisions import Calibration, Costs, DecisionRule, Minimum
from autoft.records.problem import Calibrate, Problem, Truth

#: Parts of the rows in cross-fitting.
PARTS = 5
#: Fewest and most rows for isotonic regression, and fewest of each class.
ISOTONIC_ROWS = 20_000
ISOTONIC_MOST = 200_000
ISOTONIC_CLASS = 1_000
#: Thresholds that are tried: logits in steps of .1, with 0 (one half) among them.
_TRIED = 1.0 / (1.0 + np.exp(-np.arange(-70, 71) / 10))
#: The same for a minimum or gains of rows, where the best threshold may be extreme.
_TRIED_FAR = 1.0 / (1.0 + np.exp(-np.arange(-120, 121) / 10))


class RuleFitter:
    """Calibration and threshold under any weighting of the rows.

    Args:
        truth: True answers of the rows that count; their weights multiply every weighting.
        calibration: ``auto``, or ``none`` to leave probabilities alone.
    """

    def __init__(self, truth: Truth, problem: Problem, calibration: Calibrate = "auto") -> None:
        goal = truth.goal(problem)
        self.truth, self.problem = truth, problem
        self.costs = goal if isinstance(goal, Costs) else None
        self.minimum = goal if isinstance(goal, Minimum) else None
        self._metric = METRICS[problem.objective]
        self.tuned = tuned(problem)
        self.base = self.costs.threshold if self.costs is not None and self.tuned == "cost" else 0.5
        #: What a missed row counts in the histogram of worths; None where all count the same.
        gains = truth.gains if self.costs is not None and self.tuned == "cost" else None
        self._worth = None if gains is None else np.where(truth.y == problem.positive_index, gains, 1.0)
        self._calibrating = calibration == "auto" and problem.task != "regression"
        # Steps of five through the clusters, whatever their numbers are.
        self._parts = np.unique(truth.groups, return_inverse=True)[1].ravel() % PARTS
        # Candidates in the order of their distance from the simple rule, so that ties go to it.
        tried = _TRIED if self.minimum is None and self._worth is None else _TRIED_FAR
        distance = np.abs(np.log(tried / (1 - tried)) - np.log(self.base / (1 - self.base)))
        self._tried = np.append(self.base, tried[np.argsort(distance, kind="stable")])

    def on_all_rows(self, predictions: Array) -> DecisionRule:
        """Calibration and threshold of predictions ``[m, classes]`` or ``[m]``."""
        return self.on_draws(predictions, np.ones((1, len(self.truth)), dtype=np.uint8))[0]

    def on_draws(self, predictions: Array, weights: Array) -> list[DecisionRule]:
        """Calibration and threshold under each weighting.

        Args:
            predictions: ``[m, classes]``, or ``[m]`` of a regression, which is neither calibrated nor decided.
            weights: Row weights ``[draws, m]``.
        """
        matrix, y = self.problem.matrix, self.truth.y
        if not self._calibrating and self.tuned is None:
            return [DecisionRule(threshold=self.base, matrix=matrix)] * len(weights)
        if self.problem.task == "binary":
            cells = (self._parts * 2 + y) * calibrate.BINS + calibrate.bins(predictions)
            return [self._binary(cells, self.truth.weighted(w)) for w in weights]
        if self.problem.task == "regression":
            return [DecisionRule()] * len(weights)
        rows = calibrate.sample(*predictions.shape)
        logs = calibrate.log_probabilities(predictions[rows])
        fits = (calibrate.temperature(logs, y[rows], self.truth.weighted(w)[rows]) for w in weights)
        return [DecisionRule(calibration=fit, matrix=matrix) for fit in fits]

    def best_values(self, predictions: Array, weights: Array) -> Array:
        """The tuned metric at its best threshold under each weighting, ``[draws]``, turned so that more is better.

        Trials are compared by it, since at one half none of them may find any of few positive rows. Under a minimum it
        is the objective at the threshold of the minimum.
        """
        cells = self.truth.y * calibrate.BINS + calibrate.bins(predictions)
        found = np.empty(len(weights))
        for place, w in enumerate(weights):
            own = self.truth.weighted(w)
            worths = own if self._worth is None else own * self._worth
            decided = self._decided(_counted(cells, worths, 1), Calibration()).total()
            value = self._value(decided)
            if self.minimum is not None:
                found[place] = self._of(self.problem.objective, decided)[np.argmax(value)]
            elif self._worth is None:
                found[place] = np.max(value)
            else:  # worths took the place of rows
                found[place] = np.max(value) * (decided.positives + decided.negatives)[0] / own.sum()
        return found

    def _binary(self, cells: Array, weights: Array) -> DecisionRule:
        counts = _counted(cells, weights, PARTS)
        found = self._calibration(counts) if self._calibrating else Calibration()
        base = 0
        if self._worth is not None:
            positives = counts[:, self.problem.positive_index].sum()
            counts = _counted(cells, weights * self._worth, PARTS)
            base = self._base_of(counts, positives)
        return DecisionRule(calibration=found, threshold=self._threshold(counts, found, base))

    def _base_of(self, worths: Array, positives: float) -> int:
        """Position in `_tried` of the threshold that follows from the costs and the mean worth of these rows."""
        assert self.costs is not None
        mean = worths[:, self.problem.positive_index].sum() / max(positives, 1e-12)
        wanted = np.log(self.costs.false_positive / max(self.costs.false_negative * mean, 1e-12))
        return int(np.argmin(np.abs(np.log(self._tried / (1 - self._tried)) - wanted)))

    def _calibration(self, counts: Array) -> Calibration:
        """The calibration of rows counted by part, class and bin, ``[PARTS, 2, BINS]``."""
        total = counts.sum(axis=0)
        classes = total.sum(axis=1)
        simple = calibrate.binned_temperature(total)
        # Weights may sum to more than there are rows.
        few = classes.min() < ISOTONIC_CLASS or min(classes.sum(), len(self.truth)) < ISOTONIC_ROWS
        if few or len(self.truth) > ISOTONIC_MOST or self._metric.ranks_only:
            return simple
        gained = np.zeros(2)
        for part in counts:
            others = total - part
            by_temperature = calibrate.binned_losses(calibrate.binned_temperature(others), part)
            gained += np.subtract(by_temperature, calibrate.binned_losses(calibrate.isotonic(others), part))
        better = gained[0] > 0 and (gained[1] >= 0 or not self._metric.guards_brier)
        return calibrate.isotonic(total) if better else simple

    def _threshold(self, counts: Array, calibration: Calibration, base: int) -> float:
        """The threshold for rows (or their worths) by part, class and bin; `base` is the simple rule's in `_tried`."""
        if self.tuned is None:
            return self.base
        parts = self._decided(counts, calibration)
        whole = parts.total()
        value = self._value(whole)
        if not np.isfinite(value).all():
            return float(self._tried[base])
        if self.minimum is not None:
            return float(self._tried[np.argmax(value)])
        # Each part is decided by the threshold that is best for the others.
        by_others = self._value(whole - parts)
        best = np.where(np.isfinite(by_others).all(axis=1), np.argmax(by_others, axis=1), base)
        hits, alarms = (counts[np.arange(PARTS), best].sum(keepdims=True) for counts in (parts.hits, parts.alarms))
        if self._value(replace(whole, hits=hits, alarms=alarms)) > value[base]:
            return float(self._tried[np.argmax(value)])
        return float(self._tried[base])

    def _decided(self, counts: Array, calibration: Calibration) -> DecisionCounts:
        """Decisions by part and threshold, ``[parts, thresholds]``; rows of each class ``[parts, 1]``."""
        rising = calibrate.of_middles(calibration)
        if self.problem.positive_index == 0:
            counts, rising = counts[:, ::-1, ::-1], 1.0 - rising[::-1]
        # Rows at or above each bin; none above the last.
        reached = np.cumsum(counts[:, :, ::-1], axis=2)[:, :, ::-1]
        above = np.concatenate([reached, np.zeros((len(counts), 2, 1))], axis=2)
        from_here = above[:, :, np.searchsorted(rising, self._tried)]
        negatives, positives = above[:, 0, :1], above[:, 1, :1]
        return DecisionCounts(hits=from_here[:, 1], alarms=from_here[:, 0], positives=positives, negatives=negatives)

    def _value(self, counts: DecisionCounts) -> Array:
        """What the threshold is tuned for, ``[thresholds]``; more is better, NaN where a class has no rows."""
        assert self.tuned is not None
        if self.minimum is None:
            return self._of(self.tuned, counts)
        recall, precision = (self._of(name, counts) for name in ("recall", "precision"))
        own, other = (recall, precision) if self.minimum.of == "recall" else (precision, recall)
        # Whatever reaches it is better than whatever does not.
        return np.asarray(np.where(own >= self.minimum.share, 2.0 + other, own))

    def _of(self, name: str, counts: DecisionCounts) -> Array:
        metric = METRICS[name]
        with np.errstate(divide="ignore", invalid="ignore"):
            return metric.better(metric.at_threshold(counts, self.problem))


def _counted(cells: Array, weights: Array, parts: int) -> Array:
    """Weights of the rows summed by part, class and bin, ``[parts, 2, BINS]``."""
    counts = np.bincount(cells, weights=weights, minlength=parts * 2 * calibrate.BINS)
    return counts.reshape(parts, 2, calibrate.BINS)


def comparer(truth: Truth, problem: Problem) -> RuleFitter | None:
    """Comparison of trials by an objective whose threshold is tuned (`RuleFitter.best_values`); None for others."""
    what = tuned(problem)
    if what != problem.objective and (what != "minimum" or METRICS[problem.objective].threshold == "none"):
        return None
    # Nothing is cross-fitted here: clusters do not matter.
    return RuleFitter(replace(truth, clusters=np.zeros(len(truth), dtype=int)), problem)


def tuned(problem: Problem) -> str | None:
    """What the threshold is tuned for, a metric or the minimum; None where it stays at one half.

    >>> [tuned(Problem(task=task, objective=name)) for task, name in (("binary", "f1"), ("multiclass", "f1"))]
    ['f1', None]
    >>> tuned(Problem(task="binary", objective="roc_auc", goal=Costs(false_negative=5.0, false_positive=1.0)))
    'cost'
    """
    if problem.task != "binary":
        return None
    if isinstance(problem.goal, Minimum):
        return "minimum"
    if METRICS[problem.objective].threshold == "tuned":
        return problem.objective
    return None if problem.goal is None else "cost"

"""What is done to blended answers before they are used: calibration, then for a label the threshold.

Both are part of the choice. Everything is decided on weighted rows, so that the bias correction can decide it anew on
each draw. What replaces the simple rule (a temperature, a threshold of one half or that of the costs) must prove better
in cross-fitting: the rows stand in `PARTS` parts, rows that are drawn together in the same one; each part is judged by
what was fitted on the others.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from autoft.evaluate import calibrate
from autoft.evaluate.intervals import Array
from autoft.records import Calibration, Costs, Finish, Task

#: Whether probabilities are calibrated.
Calibrate = Literal["auto", "none"]

#: Objectives of a binary task for which a threshold is tuned. Precision and recall alone have trivial optima.
TUNED = ("f1", "balanced_accuracy", "accuracy", "mcc", "cost")

#: Objectives that look at the order of the rows alone, which the ties of isotonic regression would blur.
RANKS = ("roc_auc", "pr_auc")

#: Parts of the rows in cross-fitting.
PARTS = 5

#: Isotonic regression is considered with so many rows, so many of each class, and not beyond the last number.
ISOTONIC_ROWS, ISOTONIC_CLASS, ISOTONIC_MOST = 20_000, 1_000, 200_000

#: Thresholds that are tried: logits in steps of .1, with 0 (one half) among them.
_TRIED = 1.0 / (1.0 + np.exp(-np.arange(-70, 71) / 10))


class Finisher:
    """Calibration and threshold under any weighting of the rows.

    Args:
        y: True values of the rows that count, ``[m]``.
        clusters: Rows that are drawn together, ``[m]``.
        task, objective, positive_index: The problem.
        costs: Of errors, where they are known.
        calibration: ``auto``, or ``none`` to leave probabilities alone.
        row_weights: ``[m]``, which multiply every weighting; None where all rows count the same.
    """

    def __init__(
        self,
        y: Array,
        clusters: Array,
        *,
        task: Task,
        objective: str,
        positive_index: int,
        costs: Costs | None = None,
        calibration: Calibrate = "auto",
        row_weights: Array | None = None,
    ) -> None:
        self.y, self.task, self.positive_index, self.costs = y, task, positive_index, costs
        self._row_weights = row_weights
        self.tuned = tuned(task, objective, costs)
        self.base = costs.threshold if costs is not None and self.tuned == "cost" else 0.5
        self._objective = objective
        self._calibrating = calibration == "auto" and task != "regression"
        # Steps of five through the clusters, whatever their numbers are.
        self._parts = np.unique(clusters, return_inverse=True)[1].ravel() % PARTS
        # Candidates in the order of their distance from the simple rule, so that ties go to it.
        distance = np.abs(np.log(_TRIED / (1 - _TRIED)) - np.log(self.base / (1 - self.base)))
        self._tried = np.append(self.base, _TRIED[np.argsort(distance, kind="stable")])

    def on_all_rows(self, predictions: Array) -> Finish:
        """Calibration and threshold of predictions ``[m, classes]`` or ``[m]``."""
        return self.on_draws(predictions, np.ones((1, len(self.y)), dtype=np.uint8))[0]

    def on_draws(self, predictions: Array, weights: Array) -> list[Finish]:
        """Calibration and threshold under each weighting.

        Args:
            predictions: ``[m, classes]``, or ``[m]`` of a regression, for which nothing is done.
            weights: Row weights ``[draws, m]``.
        """
        if not self._calibrating and self.tuned is None:
            return [Finish(threshold=self.base)] * len(weights)
        if self.task == "binary":
            cells = (self._parts * 2 + self.y) * calibrate.BINS + calibrate.bins(predictions)
            return [self._binary(cells, self._of(w)) for w in weights]
        rows = calibrate.sample(*predictions.shape)
        logs = calibrate.log_probabilities(predictions[rows])
        return [Finish(calibration=calibrate.temperature(logs, self.y[rows], self._of(w)[rows])) for w in weights]

    def best_values(self, predictions: Array, weights: Array) -> Array:
        """The tuned metric at the best threshold under each weighting ``[draws]``, turned so that more is better.

        Trials are compared by it: at one half, all trials on a table with few positive rows may find none of them.
        """
        cells = self.y * calibrate.BINS + calibrate.bins(predictions)
        found = np.empty(len(weights))
        for place, w in enumerate(weights):
            counts = np.bincount(cells, weights=self._of(w), minlength=2 * calibrate.BINS).reshape(1, 2, calibrate.BINS)
            hits, alarms, positives, negatives = self._decided(counts, Calibration())
            found[place] = np.max(self._value(hits[0], alarms[0], positives[0], negatives[0]))
        return found

    def _of(self, weights: Array) -> Array:
        """One weighting, multiplied by the weights of the rows."""
        return weights if self._row_weights is None else weights * self._row_weights

    def _binary(self, cells: Array, weights: Array) -> Finish:
        size = PARTS * 2 * calibrate.BINS
        counts = np.bincount(cells, weights=weights, minlength=size).reshape(PARTS, 2, calibrate.BINS)
        found = self._calibration(counts) if self._calibrating else Calibration()
        return Finish(calibration=found, threshold=self._threshold(counts, found))

    def _calibration(self, counts: Array) -> Calibration:
        """The calibration of rows counted by part, class and bin, ``[PARTS, 2, BINS]``."""
        total = counts.sum(axis=0)
        classes = total.sum(axis=1)
        simple = calibrate.binned_temperature(total)
        # So many rows, however heavy they are.
        few = classes.min() < ISOTONIC_CLASS or min(classes.sum(), len(self.y)) < ISOTONIC_ROWS
        if few or len(self.y) > ISOTONIC_MOST or self._objective in RANKS:
            return simple
        gained = np.zeros(2)
        for part in counts:
            others = total - part
            by_temperature = calibrate.binned_losses(calibrate.binned_temperature(others), part)
            gained += np.subtract(by_temperature, calibrate.binned_losses(calibrate.isotonic(others), part))
        better = gained[0] > 0 and (gained[1] >= 0 or self._objective != "brier")
        return calibrate.isotonic(total) if better else simple

    def _threshold(self, counts: Array, calibration: Calibration) -> float:
        if self.tuned is None:
            return self.base
        hits, alarms, positives, negatives = self._decided(counts, calibration)
        whole = [n.sum(axis=0) for n in (hits, alarms, positives, negatives)]
        value = self._value(*whole)
        if not np.isfinite(value).all():
            return self.base
        fitted = np.zeros(2)
        for part in range(PARTS):
            others = [n - own[part] for n, own in zip(whole, (hits, alarms, positives, negatives), strict=True)]
            with_others = self._value(*others)
            best = int(np.argmax(with_others)) if np.isfinite(with_others).all() else 0
            fitted += (hits[part, best], alarms[part, best])
        if self._value(*fitted, *whole[2:]) > value[0]:
            return float(self._tried[np.argmax(value)])
        return self.base

    def _decided(self, counts: Array, calibration: Calibration) -> tuple[Array, Array, Array, Array]:
        """By part: hits and false alarms at every threshold ``[PARTS, thresholds]``, rows of each class ``[PARTS]``."""
        rising = calibrate.of_middles(calibration)
        if self.positive_index == 0:
            counts, rising = counts[:, ::-1, ::-1], 1.0 - rising[::-1]
        # Rows at or above each bin; none above the last.
        above = np.concatenate(
            [np.cumsum(counts[:, :, ::-1], axis=2)[:, :, ::-1], np.zeros((len(counts), 2, 1))], axis=2
        )
        from_here = above[:, :, np.searchsorted(rising, self._tried)]
        return from_here[:, 1], from_here[:, 0], above[:, 1, 0], above[:, 0, 0]

    def _value(self, hits: Array, alarms: Array, positives: Array, negatives: Array) -> Array:
        """The tuned metric, turned so that more is better; NaN where a class has no rows."""
        assert self.tuned is not None
        with np.errstate(divide="ignore", invalid="ignore"):
            defined = np.where((positives > 0) & (negatives > 0), 0.0, np.nan)
            misses, rights = positives - hits, negatives - alarms
            if self.tuned == "f1":
                return np.asarray(2 * hits / (hits + alarms + positives) + defined)
            if self.tuned == "balanced_accuracy":
                return np.asarray((hits / positives + rights / negatives) / 2)
            if self.tuned == "accuracy":
                return np.asarray((hits + rights) / (positives + negatives) + defined)
            if self.tuned == "mcc":
                spread = np.sqrt((hits + alarms) * (misses + rights) * positives * negatives)
                return np.asarray(np.where(spread > 0, (hits * rights - alarms * misses) / spread, 0.0) + defined)
            assert self.costs is not None
            spent = misses * self.costs.false_negative + alarms * self.costs.false_positive
            return np.asarray(-spent / (positives + negatives) + defined)


def comparer(
    y: Array,
    *,
    task: Task,
    objective: str,
    positive_index: int,
    costs: Costs | None = None,
    row_weights: Array | None = None,
) -> Finisher | None:
    """What compares trials by an objective whose threshold is tuned (`Finisher.best_values`); else None."""
    if tuned(task, objective, costs) != objective:
        return None
    whole = np.zeros(len(y), dtype=int)  # nothing is cross-fitted here
    return Finisher(
        y,
        whole,
        task=task,
        objective=objective,
        positive_index=positive_index,
        costs=costs,
        row_weights=row_weights,
    )


def tuned(task: Task, objective: str, costs: Costs | None) -> str | None:
    """The metric that the threshold is tuned for; None where it stays at one half.

    >>> tuned("binary", "f1", None), tuned("binary", "roc_auc", None), tuned("multiclass", "f1", None)
    ('f1', None, None)
    >>> tuned("binary", "roc_auc", Costs(false_negative=5.0, false_positive=1.0))
    'cost'
    """
    if task != "binary":
        return None
    return objective if objective in TUNED else "cost" if costs is not None else None

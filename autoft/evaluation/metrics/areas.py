"""Areas under curves: metrics of the order of the rows, ROC AUC and PR AUC."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from autoft.evaluation.metrics.metric import CLASSES, METRICS, Prediction
from autoft.evaluation.metrics.sums import SummedMetric, sum_type
from autoft.records.arrays import Array
from autoft.records.problem import Truth


class _Area(SummedMetric[Array]):
    """One curve against the rest for each class; a binary task has one curve, that of the positive class."""

    tasks = CLASSES
    needs = "proba"
    range = (0.0, 1.0)
    ranks_only = True
    #: Place in the sums, and the name of scikit-learn's function for one class.
    place: int
    function: str

    def sums(self, truth: Truth, prediction: Prediction, names: Collection[str]) -> Callable[[Array], Array]:
        """Areas under the ROC and precision-recall curves, ``[2, draws, curves]``."""
        precision = any(name != RocAuc.name for name in names)
        curves = [area(truth.y == c, prediction.values[:, c], precision) for c in _ranked(prediction)]
        return lambda weights: np.stack([curve(weights) for curve in curves], axis=-1)

    def value(self, sums: Array) -> Array:
        # A class without rows is NaN and makes the macro average NaN.
        return np.asarray(np.mean(sums[self.place], axis=-1))

    def by_class(self, sums: Array) -> Array | None:
        return sums[self.place] if sums.shape[-1] > 1 else None

    def point(self, truth: Truth, prediction: Prediction) -> float:
        """The mean area of the classes by scikit-learn."""
        from sklearn import metrics

        of_class, values = getattr(metrics, self.function), prediction.values
        weights = truth.weights
        present = np.bincount(truth.y, weights, minlength=values.shape[1]) > 0
        if not present.all():
            return np.nan
        each = [of_class(truth.y == c, values[:, c], sample_weight=weights) for c in _ranked(prediction)]
        return float(np.mean(each))


@METRICS.register
class RocAuc(_Area):
    name = "roc_auc"
    label = "ROC AUC"
    meaning = "chance that a positive row is ranked above a negative one; 0.5 is guessing, 1 is perfect"
    default_for = ("binary",)
    synonyms = ("auc", "auroc")
    place, function = 0, "roc_auc_score"


@METRICS.register
class PrAuc(_Area):
    """Average precision: the area under the precision-recall curve as steps."""

    name = "pr_auc"
    label = "PR AUC"
    meaning = "precision averaged over all recalls; guessing gives the share of positives"
    aliases = ("average_precision",)
    synonyms = ("auprc",)
    place, function = 1, "average_precision_score"


def _ranked(prediction: Prediction) -> Sequence[int]:
    positive = prediction.problem.positive
    return range(prediction.values.shape[1]) if positive is None else (positive,)


def area(true: Array, score: Array, precision: bool) -> Callable[[Array], Array]:
    """Areas under the ROC and (where asked for) precision-recall curves of one class, ``[2, draws]``."""
    order = np.argsort(-score, kind="stable")
    true = true[order]
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    ties = len(ends) < len(order)

    def areas(w: Array) -> Array:
        drawn = np.take(w, order, axis=1)
        hits = np.cumsum(drawn * true, axis=1, dtype=sum_type(w))
        positive = hits[:, -1].astype(np.float64)
        if drawn.dtype.kind == "f":  # a difference of sums would leave rounding noise where there is no such row
            negative = (drawn * ~true).sum(axis=1)
        else:
            negative = drawn.sum(axis=1, dtype=np.float64) - positive
        seen = np.cumsum(drawn, axis=1, dtype=sum_type(w)) if ties or precision else None
        if seen is not None and ties:
            hits, seen = hits[:, ends], seen[:, ends]
            alarms = np.diff(seen - hits, axis=1, prepend=0)
            # Tied rows count half: the curve goes straight through them.
            middle = hits - np.diff(hits, axis=1, prepend=0) / 2
            roc = np.einsum("ij,ij->i", alarms, middle)
        else:
            roc = np.einsum("ij,ij->i", drawn * ~true, hits, dtype=np.float64)
        result: Array = np.stack([roc / (positive * negative), np.full(len(w), np.nan)])
        if seen is not None and precision:
            share = np.divide(hits, seen, out=np.zeros(hits.shape), where=seen > 0)
            result[1] = np.einsum("ij,ij->i", np.diff(hits, axis=1, prepend=0), share) / positive
            # Without a negative row the area is 1 by definition and says nothing.
            result[1, negative == 0] = np.nan
        return result

    return areas

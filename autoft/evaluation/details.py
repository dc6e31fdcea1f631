"""Details behind the scores: tables by class, the confusion matrix and curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from autoft.evaluation.decisions import decide
from autoft.evaluation.scores import check_predictions
from autoft.records.arrays import Array
from autoft.records.decisions import ONE_HALF, AnyRule
from autoft.records.problem import Problem, Truth

#: Most points kept of a curve and of the residuals.
CURVE_POINTS = 200
RESIDUAL_POINTS = 2_000

Curves = dict[str, dict[str, dict[str, list[float]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Tables and curves behind the scores, as in `records.evaluation.Evaluation`."""

    per_class: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    curves: Curves = field(default_factory=dict)


def details(
    truth: Truth, predictions: Array, problem: Problem, *, rule: AnyRule = ONE_HALF, classes: Sequence[object] = ()
) -> Details:
    """Table by class, confusion matrix and curves; of a regression a sample of predicted and true values.

    ROC curve: x = false positive rate, y = recall. PR curve: x = recall, y = precision. Binary tasks have the curves of
    the positive class only. ``residuals``: x = predicted, y = true. The text of each of `classes` is its key.
    """
    y, task, positive_index = truth.y, problem.task, problem.positive_index
    check_predictions(y, predictions)
    if task == "regression":
        keep = _thin(len(y), RESIDUAL_POINTS)
        points = {"x": predictions[keep].astype(float).tolist(), "y": y[keep].astype(float).tolist()}
        return Details(curves={"residuals": {"all": points}})
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

    number = predictions.shape[1]
    decided = decide(predictions, problem.positive, rule)
    table = precision_recall_fscore_support(y, decided, labels=range(number), zero_division=0)
    per_class: dict[str, dict[str, float]] = {}
    curves: Curves = {"roc": {}, "pr": {}}
    for c, label in enumerate(map(str, classes or range(number))):
        true = y == c
        area = float(roc_auc_score(true, predictions[:, c])) if 0 < true.sum() < len(y) else math.nan
        precision, recall, f1, rows = (float(column[c]) for column in table)
        per_class[label] = {"precision": precision, "recall": recall, "f1": f1, "roc_auc": area, "rows": rows}
        if (task == "multiclass" or c == positive_index) and not math.isnan(area):
            curves["roc"][label], curves["pr"][label] = _curves(true, predictions[:, c])
    confusion = confusion_matrix(y, decided, labels=range(number))
    return Details(per_class=per_class, confusion=tuple(tuple(map(int, row)) for row in confusion), curves=curves)


def _curves(true: Array, score: Array) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    from sklearn.metrics import precision_recall_curve, roc_curve

    false_rate, hit_rate, _ = roc_curve(true, score)
    precision, recall, _ = precision_recall_curve(true, score)
    keep, kept = _thin(len(false_rate), CURVE_POINTS), _thin(len(recall), CURVE_POINTS)
    return (
        {"x": false_rate[keep].astype(float).tolist(), "y": hit_rate[keep].astype(float).tolist()},
        {"x": recall[kept].astype(float).tolist(), "y": precision[kept].astype(float).tolist()},
    )


def _thin(length: int, most: int) -> Array:
    return np.asarray(np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(int)))

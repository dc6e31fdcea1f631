"""The metrics: their names, directions and definitions, and scores of one set of predictions by scikit-learn.

Classes are positions in ``Target.classes``; predictions of a classification are ``[n, classes]`` probabilities
(two columns for a binary task), of a regression ``[n]`` values. A label is decided by the most probable class,
in a binary task by a positive probability of at least the threshold (one half unless another is given).

A metric is NaN where it is undefined: macro averages, balanced accuracy and areas need every class among the
true labels, precision, recall and F1 of a binary task need a positive row, MCC needs two classes, R2 needs a
target that varies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from autoft.errors import EvaluationError
from autoft.evaluation.costs import row_costs
from autoft.evaluation.losses import bounded, pinball
from autoft.records import ONE_HALF, AnyRule, Costs, DecisionGoal, Problem, Task, Truth
from autoft.records.arrays import Array

Direction = Literal["max", "min"]
Needs = Literal["proba", "label", "value"]

#: Most points kept of a curve and of the residuals.
CURVE_POINTS = 200
RESIDUAL_POINTS = 2_000

Curves = dict[str, dict[str, dict[str, list[float]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One way to score predictions.

    Attributes:
        name: Key in ``evaluation.json``.
        direction: Whether more (``max``) or less (``min``) is better.
        tasks: Tasks for which it is computed.
        label: Name for people.
        needs: What it looks at: probabilities, decided labels or predicted values.
    """

    name: str
    direction: Direction
    tasks: tuple[Task, ...]
    label: str
    needs: Needs

    def better(self, score: Array) -> Array:
        """The scores turned so that more is better."""
        return score if self.direction == "max" else -score


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Tables and curves behind the scores, in the shapes of ``records.Evaluation``."""

    per_class: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    curves: Curves = field(default_factory=dict)


_CLASSES: tuple[Task, ...] = ("binary", "multiclass")
_VALUES: tuple[Task, ...] = ("regression",)

_ROWS: tuple[tuple[str, Direction, tuple[Task, ...], str, Needs], ...] = (
    ("roc_auc", "max", _CLASSES, "ROC-AUC", "proba"),
    ("pr_auc", "max", _CLASSES, "PR-AUC", "proba"),
    ("precision", "max", _CLASSES, "Precision", "label"),
    ("recall", "max", _CLASSES, "Recall", "label"),
    ("f1", "max", _CLASSES, "F1", "label"),
    ("macro_precision", "max", _CLASSES, "Precision (macro)", "label"),
    ("macro_recall", "max", _CLASSES, "Recall (macro)", "label"),
    ("macro_f1", "max", _CLASSES, "F1 (macro)", "label"),
    ("balanced_accuracy", "max", _CLASSES, "Balanced accuracy", "label"),
    ("accuracy", "max", _CLASSES, "Accuracy", "label"),
    ("mcc", "max", _CLASSES, "MCC", "label"),
    ("cost", "min", _CLASSES, "Cost", "label"),
    ("log_loss", "min", _CLASSES, "Log-loss", "proba"),
    ("brier", "min", _CLASSES, "Brier score", "proba"),
    ("rmse", "min", _VALUES, "RMSE", "value"),
    ("mae", "min", _VALUES, "MAE", "value"),
    ("r2", "max", _VALUES, "R2", "value"),
    ("median_absolute_error", "min", _VALUES, "Median absolute error", "value"),
    ("pinball", "min", _VALUES, "Pinball loss", "value"),
)

#: Every metric by name, in the order in which reports show them.
METRICS: dict[str, Metric] = {
    name: Metric(name=name, direction=direction, tasks=tasks, label=label, needs=needs)
    for name, direction, tasks, label, needs in _ROWS
}


def objectives(task: Task, quantile: float | None = None, costs: DecisionGoal | None = None) -> tuple[str, ...]:
    """Names of the metrics that exist for a task; the pinball loss needs a quantile, the cost of decisions the costs.

    >>> objectives("regression")
    ('rmse', 'mae', 'r2', 'median_absolute_error')
    """
    without = {"pinball"} if quantile is None else set()
    without |= set() if isinstance(costs, Costs) else {"cost"}
    return tuple(name for name, metric in METRICS.items() if task in metric.tasks and name not in without)


def trained_quantile(objective: str, quantile: float | None = None) -> float | None:
    """The quantile whose pinball loss is trained for an objective; None where it is the usual loss of the task.

    The median for the absolute errors, which it minimizes; `quantile` for the pinball loss.

    >>> trained_quantile("mae"), trained_quantile("pinball", 0.9), trained_quantile("rmse")
    (0.5, 0.9, None)
    """
    return {"mae": 0.5, "median_absolute_error": 0.5, "pinball": quantile}.get(objective)


def default_objective(task: Task) -> str:
    """The metric that is tuned unless the user names another.

    >>> default_objective("binary")
    'roc_auc'
    """
    return {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[task]


def decide(probabilities: Array, positive: int | None, rule: AnyRule = ONE_HALF) -> Array:
    """The decided class of each row, ``[n]``.

    Args:
        probabilities: ``[n, classes]``.
        positive: Position of the positive of two classes (`Problem.positive`); None for more classes. These are
            decided by the lowest expected cost, the first of several (Elkan, "The foundations of cost-sensitive
            learning", IJCAI 2001), where the rule has a matrix, else by the highest probability.
        rule: Threshold or cost matrix; its calibration is taken to be applied.

    >>> decide(np.array([[0.5, 0.5], [0.9, 0.1]]), positive=1)
    array([1, 0])
    >>> from autoft.records import DecisionRule
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


def row_briers(y: Array, probabilities: Array, positive: int | None) -> Array:
    """Brier score of each row, ``[n]``.

    As scikit-learn 1.7 and later define it: binary the squared error of the positive probability (0 to 1),
    multiclass the sum of squared errors over the classes (0 to 2).
    """
    if positive is not None:
        return np.asarray(np.square(probabilities[:, positive].astype(np.float64) - (y == positive)))
    return np.asarray(np.square(probabilities.astype(np.float64) - np.eye(probabilities.shape[1])[y]).sum(axis=1))


def scores(truth: Truth, predictions: Array, problem: Problem, *, rule: AnyRule = ONE_HALF) -> dict[str, float]:
    """Every metric of the task on the given rows, each counted once (`weighted_metrics.point_scores` weighs them).

    Args:
        truth: True answers of these rows.
        predictions: Probabilities ``[n, classes]`` or values ``[n]``.
        problem: Task and goal. The pinball loss needs its quantile, the metric ``cost`` its costs.
        rule: By which classes are decided; several classes with costs are decided by their matrix.

    Raises:
        EvaluationError: If there are no rows, or a prediction is not finite.

    >>> truth, problem = Truth(y=np.array([1.0, 2.0])), Problem(task="regression", objective="mae")
    >>> scores(truth, np.array([1.0, 4.0]), problem)["mae"]
    1.0
    """
    y, task, quantile, costs = truth.y, problem.task, problem.quantile, truth.goal(problem)
    _check(y, predictions)
    if task == "regression":
        found = _value_scores(y, predictions.astype(np.float64))
        return found if quantile is None else found | {"pinball": float(pinball(y, predictions, quantile).mean())}
    decided = decide(predictions, problem.positive, decided_by(rule, problem))
    found = _class_scores(y, predictions, decided, task, problem.positive_index)
    if not isinstance(costs, Costs):
        return found
    cost = float(row_costs(costs, y, decided, problem.positive_index).mean())
    return {name: cost if name == "cost" else found[name] for name in objectives(task, costs=costs)}


def details(
    truth: Truth,
    predictions: Array,
    problem: Problem,
    *,
    rule: AnyRule = ONE_HALF,
    classes: Sequence[object] = (),
) -> Details:
    """Per-class table, confusion matrix and curves; for regression a sample of predicted and true values.

    Args:
        truth, predictions, problem: As for `scores`.
        rule: By which classes are decided.
        classes: Labels in the order of the columns (their text is the key).

    Returns:
        ROC curve: x = false positive rate, y = recall. PR curve: x = recall, y = precision. Binary tasks have
        the curves of the positive class only. ``residuals``: x = predicted, y = true.
    """
    y, task, positive_index = truth.y, problem.task, problem.positive_index
    _check(y, predictions)
    if task == "regression":
        keep = _thin(len(y), RESIDUAL_POINTS)
        return Details(curves={"residuals": {"all": {"x": _floats(predictions[keep]), "y": _floats(y[keep])}}})
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


def _check(y: Array, predictions: Array) -> None:
    bad = int((~np.isfinite(predictions)).sum())
    if len(y) == 0 or len(y) != len(predictions) or bad:
        raise EvaluationError(
            "Predictions to be scored",
            "be finite numbers, one row for each true value",
            f"{len(y):,} true values came with {len(predictions):,} predictions, {bad:,} numbers of them not finite",
            "score only rows that were held out, and leave out models that diverged",
        )


def _value_scores(y: Array, predicted: Array) -> dict[str, float]:
    from sklearn.metrics import mean_absolute_error, mean_squared_error, median_absolute_error, r2_score

    return {
        "rmse": math.sqrt(mean_squared_error(y, predicted)),
        "mae": float(mean_absolute_error(y, predicted)),
        "r2": float(r2_score(y, predicted)) if np.ptp(y) > 0 else math.nan,
        "median_absolute_error": float(median_absolute_error(y, predicted)),
    }


def _class_scores(y: Array, probabilities: Array, decided: Array, task: Task, positive_index: int) -> dict[str, float]:
    from sklearn.metrics import (
        accuracy_score,
        average_precision_score,
        log_loss,
        matthews_corrcoef,
        precision_recall_fscore_support,
        roc_auc_score,
    )

    number = probabilities.shape[1]
    table = precision_recall_fscore_support(y, decided, labels=range(number), zero_division=0)[:3]
    present = np.bincount(y, minlength=number) > 0
    all_present = bool(present.all())
    result = dict.fromkeys(objectives(task), math.nan)
    # One curve against the rest for each class; a binary task has one curve, that of the positive class.
    ranked = (positive_index,) if task == "binary" else range(number)
    for name, area in (("roc_auc", roc_auc_score), ("pr_auc", average_precision_score)):
        if all_present:
            result[name] = float(np.mean([area(y == c, probabilities[:, c]) for c in ranked]))
    for name, column in zip(("precision", "recall", "f1"), table, strict=True):
        if all_present:
            result[f"macro_{name}"] = float(column.mean())
        result[name] = result[f"macro_{name}"]
        if task == "binary":
            result[name] = float(column[positive_index]) if present[positive_index] else math.nan
    # Where every class is present the mean recall is the balanced accuracy.
    result["balanced_accuracy"] = result["macro_recall"]
    result["accuracy"] = float(accuracy_score(y, decided))
    if present.sum() > 1:
        result["mcc"] = float(matthews_corrcoef(y, decided))
    result["log_loss"] = float(log_loss(y, bounded(probabilities), labels=range(number)))
    result["brier"] = float(row_briers(y, probabilities, positive_index if task == "binary" else None).mean())
    return result


def _curves(true: Array, score: Array) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    from sklearn.metrics import precision_recall_curve, roc_curve

    false_rate, hit_rate, _ = roc_curve(true, score)
    precision, recall, _ = precision_recall_curve(true, score)
    keep, kept = _thin(len(false_rate), CURVE_POINTS), _thin(len(recall), CURVE_POINTS)
    return (
        {"x": _floats(false_rate[keep]), "y": _floats(hit_rate[keep])},
        {"x": _floats(recall[kept]), "y": _floats(precision[kept])},
    )


def _thin(length: int, most: int) -> Array:
    """Evenly spaced positions, the first and the last among them."""
    return np.asarray(np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(int)))


def _floats(values: Array) -> list[float]:
    return [float(value) for value in values]

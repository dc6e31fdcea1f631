"""Metrics: one class a metric, with all that autoft knows of it."""

from __future__ import annotations

from collections.abc import Iterable

# In the order in which reports show them; other modules here follow (`registry.import_package`).
from autoft.evaluation.metrics import areas, labels, probabilities, values  # noqa: F401
from autoft.evaluation.metrics.metric import METRICS, DecisionCounts, Direction, Metric, Needs, Prediction
from autoft.records.columns import Task
from autoft.records.decisions import Costs
from autoft.records.problem import Problem

__all__ = ["METRICS", "DecisionCounts", "Direction", "Metric", "Needs", "Prediction"]


def metrics_of(problem: Problem) -> tuple[Metric, ...]:
    """The metrics that a problem has: those of its task, with what they need.

    >>> [metric.name for metric in metrics_of(Problem(task="regression", objective="rmse"))]
    ['rmse', 'mae', 'r2', 'median_absolute_error']
    """
    return tuple(
        metric
        for metric in METRICS
        if problem.task in metric.tasks
        and (problem.quantile is not None or not metric.needs_quantile)
        and (isinstance(problem.goal, Costs) or not metric.needs_costs)
    )


def loss_metric(task: Task, *, by_quantile: bool) -> Metric:
    """The metric whose loss of single rows is trained (`losses.row_losses`).

    >>> loss_metric("regression", by_quantile=False).row_loss
    'squared error'
    """
    return next(m for m in METRICS if m.row_loss and task in m.tasks and m.needs_quantile == by_quantile)


def distinct(names: Iterable[str], task: Task, first: str) -> list[str]:
    """Names of metrics, one of them first, and none of the others that repeats another one in this task.

    >>> distinct(["f1", "macro_f1", "unknown", "mcc"], "multiclass", first="mcc")
    ['mcc', 'f1', 'unknown']
    """
    others = (name for name in names if name not in METRICS or task not in METRICS[name].repeated_for)
    return [first, *(name for name in others if name != first)]


def default_objective(task: Task) -> str:
    """The metric that is tuned unless the user names another."""
    return next(metric.name for metric in METRICS if task in metric.default_for)

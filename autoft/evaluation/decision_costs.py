"""What decisions cost beside simpler rules: the same answer to all rows, and the most probable class.

All rules are scored on the same draws as the honest score. Under the bias correction a draw decides by the choice, the
calibration and the threshold that were made on its drawn rows, and counts what that costs on the others. Columns of
samples are, in this order: the deployed rule, the most probable class, each class always, and for two classes every
threshold of the curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.evaluation.bootstrap import around, mean_interval
from autoft.evaluation.costs import matrix_of, row_costs
from autoft.evaluation.metrics import decide
from autoft.records import Alternative, Costs, DecisionCosts, Interval, Task
from autoft.records.arrays import Array

#: Thresholds of the cost curve.
CURVE = np.arange(0, 101) / 100

#: Costs are told for so many rows.
ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Mean cost of a row by draw and rule, ``[draws, rules]``, NaN where undefined.

    `point` holds the costs on all rows, where those are the values (not so under the bias correction).
    """

    draws: Array
    point: Array | None = None


def rules(task: Task, classes: int) -> int:
    """Number of columns of samples."""
    return 2 + classes + (len(CURVE) if task == "binary" else 0)


def sampled(
    y: Array,
    predictions: Array,
    weights: Array,
    *,
    task: Task,
    positive_index: int,
    costs: Costs,
    threshold: float | Array = 0.5,
    row_weights: Array | None = None,
    **_: Any,
) -> Array:
    """Mean cost of a row under each weighting, by rule, ``[draws, rules]``.

    Args:
        y: Class positions, ``[n]``.
        predictions: Calibrated probabilities, ``[n, classes]``.
        weights: Of the rows, ``[draws, n]``.
        task, positive_index: The problem.
        costs: Of answers; gains are of these rows.
        threshold: Of the deployed rule (two classes), for all rows or for each.
        row_weights: ``[n]``, None where all rows count the same.

    >>> p = np.array([[0.6, 0.4], [0.2, 0.8], [0.9, 0.1]])
    >>> found = sampled(np.array([1, 1, 0]), p, np.ones((1, 3)), task="binary", positive_index=1, threshold=0.3,
    ...                 costs=Costs(false_negative=6.0, false_positive=3.0))
    >>> found[0, :4].tolist()  # deployed, most probable, always the first class, always the second
    [0.0, 2.0, 4.0, 1.0]
    """
    problem: dict[str, Any] = {"task": task, "positive_index": positive_index}
    own = decide(predictions, threshold=threshold, matrix=matrix_of(costs), **problem)
    answers = [own, decide(predictions, **problem), *range(predictions.shape[1])]
    columns = np.stack([row_costs(costs, y, answer, positive_index) for answer in answers], axis=1)
    found = np.empty((len(weights), rules(task, predictions.shape[1])))
    if task == "binary":
        # How many thresholds each row reaches, and what it adds to the cost of "always no" when it does.
        reached = np.searchsorted(CURVE, predictions[:, positive_index], side="right")
        yes, no = columns[:, 2 + positive_index], columns[:, 3 - positive_index]
    for place, drawn in enumerate(weights):
        w = drawn.astype(np.float64) if row_weights is None else drawn * row_weights
        total = w.sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            found[place, : columns.shape[1]] = w @ columns / total
            if task == "binary":
                steps = np.bincount(reached, weights=w * (yes - no), minlength=len(CURVE) + 1)
                found[place, columns.shape[1] :] = (w @ no + np.cumsum(steps[::-1])[::-1][1:]) / total
    return found


def summarised(samples: Samples, classes: Sequence[Any], left: float = 1.0) -> DecisionCosts:
    """The record of a run.

    Args:
        samples: Of all rules.
        classes: Labels in the order of the columns.
        left: What the bag leaves of its members' cost (`evaluation.ensemble_gain`). It concerns the deployed rule and
            the most probable class, which the bag answers both; the curve stays that of single networks.
    """
    factor = np.full(samples.draws.shape[1], float(ROWS))
    factor[:2] *= left
    draws = samples.draws * factor
    point = None if samples.point is None else samples.point * factor

    def interval(values: Array, value: float | None) -> Interval:
        return mean_interval(values) if value is None else around(value, values)

    def alternative(column: int) -> Alternative:
        own = None if point is None else float(point[column])
        gap = None if point is None else float(point[column] - point[0])
        return Alternative(
            rule="most_probable" if column == 1 else "always",
            label="" if column == 1 else str(classes[column - 2]),
            cost=interval(draws[:, column], own),
            saved=interval(draws[:, column] - draws[:, 0], gap),
        )

    first = 2 + len(classes)
    curve = (np.nanmean(draws, axis=0) if point is None else point)[first:]
    return DecisionCosts(
        deployed=interval(draws[:, 0], None if point is None else float(point[0])),
        alternatives=tuple(alternative(column) for column in range(1, first)),
        curve=tuple(zip(CURVE.tolist(), curve.tolist(), strict=False)) if len(curve) else (),
    )


__all__ = ["CURVE", "ROWS", "Samples", "rules", "sampled", "summarised"]

"""Decision costs: the deployed rule beside simpler ones (one answer to all rows, the most probable class).

All rules are scored on the draws of the corrected score. Under the bias correction a draw decides by the blend,
calibration and threshold chosen on its drawn rows, and the costs are those of the other rows. Columns of samples are,
in this order: the deployed rule, the most probable class, each class for all rows, and for two classes every threshold
of the curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.evaluation.bootstrap import around, mean_interval
from autoft.evaluation.decisions import decide, decided_by, row_costs
from autoft.records.arrays import Array
from autoft.records.decisions import Alternative, AnyRule, Costs, DecisionCosts
from autoft.records.problem import Problem, Truth
from autoft.records.scores import Interval

#: Thresholds of the cost curve.
CURVE = np.arange(0, 101) / 100
#: Number of rows that reported costs are for.
ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostSamples:
    """Mean cost of a row by draw and rule.

    Attributes:
        draws: ``[draws, rules]``, NaN where undefined.
        point: On all rows, ``[rules]``; None under the bias correction, where the mean over the draws is the value.
    """

    draws: Array
    point: Array | None = None


def number_of_rules(problem: Problem, classes: int) -> int:
    """Columns of samples."""
    return 2 + classes + (len(CURVE) if problem.task == "binary" else 0)


def sample_costs(truth: Truth, predictions: Array, weights: Array, problem: Problem, rule: AnyRule) -> Array:
    """Mean cost of a row under each weighting, by rule, ``[draws, rules]``.

    Args:
        predictions: Calibrated probabilities, ``[n, classes]``.
        weights: Of the rows, ``[draws, n]``.
    """
    costs, positive_index = truth.goal(problem), problem.positive_index
    assert isinstance(costs, Costs)
    own = decide(predictions, problem.positive, decided_by(rule, problem))
    answers = [own, decide(predictions, problem.positive), *range(predictions.shape[1])]
    columns = np.stack([row_costs(costs, truth.y, answer, positive_index) for answer in answers], axis=1)
    found = np.empty((len(weights), number_of_rules(problem, predictions.shape[1])))
    if problem.task == "binary":
        # How many thresholds each row reaches, and what it adds to the cost of "always no" when it does.
        reached = np.searchsorted(CURVE, predictions[:, positive_index], side="right")
        yes, no = columns[:, 2 + positive_index], columns[:, 3 - positive_index]
    for place, drawn in enumerate(weights):
        w = drawn.astype(np.float64) if truth.weights is None else drawn * truth.weights
        total = w.sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            found[place, : columns.shape[1]] = w @ columns / total
            if problem.task == "binary":
                steps = np.bincount(reached, weights=w * (yes - no), minlength=len(CURVE) + 1)
                found[place, columns.shape[1] :] = (w @ no + np.cumsum(steps[::-1])[::-1][1:]) / total
    return found


def summarize_costs(samples: CostSamples, classes: Sequence[Any], left: float = 1.0) -> DecisionCosts:
    """Costs of the deployed rule, of simpler ones and along the thresholds, for `ROWS` rows.

    Args:
        left: Cost of the ensemble relative to its members (`evaluation.ensemble_gain`), for the deployed rule and the
            most probable class; the curve stays that of single networks.
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

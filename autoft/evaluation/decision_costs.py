"""Decision costs: the deployed rule beside simpler ones (one answer to all rows, the most probable class).

All rules are scored on the draws of the corrected score. Under the bias correction a draw decides by the blend,
calibration and threshold chosen on its drawn rows, and the costs are those of the other rows. The rules are, in the
order of the columns of samples: the deployed one, the most probable class, each class for all rows, and for two classes
every threshold of the curve.
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
    """Number of columns of samples."""
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
        w = truth.weighted(drawn).astype(np.float64)
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
        left: Cost of the ensemble as a share of that of its members (`evaluation.ensemble_gain`). It multiplies the
            deployed rule and the most probable class; the curve stays that of single networks.
    """
    factor = np.full(samples.draws.shape[1], float(ROWS))
    factor[:2] *= left  # the two rules that depend on probabilities
    draws = samples.draws * factor
    point = None if samples.point is None else samples.point * factor

    def cost(rule: int) -> Interval:
        return mean_interval(draws[:, rule]) if point is None else around(point[rule], draws[:, rule])

    def saved(rule: int) -> Interval:
        gap = draws[:, rule] - draws[:, 0]
        return mean_interval(gap) if point is None else around(point[rule] - point[0], gap)

    always = [Alternative(rule="always", label=str(c), cost=cost(r), saved=saved(r)) for r, c in enumerate(classes, 2)]
    first = 2 + len(classes)
    curve = (np.nanmean(draws, axis=0) if point is None else point)[first:]
    return DecisionCosts(
        deployed=cost(0),
        alternatives=(Alternative(rule="most_probable", label="", cost=cost(1), saved=saved(1)), *always),
        curve=tuple(zip(CURVE.tolist(), curve.tolist(), strict=False)) if len(curve) else (),
    )

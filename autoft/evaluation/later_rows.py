"""Later rows: intervals of scores for a stretch of time that is still to come, or for other groups."""

from __future__ import annotations

import math
from collections.abc import Mapping

from autoft.evaluation.metrics import METRICS
from autoft.records.problem import Problem
from autoft.records.scores import Interval


def for_later_rows(held_out: Mapping[str, Interval], problem: Problem, stretches: int) -> dict[str, Interval]:
    """Scores by metric with intervals that hold the score of a later stretch of time, or of as many other groups.

    An interval of a mean over all stretches says how well that mean is known. A single later stretch differs from it by
    as much as one stretch from the others: with k scored stretches of one length, the variance of the mean is 1 / k of
    theirs, and that of the difference 1 + 1 / k of theirs, so that ends move away from the value by the square root of
    k + 1.

    Args:
        stretches: Scored stretches that are as long as the later one (the number of blocks; 1 for a holdout).

    >>> score = {"rmse": Interval(value=5.0, low=4.5, high=6.0)}
    >>> for_later_rows(score, Problem(task="regression", objective="rmse"), 3)["rmse"]
    Interval(value=5.0, low=4.0, high=7.0)
    """
    factor, later = math.sqrt(stretches + 1), {}
    for name, found in held_out.items():
        low, high = (found.value + factor * (end - found.value) for end in (found.low, found.high))
        later[name] = Interval(value=found.value, low=low, high=high).within(*METRICS[name].bounds(problem))
    return later

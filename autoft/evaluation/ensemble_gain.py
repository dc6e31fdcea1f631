"""What the deployed bag is worth beyond its members, measured by models that leave out two blocks.

A row has one member that did not train on it, so held-out predictions score single members; the deployed model is the
mean of K of them, and as a rule better. Of the models that leave out two blocks, several have not seen block i: their
mean against each of them alone is the gain of a bag on rows that are new to all of it. Four for each block are enough
(`partners`): with five folds all pairs, with more 2 K of them.

The training rows of those models differ more than those of the bag's members (they share K - 3 of K - 2 blocks, the
members K - 2 of K - 1), and there are fewer of them. A gain from averaging grows with the share that differs and with
1 - 1/m for m models: (1 / (K - 1)) (1 - 1 / K) = 1 / K for the bag, (1 / (K - 2)) (1 - 1 / m) here. What is found is
multiplied by the ratio of the two, which is .8 for five folds.

A gain is counted as a share of what is left to gain: the models that leave out two blocks have fewer rows and are
worse, most of all where little is left. Their bag may halve a log-loss of .02 that is .003 for the model itself: what
it gains there is .0015, not .01.

Pooled predictions rank rows of different models against one another, which costs ROC-AUC and which the bag, one model,
does not: Forman & Scholz, "Apples-to-apples in cross-validation studies", SIGKDD Explorations 12 (2010). Where blocks
are drawn at random, the mean of the areas within the blocks is that of one model; the difference is counted in full.

The mean of networks is less sure of itself than each of them, so it has a temperature of its own (`bag_calibration`).
The gain is that of the calibrated mean over the calibrated members; both are calibrated in cross-fitting, each block by
what was fitted on the others, so that no row has a say in its own calibration.

``python -m benchmarks.honesty`` compares what is reported with the truth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autoft.evaluation import calibration
from autoft.evaluation import costs as row_costs
from autoft.evaluation.correction import CorrectedScore
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.weighted_metrics import of_rows, point_scores
from autoft.records import Calibration, CalibrationMethod, DecisionGoal, Interval, Task
from autoft.records.arrays import Array

#: The metric that compares rows with one another.
AREA = "roc_auc"

#: A block is held out together with those up to so many places away, in a circle.
REACH = 2


def partners(k: int) -> list[int]:
    """Distances, in a circle of k blocks, to the blocks that each one is held out with.

    >>> partners(3), partners(5), partners(10)
    ([1, 2], [1, 2, 3, 4], [1, 2, 8, 9])
    """
    return sorted({step % k for step in range(-REACH, REACH + 1)} - {0})


def pairs_of(k: int) -> list[tuple[int, int]]:
    """The pairs of blocks (i < j) that are held out together.

    >>> pairs_of(3)
    [(0, 1), (0, 2), (1, 2)]
    >>> len(pairs_of(5)), len(pairs_of(10))
    (10, 20)
    """
    return sorted({(min(i, (i + step) % k), max(i, (i + step) % k)) for i in range(k) for step in partners(k)})


def bag_gain(
    y: Array,
    pairs: Mapping[tuple[int, int], Array],
    *,
    blocks: Array,
    task: Task,
    positive_index: int,
    exchangeable: bool = True,
    row_weights: Array | None = None,
    quantile: float | None = None,
    costs: DecisionGoal | None = None,
    method: CalibrationMethod = "none",
    threshold: float = 0.5,
) -> dict[str, float]:
    """How far from the best score the bag is, as a multiple of how far its members' pooled predictions are, by metric.

    The best score is 1 where more is better, else 0; less than 1 is a gain. Metrics that are undefined somewhere are
    left out.

    Args:
        y: Class positions or values, ``[n]``.
        pairs: By blocks (`pairs_of`), predictions of the model that saw neither, for the rows of both,
            ``[n, classes]`` or ``[n]``; NaN elsewhere.
        blocks: Block of each row, ``[n]``.
        task, positive_index: The problem.
        exchangeable: Whether the blocks were drawn at random (neither in time order nor by group).
        row_weights: ``[n]``, None where all rows count the same.
        quantile: Of the pinball loss, which is left out without it.
        threshold, costs: Of decisions, as for `metrics.scores`.
        method: How members and bag are calibrated.

    >>> y, blocks = np.array([0.0, 1.0, 2.0]), np.arange(3)
    >>> wrong = {(0, 1): [1.0, 2.0, np.nan], (0, 2): [-1.0, np.nan, 3.0], (1, 2): [np.nan, 0.0, 1.0]}
    >>> found = bag_gain(y, {k: np.array(v) for k, v in wrong.items()}, blocks=blocks, task="regression",
    ...                  positive_index=0)
    >>> round(found["rmse"], 3)  # each is wrong by 1, their means not at all; two thirds of it are counted
    0.333
    """
    share, singles = _share(blocks), _singles(pairs, blocks)
    rows = np.flatnonzero(blocks >= 0)
    places = [np.flatnonzero(blocks[rows] == i) for i in np.unique(blocks[rows])]
    own, weights, every = y[rows], of_rows(row_weights, rows), np.arange(len(rows))
    raw = [pooled[rows] for pooled in (np.mean(singles, axis=0), *singles)]
    together, *singles = (calibration.cross_fitted(method, own, pooled, blocks[rows], weights) for pooled in raw)
    problem: dict[str, Any] = {"task": task, "positive_index": positive_index, "quantile": quantile}
    problem |= {"threshold": threshold}

    def scored_on(block: Array, predictions: Array) -> dict[str, float]:
        of_block: dict[str, Any] = {
            "row_weights": of_rows(weights, block),
            "costs": row_costs.of_rows(costs, rows[block]),
        }
        return point_scores(own[block], predictions[block], **of_block, **problem)

    def mean(scored: Sequence[Mapping[str, float]], name: str) -> float:
        return float(np.mean([each[name] for each in scored]))

    def within(predictions: Array) -> float:
        return mean([scored_on(block, predictions) for block in places], AREA)

    bag, alone = scored_on(every, together), [scored_on(every, single) for single in singles]
    gains = {name: _left(name, mean(alone, name), share * (score - mean(alone, name))) for name, score in bag.items()}
    if exchangeable and AREA in bag:
        # Of what is not calibrated: temperatures of their own would move the blocks against one another, and what
        # that costs an area is no cost of pooling models.
        together, *singles = raw
        each = float(np.mean([within(single) for single in singles]))
        pooled_area = mean([scored_on(every, single) for single in singles], AREA)
        left = _left(AREA, pooled_area, share * (within(together) - each) + each - pooled_area)
        gains[AREA] = left if math.isfinite(left) else gains[AREA]  # a class may be missing in a block
    return {name: gain for name, gain in gains.items() if math.isfinite(gain)}


def bag_calibration(
    y: Array,
    pairs: Mapping[tuple[int, int], Array],
    *,
    blocks: Array,
    method: CalibrationMethod,
    row_weights: Array | None = None,
) -> Calibration:
    """The calibration of the deployed bag, fitted on means of models that have not seen the rows.

    Of the way from the temperature of single members to that of their mean (in logarithms), the share that a bag has is
    gone; isotonic regression is that of the mean.

    Args:
        y, pairs, blocks, row_weights: As for `bag_gain`.
        method: ``temperature`` may turn out to be none.
    """
    rows, singles = np.flatnonzero(blocks >= 0), _singles(pairs, blocks)
    weights = of_rows(row_weights, rows)
    together = calibration.fitted(method, y[rows], np.mean(singles, axis=0)[rows], weights)
    if method != "temperature":
        return together
    alone = [calibration.fitted(method, y[rows], single[rows], weights).temperature for single in singles]
    share, first = _share(blocks), float(np.mean(np.log(alone)))
    temperature = math.exp(first + share * (math.log(together.temperature) - first))
    return Calibration() if temperature == 1.0 else Calibration(method=method, temperature=temperature)


def _share(blocks: Array) -> float:
    """The share of what is found that a bag has (see above)."""
    k = len(np.unique(blocks[blocks >= 0]))
    return (k - 2) / (k * (1 - 1 / len(partners(k))))


def _singles(pairs: Mapping[tuple[int, int], Array], blocks: Array) -> list[Array]:
    """Pooled predictions, each with one model for each block, NaN on rows in no block."""
    numbers = np.unique(blocks[blocks >= 0]).tolist()
    k, singles = len(numbers), []
    for step in partners(k):
        one = np.full(next(iter(pairs.values())).shape, np.nan)
        for place, i in enumerate(numbers):
            j = numbers[(place + step) % k]
            here = blocks == i
            one[here] = pairs[min(i, j), max(i, j)][here]
        singles.append(one)
    return singles


def with_gain(verdict: CorrectedScore, gains: Mapping[str, float], objective: str) -> CorrectedScore:
    """A verdict about single members as one about their bag.

    Args:
        verdict: Theirs.
        gains: As `bag_gain` gives them.
        objective: The metric of the samples.
    """
    held_out = {name: _moved(name, found, gains.get(name, 1.0)) for name, found in verdict.held_out.items()}
    return replace(
        verdict,
        held_out=held_out,
        samples=_of_bag(objective, verdict.samples, gains.get(objective, 1.0)),
        bag_gain={name: held_out[name].value - verdict.held_out[name].value for name in gains if name in held_out},
    )


def _best(name: str) -> float:
    return 1.0 if METRICS[name].direction == "max" else 0.0


def _left(name: str, score: float, gain: float) -> float:
    """The distance to the best score after a gain, as a multiple of that before it; 1 where there was none."""
    distance = _best(name) - score
    return (distance - gain) / distance if distance else 1.0


def _of_bag(name: str, score: Any, left: float) -> Any:
    return _best(name) - (_best(name) - score) * left


def _moved(name: str, found: Interval, left: float) -> Interval:
    return Interval(**{end: _of_bag(name, getattr(found, end), left) for end in ("value", "low", "high")})

"""Ensemble gain: what the mean of the folds' networks is worth beyond its members, by models that hold out two blocks.

A row has one member that did not train on it, so held-out predictions score single members. The deployed model is the
mean of K members, and as a rule better. Of the models that hold out two blocks, m have not seen block i, as a rule four
(`partners`). Their mean against each of them alone shows the gain on rows that are new to the whole ensemble.

*Share.* The gain of a mean grows with the share of training rows in which its members differ, and with 1 - 1/m. For the
ensemble that is (1 / (K - 1)) (1 - 1 / K) = 1 / K, for the models here (1 / (K - 2)) (1 - 1 / m). The measured gain is
multiplied by the ratio of the two, .8 for five folds.

*Relative.* These models train on fewer rows and are worse, so a gain is measured as a share of the distance to the best
score. If their mean halves a log-loss of .02, a model with a log-loss of .003 gains .0015, not .01.

*ROC-AUC.* Pooled predictions rank rows of different models against one another, which costs area. The ensemble is one
model and loses none (Forman & Scholz, "Apples-to-apples in cross-validation studies", SIGKDD Explorations 12, 2010).
Where blocks are drawn at random, the mean of the areas within the blocks is that of one model, and the difference is
counted in full.

*Calibration.* A mean of networks is less sure than each of them and has a temperature of its own
(`ensemble_calibration`). Mean and members are compared after calibration by cross-fitting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from autoft.evaluation import calibration
from autoft.evaluation.correction import CorrectedScore
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.scores import scores
from autoft.records.arrays import Array
from autoft.records.decisions import ONE_HALF, Calibration, CalibrationMethod, DecisionRule
from autoft.records.problem import Problem, Truth
from autoft.records.scores import Gain, Interval

#: The metric that compares rows with one another.
AREA = "roc_auc"
#: Largest distance, in a circle of blocks, between two blocks that are held out together.
REACH = 2
#: Standard errors from the middle of a 95 % interval to its ends.
SIGMAS = 1.96


def partners(k: int, reach: int = REACH) -> list[int]:
    """Distances, in a circle of k blocks, to the blocks that each one is held out with.

    >>> partners(3), partners(5), partners(10)
    ([1, 2], [1, 2, 3, 4], [1, 2, 8, 9])
    """
    return sorted({step % k for step in range(-reach, reach + 1)} - {0})


def pairs_of(k: int, reach: int = REACH) -> list[tuple[int, int]]:
    """The pairs of blocks (i < j) that are held out together.

    A `reach` of 1 makes half of the models, and each block is new to two of them.

    >>> pairs_of(3), len(pairs_of(5)), len(pairs_of(5, reach=1))
    ([(0, 1), (0, 2), (1, 2)], 10, 5)
    """
    steps = partners(k, reach)
    return sorted({(min(i, (i + step) % k), max(i, (i + step) % k)) for i in range(k) for step in steps})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairPredictions:
    """Predictions of models that hold out two blocks.

    Attributes:
        pairs: By blocks (`pairs_of`), predictions for the rows of both, ``[n, classes]`` or ``[n]``; NaN elsewhere.
        reach: Largest distance of two blocks of a pair.
    """

    pairs: Mapping[tuple[int, int], Array]
    blocks: Array
    reach: int = REACH

    @property
    def rows(self) -> Array:
        """Positions of the rows that are in a block."""
        return np.flatnonzero(self.blocks >= 0)

    @property
    def share(self) -> float:
        """Gain of the ensemble over gain of the mean of these models (see above)."""
        k = len(self._numbers)
        return (k - 2) / (k * (1 - 1 / len(partners(k, self.reach))))

    def singles(self) -> list[Array]:
        """Pooled predictions for `rows`, each with one model for each block."""
        numbers, rows = self._numbers, self.rows
        k, singles = len(numbers), []
        for step in partners(k, self.reach):
            pooled = np.full(next(iter(self.pairs.values())).shape, np.nan)
            for place, i in enumerate(numbers):
                j = numbers[(place + step) % k]
                here = self.blocks == i
                pooled[here] = self.pairs[min(i, j), max(i, j)][here]
            singles.append(pooled[rows])
        return singles

    @property
    def _numbers(self) -> list[int]:
        return [int(block) for block in np.unique(self.blocks[self.blocks >= 0])]


def ensemble_gain(
    predictions: PairPredictions,
    truth: Truth,
    problem: Problem,
    *,
    exchangeable: bool = True,
    method: CalibrationMethod = "none",
    rule: DecisionRule = ONE_HALF,
) -> dict[str, float]:
    """Error of the ensemble as a share of the error of its members' pooled predictions, by metric; below 1 is a gain.

    The error is the distance to the best score: 1 where more is better, else 0. Undefined metrics are skipped.

    Args:
        exchangeable: Whether the blocks were drawn at random (neither in time order nor by group).

    >>> truth, blocks = Truth(y=np.array([0.0, 1.0, 2.0])), np.arange(3)
    >>> wrong = {(0, 1): [1.0, 2.0, np.nan], (0, 2): [-1.0, np.nan, 3.0], (1, 2): [np.nan, 0.0, 1.0]}
    >>> pairs = PairPredictions(pairs={k: np.array(v) for k, v in wrong.items()}, blocks=blocks)
    >>> found = ensemble_gain(pairs, truth, Problem(task="regression", objective="rmse"))
    >>> round(found["rmse"], 3)  # each is wrong by 1, their means not at all; two thirds of it are counted
    0.333
    """
    share, raw = predictions.share, predictions.singles()
    raw = [np.mean(raw, axis=0), *raw]
    rows = predictions.rows
    own, blocks = truth.take(rows), predictions.blocks[rows]
    fitted = [calibration.cross_fitted(method, own.y, pooled, blocks, own.weights) for pooled in raw]
    mean, *singles = (scores(own, pooled, problem, rule=rule) for pooled in fitted)
    alone = {name: float(np.mean([single[name] for single in singles])) for name in mean}
    gains = {name: _left(name, alone[name], share * (score - alone[name])) for name, score in mean.items()}
    if exchangeable and AREA in mean:
        # Uncalibrated: temperatures of their own would move the blocks against one another, and what that costs an
        # area is no cost of pooling models.
        within = [area_within_blocks(own, pooled, blocks, problem) for pooled in raw]
        pooled_area = float(np.mean([scores(own, pooled, problem, rule=rule)[AREA] for pooled in raw[1:]]))
        each = float(np.mean(within[1:]))
        left = _left(AREA, pooled_area, share * (within[0] - each) + each - pooled_area)
        gains[AREA] = left if math.isfinite(left) else gains[AREA]  # a class may be missing in a block
    return {name: gain for name, gain in gains.items() if math.isfinite(gain)}


def area_within_blocks(truth: Truth, predictions: Array, blocks: Array, problem: Problem) -> float:
    """Mean area of the blocks, each with rows of one model alone."""
    places = [np.flatnonzero(blocks == block) for block in np.unique(blocks)]
    return float(np.mean([scores(truth.take(rows), predictions[rows], problem)[AREA] for rows in places]))


def ensemble_calibration(predictions: PairPredictions, truth: Truth, method: CalibrationMethod) -> Calibration:
    """The calibration of the deployed ensemble, fitted on means of models that have not seen the rows.

    The logarithm of a temperature moves from that of single members towards that of their mean by the ensemble's
    share of the gain; isotonic regression is that of the mean.
    """
    own, singles = truth.take(predictions.rows), predictions.singles()
    together = calibration.fitted(method, own.y, np.mean(singles, axis=0), own.weights)
    if method != "temperature":
        return together
    alone = [calibration.fitted(method, own.y, single, own.weights).temperature for single in singles]
    first = float(np.mean(np.log(alone)))
    temperature = math.exp(first + predictions.share * (math.log(together.temperature) - first))
    return Calibration() if temperature == 1.0 else Calibration(method=method, temperature=temperature)


def with_gain(score: CorrectedScore, gain: Gain, problem: Problem) -> CorrectedScore:
    """The score of single members as that of their ensemble; nothing leaves the range of its metric.

    A loss stretches the distance to the best score, also that of the far end of an interval, which may come to lie
    beyond the worst possible score: a draw there stands for the worst score itself. An interval grows by the standard
    error of the gain.
    """
    held_out = {}
    for name, found in score.held_out.items():
        left, error = gain.left.get(name, 1.0), gain.errors.get(name, 0.0)
        ends = np.array([found.value, found.low, found.high])
        value, low, high = _of_ensemble(problem, name, ends, left, error).tolist()
        held_out[name] = Interval(value=value, low=low, high=high)
    name = problem.objective
    drawn = np.append(score.held_out[name].value, score.samples)
    return replace(
        score,
        held_out=held_out,
        samples=_of_ensemble(problem, name, drawn, gain.left.get(name, 1.0), gain.errors.get(name, 0.0))[1:],
        ensemble_gain={
            name: held_out[name].value - score.held_out[name].value for name in gain.left if name in held_out
        },
        gain=gain,
    )


def _left(name: str, score: float, gain: float) -> float:
    """The distance to the best score after a gain, as a share of that before it; 1 where there was none.

    A measured gain of more than the distance says that nothing is left, not that the best score is exceeded.
    """
    distance = METRICS[name].perfect - score
    return max((distance - gain) / distance, 0.0) if distance else 1.0


def _of_ensemble(problem: Problem, name: str, scores: Array, left: float, error: float) -> Array:
    """Scores, the first of them the value and others about it, after a gain with a standard error (`Gain.errors`)."""
    metric = METRICS[name]
    moved = metric.perfect - (metric.perfect - scores) * left
    if error and np.isfinite(scores).any():
        value, others = moved[0], moved[1:] - moved[0]
        own = abs(metric.perfect - value) * error
        if len(others) > 2:  # draws
            spread = float(np.nanstd(others))
            others = others * (math.hypot(spread, own) / spread if spread else 1.0)
        else:
            others = np.sign(others) * np.hypot(others, SIGMAS * own)
        moved = np.append(value, value + others)
    return np.asarray(np.clip(moved, *metric.bounds(problem)))

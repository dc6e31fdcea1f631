"""Estimated gain: what the mean of the folds' models is worth beyond its members, without further training.

The squared error of a mean is the mean squared error of its members less their ambiguity, the variance of their answers
(Krogh & Vedelsby, "Neural network ensembles, cross validation, and active learning", NIPS 1994). The ambiguity needs no
labels, but rows that are new to all members, and there are none. On rows that several members were trained on, though,
fitting has made errors and differences smaller alike: their ratio is that of new rows. It is what is estimated here. It
is drawn to `USUAL` where hardly any training error is left. With two folds no row has two such members; there the
difference between the member that knows a row and the one that does not is taken apart: fitting has moved the first one
towards the true answer by the share by which its training error is smaller.

Of other metrics the distance to the best score follows a power of that of squared errors (`POWERS`). Ranking rows of
different models together costs ROC-AUC, which is measured on the held-out answers (`ensemble_gain`).

``python -m benchmarks.ensemble_gain`` compares estimates with the truth on fresh rows, and prints the constants.
"""

from __future__ import annotations

import math

import numpy as np

from autoft.evaluation.ensemble_gain import AREA, area_within_blocks
from autoft.evaluation.metrics import METRICS, metrics_of
from autoft.evaluation.scores import scores
from autoft.records.arrays import Array
from autoft.records.problem import Problem, Truth
from autoft.records.scores import Gain

#: Most rows, evenly spaced, on which members are compared.
ROWS = 50_000
#: Share of a squared error that a mean usually gains, and the training error, as a share of the held-out one, at which
#: it counts as much as what is estimated.
USUAL, LITTLE = 0.06, 0.01
#: With two folds: differences are overestimated where members fit their rows closely, by this power of the share of the
#: error that is left there.
CLOSE = 0.2
#: Power of the distance to the best score, by metric, that of squared errors being 1; of other metrics `POWER`.
POWERS = {
    **{"brier": 1.0, "r2": 1.0, "rmse": 0.5, "mae": 0.6, "median_absolute_error": 0.6, "pinball": 0.6},
    **{"log_loss": 1.0, AREA: 2.2, "pr_auc": 1.7, "accuracy": 0.9, "mcc": 0.8, "f1": 0.5, "macro_f1": 0.5},
    **{"precision": 1.0, "macro_precision": 1.0, "cost": 1.0},
}
POWER = 0.3
#: Standard error of an estimate as a share of it, and the least one: of the logarithm of the distance that is left.
SHARE, LEAST = 0.5, 0.01
#: The least one where rows are ranked, and where labels are decided: both move in jumps.
LEAST_OF_RANKS, LEAST_OF_LABELS = 0.03, 0.05


def estimated_gain(
    answers: Array, trained: Array, truth: Truth, problem: Problem, *, exchangeable: bool = True
) -> Gain:
    """The gain of the mean of K models over one of them, with its standard error.

    Args:
        answers: Of each model to all rows, calibrated as single models are, ``[K, n, classes]`` or ``[K, n]``.
        trained: Which rows each model learned from, bool ``[K, n]``; model k holds out block k.
        truth: Of all rows.
        exchangeable: Whether the blocks were drawn at random (neither in time order nor by group).

    >>> rng = np.random.default_rng(0)
    >>> truth = Truth(y=np.zeros(5_000), blocks=np.arange(5_000) % 5)
    >>> trained = truth.blocks != np.arange(5)[:, None]
    >>> answers = rng.normal(size=(5, 5_000)) + rng.normal(size=5_000)  # half of the squared error is the member's own
    >>> found = estimated_gain(answers, trained, truth, Problem(task="regression", objective="r2"))
    >>> round(found.left["r2"], 1)  # of that half the mean of five takes away four fifths
    0.6
    """
    left = math.log(1 - squared_gain(answers, trained, truth))
    logs = {metric.name: POWERS.get(metric.name, POWER) * left for metric in metrics_of(problem)}
    errors = {name: math.hypot(_least(name), SHARE * value) for name, value in logs.items()}
    if exchangeable and AREA in logs and truth.blocks is not None:
        logs[AREA] += _cost_of_pooling(answers, truth, problem)
    return Gain(left={name: math.exp(value) for name, value in logs.items()}, errors=errors, source="estimated")


def _least(name: str) -> float:
    if METRICS[name].needs == "label":
        return LEAST_OF_LABELS
    return LEAST_OF_RANKS if METRICS[name].ranks_only else LEAST


def squared_gain(answers: Array, trained: Array, truth: Truth) -> float:
    """The share of a member's squared error on new rows that the mean of all members takes away, 0 to 1 - 1 / K."""
    members, rows = trained.shape
    few = np.unique(np.linspace(0, rows - 1, min(rows, ROWS)).round().astype(int))
    own, learned = truth.take(few), trained[:, few]
    given = answers[:, few].astype(np.float64).reshape(members, len(few), -1)
    y = np.eye(given.shape[2])[own.y] if answers.ndim > 2 else own.y[:, None]
    weights = np.ones(len(few)) if own.weights is None else own.weights
    wrong = np.square(given - y).sum(axis=2)
    known = _mean(wrong, learned * weights)
    new = _mean(wrong, ~learned * weights * (learned.any(axis=0)))
    if not new > 0:
        return 0.0
    several = learned & (learned.sum(axis=0) > 1)
    if several.any():
        known = _mean(wrong, several * weights)
        number = np.maximum(several.sum(axis=0), 2)
        center = (given * several[:, :, None]).sum(axis=0) / number[:, None]
        apart = np.square(given - center).sum(axis=2) * number / (number - 1)
        share = (_mean(apart, several * weights) + LITTLE * new * USUAL) / (known + LITTLE * new)
    else:
        share = _from_two(given, learned, weights, new, min(known / new, 1.0))
    return float(np.clip(share, 0.0, 1.0) * (1 - 1 / members))


def _from_two(given: Array, learned: Array, weights: Array, new: float, fitted: float) -> float:
    """Variance of two models that know different rows, as a share of their squared error on new rows.

    Where fitting leaves the share s of an error e, the answers differ by s d + (1 - s) e, with d the difference on new
    rows. Since d lies half in e, squares have the mean s² D + s (1 - s) D + (1 - s)² E.
    """
    if len(given) < 2 or not fitted > 0:
        return USUAL
    both = learned.sum(axis=0) == 1
    difference = _mean(np.square(given[0] - given[1]).sum(axis=1)[None], (both * weights)[None])
    left = math.sqrt(fitted)
    return float((difference / new - (1 - left) ** 2) / left / 2 * fitted**CLOSE)


def _mean(values: Array, weights: Array) -> float:
    total = float(weights.sum())
    return float((values * weights).sum()) / total if total > 0 else 0.0


def _cost_of_pooling(answers: Array, truth: Truth, problem: Problem) -> float:
    """Logarithm of the distance of an area to 1 within the blocks, as a share of that of all rows together."""
    assert truth.blocks is not None
    rows = np.flatnonzero(truth.blocks >= 0)
    own = truth.take(rows)
    pooled = answers[truth.blocks[rows], rows]
    assert own.blocks is not None
    together, within = scores(own, pooled, problem)[AREA], area_within_blocks(own, pooled, own.blocks, problem)
    return math.log((1 - within) / (1 - together)) if within < 1 and together < 1 else 0.0

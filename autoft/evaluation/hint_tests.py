"""Hint tests: whether the data agree with a hint, and in which rows not, from trainings with and without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autoft.evaluation.slices.groups import Groups
from autoft.evaluation.slices.search import FEWEST_ROWS, clustered_mean, conditions_of
from autoft.records.arrays import Array
from autoft.records.hint_tests import HintVerdict
from autoft.records.problem import Truth
from autoft.records.scores import Interval

# Limits of `declared_share`, the share of a model's movement in the declared direction.
#: At least so much: the model satisfies the effect without the hint.
_ANYWAY = 0.99
#: At least so much: networks mostly move in the declared direction.
MOSTLY = 0.75
#: Less: networks mostly move the other way. Otherwise a worse score does not contradict an effect: bounds make networks
#: learn more slowly, which says nothing about the data.
_HALF = 0.5
#: Less: a network moves the other way.
_OPPOSITE = 0.25
#: Error probability of the intervals of all hints together.
_OUTSIDE = 0.05
#: One-sided confidence that the hint loses, where every network without it moves the other way.
_LEAN = 0.8
#: Probability that the intervals of all groups hold together.
_CONFIDENCE = 0.95
#: Largest number of groups that are reported.
_MOST_NAMED = 3
#: Largest number of groups on which networks are evaluated.
MOST_ASKED = 12


def gain_over_blocks(gains: Sequence[float], *, share: float, confidence: float = 0.95) -> Interval:
    """Mean difference over blocks, each held out by its own network, with an interval.

    The blocks' networks share most of their training rows, which makes the plain t interval too narrow: the variance is
    corrected after Nadeau and Bengio ("Inference for the generalization error", Machine Learning 52, 2003).

    Args:
        gains: One difference for each of K blocks; NaN does not count.
        share: Rows of a block over rows that its network trains on.
    """
    from scipy.special import stdtrit

    known = np.asarray(gains, dtype=np.float64)
    known = known[np.isfinite(known)]
    mean = float(known.mean()) if len(known) else 0.0
    if len(known) < 2:
        return Interval(value=mean, low=-np.inf, high=np.inf)
    spread = float(known.std(ddof=1)) * np.sqrt(1 / len(known) + share)
    reach = float(stdtrit(len(known) - 1, 0.5 + confidence / 2)) * spread
    return Interval(value=mean, low=mean - reach, high=mean + reach)


def declared_share(curves: Array, sign: int) -> Array:
    """Share of a member's movement that goes in the declared direction.

    Args:
        curves: Predictions ``[rows, grid]`` along rising values of a column.
        sign: 1 for a rising effect, -1 for a falling one.

    Returns:
        From 0 (always the other way) to 1; 1 for a model that does not move.
    """
    steps = sign * np.diff(curves, axis=1)
    total = np.abs(steps).sum()
    return np.asarray(np.maximum(steps, 0.0).sum() / total if total > 0 else 1.0)


def verdict_on(
    gains: Sequence[float], *, share: float, by_member: Sequence[float] = (), claim: bool = True, tested: int = 1
) -> tuple[HintVerdict, Interval]:
    """Verdict on a hint and its gain, from K blocks.

    A hint is contradicted if the model without it is significantly better and, for an effect, mostly moves the other
    way; or if that model is probably better and each of its networks moves the other way. Significance is corrected for
    the number of hints (Bonferroni): at 2.5 % for each, one of six true hints would be called contradicted in every
    seventh run. The interval that is returned is that of this hint alone.

    Args:
        gains: Objective with the hint less without, on each block; positive is better.
        by_member: For an effect, `declared_share` of each network that was trained without it.
        claim: Whether the hint says something about the data, which these can contradict; how columns are read can
            only hurt.
        tested: Number of hints that are tested.

    >>> verdict_on([-0.03, -0.02, -0.03, -0.025, -0.02], share=0.25)[0]
    'contradicted'
    """
    found = gain_over_blocks(gains, share=share)
    alone = float(np.mean(by_member)) if len(by_member) else 0.0
    doubtless = gain_over_blocks(gains, share=share, confidence=1 - _OUTSIDE / max(tested, 1))
    if doubtless.high < 0 and alone < _HALF:
        return "contradicted" if claim else "hurts", found
    # One-sided: the upper end of an interval that leaves out 1 - _LEAN on that side.
    lean = gain_over_blocks(gains, share=share, confidence=2 * _LEAN - 1)
    if len(by_member) and max(by_member) < _OPPOSITE and lean.high < 0:
        return "contradicted", found
    if found.low > 0:
        return "helps", found
    if alone >= _ANYWAY:
        return "satisfied anyway", found
    return "no measurable effect", found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Harmed:
    """A group in which a hint does harm.

    Attributes:
        inside: Which of the rows are in it, ``[m]``.
        gain: Mean loss of a row without the hint less with it; its interval lies below zero.
        obeyed: Share of their movement by which the networks without the hint go its way there.
    """

    column: str
    group: str
    inside: Array
    gain: Interval
    obeyed: float


def harmed(
    gains: Array, groups: Sequence[Groups], truth: Truth, moves: Callable[[Array], Sequence[float]], *, hints: int = 1
) -> tuple[Harmed, ...]:
    """Groups that speak against an effect, at least 50 rows inside and outside, the worst first, three at most.

    In such a group losses are larger with the effect, and every network that was trained without it mostly moves the
    other way. The second is required since bounds make networks learn more slowly, which says nothing about the data.
    Rows of a group that is found do not count for another one.

    The t interval of a group's mean difference is widened for the number of groups that are tested (Bonferroni): the
    probability that any group is called worse where none is stays below 2.5 %.

    Args:
        gains: Loss of each row without the hint less with it, ``[m]``.
        truth: Of the same rows. Rows of one cluster are one observation; rows of weight 0 do not count at all.
        moves: From some of the rows, ``[m]`` booleans, to the share of each network's movement that goes the way of the
            hint. Called only for groups with larger losses.
        hints: Number of hints that are tested, each on all groups.
    """
    weights = truth.weights
    counts = np.ones(len(gains)) if weights is None else weights / weights[weights > 0].mean()
    rows = np.flatnonzero(counts > 0)
    found = conditions_of([one.rows(rows) for one in groups])[0]
    clusters = np.unique(truth.groups, return_inverse=True)[1]
    gains = np.asarray(gains, dtype=np.float64)
    spread = np.average(np.square(gains - np.average(gains, weights=counts)), weights=counts)
    outside = (1 - _CONFIDENCE) / 2 / max(hints * len(found), 1)

    def mean_gain(some: Array) -> Interval:
        return _interval(gains[some], counts[some], clusters[some], spread, outside)

    sides = [(groups[g], code, (counts > 0) & (groups[g].codes == code)) for g, code in found]
    worse = [(gain, *side) for side in sides if (gain := mean_gain(side[2])).high < 0]
    named, asked, free = [], 0, np.ones(len(gains), dtype=bool)
    for gain, own, code, inside in sorted(worse, key=lambda one: one[0].value):
        rest = inside & free
        if np.count_nonzero(rest) < FEWEST_ROWS or mean_gain(rest).high >= 0:
            continue
        shares, asked = moves(rest), asked + 1
        if len(shares) and max(shares) < _HALF:
            obeyed = float(np.mean(shares))
            named.append(Harmed(column=own.column, group=own.labels[code], inside=inside, gain=gain, obeyed=obeyed))
            free &= ~inside
        if len(named) == _MOST_NAMED or asked == MOST_ASKED:
            break
    return tuple(named)


def _interval(gains: Array, weights: Array, clusters: Array, spread: float, outside: float) -> Interval:
    """Mean gain of some rows; infinitely wide where it is unknown.

    Args:
        spread: Variance of all gains.
        outside: Probability on each side of the interval.
    """
    from scipy.special import stdtrit

    mean, own, number = clustered_mean(gains, weights, clusters)
    if number < 2:
        return Interval(value=mean, low=-np.inf, high=np.inf)
    # A few rows that happen to differ little are no proof: their spread is at least that of all rows.
    pooled = spread * (weights @ weights) / weights.sum() ** 2
    error = float(np.sqrt(max(own * number / (number - 1), pooled)))
    reach = -float(stdtrit(number - 1, outside)) * error
    return Interval(value=mean, low=mean - reach, high=mean + reach)

"""Hint tests: whether the data agree with a hint, from two trainings that differ in that hint alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoft.records.arrays import Array
from autoft.records.hint_tests import HintVerdict
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

"""Hint tests: agreement of the data with a hint, from two trainings that differ in that hint alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoft.records import HintVerdict, Interval
from autoft.records.arrays import Array

#: Share of a model's movement from which on it obeys by itself; and below which it goes the other way.
_ANYWAY, _OPPOSITE = 0.99, 0.25
#: Share below which networks go the other way for the most part. Else a worse score does not speak against an effect:
#: bounds make networks learn more slowly, which is no word about the data.
_HALF = 0.5
#: Share from which on it goes the declared way for the most part.
MOSTLY = 0.75
#: Probability that an interval leaves out the truth; that of all hints together, where a loss counts beyond doubt.
_OUTSIDE = 0.05
#: Confidence from which on a loss by the hint counts where the model without it goes the other way, too.
_LEAN = 0.8


def gain_over_blocks(gains: Sequence[float], *, share: float, confidence: float = 0.95) -> Interval:
    """Mean difference over blocks, each held out by its own network, with an interval that knows of both noises.

    The blocks' networks share most of their training rows, so that the plain t interval is too narrow: the variance is
    corrected after Nadeau and Bengio ("Inference for the generalization error", Machine Learning 52, 2003).

    Args:
        gains: A difference for each of K blocks; those that are undefined there (NaN) do not count.
        share: Rows of a block over rows that its network trains on.
        confidence: Of the interval.

    >>> bool(gain_over_blocks([0.02, 0.03, 0.025, 0.02, 0.03], share=0.25).low > 0)
    True
    """
    from scipy.special import stdtrit

    known = np.asarray(gains, dtype=np.float64)
    known = known[np.isfinite(known)]
    if len(known) < 2:
        value = float(known.mean()) if len(known) else 0.0
        return Interval(value=value, low=-np.inf, high=np.inf)
    spread = float(known.std(ddof=1)) * np.sqrt(1 / len(known) + share)
    reach = float(stdtrit(len(known) - 1, 0.5 + confidence / 2)) * spread
    middle = float(known.mean())
    return Interval(value=middle, low=middle - reach, high=middle + reach)


def obeyed(curves: Array, sign: int) -> Array:
    """Share of each member's movement that goes the declared way.

    Args:
        curves: Answers ``[rows, grid]`` along rising values of a column, each row by one member.
        sign: 1 for a rising effect, -1 for a falling one.

    Returns:
        A number from 0 (always the other way) to 1; 1 for a model that does not move.

    >>> float(obeyed(np.array([[0.0, 1.0, 3.0], [1.0, 0.5, 0.5]]), 1).round(3))
    0.857
    """
    steps = sign * np.diff(curves, axis=1)
    total = np.abs(steps).sum()
    return np.asarray(np.maximum(steps, 0.0).sum() / total if total > 0 else 1.0)


def verdict(
    gains: Sequence[float], *, share: float, by_member: Sequence[float] = (), claim: bool = True, tested: int = 1
) -> tuple[HintVerdict, Interval]:
    """What K blocks say of a hint.

    A hint is contradicted where the model without it is better beyond doubt (and, of an effect, moves the other way by
    itself for the most part); or where it is probably better, and every one of its networks moves the other way. Beyond
    doubt is the upper end of an interval that is widened for the number of hints (Bonferroni): with 2.5 % for each of
    them, one of six true ones would be called contradicted in every seventh run. The interval that is returned is that
    of this hint alone.

    Args:
        gains: Objective with the hint less without, on each block; positive is better.
        share: As for `gain_over_blocks`.
        by_member: For an effect, `obeyed` of each network that was trained without it.
        claim: Whether the hint says what is true of the data, which they can contradict, or only how columns are read,
            which can only hurt.
        tested: How many hints are, in all.

    >>> verdict([-0.03, -0.02, -0.03, -0.025, -0.02], share=0.25)[0]
    'contradicted'
    >>> verdict([0.001, -0.001, 0.0, 0.0, 0.001], share=0.25, by_member=[1.0, 1.0, 0.995, 1.0, 1.0])[0]
    'satisfied anyway'
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

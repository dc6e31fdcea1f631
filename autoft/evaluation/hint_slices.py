"""Hint slices: groups of rows in which the networks with a hint are worse than those without it, beyond chance.

Both are evaluated on held-out rows, so each row has a difference of losses. The t interval of a group's mean difference
is widened for the number of groups that are tested (Bonferroni): the probability that any group is called worse where
none is stays below 2.5 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autoft.evaluation.slices.groups import Groups
from autoft.evaluation.slices.search import FEWEST_ROWS, clustered_mean, conditions_of
from autoft.records.arrays import Array
from autoft.records.problem import Truth
from autoft.records.scores import Interval

#: Probability that the intervals of all groups hold together.
CONFIDENCE = 0.95
#: Share of a network's movement below which it goes the other way.
OPPOSITE = 0.5
#: Largest number of groups that are reported.
MOST_NAMED = 3
#: Largest number of groups on which networks are evaluated.
MOST_ASKED = 12


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
    outside = (1 - CONFIDENCE) / 2 / max(hints * len(found), 1)

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
        if len(shares) and max(shares) < OPPOSITE:
            obeyed = float(np.mean(shares))
            named.append(Harmed(column=own.column, group=own.labels[code], inside=inside, gain=gain, obeyed=obeyed))
            free &= ~inside
        if len(named) == MOST_NAMED or asked == MOST_ASKED:
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

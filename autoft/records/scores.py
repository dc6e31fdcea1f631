"""Scores of a search, its folds and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Strategy = Literal["corrected", "nested", "holdout"]
#: Where the gain of the ensemble over its members comes from: ``none`` where the score is that of ensembles anyway.
GainSource = Literal["measured", "estimated", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float

    def within(self, low: float, high: float) -> Interval:
        """The part that is possible; NaN stays NaN.

        >>> Interval(value=0.3, low=-0.02, high=0.6).within(0.0, 1.0).low
        0.0
        """
        value, least, most = (min(max(end, low), high) for end in (self.value, self.low, self.high))
        return Interval(value=value, low=least, high=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What the ensemble gains over its members, by metric.

    Attributes:
        left: The ensemble's distance to the best score as a multiple of its members'; below 1 is a gain.
        errors: Standard error of the logarithm of `left`, where it is known.
    """

    left: Mapping[str, float] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)
    source: GainSource = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldReport:
    """Train against held-out performance of one fold of the chosen trial, at its number of epochs."""

    fold: int
    train_rows: int
    held_out_rows: int
    train_score: float
    held_out_score: float
    gap: float
    train_curve: tuple[float, ...]
    held_out_curve: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A simple model on the same folds.

    Attributes:
        name: ``constant``, ``linear`` or ``hist_gradient_boosting``.
        difference: Network minus baseline on the objective, from the same draws; positive means that
            the network is better, whatever the direction of the metric.
        verdict: ``beaten`` (interval above 0), ``level`` or ``not beaten`` (interval below 0).
    """

    name: str
    metrics: Mapping[str, Interval]
    difference: Interval
    verdict: Literal["beaten", "level", "not beaten"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitGap:
    """The objective of gradient boosting on the folds, and on as many rows divided at random."""

    folds: float
    random: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """Loss of the objective on held-out rows when one column is shuffled (mean and range of the repeats)."""

    column: str
    drop: Interval

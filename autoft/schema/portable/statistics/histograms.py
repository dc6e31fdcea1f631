"""Histograms of sorted values: ten buckets of equal width, and ten of equal share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft.schema.portable import messages

BUCKETS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ordered:
    """Numbers in ascending order, without NaN.

    Attributes:
        values: Shape (n,), float64.
        weights: Shape (n + 1,), the weight of the first 0, 1, ... n values; None if each weighs 1.
        nan: How many NaN were left out.
    """

    values: NDArray[np.float64]
    weights: NDArray[np.float64] | None = None
    nan: int = 0

    @classmethod
    def of(cls, numbers: NDArray[Any], weights: NDArray[np.float64] | None = None) -> Ordered:
        """The numbers sorted; `weights` has one weight per number. Zero weights leave their number out."""
        values = numbers.astype(np.float64)
        void = np.isnan(values)
        nan = int(np.count_nonzero(void))
        if weights is None:
            values = values[~void] if nan else values
            values.sort()
            return cls(values=values, nan=nan)
        kept = ~void & (weights > 0)
        values, weights = values[kept], weights[kept]
        order = np.argsort(values, kind="stable")
        return cls(values=values[order], weights=np.concatenate([[0.0], np.cumsum(weights[order])]), nan=nan)

    @property
    def total(self) -> float:
        """The weight of all values."""
        return float(len(self.values) if self.weights is None else self.weights[-1])

    def up_to(self, bounds: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weight of the values that are not above each bound."""
        positions = np.searchsorted(self.values, bounds, side="right")
        return positions.astype(np.float64) if self.weights is None else self.weights[positions]

    def quantiles(self, parts: int) -> NDArray[np.float64]:
        """The smallest value, the bounds between parts of equal weight, and the largest: shape (parts + 1,).

        A bound is the first value up to which the weight is more than the share, hence the upper one of the two
        in the middle.
        """
        steps = np.arange(parts)
        if self.weights is None:
            positions = steps * len(self.values) // parts
        else:
            positions = np.searchsorted(self.weights[1:], steps / parts * self.total, side="right")
            positions = np.minimum(positions, len(self.values) - 1)
        bounds: NDArray[np.float64] = self.values[np.append(positions, len(self.values) - 1)]
        return bounds


def quantile_histogram(ordered: Ordered) -> Any:
    """A ``Histogram`` of type QUANTILES. Buckets that end at the same value share what lies there evenly."""
    bounds = ordered.quantiles(BUCKETS)
    highs, positions, sharing = np.unique(bounds[1:], return_inverse=True, return_counts=True)
    weights = np.diff(ordered.up_to(highs), prepend=0.0) / sharing
    return _histogram("QUANTILES", bounds[:-1], bounds[1:], weights[positions], ordered.nan)


def standard_histogram(ordered: Ordered, low: float, high: float) -> Any:
    """A ``Histogram`` of type STANDARD between two finite bounds; infinities have buckets of their own.

    A value between two buckets belongs to the lower one. Without any finite value (`low` is then above `high`) there
    is one bucket for all, whose bounds are the wrong way round in TFDV, too.
    """
    if low > high:
        return _histogram("STANDARD", [low], [high], [ordered.total], ordered.nan)
    edges = np.linspace(low, high, BUCKETS + 1) if low < high else np.array([low, high])
    reached = ordered.up_to(edges)
    below = ordered.up_to(np.array([-np.inf]))[0]
    reached[0] = below
    lows, highs, weights = list(edges[:-1]), list(edges[1:]), list(np.diff(reached))
    above = ordered.total - reached[-1]
    if below:
        lows, highs, weights = [-np.inf, *lows], [-np.inf, *highs], [below, *weights]
    if above > 0:
        lows, highs, weights = [*lows, np.inf], [*highs, np.inf], [*weights, above]
    return _histogram("STANDARD", lows, highs, weights, ordered.nan)


def even_histogram(value: float, weight: float) -> Any:
    """The quantile histogram of a single value."""
    return _histogram("QUANTILES", [value] * BUCKETS, [value] * BUCKETS, [weight / BUCKETS] * BUCKETS, 0)


def _histogram(kind: str, lows: Any, highs: Any, weights: Any, nan: int) -> Any:
    histogram = messages.Histogram(type=kind, num_nan=nan)
    for low, high, weight in zip(lows, highs, weights, strict=True):
        histogram.buckets.add(low_value=low, high_value=high, sample_count=weight)
    return histogram

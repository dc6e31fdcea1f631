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
    """Numbers in ascending order without NaN, float64 ``[n]``, and how many NaN were left out."""

    values: NDArray[np.float64]
    nan: int

    @classmethod
    def of(cls, numbers: NDArray[Any]) -> Ordered:
        """The numbers sorted."""
        values = numbers.astype(np.float64)
        void = np.isnan(values)
        return cls(values=np.sort(values[~void]), nan=int(np.count_nonzero(void)))

    def up_to(self, bounds: Any) -> NDArray[np.float64]:
        """The number of values that are not above each bound."""
        return np.asarray(np.searchsorted(self.values, bounds, side="right"), dtype=np.float64)

    def quantiles(self, parts: int) -> NDArray[np.float64]:
        """The smallest value, the bounds between equal parts, and the largest: ``[parts + 1]``. A bound is the first
        value up to which there are more values than the share, hence the upper one of the two in the middle."""
        positions = np.arange(parts) * len(self.values) // parts
        bounds: NDArray[np.float64] = self.values[np.append(positions, len(self.values) - 1)]
        return bounds


def quantile_histogram(ordered: Ordered) -> Any:
    """A ``Histogram`` of type QUANTILES. Buckets that end at the same value share what lies there evenly."""
    bounds = ordered.quantiles(BUCKETS)
    highs, positions, sharing = np.unique(bounds[1:], return_inverse=True, return_counts=True)
    weights = np.diff(ordered.up_to(highs), prepend=0.0) / sharing
    return _histogram("QUANTILES", bounds[:-1], bounds[1:], weights[positions], ordered.nan)


def standard_histogram(ordered: Ordered) -> Any:
    """A ``Histogram`` of type STANDARD over the finite values; infinities have buckets of their own. A value between
    two buckets belongs to the lower one. Without any finite value there is one bucket for all, whose bounds are the
    wrong way round (inf to -inf) in TFDV, too."""
    total = float(len(ordered.values))
    finite = ordered.values[np.isfinite(ordered.values)]
    if not len(finite):
        return _histogram("STANDARD", [np.inf], [-np.inf], [total], ordered.nan)
    low, high = finite[0], finite[-1]
    edges = np.linspace(low, high, BUCKETS + 1) if low < high else np.array([low, high])
    reached = ordered.up_to(edges)
    reached[0] = ordered.up_to(-np.inf)
    below = reached[0]
    lows, highs, weights = list(edges[:-1]), list(edges[1:]), list(np.diff(reached))
    above = total - reached[-1]
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

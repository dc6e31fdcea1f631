"""Drift of a column and of the number of rows from an earlier table, and distances between the values of two tables.

L-infinity norm and normalized absolute difference compare how often each value occurs; the Jensen-Shannon divergence
(J. Lin, Divergence measures based on the Shannon entropy, 1991; base 2, so from 0 to 1) compares those, or the
histograms of numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft.schema.portable.messages import Histogram
from autoft.schema.portable.validate.view import Reason, View

Counts = dict[str, float]
#: Edges [n, 2] and masses [n] of a histogram's buckets, and the mass of NaN.
Buckets = tuple[NDArray[np.float64], NDArray[np.float64], float]


def _aligned(treatment: Counts, control: Counts) -> tuple[list[str], NDArray[np.float64]]:
    """All values in order, and their counts [2, values]."""
    texts = sorted(treatment.keys() | control.keys())
    return texts, np.array([[side.get(text, 0.0) for text in texts] for side in (treatment, control)])


def _shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)


def _largest(texts: list[str], differences: NDArray[np.float64]) -> tuple[float, str]:
    if not texts:
        return 0.0, ""
    largest = differences.max()
    return float(largest), texts[int(np.flatnonzero(differences == largest)[-1])]


def l_infinity(treatment: Counts, control: Counts) -> tuple[float, str]:
    """The largest difference of the shares of one value, and that value.

    >>> l_infinity({"a": 1, "b": 1}, {"a": 1})
    (0.5, 'b')
    """
    texts, counts = _aligned(treatment, control)
    shares = _shares(counts)
    return _largest(texts, np.abs(shares[0] - shares[1]))


def absolute_difference(treatment: Counts, control: Counts) -> tuple[float, str]:
    """The largest difference of the counts of one value as a share of all counts, and that value.

    >>> absolute_difference({"a": 1, "b": 1}, {"a": 2})
    (0.25, 'b')
    """
    texts, counts = _aligned(treatment, control)
    total = counts.sum()
    return _largest(texts, np.abs(counts[0] - counts[1]) / total if total else np.zeros(len(texts)))


def jensen_shannon(counts: NDArray[np.float64]) -> float:
    """The divergence of two distributions, from their counts [2, outcomes]."""
    return max(0.0, divergence(*_shares(counts)))


def divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """The Jensen-Shannon divergence of two distributions over the same outcomes, in bits.

    >>> divergence(np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.0, 1.0]))
    1.0
    """
    from scipy.special import rel_entr

    middle = (p + q) / 2
    return float(rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / (2 * log(2))


def texts_divergence(treatment: Counts, control: Counts) -> float:
    """`jensen_shannon` of the values of a column."""
    return jensen_shannon(_aligned(treatment, control)[1])


def buckets_divergence(treatment: Buckets, control: Buckets) -> float:
    """`jensen_shannon` of two histograms, each with its buckets divided at the edges of the other.

    Within a bucket the mass is spread evenly; one of width 0 stays apart. NaN, and buckets that reach to infinity,
    count as different in the two tables, as in TFDV.

    >>> def halves(a, b, c):
    ...     return np.array([[a, b], [b, c]]), np.array([1.0, 1.0]), 0.0
    >>> buckets_divergence(halves(0, 1, 2), halves(0.5, 1.5, 2.5))
    0.25
    """
    finite = [np.isfinite(edges).all(axis=1) for edges, _, _ in (treatment, control)]
    cuts = np.unique(
        np.concatenate([side[0][keep].ravel() for side, keep in zip((treatment, control), finite, strict=True)])
    )
    rows = []
    for number, (edges, masses, nan) in enumerate((treatment, control)):
        keep = finite[number]
        apart = np.zeros((2, 2))
        apart[number] = nan, masses[~keep].sum()
        rows.append(np.concatenate([_divided(edges[keep], masses[keep], cuts), apart.ravel()]))
    return jensen_shannon(np.array(rows))


def _divided(edges: NDArray[np.float64], masses: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mass at each cut, then between each cut and the next."""
    points, widths = np.zeros(len(cuts)), edges[:, 1] - edges[:, 0]
    flat = widths == 0
    np.add.at(points, np.searchsorted(cuts, edges[flat, 0]), masses[flat])
    between = np.zeros(max(len(cuts) - 1, 0))
    for (low, high), mass, width in zip(edges[~flat], masses[~flat], widths[~flat], strict=True):
        first, last = np.searchsorted(cuts, (low, high))
        between[first:last] += mass * np.diff(cuts[first : last + 1]) / width
    return np.concatenate([points, between])


#: Field of the schema's ``drift_comparator`` -> TFDV's name of the distance, and its words for it.
_DISTANCES = {
    "infinity_norm": ("L_INFTY", "Linfty distance"),
    "normalized_abs_difference": ("NORMALIZED_ABSOLUTE_DIFFERENCE", "normalized absolute difference"),
    "jensen_shannon_divergence": ("JENSEN_SHANNON_DIVERGENCE", "approximate Jensen-Shannon divergence"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The earlier table: its columns by name, and its number of rows."""

    columns: Mapping[str, View]
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A distance, its limit, and the reason if it is beyond."""

    type: str
    value: float
    threshold: float
    reason: Reason | None


def _limits(feature: Any) -> dict[str, Any]:
    """The comparators that have a threshold, by field."""
    fields = {field: getattr(feature.drift_comparator, field) for field in _DISTANCES}
    return {field: limit for field, limit in fields.items() if limit.HasField("threshold")}


def missing(feature: Any, earlier: Earlier) -> Iterator[Reason]:
    """A reason if the earlier table lacks a column that the schema compares."""
    if _limits(feature) and earlier.rows > 0 and feature.name not in earlier.columns:
        yield Reason("COMPARATOR_CONTROL_DATA_MISSING", "previous data missing", "previous data is missing.")


def measure(feature: Any, view: View, earlier: Earlier) -> Iterator[Measured]:
    """Every distance that the schema sets a limit to."""
    other = earlier.columns.get(feature.name)
    if other is None or earlier.rows == 0:
        return
    for field, limit in _limits(feature).items():
        value, worst = _distance(field, limit, view, other)
        if value is None:
            continue
        kind, words = _DISTANCES[field]
        threshold, where = limit.threshold, f"{words} between current and previous"
        told = f"The {where} is {value:g} (up to six significant digits), above the threshold {threshold:g}.{worst}"
        reason = Reason(f"COMPARATOR_{kind}_HIGH", f"High {where}", told) if value > threshold else None
        yield Measured(type=kind, value=value, threshold=threshold, reason=reason)


def _distance(field: str, limit: Any, view: View, other: View) -> tuple[float | None, str]:
    """The distance, None where the two columns have nothing to compare, and words about the value that differs most."""
    if field == "jensen_shannon_divergence":
        return _divergence(view, other, limit.source.type), ""
    compare = l_infinity if field == "infinity_norm" else absolute_difference
    value, worst = compare(view.texts, other.texts)
    return value, f" The feature value with maximum difference is: {worst}"


def _divergence(view: View, other: View, source: int) -> float | None:
    if view.texts and other.texts:
        return texts_divergence(view.texts, other.texts)
    kind = Histogram.QUANTILES if source == 1 else Histogram.STANDARD
    sides = []
    for histogram in (view.histogram(kind), other.histogram(kind)):
        if histogram is None or not histogram.buckets:
            return None
        edges = np.array([(bucket.low_value, bucket.high_value) for bucket in histogram.buckets])
        masses = np.array([bucket.sample_count for bucket in histogram.buckets])
        sides.append((edges, masses, float(histogram.num_nan)))
    return buckets_divergence(*sides)


def number_of_rows(rows: int, schema: Any, previous: Earlier | None) -> Iterator[Reason]:
    """Too few or too many rows, against the schema's limits and the earlier table's number."""
    limits = schema.dataset_constraints
    if previous is not None and limits.HasField("num_examples_drift_comparator"):
        yield from _ratio(rows, previous.rows, limits.num_examples_drift_comparator)
    # TFDV looks at the upper limit only where there is a lower one.
    if not limits.HasField("min_examples_count"):
        return
    if rows < limits.min_examples_count:
        told = f"The dataset has {rows} examples, which is fewer than expected."
        yield Reason("DATASET_LOW_NUM_EXAMPLES", "Low num examples in dataset.", told)
    if limits.HasField("max_examples_count") and rows > limits.max_examples_count:
        told = f"The dataset has {rows} examples, which is more than expected."
        yield Reason("DATASET_HIGH_NUM_EXAMPLES", "High num examples in dataset.", told)


def _ratio(rows: int, before: int, limits: Any) -> Iterator[Reason]:
    where = "num examples in current dataset versus the previous span"
    low, high = limits.HasField("min_fraction_threshold"), limits.HasField("max_fraction_threshold")
    if before == 0:
        if high:
            told = "The previous span has 0 examples, so there is a high number of examples in the current dataset"
            told += " versus the previous span."
            yield Reason("COMPARATOR_HIGH_NUM_EXAMPLES", f"High {where}, which has 0.", told)
        return
    ratio = rows / before
    told = "The ratio of num examples in the current dataset versus the previous span is "
    told += f"{ratio:g} (up to six significant digits), which is"
    if high and ratio > limits.max_fraction_threshold:
        above = f"{told} above the threshold {limits.max_fraction_threshold:g}."
        yield Reason("COMPARATOR_HIGH_NUM_EXAMPLES", f"High {where}.", above)
    if low and ratio < limits.min_fraction_threshold:
        below = f"{told} below the threshold {limits.min_fraction_threshold:g}."
        yield Reason("COMPARATOR_LOW_NUM_EXAMPLES", f"Low {where}.", below)

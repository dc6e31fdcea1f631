"""Drift of a column and of the number of rows, from an earlier table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.schema.portable.messages import Histogram
from autoft.schema.portable.validate import distances
from autoft.schema.portable.validate.view import Reason, View

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
    compare = distances.l_infinity if field == "infinity_norm" else distances.absolute_difference
    value, worst = compare(view.texts, other.texts)
    return value, f" The feature value with maximum difference is: {worst}"


def _divergence(view: View, other: View, source: int) -> float | None:
    if view.texts and other.texts:
        return distances.texts_divergence(view.texts, other.texts)
    kind = Histogram.QUANTILES if source == 1 else Histogram.STANDARD
    sides = []
    for histogram in (view.histogram(kind), other.histogram(kind)):
        if histogram is None or not histogram.buckets:
            return None
        edges = np.array([(bucket.low_value, bucket.high_value) for bucket in histogram.buckets])
        masses = np.array([bucket.sample_count for bucket in histogram.buckets])
        sides.append((edges, masses, float(histogram.num_nan)))
    return distances.buckets_divergence(*sides)


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

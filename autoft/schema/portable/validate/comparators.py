"""Drift of a column and of the number of rows, from an earlier table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.schema.portable.messages import Histogram
from autoft.schema.portable.validate import distances
from autoft.schema.portable.validate.reasons import Reason
from autoft.schema.portable.validate.view import View

_WORST = " The feature value with maximum difference is: "


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


def missing(feature: Any, earlier: Earlier) -> Iterator[Reason]:
    """A reason if the earlier table lacks a column that the schema compares."""
    kinds = ("infinity_norm", "normalized_abs_difference", "jensen_shannon_divergence")
    compared = any(getattr(feature.drift_comparator, kind).HasField("threshold") for kind in kinds)
    if compared and earlier.rows > 0 and feature.name not in earlier.columns:
        told = "previous data is missing."
        yield Reason(type="COMPARATOR_CONTROL_DATA_MISSING", short="previous data missing", description=told)


def measure(feature: Any, view: View, earlier: Earlier) -> Iterator[Measured]:
    """Every distance that the schema sets a limit to."""
    other = earlier.columns.get(feature.name)
    if other is None or earlier.rows == 0:
        return
    limits, texts = feature.drift_comparator, (view.texts, other.texts)
    if limits.infinity_norm.HasField("threshold"):
        value, worst = distances.l_infinity(*texts)
        name = ("L_INFTY", "Linfty distance")
        yield _measured(name, value, limits.infinity_norm.threshold, _WORST + worst)
    if limits.normalized_abs_difference.HasField("threshold"):
        value, worst = distances.absolute_difference(*texts)
        name = ("NORMALIZED_ABSOLUTE_DIFFERENCE", "normalized absolute difference")
        yield _measured(name, value, limits.normalized_abs_difference.threshold, _WORST + worst)
    divergence = limits.jensen_shannon_divergence
    if divergence.HasField("threshold") and (distance := _divergence(view, other, divergence.source.type)) is not None:
        name = ("JENSEN_SHANNON_DIVERGENCE", "approximate Jensen-Shannon divergence")
        yield _measured(name, distance, divergence.threshold, "")


def _divergence(view: View, other: View, source: int) -> float | None:
    """None where the two columns have nothing to compare."""
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


def _measured(name: tuple[str, str], value: float, threshold: float, worst: str) -> Measured:
    kind, words = name
    where = f"{words} between current and previous"
    told = f"The {where} is {value:g} (up to six significant digits), above the threshold {threshold:g}.{worst}"
    reason = Reason(type=f"COMPARATOR_{kind}_HIGH", short=f"High {where}", description=told)
    return Measured(type=kind, value=value, threshold=threshold, reason=reason if value > threshold else None)


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
        yield Reason(type="DATASET_LOW_NUM_EXAMPLES", short="Low num examples in dataset.", description=told)
    if limits.HasField("max_examples_count") and rows > limits.max_examples_count:
        told = f"The dataset has {rows} examples, which is more than expected."
        yield Reason(type="DATASET_HIGH_NUM_EXAMPLES", short="High num examples in dataset.", description=told)


def _ratio(rows: int, before: int, limits: Any) -> Iterator[Reason]:
    where = "num examples in current dataset versus the previous span"
    low, high = limits.HasField("min_fraction_threshold"), limits.HasField("max_fraction_threshold")
    if before == 0:
        if high:
            told = "The previous span has 0 examples, so there is a high number of examples in the current dataset"
            told += " versus the previous span."
            yield Reason(type="COMPARATOR_HIGH_NUM_EXAMPLES", short=f"High {where}, which has 0.", description=told)
        return
    ratio = rows / before
    told = "The ratio of num examples in the current dataset versus the previous span is "
    told += f"{ratio:g} (up to six significant digits), which is"
    if high and ratio > limits.max_fraction_threshold:
        above = f"{told} above the threshold {limits.max_fraction_threshold:g}."
        yield Reason(type="COMPARATOR_HIGH_NUM_EXAMPLES", short=f"High {where}.", description=above)
    if low and ratio < limits.min_fraction_threshold:
        below = f"{told} below the threshold {limits.min_fraction_threshold:g}."
        yield Reason(type="COMPARATOR_LOW_NUM_EXAMPLES", short=f"Low {where}.", description=below)

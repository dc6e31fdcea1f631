"""Statistics of tables in TFDV's messages, equal to TFDV's but exact where those are approximate; schemas from them."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.schema.portable import messages

if TYPE_CHECKING:  # a schema is read and a table validated without pandas
    from autoft.data.typed import Cells, Typed


import re

from autoft.schema.portable.validate.domains import whole

TOP, RANKS = 20, 1000  # how many values are listed as the most frequent, and how many are ranked
LARGEST = 1024  # bytes; longer texts are listed by a placeholder
LARGE = "__LARGE_BYTES__"  # as TFDV calls long texts


def generate_statistics(table: Typed) -> Any:
    """A ``DatasetFeatureStatisticsList`` with one data set: what TFDV says of `record_batch(table)`.

    Quantiles and frequencies are exact, where TFDV's are approximate for large tables. `autoft.schema.portable` has an
    example.
    """
    dataset = messages.DatasetFeatureStatistics(num_examples=table.rows)
    dataset.features.extend(_column(name, cells) for name, cells in table.cells.items())
    return messages.DatasetFeatureStatisticsList(datasets=[dataset])


def _column(name: str, cells: Cells) -> Any:
    """``FeatureNameStatistics`` of a column; without any value it is one of texts."""
    values = cells.values[~cells.missing]
    kind = {"i": "INT", "f": "FLOAT"}.get(values.dtype.kind, "STRING") if len(values) else "STRING"
    feature = messages.FeatureNameStatistics(path={"step": [name]}, type=kind)
    stats = feature.string_stats if kind == "STRING" else feature.num_stats
    common = stats.common_stats
    common.num_non_missing = common.tot_num_values = len(values)
    common.num_missing = len(cells.values) - len(values)
    if len(values):
        common.min_num_values = common.max_num_values = 1
        common.avg_num_values = 1.0
        common.num_values_histogram.CopyFrom(even_histogram(1.0, len(values)))
        (_texts if kind == "STRING" else _numbers)(stats, values)
    return feature


def _numbers(stats: Any, values: NDArray[Any]) -> None:
    ordered = Ordered.of(values)
    if not len(ordered.values):
        for kind in ("STANDARD", "QUANTILES"):
            stats.histograms.add(type=kind, num_nan=ordered.nan)
        return
    stats.mean, stats.std_dev = _moments(ordered.values)
    stats.num_zeros = int(np.count_nonzero(ordered.values == 0))
    stats.min, stats.max, stats.median = ordered.values[0], ordered.values[-1], ordered.quantiles(2)[1]
    stats.histograms.extend([standard_histogram(ordered), quantile_histogram(ordered)])


def _moments(ordered: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation (of the population); beside infinities they are NaN and 0, as in TFDV."""
    if np.isinf(ordered[0]) or np.isinf(ordered[-1]):
        return np.nan, 0.0
    if ordered[0] == ordered[-1]:
        return float(ordered[0]), 0.0
    mean = float(np.average(ordered))
    return mean, float(np.sqrt(np.average((ordered - mean) ** 2)))


def _texts(stats: Any, values: NDArray[Any]) -> None:
    import pandas as pd

    codes, distinct = pd.factorize(values)
    counts = np.bincount(codes).astype(np.float64)
    sizes = np.array([len(text.encode()) for text in distinct])
    stats.unique = len(distinct)
    stats.avg_length = float(counts @ sizes) / len(values)
    listed = sizes <= LARGEST
    shown = [str(text) for text in distinct[listed]]
    if not listed.all():
        shown, counts = [*shown, LARGE], np.append(counts[listed], counts[~listed].sum())
    # By frequency; of equally frequent texts the last in the alphabet comes first.
    ranked = [(text, count) for count, text in heapq.nlargest(RANKS, zip(counts.tolist(), shown, strict=True))]
    for text, count in ranked[:TOP]:
        stats.top_values.add(value=text, frequency=count)
    for rank, (text, count) in enumerate(ranked):
        stats.rank_histogram.buckets.add(low_rank=rank, high_rank=rank, label=text, sample_count=count)


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


#: The words that TFDV takes for truth values: each pair for itself, (true, false).
_TRUTHS = (("true", "false"), ("TRUE", "FALSE"), ("1", "0"))


def infer_schema(statistics: Any, max_string_domain_size: int = 100) -> Any:
    """The ``Schema`` that TFDV infers from the statistics of one table with ``infer_feature_shape=False``. (With a
    shape, which is TFDV's default, every later table with empty cells would be an anomaly.) For each column its type,
    its presence, how many values it has, and whether the values are truth values, whole numbers written as text, or
    categories; at most `max_string_domain_size` of these are listed, in alphabetical order."""
    schema = messages.Schema()
    for described in statistics.datasets[0].features:
        feature = schema.feature.add(name=described.path.step[0])
        # The schema's types have other numbers than those of statistics, where texts are STRING.
        name = messages.StatisticsType.Name(described.type)
        feature.type = messages.FeatureType.Value("BYTES" if name == "STRING" else name)
        common = getattr(described, described.WhichOneof("stats")).common_stats
        if common.num_non_missing:
            feature.presence.min_count = feature.value_count.min = feature.value_count.max = 1
            if not common.num_missing:
                feature.presence.min_fraction = 1.0
        else:
            feature.presence.min_count = 0
        if described.HasField("string_stats"):
            _domain_of_texts(schema, feature, described.string_stats, max_string_domain_size)
        elif name == "INT" and described.num_stats.max == 1 and described.num_stats.min >= 0:
            feature.bool_domain.SetInParent()  # unless all are 0
    return schema


def _domain_of_texts(schema: Any, feature: Any, texts: Any, max_string_domain_size: int) -> None:
    values = [bucket.label for bucket in texts.rank_histogram.buckets]
    if not values:
        return
    if (truth := next((pair for pair in _TRUTHS if set(values) <= set(pair)), None)) is not None:
        feature.bool_domain.SetInParent()
        for field, word in zip(("true_value", "false_value"), truth, strict=True):
            if word in values:
                setattr(feature.bool_domain, field, word)
    elif all(whole(value) is not None for value in values):
        feature.int_domain.SetInParent()
    elif texts.unique <= max_string_domain_size:
        feature.domain = domain_name(feature.name)
        schema.string_domain.add(name=feature.domain, value=sorted(values))


def domain_name(column: str) -> str:
    """The name that TFDV gives the domain of a column; one in brackets is the name of an extension."""
    return column if re.fullmatch(r"\([^'()]*\)", column) else messages.path_step(column)

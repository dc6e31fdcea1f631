"""Statistics of tables in TFDV's messages, equal to TFDV's but exact where those are approximate."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autoft.data.typed import Cells, Typed
from autoft.schema.portable import messages
from autoft.schema.portable.histograms import Ordered, even_histogram, quantile_histogram, standard_histogram

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

"""Statistics of one column as a ``FeatureNameStatistics`` message."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft.schema.portable import messages
from autoft.schema.portable.statistics.columns import Values
from autoft.schema.portable.statistics.histograms import Ordered, even_histogram, quantile_histogram, standard_histogram

Weights = NDArray[np.float64]
TOP, RANKS = 20, 1000  # how many values are listed as the most frequent, and how many are ranked
LARGEST = 1024  # bytes; longer texts are listed by a placeholder
LARGE, BINARY = "__LARGE_BYTES__", "__BYTES_VALUE__"  # as TFDV calls long texts, and bytes that are no UTF-8


def feature_statistics(values: Values, rows: int, weights: Weights | None = None) -> Any:
    """Statistics of a column, as TFDV computes them.

    Args:
        values: The column.
        rows: The number of rows of the table.
        weights: The weight of each row, shape (rows,).
    """
    feature = messages.FeatureNameStatistics(path={"step": [values.name]}, type=values.type)
    own = None if weights is None else _of_values(values, weights)
    if values.type == "STRING":
        _common(feature.string_stats.common_stats, values, rows, weights)
        _texts(feature.string_stats, values, own)
    else:
        _common(feature.num_stats.common_stats, values, rows, weights)
        if values.count:
            _numbers(feature.num_stats, values, own)
    return feature


def _of_values(values: Values, weights: Weights) -> Weights:
    """The weight of each value: its row's."""
    filled = weights if values.missing is None else weights[~values.missing]
    return filled if values.lengths is None else np.repeat(filled, values.lengths)


def _common(common: Any, values: Values, rows: int, weights: Weights | None) -> None:
    missing = 0 if values.missing is None else int(np.count_nonzero(values.missing))
    filled = rows - missing
    common.num_non_missing, common.num_missing = filled, missing
    common.tot_num_values = values.count
    if filled:
        _lengths(common, values, filled)
    if weights is not None:
        weighted = common.weighted_common_stats
        kept = weights if values.missing is None else weights[~values.missing]
        weighted.num_non_missing = kept.sum()
        weighted.num_missing = 0.0 if values.missing is None else weights[values.missing].sum()
        weighted.tot_num_values = kept.sum() if values.lengths is None else kept @ values.lengths
        if weighted.num_non_missing:
            weighted.avg_num_values = weighted.tot_num_values / weighted.num_non_missing


def _lengths(common: Any, values: Values, filled: int) -> None:
    common.avg_num_values = values.count / filled
    if values.lengths is None:
        common.min_num_values = common.max_num_values = 1
        histogram = even_histogram(1.0, filled)
    else:
        common.min_num_values, common.max_num_values = int(values.lengths.min()), int(values.lengths.max())
        histogram = quantile_histogram(Ordered.of(values.lengths))
    common.num_values_histogram.CopyFrom(histogram)


def _numbers(stats: Any, values: Values, weights: Weights | None) -> None:
    assert values.numbers is not None
    ordered = Ordered.of(values.numbers)
    if not len(ordered.values):
        for kind in ("STANDARD", "QUANTILES"):  # lists that hold NaN only
            stats.histograms.add(type=kind, num_nan=ordered.nan)
        return
    stats.mean, stats.std_dev = _moments(ordered.values, None)
    zeros = [np.searchsorted(ordered.values, 0.0, side="left"), np.searchsorted(ordered.values, 0.0, side="right")]
    stats.num_zeros = int(zeros[1] - zeros[0])
    stats.min, stats.max, stats.median = ordered.values[0], ordered.values[-1], ordered.quantiles(2)[1]
    low, high = _finite_range(ordered.values)
    stats.histograms.extend([standard_histogram(ordered, low, high), quantile_histogram(ordered)])
    if weights is not None:
        _weighted_numbers(stats.weighted_numeric_stats, Ordered.of(values.numbers, weights), low, high)


def _weighted_numbers(stats: Any, ordered: Ordered, low: float, high: float) -> None:
    if len(ordered.values) and ordered.weights is not None:
        stats.mean, stats.std_dev = _moments(ordered.values, np.diff(ordered.weights))
        stats.median = ordered.quantiles(2)[1]
        stats.histograms.extend([standard_histogram(ordered, low, high), quantile_histogram(ordered)])


def _moments(ordered: NDArray[np.float64], weights: Weights | None) -> tuple[float, float]:
    """Mean and standard deviation (of the population); beside infinities they are NaN and 0, as in TFDV."""
    if np.isinf(ordered[0]) or np.isinf(ordered[-1]):
        return np.nan, 0.0
    if ordered[0] == ordered[-1]:
        return float(ordered[0]), 0.0
    mean = float(np.average(ordered, weights=weights))
    return mean, float(np.sqrt(np.average((ordered - mean) ** 2, weights=weights)))


def _finite_range(ordered: NDArray[np.float64]) -> tuple[float, float]:
    """The smallest and the largest finite value; (inf, -inf) if there is none."""
    first = int(np.searchsorted(ordered, -np.inf, side="right"))
    last = int(np.searchsorted(ordered, np.inf, side="left"))
    return (float(ordered[first]), float(ordered[last - 1])) if first < last else (np.inf, -np.inf)


def _texts(stats: Any, values: Values, weights: Weights | None) -> None:
    if values.codes is None or not values.count:
        return
    codes = values.codes if values.lengths is None else values.codes[values.codes >= 0]
    counts = np.bincount(codes, minlength=len(values.texts)).astype(np.float64)
    shown, invalid = _shown(values.texts)
    sizes = np.fromiter(map(len, values.texts), dtype=np.int64, count=len(values.texts))
    stats.unique = int(np.count_nonzero(counts))
    stats.avg_length = float(counts @ sizes) / values.count
    stats.invalid_utf8_count = int(sum(counts[position] for position in invalid))
    _ranks(stats, shown, counts)
    if weights is not None:
        kept = weights if values.lengths is None else weights[values.codes >= 0]
        weighted: Weights = np.bincount(codes, weights=kept, minlength=len(shown)).astype(np.float64)
        _ranks(stats.weighted_string_stats, shown, weighted)


def _shown(texts: tuple[bytes, ...]) -> tuple[list[str], list[int]]:
    """The texts as they are listed, and the positions of those that are no UTF-8."""
    shown, invalid = [], []
    for position, text in enumerate(texts):
        try:
            shown.append(text.decode() if len(text) <= LARGEST else LARGE)
        except UnicodeDecodeError:
            shown.append(BINARY)
            invalid.append(position)
    return shown, invalid


def _ranks(stats: Any, shown: list[str], counts: Weights) -> None:
    """The values by frequency, from the last in the alphabet to the first where equal; those without any left out."""
    if len(set(shown)) < len(shown):  # placeholders stand for several texts
        merged: dict[str, float] = dict.fromkeys(shown, 0.0)
        for text, count in zip(shown, counts, strict=True):
            merged[text] += float(count)
        shown, counts = list(merged), np.fromiter(merged.values(), dtype=np.float64, count=len(merged))
    ranked = _most_frequent(shown, counts)
    for text, count in ranked[:TOP]:
        stats.top_values.add(value=text, frequency=count)
    for rank, (text, count) in enumerate(ranked):
        stats.rank_histogram.buckets.add(low_rank=rank, high_rank=rank, label=text, sample_count=count)


def _most_frequent(shown: list[str], counts: Weights) -> list[tuple[str, float]]:
    limit = np.partition(counts, len(counts) - RANKS)[len(counts) - RANKS] if len(counts) > RANKS else 0.0
    above = [(float(counts[i]), shown[i]) for i in np.flatnonzero(counts > limit)]
    ranked = [(text, count) for count, text in sorted(above, reverse=True)]
    if limit > 0:
        ties = (shown[i] for i in np.flatnonzero(counts == limit))
        ranked += [(text, float(limit)) for text in heapq.nlargest(RANKS - len(ranked), ties)]
    return ranked

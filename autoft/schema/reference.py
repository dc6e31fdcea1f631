"""Reference counts of the training table, stored in its statistics for comparisons with later tables.

They are exact ones between tenths of the training table, as an engine's bins of equal width would not do (see
docs/schema.md), in TensorFlow Metadata's ``custom_stats``, which every reader of statistics leaves alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft.data.convert import Converted
from autoft.data.privacy import LEAST, coarse, coarse_range
from autoft.records.columns import Column

#: Names of the two facts that are added to a feature.
COUNTS, FILLED = "autoft:counts", "autoft:filled"
BINS = 10
#: Categories that are kept; those after it are so rare that none of them decides how far two tables are apart.
MOST_CATEGORIES = 1_000
#: Share of a column's rows whose values are hidden, up to which it is still compared.
_HIDDEN_SHARE = 0.05
#: Of the longest tail that is believed: a value may lie so many times as far from the middle as all others;
#: and where the tail is not known, as nearly all values are equal.
LONGEST_TAIL, UNKNOWN_TAIL = 100.0, 10.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """Distribution of one column in the training table.

    Attributes:
        counts: Rows by bin or by category; categories beyond `MOST_CATEGORIES` are in none.
        edges: Of numbers and dates: upper ends of all bins but the last, which belong to their bin; None for
            categories.
        low, high: Of numbers and dates: the smallest and the largest.
    """

    counts: NDArray[np.float64]
    edges: NDArray[np.float64] | None
    labels: tuple[str, ...]
    filled: int
    rows: int
    low: float = -np.inf
    high: float = np.inf

    @property
    def median(self) -> float:
        """Of numbers and dates: the middle value, which is the end of a bin."""
        assert self.edges is not None
        middle = int(np.searchsorted(self.counts.cumsum(), self.filled / 2))
        return float(self.edges[middle]) if middle < len(self.edges) else self.high

    @property
    def reach(self) -> tuple[float, float]:
        """Of numbers: how far below and above the range a value lies that no tail explains. The end of
        the range is some times as far from the middle as the last tenth is; a value is far that is so many times as
        far as the end (2 times at least), and further outside than the range is wide."""
        assert self.edges is not None
        width, middle = self.high - self.low, self.median
        found = []
        for end, tenth in ((self.low, self.edges[0]), (self.high, self.edges[-1])):
            whole, part = abs(end - middle), abs(float(tenth) - middle)
            times = whole / part if part > 0 else UNKNOWN_TAIL
            found.append(max(width, (min(max(times, 2.0), LONGEST_TAIL) - 1) * whole))
        return found[0], found[1]

    def count(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The non-missing cells of another table in the same bins; of categories the unknown ones follow, each."""
        if self.edges is not None:
            return np.bincount(np.searchsorted(self.edges, values), minlength=len(self.edges) + 1).astype(np.float64)
        counts = Counter(values.astype(str).tolist())
        known = [counts.pop(label, 0) for label in self.labels]
        return np.array([*known, *counts.values()], dtype=np.float64)


def cells_of(column: Column, converted: Converted) -> NDArray[Any] | None:
    """The non-missing cells of a column that is compared (numbers, seconds of dates, or texts for categories)."""
    if column.kind not in ("numeric", "boolean", "date", "categorical") or column.id not in converted.values:
        return None
    values: NDArray[Any] = converted.values[column.id]
    if column.kind == "categorical":
        filled: NDArray[Any] = values[np.array([cell is not None for cell in values], dtype=bool)]
        return filled
    values = values[~np.isnan(values)]
    return values if column.kind != "boolean" else np.where(values > 0, "true", "false").astype(object)


def add_references(proto: Any, columns: Sequence[Column], converted: Converted) -> None:
    """Add the counts of each column that has values to its statistics."""
    features = {feature.path.step[0]: feature for feature in proto.datasets[0].features}
    for column in columns:
        cells = cells_of(column, converted)
        if cells is None or not len(cells) or column.name not in features:
            continue
        added = features[column.name].custom_stats.add(name=COUNTS)
        if column.kind in ("numeric", "date"):
            _add_bins(added.histogram, cells)
        else:
            _add_categories(added.rank_histogram, cells)
        features[column.name].custom_stats.add(name=FILLED, num=len(cells))


def _add_bins(histogram: Any, values: NDArray[np.float64], *, private: bool = False) -> None:
    tenths = np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf")
    low, high = float(values.min()), float(values.max())
    if private:
        tenths, (low, high) = np.array(coarse(tenths)), coarse_range(low, high)
    edges = np.unique(tenths)  # fewer where one value fills several tenths
    counts = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
    ends = np.concatenate([[low], edges, [high]])
    for low, high, count in zip(ends[:-1], ends[1:], counts, strict=True):
        histogram.buckets.add(low_value=low, high_value=high, sample_count=count)


def _add_categories(histogram: Any, cells: NDArray[Any]) -> None:
    labels, counts = np.unique(cells.astype(str), return_counts=True)
    for k in np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]:
        label = str(labels[k]).encode("utf-8", "replace").decode()
        histogram.buckets.add(low_rank=0, high_rank=0, label=label, sample_count=float(counts[k]))


def references(proto: Any) -> Mapping[str, Reference]:
    """References in statistics, by the column's name, as `add_references` wrote them."""
    found = {}
    for feature in proto.datasets[0].features:
        custom = {fact.name: fact for fact in feature.custom_stats}
        if not {COUNTS, FILLED} <= custom.keys():
            continue
        numeric = custom[COUNTS].HasField("histogram")
        buckets = (custom[COUNTS].histogram if numeric else custom[COUNTS].rank_histogram).buckets
        found[str(feature.path.step[0])] = Reference(
            counts=np.array([bucket.sample_count for bucket in buckets], dtype=np.float64),
            edges=np.array([bucket.high_value for bucket in buckets[:-1]], dtype=np.float64) if numeric else None,
            labels=() if numeric else tuple(str(bucket.label) for bucket in buckets),
            filled=int(custom[FILLED].num),
            rows=int(proto.datasets[0].num_examples),
            low=float(buckets[0].low_value) if numeric else -np.inf,
            high=float(buckets[-1].high_value) if numeric else np.inf,
        )
    return found


def without_rare_values(statistics: Any, converted: Converted) -> Any:
    """Statistics of a table, whose cells are `converted`, without texts that fewer than `LEAST` rows hold, and with
    coarse numbers.

    Of a column in which more than `_HIDDEN_SHARE` of the rows hold such values no comparison with later tables is
    left: a distance that cannot see them would be chance.
    """
    copy, columns = replace(statistics, proto=deepcopy(statistics.proto)), {c.name: c for c in statistics.columns}
    for feature in copy.proto.datasets[0].features:
        if feature.HasField("string_stats"):
            _keep(feature.string_stats.top_values, "frequency")
            _keep(feature.string_stats.rank_histogram.buckets, "sample_count")
        if feature.HasField("num_stats"):
            _coarsen(feature.num_stats)
        custom = {fact.name: fact for fact in feature.custom_stats}
        if COUNTS in custom and custom[COUNTS].HasField("histogram"):
            cells = cells_of(columns[feature.path.step[0]], converted)
            del custom[COUNTS].histogram.buckets[:]
            _add_bins(custom[COUNTS].histogram, np.asarray(cells), private=True)
        elif COUNTS in custom:
            hidden = _keep(custom[COUNTS].rank_histogram.buckets, "sample_count")
            if hidden > _HIDDEN_SHARE * custom[FILLED].num:
                others = [deepcopy(fact) for fact in feature.custom_stats if fact.name not in (COUNTS, FILLED)]
                del feature.custom_stats[:]
                feature.custom_stats.extend(others)
    return copy


def _coarsen(numbers: Any) -> None:
    """Make numeric statistics coarse: they have cells as ends of bins."""
    low, high = numbers.min, numbers.max
    (numbers.min, numbers.max), (_, numbers.median, _) = coarse_range(low, high), coarse([low, numbers.median, high])
    for histogram in numbers.histograms:
        ends = coarse(end for bucket in histogram.buckets for end in (bucket.low_value, bucket.high_value))
        for bucket, start, end in zip(histogram.buckets, ends[::2], ends[1::2], strict=True):
            bucket.low_value, bucket.high_value = start, end


def _keep(values: Any, count: str) -> float:
    """Keep the values of enough rows, and return the rows of all others."""
    kept = [deepcopy(value) for value in values if getattr(value, count) >= LEAST]
    hidden = sum(getattr(value, count) for value in values) - sum(getattr(value, count) for value in kept)
    del values[:]
    values.extend(kept)
    return float(hidden)


def without_private_texts(proto: Any, columns: Sequence[Column]) -> Any:
    """A copy without the texts of identifiers and running text: no comparison needs them, and they may be private."""
    copy = deepcopy(proto)
    private = {column.name for column in columns if column.kind in ("identifier", "text")}
    for feature in copy.datasets[0].features:
        if feature.path.step[0] in private and feature.HasField("string_stats"):
            feature.string_stats.ClearField("top_values")
            feature.string_stats.ClearField("rank_histogram")
    return copy

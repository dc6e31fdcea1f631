"""View of a column's statistics, weighted where the rows have weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autoft.errors import SchemaError
from autoft.schema.portable.messages import StatisticsType

#: Name of the part of sliced statistics that holds all rows.
ALL = "All Examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The statistics of one column.

    Attributes:
        stats: A ``FeatureNameStatistics``.
        weighted: Whether the rows have weights.
    """

    stats: Any
    weighted: bool

    @property
    def type(self) -> str:
        """``INT``, ``FLOAT``, ``STRING``, ``BYTES`` or ``STRUCT``."""
        return str(StatisticsType.Name(self.stats.type))

    @property
    def common(self) -> Any:
        """The ``CommonStatistics``."""
        return getattr(self.stats, self.stats.WhichOneof("stats")).common_stats

    @property
    def _counted(self) -> Any:
        common = self.common
        return common.weighted_common_stats if self.weighted and common.HasField("weighted_common_stats") else common

    @property
    def present(self) -> float:
        """Rows that hold a value (or their weight)."""
        return float(self._counted.num_non_missing)

    @property
    def missing(self) -> float:
        """Rows that hold none (or their weight)."""
        return float(self._counted.num_missing)

    @property
    def total(self) -> float:
        """Values in all rows: more than rows where a column holds lists."""
        counted = self._counted
        return float(counted.tot_num_values or counted.num_non_missing * counted.avg_num_values)

    @property
    def texts(self) -> dict[str, float]:
        """How often each value occurs, in the order of the values; empty for a column without listed values."""
        if self.stats.WhichOneof("stats") != "string_stats":
            return {}
        strings = self.stats.string_stats
        if self.weighted and strings.HasField("weighted_string_stats"):
            strings = strings.weighted_string_stats
        return dict(sorted((bucket.label, bucket.sample_count) for bucket in strings.rank_histogram.buckets))

    @property
    def numbers(self) -> Any:
        """The ``NumericStatistics``, None for a column that has none."""
        return self.stats.num_stats if self.stats.WhichOneof("stats") == "num_stats" else None

    def histogram(self, kind: int) -> Any:
        """The ``Histogram`` of this kind (``Histogram.STANDARD`` ...), None without one."""
        numbers = self.numbers
        if numbers is not None and self.weighted and numbers.HasField("weighted_numeric_stats"):
            numbers = numbers.weighted_numeric_stats
        found = [] if numbers is None else [each for each in numbers.histograms if each.type == kind]
        return found[0] if found else None


def only_dataset(statistics: Any) -> Any:
    """The ``DatasetFeatureStatistics`` of all rows.

    Raises:
        SchemaError: If the list holds several data sets, none of which is that of all rows.
    """
    datasets = list(statistics.datasets)
    chosen = datasets if len(datasets) == 1 else [each for each in datasets if each.name == ALL]
    if len(chosen) != 1:
        found = f"they hold {len(datasets)}, and not one with the name '{ALL}'"
        raise SchemaError("Statistics", "hold one data set", found, "pass the statistics of one table")
    return chosen[0]


def views(dataset: Any, *, heavy: bool) -> Mapping[str, View]:
    """The columns of a table by name, with the weights of its rows if `heavy`.

    Columns without statistics are left out.
    """
    found: dict[str, View] = {}
    for stats in dataset.features:
        steps = list(stats.path.step) or [stats.name]
        if stats.WhichOneof("stats") is not None and len(steps) == 1:
            found.setdefault(steps[0], View(stats=stats, weighted=heavy))
    return found


def weighted(dataset: Any) -> bool:
    """Whether the rows of a table have weights: their sum alone does not count, nor do those of some columns."""
    kinds = [(stats, stats.WhichOneof("stats")) for stats in dataset.features]
    columns = [getattr(stats, kind) for stats, kind in kinds if kind is not None]
    has_weights = (column.common_stats.HasField("weighted_common_stats") for column in columns)
    return dataset.weighted_num_examples > 0 and all(has_weights)


def rows(dataset: Any, *, heavy: bool) -> float:
    """Rows of a table, or their weight."""
    return float(dataset.weighted_num_examples if heavy else dataset.num_examples)

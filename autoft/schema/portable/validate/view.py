"""View of a column's statistics, and reasons for anomalies with their messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autoft.schema.portable.messages import AnomalyInfo, StatisticsType


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The statistics of one column (a ``FeatureNameStatistics``), its type (``INT``, ``FLOAT`` or ``STRING``), and the
    rows that hold a value and that hold none."""

    stats: Any
    type: str
    present: float
    missing: float

    @property
    def texts(self) -> dict[str, float]:
        """How often each value occurs, in the order of the values; empty for a column without listed values."""
        if self.stats.WhichOneof("stats") != "string_stats":
            return {}
        buckets = self.stats.string_stats.rank_histogram.buckets
        return dict(sorted((bucket.label, bucket.sample_count) for bucket in buckets))

    @property
    def numbers(self) -> Any:
        """The ``NumericStatistics``, None for a column that has none."""
        return self.stats.num_stats if self.stats.WhichOneof("stats") == "num_stats" else None

    def histogram(self, kind: int) -> Any:
        """The ``Histogram`` of this kind (``Histogram.STANDARD`` ...), None without one."""
        histograms = [] if self.numbers is None else self.numbers.histograms
        return next((each for each in histograms if each.type == kind), None)


def views(dataset: Any) -> Mapping[str, View]:
    """The columns of a table by name."""
    found = {}
    for stats in dataset.features:
        common, kind = getattr(stats, stats.WhichOneof("stats")).common_stats, str(StatisticsType.Name(stats.type))
        present, missing = float(common.num_non_missing), float(common.num_missing)
        found[stats.path.step[0]] = View(stats=stats, type=kind, present=present, missing=missing)
    return found


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the name of an ``AnomalyInfo.Type`` and TFDV's words for it."""

    type: str
    short: str
    description: str = ""


def malformed(short: str, description: str = "") -> Reason:
    """A reason for a schema that contradicts itself."""
    return Reason("INVALID_SCHEMA_SPECIFICATION", short, description)


def fill(info: Any, reasons: Iterable[Reason]) -> None:
    """Write reasons into an ``AnomalyInfo``, all of them and as one sentence for the whole."""
    found = list(reasons)
    info.severity = AnomalyInfo.ERROR
    for reason in found:
        info.reason.add(type=reason.type, short_description=reason.short, description=reason.description)
    told = [reason for reason in found if reason.description] or found[:1]
    info.short_description = told[0].short if len(told) == 1 else "Multiple errors"
    info.description = " ".join(reason.description for reason in told)

"""Edit hints: the commands after which a schema accepts a table."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from autoft.errors import printable
from autoft.records.findings import Finding
from autoft.schema.adaptation import name_of
from autoft.schema.edit import domain_of

#: Categories that one command names; a column with more new ones is hardly one of categories.
MOST_VALUES = 20
_EMPTY = ("FEATURE_TYPE_LOW_FRACTION_PRESENT", "FEATURE_TYPE_LOW_NUMBER_PRESENT", "FEATURE_TYPE_NOT_PRESENT")
_RANGE = ("INT_TYPE_BIG_INT", "INT_TYPE_SMALL_INT", "FLOAT_TYPE_BIG_FLOAT", "FLOAT_TYPE_SMALL_FLOAT")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditHint:
    """A finding, and the arguments of ``autoft schema`` that accept it; empty where no command does."""

    finding: Finding
    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command line; empty if there is none."""
        if not self.arguments:
            return ""
        edit, *rest = map(shlex.quote, self.arguments)
        # After -- nothing is an option, though it begins with a minus.
        guard = ["--"] if any(argument.startswith("-") for argument in self.arguments) else []
        return printable(" ".join(["autoft", "schema", edit, *guard, *rest]))


def hints(found: Iterable[Finding], statistics: Any, schema: Any, file: str, *, serving: bool) -> tuple[EditHint, ...]:
    """A hint for each finding about the schema, in the same order; of those that one command accepts the first only.
    `statistics` is the ``DatasetFeatureStatisticsList`` of the table, which was one to predict if `serving`."""
    told = {feature.path.step[0]: feature for feature in statistics.datasets[0].features}
    features = {feature.name: feature for feature in schema.feature}
    rows = int(statistics.datasets[0].num_examples)
    made: list[EditHint] = []
    for finding in found:
        edit: tuple[str, ...] = ()
        if finding.column in features:
            anomaly = finding.code.removeprefix("tfdv:")
            edit = _edit(anomaly, told.get(finding.column), features[finding.column], schema, rows, serving=serving)
        arguments = (edit[0], file, str(finding.column), *edit[1:]) if edit else ()
        if not arguments or all(arguments != hint.arguments for hint in made):
            made.append(EditHint(finding=finding, arguments=arguments))
    return tuple(made)


def _edit(anomaly: str, facts: Any, feature: Any, schema: Any, rows: int, *, serving: bool) -> tuple[str, ...]:
    """The edit and what it takes besides file and column; nothing if there is none."""
    if anomaly == "SCHEMA_MISSING_COLUMN":
        return ("not-in-serving",) if serving else ("allow-missing", "1")
    if facts is None:
        return ()
    if anomaly in _EMPTY:
        stats = facts.num_stats if facts.HasField("num_stats") else facts.string_stats
        share = 1 - int(stats.common_stats.num_non_missing) / max(1, rows)
        # Rounded up to a hundredth, less the rounding error of the division.
        return ("allow-missing", f"{min(1.0, ceil(share * 100 - 1e-6) / 100):g}")
    if anomaly == "ENUM_TYPE_UNEXPECTED_STRING_VALUES":
        domain = domain_of(schema, feature)
        known = set() if domain is None else set(domain.value)
        buckets = facts.string_stats.rank_histogram.buckets
        new = [bucket.label for bucket in buckets if bucket.label not in known]
        return ("accept", *new) if 0 < len(new) <= MOST_VALUES else ()
    if anomaly in _RANGE and facts.HasField("num_stats"):
        low, high = facts.num_stats.min, facts.num_stats.max
        if name_of(feature, "type") == "INT":
            return ("widen", f"{low:.0f}", f"{high:.0f}")
        return ("widen", repr(float(low)), repr(float(high)))
    return ()

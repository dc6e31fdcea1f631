"""Edits of a schema: each takes a ``Schema`` message and returns a changed copy. Hints: the commands a table needs.

They work on TensorFlow Metadata's messages and on our own. All raise SchemaError where the schema has no such column
or the edit makes no sense for it.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import ceil
from typing import Any

from autoft.data.privacy import LEAST
from autoft.errors import SchemaError, printable, quoted
from autoft.formatting import nearest
from autoft.records.findings import Finding
from autoft.schema.adaptation import name_of


def allow_missing(schema: Any, column: str, share: float) -> Any:
    """Allow a share of empty cells in a column (0 to 1); with 1 the column may be absent, too."""
    if not 0 <= share <= 1:
        raise SchemaError("The share of empty cells", "be between 0 and 1", f"it is {share:g}", "give 0.2 for 20 %")
    copy, feature = _copy(schema, column)
    if share == 1:
        feature.ClearField("presence")
    else:
        feature.presence.min_fraction = 1 - share
    return copy


def widen(schema: Any, column: str, low: float, high: float) -> Any:
    """Widen the range of a column to `low` to `high`; an open side stays open, and a column without a range gets it."""
    if not low <= high:
        raise SchemaError("The range", "go from LOW to HIGH", f"{low:g} is not below {high:g}", "swap the two")
    copy, feature = _copy(schema, column)
    kind = name_of(feature, "type")
    if kind not in ("INT", "FLOAT") or feature.HasField("bool_domain"):
        has = "two truth values" if feature.HasField("bool_domain") else "text"
        raise _senseless(column, "hold numbers to have a range", f"the schema says {has}", "'accept' adds categories")
    if kind == "INT" and (low != int(low) or high != int(high)):
        raise _senseless(column, "have a range of whole numbers", f"it is {low:g} to {high:g}", "give whole numbers")
    number, domain = (int, feature.int_domain) if kind == "INT" else (float, feature.float_domain)
    if not domain.HasField("min") and not domain.HasField("max"):
        domain.min, domain.max = number(low), number(high)
    if domain.HasField("min"):  # a side that is open stays open
        domain.min = min(domain.min, number(low))
    if domain.HasField("max"):
        domain.max = max(domain.max, number(high))
    return copy


def without_rare_values(schema: Any, statistics: Any) -> Any:
    """Leave values that fewer than ten rows hold out of all domains; a column then may have values beside its domain.
    `statistics` are those of the table, as the engines of TensorFlow Metadata's messages make them."""
    copy = deepcopy(schema)
    buckets = {f.path.step[0]: f.string_stats.rank_histogram.buckets for f in statistics.proto.datasets[0].features}
    domains = {domain.name: domain for domain in copy.string_domain}
    for feature in copy.feature:
        shown = {one.label for one in buckets.get(feature.name, ()) if one.sample_count >= LEAST}
        words = feature.bool_domain
        if any(words.HasField(side) and getattr(words, side) not in shown for side in ("true_value", "false_value")):
            feature.ClearField("bool_domain")
        if feature.domain in domains and not shown.issuperset(domains[feature.domain].value):
            domain = domains[feature.domain]
            kept = [value for value in domain.value if value in shown]
            del domain.value[:]
            domain.value.extend(kept)
            feature.distribution_constraints.min_domain_mass = 0.0
            if not kept:
                copy.string_domain.remove(domain)
                feature.ClearField("domain")
    return copy


def bounded(schema: Any, column: str, low: float, high: float) -> Any:
    """Set the range of a column to `low` to `high`; a column of text stays as it is."""
    copy, feature = _copy(schema, column)
    kind = name_of(feature, "type")
    if kind == "INT":
        feature.int_domain.min, feature.int_domain.max = math.ceil(low), math.floor(high)
    elif kind == "FLOAT":
        feature.float_domain.min, feature.float_domain.max = float(low), float(high)
    return copy


def accept(schema: Any, column: str, values: Sequence[str]) -> Any:
    """Add categories to those that a column may hold (and others that share its ``string_domain``).

    >>> from autoft.schema.portable.messages import Schema
    >>> schema = Schema(
    ...     feature=[{"name": "city", "type": "BYTES", "domain": "city"}],
    ...     string_domain=[{"name": "city", "value": ["Oslo"]}],
    ... )
    >>> list(accept(schema, "city", ["Rome", "Oslo"]).string_domain[0].value)
    ['Oslo', 'Rome']
    """
    copy, feature = _copy(schema, column)
    domain = domain_of(copy, feature)
    if domain is None:
        fix = "none needed, unless another command of 'autoft schema' fits"
        raise _senseless(column, "have a list of categories to add to", "the schema lists none for it", fix)
    domain.value.extend(value for value in dict.fromkeys(values) if value not in domain.value)
    return copy


def not_in_serving(schema: Any, column: str) -> Any:
    """Require a column for training, and do not expect it in tables to predict."""
    copy, feature = _copy(schema, column)
    if "SERVING" in feature.in_environment:
        feature.in_environment.remove("SERVING")
    if "SERVING" not in feature.not_in_environment:
        feature.not_in_environment.append("SERVING")
    return copy


def domain_of(schema: Any, feature: Any) -> Any:
    """The ``StringDomain`` of a feature, its own or a shared one; None if its values are not listed."""
    if feature.HasField("string_domain"):
        return feature.string_domain
    return next((domain for domain in schema.string_domain if domain.name == feature.domain), None)


def _copy(schema: Any, column: str) -> tuple[Any, Any]:
    """A copy of a schema, and the column's feature in it."""
    copy = deepcopy(schema)
    features = {feature.name: feature for feature in reversed(copy.feature)}
    if column in features:
        return copy, features[column]
    fix = nearest(column, features, 1) or "see 'autoft schema show' for its columns"
    raise SchemaError(f"Column {quoted(column)}", "be in the schema", "it is not", fix)


def _senseless(column: str, must: str, found: str, fix: str) -> SchemaError:
    return SchemaError(f"Column {quoted(column)}", must, found, fix)


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

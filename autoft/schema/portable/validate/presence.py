"""Presence of a column (environments, life cycle, share of rows, values per row), and contradictions in constraints."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from autoft.schema.portable.messages import FeatureType, LifecycleStage
from autoft.schema.portable.validate.view import Reason, View, malformed

_VALIDATED = frozenset({"UNKNOWN_STAGE", "BETA", "PRODUCTION", "VALIDATION_DERIVED"})
_VARIES = (
    "The feature has a shape, but it's not always present (if the feature is nested, then it should always be "
    "present at each nested level) or its value lengths vary."
)
_LEVELS = "The values have a different nest level than expected. Value counts will not be checked."


def validated(feature: Any) -> bool:
    """Whether a column's life-cycle stage asks for checks."""
    return not feature.deprecated and LifecycleStage.Name(feature.lifecycle_stage) in _VALIDATED


def in_environment(feature: Any, environment: str | None, defaults: list[str]) -> bool:
    """Whether a column is expected in an environment; without one it always is."""
    if environment is None or environment in feature.in_environment:
        return True
    return environment in defaults and environment not in feature.not_in_environment


def required(feature: Any) -> bool:
    """Whether a table without any value of this column departs from the schema."""
    return bool(feature.presence.min_count > 0 or feature.presence.min_fraction > 0)


def presence(feature: Any, view: View) -> Iterator[Reason]:
    """Too few rows that hold a value, of a column that holds some."""
    least, most_empty = feature.presence.min_count, "The feature was present in fewer examples than expected: minimum"
    if view.present < least:
        told = f"{most_empty} count = {least}, actual = {view.present:.15g}"
        yield Reason("FEATURE_TYPE_LOW_NUMBER_PRESENT", "Column dropped", told)
    rows, wanted = view.present + view.missing, feature.presence.min_fraction
    if (share := view.present / rows) < wanted:
        told = f"{most_empty} fraction = {wanted:.6f}, actual = {share:.6f}"
        yield Reason("FEATURE_TYPE_LOW_FRACTION_PRESENT", "Column dropped", told)


def value_counts(feature: Any, view: View) -> Iterator[Reason]:
    """A schema that expects other than one value in each row, of a column that holds some."""
    kind = feature.WhichOneof("shape_type")
    if kind == "value_count":
        yield from _between(feature.value_count, "")
    elif kind == "value_counts":
        if len(feature.value_counts.value_count) == 1:
            yield from _between(feature.value_counts.value_count[0], " at nestedness level 0")
        else:
            yield Reason("VALUE_NESTEDNESS_MISMATCH", "Mismatched value nest level", _LEVELS)
    elif kind == "shape":
        told = _VARIES
        if not view.missing:
            if math.prod(dim.size for dim in feature.shape.dim) == 1:
                return
            told = "The feature has fixed value length 1 but it's not compatible with the specified shape."
        yield Reason("INVALID_FEATURE_SHAPE", "Feature shape dropped", told)


def _between(limits: Any, where: str) -> Iterator[Reason]:
    if limits.HasField("min") and limits.min > 1:
        told = f"Some examples have fewer values than expected{where}."
        yield Reason("FEATURE_TYPE_LOW_NUMBER_VALUES", "Missing values", told)
    if limits.HasField("max") and limits.max < 1:
        told = f"Some examples have more values than expected{where}."
        yield Reason("FEATURE_TYPE_HIGH_NUMBER_VALUES", "Superfluous values", told)


_ANY_TEXT = frozenset(
    {"domain", "string_domain", "int_domain", "float_domain", "bool_domain", "natural_language_domain"}
    | {"image_domain", "mid_domain", "url_domain", "time_domain", "UNSET"}
)
#: Domains by the type of a column.
_DOMAINS = {
    "TYPE_UNKNOWN": frozenset[str](),
    "BYTES": _ANY_TEXT,
    "INT": frozenset({"int_domain", "bool_domain", "natural_language_domain", "time_domain", "UNSET"}),
    "FLOAT": frozenset({"float_domain", "bool_domain", "UNSET"}),
    "STRUCT": frozenset({"struct_domain", "UNSET"}),
}
_LISTED = ("domain", "string_domain")


def repair(feature: Any, schema: Any) -> Iterator[Reason]:
    """Mistakes in the constraints of a column, whatever the table holds. `feature` loses each part that is wrong, so
    that the rest is validated."""
    if feature.HasField("presence"):
        yield from _presence(feature.presence)
    yield from _counts(feature)
    yield from _domain(feature, schema)


def _presence(presence: Any) -> Iterator[Reason]:
    if presence.min_fraction < 0:
        presence.ClearField("min_fraction")
        yield malformed("min_fraction should not be negative: clear is equal to zero")
    elif presence.min_fraction > 1:
        presence.min_fraction = 1
        yield malformed("min_fraction should not greater than 1")


def _counts(feature: Any) -> Iterator[Reason]:
    kind = feature.WhichOneof("shape_type")
    if kind == "shape" and any(dim.size <= 0 for dim in feature.shape.dim):
        feature.ClearField("shape")
        yield malformed("Shape.dim.size must be a positive integer")
    if kind == "value_count":
        for part, problem in _limits(feature.value_count):
            yield malformed(f"ValueCount.{part} should {problem}")
    if kind == "value_counts":
        for level, limits in enumerate(feature.value_counts.value_count):
            for part, problem in _limits(limits):
                told = f"ValueCounts.{part} at level {level} should {problem}."
                yield malformed(f"ValueCounts.{part} should {problem}", told)


def _limits(limits: Any) -> Iterator[tuple[str, str]]:
    """Part and mistake of a ``ValueCount``, which is corrected."""
    if limits.min < 0:
        limits.ClearField("min")
        yield "min", "not be negative"
    if limits.HasField("max") and limits.max < limits.min:
        limits.max = limits.min
        yield "max", "not be less than min"


def _domain(feature: Any, schema: Any) -> Iterator[Reason]:
    domain = feature.WhichOneof("domain_info") or "UNSET"
    kind = FeatureType.Name(feature.type)
    lost = ""
    if domain == "time_of_day_domain":
        lost = "internal issue: unknown domain_info type"
    elif domain not in _DOMAINS[kind]:
        if domain != "UNSET":
            feature.ClearField(domain)
        told = f'The domain "{domain}" does not match the type: {kind}'
        yield Reason("DOMAIN_INVALID_FOR_TYPE", "The domain does not match the type", told)
    elif domain == "domain" and all(each.name != feature.domain for each in schema.string_domain):
        lost = "missing domain: "
    if lost:
        feature.ClearField(domain)
        feature.ClearField("distribution_constraints")
        yield Reason("INVALID_DOMAIN_SPECIFICATION", lost)
    if feature.HasField("distribution_constraints"):
        domain = feature.WhichOneof("domain_info") or "UNSET"
        if domain not in _LISTED:
            feature.ClearField("distribution_constraints")
            yield malformed(f"distribution constraints {_unfit(domain)}.")


def _unfit(domain: str) -> str:
    if domain == "UNSET":
        return "require domain or string domain"
    word = domain.removesuffix("_domain")
    return f"not supported for {word if word in ('bool', 'int', 'float', 'struct') else 'semantic'} domains"

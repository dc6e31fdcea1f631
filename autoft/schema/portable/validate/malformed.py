"""Constraints of a column that contradict themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autoft.schema.portable.messages import FeatureType
from autoft.schema.portable.validate.reasons import Reason, malformed

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

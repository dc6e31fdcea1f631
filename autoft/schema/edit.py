"""Edits of a schema: each takes a ``Schema`` message and returns a changed copy.

They work on TensorFlow Metadata's messages and on our own. All raise SchemaError where the schema has no such column
or the edit makes no sense for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from autoft.data.privacy import LEAST
from autoft.errors import SchemaError, quoted
from autoft.formatting import nearest
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

"""Presence of a column: environments, life cycle, share of rows, values per row."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from autoft.schema.portable.messages import LifecycleStage
from autoft.schema.portable.validate.reasons import Reason
from autoft.schema.portable.validate.view import View

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

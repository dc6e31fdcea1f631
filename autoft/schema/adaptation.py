"""Adaptation of inferred schemas and of statistics to what autoft checks.

Names of types are read off the messages' own descriptions, so that TensorFlow Metadata's and our own both do.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from autoft.data.dates import DAY_OR_MONTH
from autoft.records.columns import Column
from autoft.records.findings import Finding

#: Largest number of categories that a schema lists, and the fewest rows that each needs on average: a rare
#: category says little about which others exist, so a new one is then no anomaly.
MAX_DOMAIN = 100
ROWS_PER_CATEGORY = 5


def number_of(message: Any, field: str, name: str) -> int:
    """The number of a value of an enumeration, such as ``number_of(feature, "type", "INT")``."""
    return int(message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_name[name].number)


def name_of(message: Any, field: str) -> str:
    """The name of a field's value, which is one of an enumeration; ``UNKNOWN 99`` for one without a name."""
    number = getattr(message, field)
    value = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return f"UNKNOWN {number}" if value is None else str(value.name)


def adapt_schema(schema: Any, columns: tuple[Column, ...], rows: int, *, target: str | None) -> Any:
    """An inferred schema with autoft's environments and tags, and without constraints that good tables may break."""
    known = {column.name: column for column in columns}
    schema.default_environment.extend(["TRAINING", "SERVING"])
    for feature in schema.feature:
        if feature.name == target:
            feature.not_in_environment.append("SERVING")
        if (column := known.get(feature.name)) is not None:
            _relax(feature, column, rows, is_target=feature.name == target)
    used = {feature.domain for feature in schema.feature}
    for place in reversed(range(len(schema.string_domain))):
        if schema.string_domain[place].name not in used:
            del schema.string_domain[place]
    return schema


def _relax(feature: Any, column: Column, rows: int, *, is_target: bool) -> None:
    """Remove constraints of an inferred feature that the next good table may break, and tag it with its kind."""
    feature.annotation.tag.append(column.kind)
    if column.date_format in (*DAY_OR_MONTH, *DAY_OR_MONTH.values()):
        feature.annotation.tag.append(f"date {column.date_format}")
    if column.kind != "boolean":
        feature.ClearField("bool_domain")  # numbers that happen to be 0 and 1
    if is_target:
        return
    if not column.used:
        feature.ClearField("presence")
    if column.kind == "empty":
        # The type of a column without values is unknown; planned features are not validated.
        feature.lifecycle_stage = number_of(feature, "lifecycle_stage", "PLANNED")
    frequent = (rows - column.missing) >= ROWS_PER_CATEGORY * column.distinct
    if column.kind != "boolean" and not (column.kind == "categorical" and frequent):
        feature.ClearField("domain")


def other_dates(schema: Any, columns: Sequence[Column]) -> tuple[Finding, ...]:
    """An error for each column that the schema calls a date and that is read as something else, or with day and month
    the other way round: to an engine all of them are texts."""
    tags, found = {feature.name: [*feature.annotation.tag] for feature in schema.feature}, []
    for column in columns:
        own = tags.get(column.name, [])
        if "date" not in own or column.kind in ("empty", "constant"):
            continue
        form = next((tag.removeprefix("date ") for tag in own if tag.startswith("date ")), None)
        if column.kind != "date":
            must, read = "be a date, as the schema says", f"is read as {column.kind} ({column.why})"
            fix = "write its dates as YYYY-MM-DD, declare it a date under data.columns, or correct its tag in the file"
        elif form is not None and form == DAY_OR_MONTH.get(column.date_format or ""):
            must, read = f"be a date of the format '{form}', as the schema says", f"is read as '{column.date_format}'"
            fix = f"declare it as 'date {form}' under data.columns, or correct its tag in the file"
        else:
            continue
        found.append(Finding("schema-kind", "error", column.name, must, read, fix))
    return tuple(found)


def whole_numbers_as_floats(proto: Any, schema: Any) -> Any:
    """Statistics in which a column of whole numbers has the type FLOAT where the schema has."""
    floats = {feature.name for feature in schema.feature if name_of(feature, "type") == "FLOAT"}
    copy = deepcopy(proto)
    for feature in copy.datasets[0].features:
        if name_of(feature, "type") == "INT" and feature.path.step[0] in floats:
            feature.type = number_of(feature, "type", "FLOAT")
    return copy

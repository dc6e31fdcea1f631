"""Anomalies of an engine as findings, of which none about a column that the network does not use is an error."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, get_args

from autoft.errors import bare_cell
from autoft.records.columns import USED_KINDS, Kind
from autoft.records.findings import Finding, Severity
from autoft.schema.adaptation import name_of
from autoft.schema.engine import Environment

UNUSED_KINDS = frozenset(get_args(Kind)).difference(USED_KINDS)

#: The first of the categories that an engine lists, each with its share of the rows; and all others.
_AFTER_FIRST = re.compile(r"(: .*?\((?:<1|~\d+)%\)), .*", re.DOTALL)
_CONTENT = {"INT": "whole numbers", "FLOAT": "numbers", "BYTES": "text", "STRING": "text"}
#: anomaly type -> (must, found, fix while training, fix while predicting)
_WORDS: dict[str, tuple[str, str, str, str]] = {
    "SCHEMA_MISSING_COLUMN": (
        "be in the table",
        "is not in the table",
        "add the column or correct its name; if it is gone for good, delete the schema file",
        "add the column or correct its name, since the model uses it",
    ),
    "SCHEMA_NEW_COLUMN": (
        "be known to the schema",
        "is not in the schema",
        "leave it out, or delete the schema file to have it inferred again",
        "nothing to do: it is ignored",
    ),
    "ENUM_TYPE_UNEXPECTED_STRING_VALUES": (
        "hold only the categories of the schema",
        "has categories that the schema does not list",
        "correct the values, or add them to the string_domain of the schema file",
        "correct the values if they are misspelt; the model treats them as unknown",
    ),
    "FEATURE_TYPE_LOW_FRACTION_PRESENT": (
        "be filled in as often as the schema says",
        "has more empty cells than the schema allows",
        "fill them in, or lower min_fraction in the schema file",
        "fill them in where the value is known; autoft imputes the others as in training",
    ),
    "FEATURE_TYPE_NOT_PRESENT": (
        "hold values",
        "is empty",
        "fill them in, or clear presence in the schema file",
        "fill them in where the value is known; autoft imputes the others as in training",
    ),
    "DATA_MISSING": ("have rows", "has no rows", "check the file", "nothing to do: the result is empty, too"),
}
_WORDS["FEATURE_TYPE_LOW_NUMBER_PRESENT"] = _WORDS["FEATURE_TYPE_LOW_FRACTION_PRESENT"]


def findings(
    result: Any, proto: Any, schema: Any, environment: Environment, *, unreadable: frozenset[str], engine: str
) -> Iterator[Finding]:
    """One finding per reason of every anomaly in `result`, the engine's ``Anomalies`` of the statistics `proto`, in the
    order of the schema; new columns last. `unreadable` are columns without an empty cell, some of whose cells could not
    be read and count as missing."""
    made = partial(_finding, training=environment == "TRAINING", engine=engine)
    if result.data_missing:
        yield made("DATA_MISSING", "Data missing", "the table has no rows")
        return
    for reason in result.dataset_anomaly_info.reason:
        yield made(name_of(reason, "type"), reason.short_description, reason.description)
    features = {feature.name: feature for feature in schema.feature}
    got = {feature.path.step[0]: name_of(feature, "type") for feature in proto.datasets[0].features}
    reasons = {info.path.step[0]: info.reason for info in result.anomaly_info.values()}
    for name in (*features, *sorted(reasons.keys() - features.keys())):
        feature = features.get(name)
        types = ("" if feature is None else name_of(feature, "type"), got.get(name, ""))
        used = feature is None or UNUSED_KINDS.isdisjoint(feature.annotation.tag)
        for reason in reasons.get(name, ()):
            kind = name_of(reason, "type")
            if kind == "FEATURE_TYPE_LOW_FRACTION_PRESENT" and name in unreadable:
                continue  # No cell is empty; autoft's own findings count those that are odd.
            found = made(kind, reason.short_description, reason.description, types)
            yield replace(found, column=name, severity=found.severity if used else "warning")


def _finding(
    kind: str, short: str, description: str, types: tuple[str, str] = ("", ""), *, training: bool, engine: str
) -> Finding:
    """An anomaly of a name of TFDV's ``AnomalyInfo.Type``, with the engine's title of it and its sentence, which the
    finding quotes; `types` of the column by the schema and in the table.

    Nearly every anomaly of a table to train on is an error: the schema is a contract. For a table to predict it is a
    warning where the model can do without the values (unseen categories, empty cells).
    """
    numbers = {*types} <= {"INT", "FLOAT"}
    severe = training or kind == "SCHEMA_MISSING_COLUMN" or (kind == "UNEXPECTED_DATA_TYPE" and not numbers)
    severity: Severity = (
        "error" if severe and kind not in ("SCHEMA_NEW_COLUMN", "SEMANTIC_DOMAIN_UPDATE") else "warning"
    )
    if kind == "UNEXPECTED_DATA_TYPE":
        expected, got = types
        content = _CONTENT.get(expected, expected)
        must, fix = f"hold {content}", f"write {content} only"
        found = "holds " + ("fractions too" if types == ("INT", "FLOAT") else _CONTENT.get(got, got))
        if training:
            fix += f", or set 'type: {'BYTES' if got == 'STRING' else got}' in the schema file"
        elif numbers:
            fix = "check the unit and the source; the model takes the values as they are"
    elif kind in _WORDS:
        must, found, *fixes = _WORDS[kind]
        fix = fixes[0 if training else 1]
    else:
        must, found = "hold what the schema allows", f"does not fit the schema: {short.lower()}"
        fix = "correct the values" + (", or relax the schema file" if training else " if they are wrong")
    said = textwrap.shorten(_AFTER_FIRST.sub(r"\1, ...", description.strip().rstrip(".")), 300, placeholder=" ...")
    return Finding(f"tfdv:{kind}", severity, None, must, f"{found} ({engine}: {bare_cell(said)})", fix)

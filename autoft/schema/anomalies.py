"""Anomalies of an engine as findings: wording and severity."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """A reason for which a table does not fit its schema.

    Attributes:
        type: Name of TFDV's ``AnomalyInfo.Type``.
        short: The engine's title of it.
        description: The engine's sentence about it, which the finding quotes.
        column: The user's name, None for the whole table.
        expected: Type by the schema: ``INT``, ``FLOAT``, ``BYTES`` or ``STRING``.
        got: Type in the table.
    """

    type: str
    short: str
    description: str
    environment: Environment
    engine: str
    column: str | None = None
    expected: str = ""
    got: str = ""
    used: bool = True

    def finding(self) -> Finding:
        """The anomaly as a finding."""
        must, found, fix = self._wording()
        one = _AFTER_FIRST.sub(r"\1, ...", self.description.strip().rstrip("."))
        quoted = textwrap.shorten(one, 300, placeholder=" ...")
        return Finding(f"tfdv:{self.type}", self.severity, self.column, must, f"{found} ({self.engine}: {quoted})", fix)

    @property
    def severity(self) -> Severity:
        """An error for nearly every anomaly of a table to train on: the schema is a contract. For a table to predict a
        warning where the model can do without the values (unseen categories, empty cells). Nothing about a column that
        the network does not use is an error."""
        if not self.used or self.type in ("SCHEMA_NEW_COLUMN", "SEMANTIC_DOMAIN_UPDATE"):
            return "warning"
        if self.environment == "TRAINING" or self.type == "SCHEMA_MISSING_COLUMN":
            return "error"
        return "error" if self.type == "UNEXPECTED_DATA_TYPE" and not self._numbers else "warning"

    @property
    def _numbers(self) -> bool:
        return {self.expected, self.got} <= {"INT", "FLOAT"}

    def _wording(self) -> tuple[str, str, str]:
        """What must hold, what was found, and the fix."""
        training = self.environment == "TRAINING"
        if self.type == "UNEXPECTED_DATA_TYPE":
            content = _CONTENT.get(self.expected, self.expected)
            fractions = self.got == "FLOAT" and self.expected == "INT"
            found = "holds " + ("fractions too" if fractions else _CONTENT.get(self.got, self.got))
            fix = f"write {content} only"
            if training:
                fix += f", or set 'type: {'BYTES' if self.got == 'STRING' else self.got}' in the schema file"
            elif self._numbers:
                fix = "check the unit and the source; the model takes the values as they are"
            return f"hold {content}", found, fix
        if self.type in _WORDS:
            must, found, *fixes = _WORDS[self.type]
            return must, found, fixes[0 if training else 1]
        fix = "correct the values" + (", or relax the schema file" if training else " if they are wrong")
        return "hold what the schema allows", f"does not fit the schema: {self.short.lower()}", fix


def findings(
    result: Any, proto: Any, schema: Any, environment: Environment, *, unreadable: frozenset[str], engine: str
) -> Iterator[Finding]:
    """One finding per reason of every anomaly in `result`, the engine's ``Anomalies`` of the statistics `proto`, in the
    order of the schema; new columns last. `unreadable` are columns without an empty cell, some of whose cells could not
    be read and count as missing."""
    made = partial(Anomaly, environment=environment, engine=engine)
    if result.data_missing:
        yield made(type="DATA_MISSING", short="Data missing", description="the table has no rows").finding()
        return
    for reason in result.dataset_anomaly_info.reason:
        kind = name_of(reason, "type")
        yield made(type=kind, short=reason.short_description, description=reason.description).finding()
    features = {feature.name: feature for feature in schema.feature}
    got = {feature.path.step[0]: name_of(feature, "type") for feature in proto.datasets[0].features}
    reasons = {info.path.step[0]: info.reason for info in result.anomaly_info.values()}
    for name in (*features, *sorted(reasons.keys() - features.keys())):
        feature = features.get(name)
        for reason in reasons.get(name, ()):
            kind = name_of(reason, "type")
            if kind == "FEATURE_TYPE_LOW_FRACTION_PRESENT" and name in unreadable:
                continue  # No cell is empty; autoft's own findings count those that are odd.
            yield made(
                type=kind,
                short=reason.short_description,
                description=reason.description,
                column=name,
                expected="" if feature is None else name_of(feature, "type"),
                got=got.get(name, ""),
                used=feature is None or UNUSED_KINDS.isdisjoint(feature.annotation.tag),
            ).finding()

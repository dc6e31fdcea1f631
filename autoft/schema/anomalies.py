"""Words and severities of findings for TFDV's anomalies (standard library only)."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from autoft.records import Finding, Severity, finding

if TYPE_CHECKING:
    from autoft.schema.engine import Environment

_CONTENT = {"INT": "whole numbers", "FLOAT": "numbers", "BYTES": "text", "STRING": "text"}
_NUMBERS = frozenset({"INT", "FLOAT"})
#: Anomalies that stop neither training nor prediction.
_HARMLESS = frozenset({"SCHEMA_NEW_COLUMN", "SEMANTIC_DOMAIN_UPDATE"})
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
    "DATA_MISSING": (
        "have rows",
        "has no rows",
        "check the file",
        "nothing to do: the result is empty, too",
    ),
}
_WORDS["FEATURE_TYPE_LOW_NUMBER_PRESENT"] = _WORDS["FEATURE_TYPE_LOW_FRACTION_PRESENT"]


def finding_of(
    anomaly: str,
    short: str,
    description: str,
    *,
    environment: Environment,
    column: str | None = None,
    expected: str = "",
    got: str = "",
    used: bool = True,
    voice: str = "TFDV",
) -> Finding:
    """One anomaly as a finding.

    Args:
        anomaly: Name of TFDV's ``AnomalyInfo.Type``.
        short, description: The engine's own words; they are quoted in `Finding.found`.
        environment: While training nearly every anomaly is an error: the schema is a contract. While predicting,
            values that the model can do without (unseen categories, empty cells) are warnings.
        column: The user's name, None for the whole table.
        expected, got: ``INT``, ``FLOAT``, ``BYTES`` or ``STRING`` by the schema and in the table.
        used: Whether the network uses the column; if not, nothing about it is an error.
        voice: Who is quoted.
    """
    must, found, fix = _words(anomaly, short, environment, expected, got)
    quoted = textwrap.shorten(description.strip().rstrip("."), 300, placeholder=" ...")
    severity = _severity(anomaly, environment, expected, got) if used else "warning"
    return finding(f"tfdv:{anomaly}", severity, column, must, f"{found} ({voice}: {quoted})", fix)


def _severity(anomaly: str, environment: Environment, expected: str, got: str) -> Severity:
    if anomaly in _HARMLESS:
        return "warning"
    if environment == "TRAINING" or anomaly == "SCHEMA_MISSING_COLUMN":
        return "error"
    if anomaly == "UNEXPECTED_DATA_TYPE" and not {expected, got} <= _NUMBERS:
        return "error"
    return "warning"


def _words(anomaly: str, short: str, environment: Environment, expected: str, got: str) -> tuple[str, str, str]:
    if anomaly == "UNEXPECTED_DATA_TYPE":
        content = _CONTENT.get(expected, expected)
        found = "holds " + ("fractions too" if got == "FLOAT" and expected == "INT" else _CONTENT.get(got, got))
        fix = f"write {content} only"
        if environment == "TRAINING":
            fix += f", or set 'type: {'BYTES' if got == 'STRING' else got}' in the schema file"
        elif {expected, got} <= _NUMBERS:
            fix = "check the unit and the source; the model takes the values as they are"
        return f"hold {content}", found, fix
    if anomaly in _WORDS:
        must, found, training, serving = _WORDS[anomaly]
        return must, found, training if environment == "TRAINING" else serving
    fix = "correct the values" + (", or relax the schema file" if environment == "TRAINING" else " if they are wrong")
    return "hold what the schema allows", f"does not fit the schema: {short.lower()}", fix

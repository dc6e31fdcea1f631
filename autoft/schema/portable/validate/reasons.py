"""Reasons for anomalies, and their messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autoft.schema.portable.messages import AnomalyInfo


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the name of an ``AnomalyInfo.Type`` and TFDV's words for it."""

    type: str
    short: str
    description: str = ""


def malformed(short: str, description: str = "") -> Reason:
    """A reason for a schema that contradicts itself."""
    return Reason("INVALID_SCHEMA_SPECIFICATION", short, description)


def fill(info: Any, reasons: Iterable[Reason]) -> None:
    """Write reasons into an ``AnomalyInfo``, all of them and as one sentence for the whole."""
    found = list(reasons)
    info.severity = AnomalyInfo.ERROR
    for reason in found:
        info.reason.add(type=reason.type, short_description=reason.short, description=reason.description)
    told = [reason for reason in found if reason.description] or found[:1]
    info.short_description = told[0].short if len(told) == 1 else "Multiple errors"
    info.description = " ".join(reason.description for reason in told)

"""The inferred kind of a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autoft.data.cells import Distinct
from autoft.errors import SchemaError, cell, quoted
from autoft.records.columns import Kind
from autoft.records.findings import Finding


@dataclass(frozen=True, slots=True)
class Inferred:
    """The kind of a column, why, and what else is known of it."""

    kind: Kind
    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def ruled_out(name: str, must: str, found: str, distinct: Distinct) -> SchemaError:
    """The error for a declared kind that the values of a column do not allow."""
    return SchemaError(
        f"Column {quoted(name)}", must, f"{found} (first: {cell(distinct.texts[0])})", "correct its kind or its values"
    )

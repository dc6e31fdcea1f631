"""Findings: what a check says about a table, in four parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from autoft.records.evidence import Evidence

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about the data that a person should know.

    Attributes:
        code: Stable name of the check (``missing-values``, ``tfdv:ENUM_TYPE_UNEXPECTED_STRING_VALUES``).
        severity: ``error`` stops training, ``warning`` is reported, ``info`` records what was done.
        column: The user's name of the column, or None for the whole table.
        must: What should hold (infinitive, as in an error message).
        found: What was found.
        fix: What to do, or what autoft did.
        evidence: The numbers behind it and what to draw, where there is more to show than the words say.
    """

    code: str
    severity: Severity
    column: str | None
    must: str
    found: str
    fix: str
    evidence: Evidence | None = field(default=None, hash=False)

    @property
    def where(self) -> str:
        """The subject of the sentence: the column or the table."""
        return "The table" if self.column is None else f"Column '{self.column}'"

    def __str__(self) -> str:
        return f"{self.where} must {self.must}, but {self.found}. Fix: {self.fix}."

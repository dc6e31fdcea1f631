"""Findings: what a check says about a table, in four parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from autoft.errors import quoted, shortened
from autoft.records.evidence import Evidence

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the data that a person should know.

    As text it is one or two sentences: what is the matter, and what to do. The parts are also those of an error:
    ``Column 'age' must be numeric, but holds 3 texts. Fix: correct them.``

    >>> print(Finding("missing-values", "info", "age", "be filled in", "is empty in 3 cells", "they are filled in"))
    Column 'age' is empty in 3 cells. They are filled in.

    Attributes:
        code: Stable name of the check (``missing-values``, ``tfdv:ENUM_TYPE_UNEXPECTED_STRING_VALUES``).
        severity: ``error`` stops training, ``warning`` is reported, ``info`` records what was done.
        column: The user's name of the column, or None for the whole table.
        must: What should hold, as it goes on after "must" (``be numeric``).
        found: What was found, as it goes on after the column's name (``holds 3 texts``).
        evidence: The numbers behind it and what to draw, where there is more to show than the words say.
        subject: What the sentence is about where it is no column.
    """

    code: str
    severity: Severity
    column: str | None
    must: str
    found: str
    fix: str
    evidence: Evidence | None = field(default=None, hash=False)
    subject: str = "The table"

    @property
    def where(self) -> str:
        """The subject of the sentence: the column, the table, or what else the finding is about."""
        return self.subject if self.column is None else f"Column {quoted(self.column, 100)}"

    @property
    def about(self) -> str:
        """The subject for a cell of a table: the column's name, or ``the table``, ``the run`` ..."""
        return self.subject.lower() if self.column is None else shortened(self.column)

    @property
    def about_data(self) -> bool:
        """Whether it is about a column or the table, and not about the run or what it made."""
        return self.column is not None or self.subject == "The table"

    def __str__(self) -> str:
        return f"{self.where} {self.found}. {self.fix[:1].upper()}{self.fix[1:]}."

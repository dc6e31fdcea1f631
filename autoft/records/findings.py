"""Findings: what a check says about a table, in four parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from autoft.errors import Cell, quoted, read_cells, shortened
from autoft.records.evidence import Evidence

Severity = Literal["error", "warning", "info"]
#: On more columns than these one finding speaks for all, as the words of texts have it;
MOST_ALIKE = 20
#: and lists so many.
MOST_NAMED = 100


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
        cells: The cells that `must`, `found` and `fix` name, as `autoft.errors.cell` wrote them there.
    """

    code: str
    severity: Severity
    column: str | None
    must: str
    found: str
    fix: str
    evidence: Evidence | None = field(default=None, hash=False)
    subject: str = "The table"
    cells: tuple[Cell, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        for part in ("must", "found", "fix"):
            text, cells = read_cells(part, getattr(self, part))
            if cells:
                cells += tuple(one for one in self.cells if one.part != part)
                object.__setattr__(self, part, text)
                object.__setattr__(self, "cells", cells)
        for one in self.cells:
            if not getattr(self, one.part).startswith(one.shown, one.start):
                raise ValueError(f"{one.part} was replaced, but not the cells that it names")

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

    def document(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {key: value for key, value in asdict(self).items() if key != "cells"}

    def __str__(self) -> str:
        return f"{self.where} {self.found}. {self.fix[:1].upper()}{self.fix[1:]}."


def gathered(findings: Iterable[Finding], most: int) -> list[Finding]:
    """The findings, but those of one code and severity on more than `most` columns as one that names the first of them;
    errors stay apart.

    >>> flat = [Finding("quasi-constant", "info", name, "vary", "is nearly constant", "drop it") for name in "abcdef"]
    >>> print(*gathered(flat, 5))
    The table has 6 columns that should vary but fail to ('a', 'b', 'c', 'd', 'e', ...). Drop it.
    """
    findings = list(findings)
    alike: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        if one.column is not None and one.severity != "error":
            alike.setdefault((one.code, one.severity), []).append(one)
    made = []
    for one in findings:
        group = alike.get((one.code, one.severity), [])
        if one.column is None or len(group) <= most:
            made.append(one)
        elif one is group[0]:
            made.append(_of_columns(group))
    return made


def _of_columns(group: Sequence[Finding]) -> Finding:
    names = ", ".join(quoted(one.column, 60) for one in group[:5]) + (", ..." if len(group) > 5 else "")
    rows = tuple((str(one.column), one.found) for one in group[:MOST_NAMED])
    evidence = Evidence(counts={"columns": len(group)}, head=("column", "found"), examples=rows)
    found = f"has {len(group):,} columns that should {group[0].must} but fail to ({names})"
    return replace(group[0], column=None, found=found, evidence=evidence, cells=())

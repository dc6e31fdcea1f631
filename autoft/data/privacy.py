"""Privacy: which cells of a table may be shown, and findings, words and errors without the others.

A cell may be shown if at least `LEAST` rows of the table hold the same text. With ``report: {private: true}`` or
``--private`` no other one leaves a run, but in what the model itself needs: the categories and words that it
distinguishes stand in ``meta.json`` and ``model.keras``. Without it a finding shows at most one example.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from autoft.errors import AutoFTError, printable, quoted
from autoft.records.columns import Column
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

#: Rows that hold a text before it may be shown.
LEAST = 10
#: Stands for a cell that may not be shown.
HIDDEN = "(hidden)"
#: Shorter texts are looked for in quotes alone: they are parts of ordinary sentences.
_SHORTEST = 3
#: Codes of findings of a schema engine.
_OF_ENGINES = "tfdv:"
#: Texts in quotes, but no apostrophes.
_QUOTED = re.compile(r"""(?<![A-Za-z0-9])(['"])(.*?)\1(?![A-Za-z0-9])""")
#: A number or date that a sentence gives as an example.
_NUMBER = re.compile(r"""(first: row [\d,]+, )[-+]?\.?\d[^;)]*""")

F = TypeVar("F", bound=Finding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What may be shown of one table.

    Attributes:
        names: Its columns, also as messages write them.
        shown: By column the texts that may be shown.
        rare: By column all others.
    """

    names: frozenset[str]
    shown: Mapping[str, frozenset[str]]
    rare: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Privacy:
        """The privacy of a canonical table.

        >>> import pandas as pd
        >>> town = pd.DataFrame({"town": ["Rome"] * 10 + ["Ustica"]}, dtype=object)
        >>> Privacy.of(town).text("Column 'town' has 'Ustica' beside 'Rome'")
        "Column 'town' has (hidden) beside 'Rome'"
        """
        shown, rare = dict[str, frozenset[str]](), dict[str, frozenset[str]]()
        for name in frame.columns:
            if frame[name].dtype == object:
                counts = Counter(text for text in frame[name] if text is not None)
                shown[name] = frozenset(text for text, count in counts.items() if count >= LEAST)
                rare[name] = frozenset(counts.keys() - shown[name])
        written = {form for name in frame.columns for form in (str(name), printable(name), quoted(name)[1:-1])}
        return cls(names=frozenset(written), shown=shown, rare=rare)

    def allows(self, text: str) -> bool:
        """Whether a text may be shown: a column's name, or a cell of enough rows."""
        return text in self.names or any(text in texts for texts in self.shown.values())

    def word(self, text: str) -> str:
        """A text that may be a cell, or `HIDDEN` if it is one of too few rows."""
        return HIDDEN if not self.allows(text) and any(text in texts for texts in self.rare.values()) else text

    def text(self, text: str, column: str | None = None) -> str:
        """A sentence in which nothing in quotes is a cell of too few rows, nothing is one of `column`, and no number
        is an example."""
        held = [cell for cell in self.rare.get(column or "", ()) if len(cell) >= _SHORTEST and cell in text]
        for cell in sorted(held, key=len, reverse=True):
            if not self.allows(cell):
                text = re.sub(rf"(?<!\w){re.escape(cell)}(?!\w)", HIDDEN, text)
        text = _NUMBER.sub(rf"\1{HIDDEN}", text)
        return _QUOTED.sub(lambda m: m[0] if self._is_shown(m[2]) else HIDDEN, text)

    def _is_shown(self, text: str) -> bool:
        """Whether a text in quotes, which may be shortened, may be shown."""
        if text.endswith("…") and text not in self.names:
            return not any(cell.startswith(text[:-1]) for texts in self.rare.values() for cell in texts)
        return self.allows(text)

    def finding(self, finding: F) -> F:
        """The finding without cells of too few rows; of its evidence counts, rows and the picture remain."""
        said = finding.found
        if finding.code.startswith(_OF_ENGINES):  # what the engine says stands in brackets, cells not in quotes
            said = said.partition(" (")[0]
        found, fix, must = (self.text(part, finding.column) for part in (said, finding.fix, finding.must))
        evidence = None if finding.evidence is None else self._evidence(finding.evidence)
        return replace(finding, found=found, fix=fix, must=must, evidence=evidence)

    def _evidence(self, evidence: Evidence) -> Evidence:
        sketch = evidence.sketch
        if sketch is not None:
            names = tuple(one if self.allows(one) else HIDDEN for one in sketch.names)
            sketch = replace(sketch, names=names, marks=())  # marks are single values, mostly the odd ones
        return replace(evidence, head=(), examples=(), sketch=sketch)

    def column(self, column: Column) -> Column:
        """The column without words of too few rows."""
        false, true, order = (tuple(map(self.word, texts)) for texts in (column.false, column.true, column.order))
        why = "two values" if HIDDEN in (*false, *true) else column.why
        return replace(column, false=false, true=true, order=order, why=why)

    def data(self, value: Any) -> Any:
        """Plain data in which no text is a cell of too few rows."""
        if isinstance(value, str):
            return self.word(value)
        if isinstance(value, Mapping):
            return {self.data(key): self.data(entry) for key, entry in value.items()}
        return [self.data(entry) for entry in value] if isinstance(value, list | tuple) else value

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Errors of the block without cells of too few rows."""
        try:
            yield
        except AutoFTError as error:
            parts = [error.where, error.must, error.found, error.fix]
            shown = [self.text(part) for part in parts]
            if shown == parts:
                raise
            raise type(error)(*shown) from None


def presentable(findings: Iterable[Finding], privacy: Privacy | None) -> tuple[Finding, ...]:
    """Findings as they leave a run: without cells of too few rows, or with at most one example."""
    show: Callable[[Finding], Finding] = _with_one_example if privacy is None else privacy.finding
    return tuple(map(show, findings))


def _with_one_example(finding: Finding) -> Finding:
    if finding.evidence is None or len(finding.evidence.examples) < 2:
        return finding
    return replace(finding, evidence=replace(finding.evidence, examples=finding.evidence.examples[:1]))

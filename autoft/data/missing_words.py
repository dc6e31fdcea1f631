"""Words that mean a missing cell: which they are, how many cells held them, and where they are values after all.

Blank cells, None and NaN are always missing. A column of texts that has both blank cells and, say, ``NA`` tells the
two apart, and so does autoft: ``NA`` is then a value like any other.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import pandas as pd

from autoft.errors import printable
from autoft.formatting import counted
from autoft.records.columns import Column
from autoft.records.findings import Finding

Texts = list[str | None]

#: Texts that mean a missing cell unless the user names others. Our own list: pandas' changes between versions.
MISSING = frozenset(
    {
        *("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "<NA>", "NaT", "\\N"),
        *("#N/A", "#NV", "#DIV/0!", "#VALUE!", "#WERT!", "#VALEUR!", "#REF!", "#BEZUG!", "#NUM!", "#ZAHL!", "#NAME?"),
    }
)
#: Those that people write, who may mean "not applicable"; the others are what programs write for an empty cell.
_SAID = frozenset({"NA", "N/A", "n/a", "None"})
#: A column whose other cells mostly begin like numbers, amounts or dates has no words for values.
_LIKE_NUMBER = re.compile(
    r"\s*(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(?:[-+(\u2212]?(?:[^\w\s]|[A-Z]{3})?\s?[-+\u2212]?[.,]?\d"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s.,-]*\d)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")
#: Share of the cells from which a word that means missing is worth a note.
_MUCH = 0.05


@dataclass(slots=True, kw_only=True)
class MissingWords:
    """What the cells of a table say where nothing is known; `settle` fills in what it saw.

    Attributes:
        words: The words that mean a missing cell.
        kept: Of a model, by column the words that are values there; None for a table that is to be learned from.
        free: Columns in which no word is told apart from blank cells: the target.
        counts: By column how many cells hold each of the words.
        apart: By column the words that are values there, since blank cells stand beside them.
    """

    words: frozenset[str] = MISSING
    kept: Mapping[str, tuple[str, ...]] | None = None
    free: Collection[str | None] = ()
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    apart: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, words: Sequence[str] | None, free: Collection[str | None] = ()) -> MissingWords:
        """Words as a user names them, which are missing in every column; None for the usual ones."""
        if words is None:
            return cls(free=free)
        return cls(words=frozenset(unicodedata.normalize("NFC", word) for word in words), kept={})

    @classmethod
    def of_model(cls, words: Sequence[str] | None, apart: Mapping[str, tuple[str, ...]]) -> MissingWords:
        """Words as a model reads tables."""
        return replace(cls.of(words), kept=apart)

    @property
    def numbers(self) -> tuple[float, ...]:
        """The words that are numbers: -999 is missing as text, as integer and as -999.0."""
        return _numbers(self.words)

    def means(self, text: str) -> bool:
        """Whether a text is one of the words."""
        return text in self.words or bool(self.numbers and _NUMBER.fullmatch(text) and float(text) in self.numbers)

    def settle_numbers(self, frame: pd.DataFrame) -> None:
        """Make missing what is one of the words in the columns of numbers of a frame."""
        for name in frame.columns if self.numbers else ():
            gone = frame[name].isin(self.numbers) if frame[name].dtype == "float64" else None
            if gone is not None and gone.any():
                frame[name] = frame[name].mask(gone)

    def settle(self, cells: Texts, found: Collection[str], name: str) -> Texts:
        """The cells of a column with None for those of the words `found` in it that mean a missing cell there."""
        if not found:
            return cells
        counts = Counter(cell for cell in cells if cell in found)
        self.counts[name] = {str(word): rows for word, rows in counts.most_common()}
        if self.kept is not None:
            apart = tuple(sorted({*self.kept.get(name, ())} & {*found}))
        elif name in self.free or None not in cells or _numeric(cells, found):
            apart = ()
        else:
            apart = tuple(sorted(_SAID.intersection(found)))
        if apart:
            self.apart[name] = apart
        gone = {*found}.difference(apart)
        return [None if cell in gone else cell for cell in cells]


def _numeric(cells: Texts, found: Collection[str]) -> bool:
    rest = Counter(cell for cell in cells if cell is not None and cell not in found)
    return 2 * sum(rows for cell, rows in rest.items() if _LIKE_NUMBER.match(cell)) >= rest.total()


def findings(
    columns: Sequence[Column], counts: Mapping[str, Mapping[str, int]], apart: Mapping[str, tuple[str, ...]], rows: int
) -> Iterator[Finding]:
    """Notes on words: those that are told apart from blank cells, and those that make much of a column missing."""
    every = sorted({word for words in counts.values() for word in words})
    for column in columns:
        words = counts.get(column.name, {})
        if column.name in apart:
            shown = counted_words({word: words[word] for word in apart[column.name]})
            must, found = "say in one way that a cell is unknown", f"has {shown} beside blank cells"
            fix = f"nothing to do: it is a value of its own; {_yaml(every)} makes it missing"
            yield Finding("missing-words", "info", column.name, must, found, fix)
        elif column.kind in ("categorical", "boolean", "text") and sum(words.values()) >= max(1, _MUCH * rows):
            must, found = "leave unknown cells empty", f"has {counted_words(words)}, which count as missing"
            fix = f"nothing to do if that is right; if it is a value, {keep(words, counts)}"
            yield Finding("missing-words", "info", column.name, must, found, fix)


def counted_words(words: Mapping[str, int]) -> str:
    """Words with the number of their cells."""
    return " and ".join(f"the word {_quoted(word)} in {counted(rows, 'cell')}" for word, rows in [*words.items()][:3])


def keep(words: Collection[str], counts: Mapping[str, Mapping[str, int]]) -> str:
    """How words are kept as values: by a list of the other words of the table."""
    others = sorted({word for column in counts.values() for word in column if word not in words})
    return f"name the words that mean missing without it: {_yaml(others)} (blank cells always do)"


def _quoted(word: str) -> str:
    return f"'{printable(word)}'"


def _yaml(words: Collection[str]) -> str:
    """The line of a recipe; in quotes, as YAML has its own idea of null and #N/A."""
    return f"data: {{missing: [{', '.join(map(_quoted, words))}]}}"


@cache  # asked for every number of a file
def _numbers(words: frozenset[str]) -> tuple[float, ...]:
    return tuple(float(word) for word in words if _NUMBER.fullmatch(word))

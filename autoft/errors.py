"""Errors in one grammar: where, what must hold, what was found, the fix.

Every error that a user can cause is an :class:`AutoFTError`, which is a ``ValueError``; each package has
one subclass, so that callers can catch as narrowly as they like.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: Stands for a cell that may not be shown.
HIDDEN = "(hidden)"
#: Around a cell and between its parts on the way to an error or a finding. `printable` lets no control character of a
#: stranger's cell or name through.
_OPEN, _BETWEEN, _CLOSE = "\x0e", "\x1f", "\x0f"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that a sentence names.

    Attributes:
        part: Of the error or finding (``found``).
        start: Its place in that part.
        shown: How it stands there.
        text: The whole cell.
        rows: Rows that hold it, as far as the author of the sentence knows.
    """

    part: str
    start: int
    shown: str
    text: str
    rows: int


def printable(text: object) -> str:
    r"""Text as it may be shown on a terminal: control characters become visible escapes.

    Column names and cells are strangers' data; a raw escape sequence in them could rewrite the screen.

    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))


def quoted(text: object, limit: int = 40) -> str:
    """A cell or a name as it may be shown in a message: in quotes, shortened, without control characters.

    >>> quoted("\\x1b[31m"), quoted("x" * 50, limit=10)
    ("'\\\\x1b[31m'", "'xxxxxxxxx…'")
    """
    return f"'{shortened(text, limit)}'"


def shortened(text: object, limit: int = 100) -> str:
    """A name as it may be shown where it needs no quotes."""
    text = str(text)
    return printable(text if len(text) <= limit else text[: limit - 1] + "…")


def listed(texts: Iterable[object], most: int = 5) -> str:
    """The first of some cells or names in quotes, and how many more there are.

    >>> listed(["age", "sex", "town"], most=2)
    "'age', 'sex' and 1 more"
    """
    texts = list(texts)
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(map(quoted, texts[:most])) + more


def cell(value: object, shown: str = "", rows: int = 1) -> str:
    """A cell in the text of an error or a finding, which keeps it as a `Cell` and shows it quoted, or as `shown`."""
    return _BETWEEN.join((_OPEN + printable(value), printable(shown) or quoted(value), f"{rows}{_CLOSE}"))


def bare_cell(value: float | str, rows: int = 1) -> str:
    """A number, a day or another cell in the text of an error or a finding that stands there without quotes."""
    text = value if isinstance(value, str) else f"{value:g}"
    return cell(text, text, rows)


def read_cells(part: str, text: str) -> tuple[str, tuple[Cell, ...]]:
    """A text as it is shown, and the cells that `cell` wrote in it.

    >>> read_cells("found", f"holds {cell('Rome')} once")
    ("holds 'Rome' once", (Cell(part='found', start=6, shown="'Rome'", text='Rome', rows=1),))
    """
    first, *others = text.split(_OPEN)
    said, cells = printable(first), []
    for other in others:
        inside, _, rest = other.partition(_CLOSE)
        parts = inside.split(_BETWEEN)
        if len(parts) == 3 and parts[2].isdecimal():
            cells.append(Cell(part, len(said), printable(parts[1]), printable(parts[0]), int(parts[2])))
            said += cells[-1].shown + printable(rest)
        else:  # no cell of ours
            said += printable(other)
    return said, tuple(cells)


def without_cells(text: str, cells: Iterable[Cell]) -> str:
    """A text with `HIDDEN` in the places of some of its cells."""
    for one in sorted(cells, key=lambda one: -one.start):
        text = text[: one.start] + HIDDEN + text[one.start + len(one.shown) :]
    return text


def reason_of(error: BaseException, most: int = 100) -> str:
    """The first line of what another library says of an error, or the error's type if it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:most]


class AutoFTError(ValueError):
    """Base of all errors that autoft raises on purpose.

    Args:
        where: The thing that is wrong, as the user knows it ("Column 'age'", "Recipe churn.yaml, line 4").
        must: What has to hold, a verb phrase in the infinitive ("be numeric").
        found: What was found instead, with counts and at most one example.
        fix: What the user can do.

    Attributes:
        cells: The cells that the four parts name.

    >>> print(AutoFTError("Column 'age'", "be numeric", "37 of 1,000 values are not", "correct them"))
    Column 'age' must be numeric, but 37 of 1,000 values are not. Fix: correct them.
    """

    def __init__(self, where: str, must: str, found: str, fix: str) -> None:
        parts = {"where": where, "must": must, "found": found, "fix": fix}
        read = [read_cells(name, text) for name, text in parts.items()]
        self.where, self.must, self.found, self.fix = (text.rstrip(".") for text, _ in read)
        self.cells = tuple(one for _, cells in read for one in cells)
        super().__init__(f"{self.where} must {self.must}, but {self.found}. Fix: {self.fix}.")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.where, self.must, self.found, self.fix)


class SetupError(AutoFTError):
    """Something that autoft needs is not installed."""


class RecipeError(AutoFTError):
    """A recipe or an argument cannot be understood."""


class ArgumentTypeError(RecipeError, TypeError):
    """An argument is of a type that it cannot have."""


class TableError(AutoFTError):
    """Data cannot be read as a table."""


class FileError(AutoFTError):
    """A file or folder cannot be written, locked or trusted."""


class JournalError(AutoFTError):
    """The journal of a run is damaged or belongs to another run."""


class SchemaError(AutoFTError):
    """A table does not fit its schema, or cannot be trained on."""


class PreprocessError(AutoFTError):
    """Columns cannot be turned into numbers."""


class SearchError(AutoFTError):
    """A search cannot go on, for instance because every trial failed."""


class InterruptedRunError(SearchError):
    """A run was interrupted before it had a result."""


class TrainingError(AutoFTError):
    """A training cannot start or came to nothing."""


class EvaluationError(AutoFTError):
    """Scores cannot be computed."""


class ArtifactError(AutoFTError):
    """A saved model is damaged, unsafe or of another version."""


class NotFittedError(AutoFTError, AttributeError):
    """Something was asked of a model that has not been trained."""

"""Errors in one grammar: where, what must hold, what was found, the fix.

Every error that a user can cause is an :class:`AutoFTError`, which is a ``ValueError``; each package has
one subclass, so that callers can catch as narrowly as they like.
"""

from __future__ import annotations

from collections.abc import Iterable


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

    >>> print(AutoFTError("Column 'age'", "be numeric", "37 of 1,000 values are not", "correct them"))
    Column 'age' must be numeric, but 37 of 1,000 values are not. Fix: correct them.
    """

    def __init__(self, where: str, must: str, found: str, fix: str) -> None:
        parts = (printable(part).rstrip(".") for part in (where, must, found, fix))
        self.where, self.must, self.found, self.fix = parts
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

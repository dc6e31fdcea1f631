"""Columns, target and preprocessing lines of a table; repairs, each with all that a table to predict needs of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["numeric", "boolean", "categorical", "date", "text", "identifier", "constant", "empty"]
Task = Literal["binary", "multiclass", "regression"]

RepairCode = Literal[
    "outer-blanks",
    "placeholder-values",
    "spelling-variants",
    "outlying-constant",
    "date-range",
    "far-dates",
    "mixed-units",
    "empty-dropped",
    "constant-dropped",
    "identifier-dropped",
    "personal-data",
    "quasi-constant",
    "identical-columns",
    "one-to-one-columns",
    "correlated-copies",
    "duplicate-rows",
]

#: Kinds that become inputs of the network.
USED_KINDS: tuple[Kind, ...] = ("numeric", "boolean", "categorical", "date", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """How the numbers of a column of texts are written.

    Attributes:
        decimal: The sign before decimals, ``.`` or ``,``.
        thousands: The sign between groups of digits (``,``, ``.``, ``'`` or a blank), empty if there are no groups.
        before, after: Currency, unit or per cent sign before and after the number.
        scaled: Whether k, M and B after a number mean thousands, millions and billions.
    """

    decimal: str = "."
    thousands: str = ""
    before: str = ""
    after: str = ""
    scaled: bool = False

    def __str__(self) -> str:
        """The number 1234.5 in this format."""
        number = f"1{self.thousands}234{self.decimal}5" + ("k" if self.scaled else "")
        blank = " " if self.after[:1].isalpha() else ""
        return f"{self.before}{' ' if self.before[-1:].isalpha() else ''}{number}{blank}{self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What is known about one column of the table before anything is trained.

    Attributes:
        id: Internal name (``c000`` ...), safe in layer and file names.
        why: One clause that says why it is understood as this kind.
        missing, distinct: Numbers of missing cells and of distinct other values in the training table.
        integral: Whether all values are whole numbers (numeric columns).
        false, true: For a boolean column the texts that mean 0 and 1, as they stand in the table.
        date_format: For a date column that was text or numbers, its format by the names of `autoft.data.dates`
            (``"iso"``, ``"%d/%m/%Y"`` ...).
        zoned: For a date column, whether all of its dates name a time zone (else none does); None if only some do.
        number_format: For a numeric column that was text other than plain numbers, how they are written.
        digits: For a categorical column of codes with leading zeros, how many digits all of them have; else 0.
        order: For a categorical column whose categories are known to be ordered, these, from the lowest to the highest:
            the network gets their ranks, as numbers.
    """

    id: str
    name: str
    kind: Kind
    why: str
    missing: int = 0
    distinct: int = 0
    integral: bool = False
    false: tuple[str, ...] = ()
    true: tuple[str, ...] = ()
    date_format: str | None = None
    zoned: bool | None = None
    number_format: NumberFormat | None = None
    digits: int = 0
    order: tuple[str, ...] = ()

    @property
    def clock(self) -> bool:
        """Whether its cells are times of the day, as seconds since midnight."""
        return self.date_format == "%H:%M:%S"

    @property
    def used(self) -> bool:
        return self.kind in USED_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The column to predict.

    Attributes:
        classes: For classification the labels in sorted order as JSON can carry them (``str``, ``int``, ``float`` or
            ``bool``); empty for regression.
        positive: For binary tasks the label whose probability, precision and recall are reported.
        dtype: Name of the numpy dtype that `predict` returns.
        types: Where some labels are of other types (dates, ``Decimal`` ...), what to make of each class; its texts
            are then read by `data.labels.restored`.
        number_format: How the amounts are written in the table, as in `Column`.
    """

    name: str
    task: Task
    classes: tuple[Any, ...] = ()
    positive: Any = None
    dtype: str = "float64"
    types: tuple[str, ...] = ()
    number_format: NumberFormat | None = None

    @property
    def positive_index(self) -> int:
        """Position of the positive class in `classes` (1 where the task is not binary)."""
        return self.classes.index(self.positive) if self.task == "binary" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """What preprocessing does to one column, as a sentence, and how many numbers the network gets from it."""

    column: str
    kind: Kind
    text: str
    inputs: int


Action = Literal["strip", "words", "unify", "numbers", "dates", "scale", "drop-column", "drop-rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One thing to do to one column.

    Attributes:
        code: The finding that the user accepted.
        column: The user's name, None for ``drop-rows``.
        action: ``strip`` blanks around texts; make ``words``, ``numbers`` or ``dates`` missing; ``unify`` spellings;
            ``scale`` numbers; ``drop-column``; ``drop-rows`` that repeat an earlier one in every cell.
        words: Texts that become missing, in lower case and without blanks around them.
        spellings: Of each word, as `fold` leaves it, the spelling that is kept.
        numbers: Numbers that become missing; of dates the days, in seconds since 1970.
        low, high: Dates before or after them (seconds since 1970) become missing; None sets no limit.
        date_format, number_format: How the dates or numbers of a column of texts are read, as in `Column`.
        factor: What numbers are multiplied with, those from `cut` on if `above`, else the positive ones below it.
        cut, above: See `factor`.
    """

    code: RepairCode
    column: str | None
    action: Action
    words: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    date_format: str | None = None
    number_format: NumberFormat | None = None
    factor: float = 1.0
    cut: float = 0.0
    above: bool = False

"""Repairs of a table: each holds all that it needs, to repair a table to predict as the training table was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from autoft.records.columns import NumberFormat, RepairCode

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

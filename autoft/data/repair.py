"""Repairs of a table that a user has accepted: plain records, and the function that carries them out.

A repair holds all that it needs, so that a table to predict is repaired as the training table was;
`autoft.data.repair_plan` learns repairs from a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from autoft.data.audit.spellings import fold
from autoft.data.cells import Distinct
from autoft.data.table import number_text, quoted
from autoft.records.arrays import Array
from autoft.records.columns import RepairCode
from autoft.records.findings import Finding, finding

if TYPE_CHECKING:
    import pandas as pd

Action = Literal["strip", "words", "unify", "numbers", "dates", "scale", "drop-column", "drop-rows"]

#: Examples of each change, at most: a log is no second copy of the data.
EXAMPLES = 2
DAY = 86_400.0


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
        date_format: How the dates of a column of texts are read, as in `Column`.
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
    factor: float = 1.0
    cut: float = 0.0
    above: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a repair has done.

    Attributes:
        count: Cells that changed; of ``drop-rows`` the rows that are gone, of ``drop-column`` the cells that are.
        examples: Cells before and after, at most two; a missing cell is an empty text.
    """

    code: RepairCode
    column: str | None
    action: Action
    count: int
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repaired:
    """A table after its repairs; `changes` leaves out repairs that found nothing to do."""

    frame: pd.DataFrame
    changes: tuple[Change, ...]


def apply(frame: pd.DataFrame, repairs: Sequence[Repair], *, drop_rows: bool = True) -> Repaired:
    """Carry out repairs in their order; columns that the table lacks are passed over.

    Args:
        drop_rows: Whether rows may go, which they may not where every row awaits an answer.

    >>> import pandas as pd
    >>> town = Repair(code="spelling-variants", column="town", action="unify", spellings={"rome": "Rome"})
    >>> apply(pd.DataFrame({"town": ["Rome", "ROME", None]}), [town]).frame["town"].tolist()
    ['Rome', 'Rome', None]
    """
    frame = frame.copy(deep=False)
    changes = []
    for repair in repairs:
        if repair.action == "drop-rows":
            if drop_rows:
                repeated = frame.duplicated().to_numpy()
                frame = frame[~repeated].reset_index(drop=True)
                changes.append(_change(repair, int(repeated.sum())))
        elif repair.column not in frame.columns:
            continue
        elif repair.action == "drop-column":
            frame = frame.drop(columns=repair.column)
            changes.append(_change(repair, len(frame)))
        else:
            frame[repair.column], change = _cells(frame[repair.column], repair)
            changes.append(change)
    return Repaired(frame=frame, changes=tuple(change for change in changes if change.count))


def _change(repair: Repair, count: int, examples: tuple[tuple[str, str], ...] = ()) -> Change:
    return Change(code=repair.code, column=repair.column, action=repair.action, count=count, examples=examples)


def _cells(column: pd.Series[Any], repair: Repair) -> tuple[pd.Series[Any], Change]:
    """The column after one repair of its cells, by its distinct values."""
    import pandas as pd

    distinct = Distinct.of(column)
    new = _ACTIONS[repair.action](distinct, repair)
    changed = np.flatnonzero(new.touched)
    if not len(changed):
        return column, _change(repair, 0)
    values = distinct.values.copy()
    missing: Any = None
    if values.dtype == object:
        values[changed] = [new.text(i) for i in changed]
    elif values.dtype.kind == "M":
        missing = np.datetime64("NaT")
        values[changed] = missing
    else:
        missing = np.nan
        values[changed] = [new.number(i) for i in changed]
    before = distinct.texts
    examples = tuple((before[i], new.text(i) or "") for i in changed[:EXAMPLES])
    # Its dtype is named: pandas 3 would make texts of another one out of objects, with NaN for None.
    result = pd.Series(distinct.spread(values, missing), index=column.index, name=column.name, dtype=values.dtype)
    return result, _change(repair, distinct.rows(new.touched), examples)


@dataclass(frozen=True, slots=True, kw_only=True)
class _NewValues:
    """What distinct values become: which of them change, and into what (None: missing)."""

    touched: Array
    into: Callable[[int], str | float | None] = lambda _: None

    def text(self, position: int) -> str | None:
        value = self.into(position)
        return number_text(value) if isinstance(value, float) else value

    def number(self, position: int) -> float:
        value = self.into(position)
        return np.nan if value is None else float(value)


def _strip(distinct: Distinct, repair: Repair) -> _NewValues:
    texts = _texts(distinct)
    touched = np.array([text != text.strip() for text in texts], dtype=bool)
    return _NewValues(touched=touched, into=lambda i: texts[i].strip())


def _words(distinct: Distinct, repair: Repair) -> _NewValues:
    words = (text.strip().casefold() for text in _texts(distinct))
    return _NewValues(touched=np.array([word in repair.words for word in words], dtype=bool))


def _unify(distinct: Distinct, repair: Repair) -> _NewValues:
    into = [repair.spellings.get(fold(text), text) for text in _texts(distinct)]
    touched = np.array([new != text for new, text in zip(into, _texts(distinct), strict=True)], dtype=bool)
    return _NewValues(touched=touched, into=lambda i: into[i])


def _numbers(distinct: Distinct, repair: Repair) -> _NewValues:
    return _NewValues(touched=np.isin(distinct.numbers, repair.numbers))


def _dates(distinct: Distinct, repair: Repair) -> _NewValues:
    seconds = distinct.seconds(repair.date_format or "iso")
    touched = np.isin(np.floor(seconds / DAY) * DAY, repair.numbers)
    if repair.low is not None:
        touched |= seconds < repair.low
    if repair.high is not None:
        touched |= seconds > repair.high
    return _NewValues(touched=touched)


def _scale(distinct: Distinct, repair: Repair) -> _NewValues:
    numbers = distinct.numbers
    touched = numbers >= repair.cut if repair.above else (numbers > 0) & (numbers < repair.cut)
    # Twelve digits: 67 inches are 170.18 centimetres, not 170.17999999999998.
    return _NewValues(
        touched=touched & np.isfinite(numbers), into=lambda i: float(f"{numbers[i] * repair.factor:.12g}")
    )


def _texts(distinct: Distinct) -> list[str]:
    """The values of a column of texts; a column of numbers or times has none to repair."""
    return distinct.texts if distinct.values.dtype == object else [""] * len(distinct.values)


_ACTIONS: Mapping[Action, Callable[[Distinct, Repair], _NewValues]] = {
    "strip": _strip,
    "words": _words,
    "unify": _unify,
    "numbers": _numbers,
    "dates": _dates,
    "scale": _scale,
}


def to_json(repairs: Sequence[Repair]) -> list[dict[str, Any]]:
    """Repairs as plain data without default values; `records.reading.read_record` reads them."""
    empty = asdict(Repair(code="outer-blanks", column="", action="strip"))
    always = ("code", "column", "action")
    return [{k: v for k, v in asdict(r).items() if k in always or v != empty[k]} for r in repairs]


_MUST: Mapping[RepairCode, str] = {
    "outer-blanks": "not begin or end with blanks",
    "placeholder-values": "leave unknown cells empty",
    "spelling-variants": "write each category in one way",
    "outlying-constant": "hold measured values only",
    "date-range": "have dates of our time",
    "far-dates": "have dates near one another",
    "mixed-units": "be in one unit",
    "duplicate-rows": "hold each case once",
}


def findings(changes: Sequence[Change], *, columns: bool = True) -> tuple[Finding, ...]:
    """What was repaired, as notes; columns that were left out are news only in training (`columns`)."""
    notes = []
    left_out = {change.column for change in changes if change.action == "drop-column"}
    for change in changes:
        if change.action == "drop-column":
            if not columns:
                continue
            must, found = "be left out, as preprocess.accept asks for", "was left out"
        elif change.column in left_out:
            continue  # what was done to its cells before it was left out does not matter
        else:
            must = _MUST[change.code]
            noun = "row" if change.action == "drop-rows" else "cell"
            pairs = [(quoted(before), quoted(after) if after else "missing") for before, after in change.examples[:1]]
            example = "".join(f" ({before} became {after})" for before, after in pairs)
            count = f"{change.count:,} {noun}{'' if change.count == 1 else 's'}"
            found = f"lost {count} that repeat another one" if noun == "row" else f"was repaired in {count}{example}"
        fix = f"nothing to do: preprocess.accept lists {change.code}"
        notes.append(finding("repaired", "info", change.column, must, found, fix))
    return tuple(notes)

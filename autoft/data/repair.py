"""Repairs of a table that a user has accepted, carried out; `autoft.data.repair_plan` learns them from a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from autoft.data.audit.placeholders import on_days
from autoft.data.audit.spellings import fold
from autoft.data.cells import Distinct
from autoft.data.table import number_text
from autoft.errors import cell
from autoft.formatting import counted
from autoft.records.columns import Action, NumberFormat, Repair, RepairCode
from autoft.records.findings import Finding

#: Examples of each change, at most: a log is no second copy of the data.
EXAMPLES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a repair has done: `count` cells changed (of ``drop-rows`` rows are gone, of ``drop-column`` cells are);
    `examples` before and after, at most two, a missing cell being an empty text."""

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
    """Carry out repairs in their order; columns that the table lacks are passed over. Without `drop_rows` no row goes,
    as none may where every row awaits an answer.

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
    distinct = Distinct.of(column)
    new = _new_values(distinct, repair)
    if not new:
        return column, _change(repair, 0)
    values, before = distinct.values.copy(), distinct.texts
    missing: Any = {"O": None, "M": np.datetime64("NaT")}.get(values.dtype.kind, np.nan)
    for position, value in new.items():
        values[position] = missing if value is None else value
    # Its dtype is named: pandas 3 would make texts of another one out of objects, with NaN for None.
    result = pd.Series(distinct.spread(values, missing), index=column.index, name=column.name, dtype=values.dtype)
    result = result.dt.tz_localize("UTC") if distinct.zoned else result
    first = list(new.items())[:EXAMPLES]
    examples = tuple((before[i], number_text(v) if isinstance(v, float) else v or "") for i, v in first)
    return result, _change(repair, int(distinct.counts[list(new)].sum()), examples)


def _new_values(distinct: Distinct, repair: Repair) -> Mapping[int, str | float | None]:
    """By position, what distinct values become; None makes a cell missing. A column of numbers or times has no texts to
    repair."""
    texts = dict(enumerate(distinct.texts)) if distinct.values.dtype == object else {}
    if repair.action == "words":
        return {i: None for i, text in texts.items() if text.strip().casefold() in repair.words}
    if repair.action == "numbers":
        wrong = np.isin(distinct.numbers_in(repair.number_format), repair.numbers)
        return dict.fromkeys(np.flatnonzero(wrong).tolist())
    if repair.action == "dates":
        seconds = distinct.seconds(repair.date_format or "iso")
        low = -np.inf if repair.low is None else repair.low
        high = np.inf if repair.high is None else repair.high
        wrong = on_days(seconds, repair.numbers) | (seconds < low) | (seconds > high)
        return dict.fromkeys(np.flatnonzero(wrong).tolist())
    if repair.action == "scale":
        return _scaled(distinct, repair)
    unify = repair.action == "unify"
    new = {i: repair.spellings.get(fold(text), text) if unify else text.strip() for i, text in texts.items()}
    return {i: text for i, text in new.items() if text != texts[i]}


def _scaled(distinct: Distinct, repair: Repair) -> Mapping[int, str | float]:
    numbers, form = distinct.numbers_in(repair.number_format), repair.number_format or NumberFormat()
    wrong = numbers >= repair.cut if repair.above else (numbers > 0) & (numbers < repair.cut)
    # Twelve digits: 67 inches are 170.18 centimetres, not 170.17999999999998.
    scaled = {int(i): float(f"{numbers[i] * repair.factor:.12g}") for i in np.flatnonzero(wrong & np.isfinite(numbers))}
    texts = {i: number_text(v).replace(".", form.decimal) for i, v in scaled.items()}
    return texts if distinct.values.dtype == object else scaled


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
            pairs = [(cell(before), cell(after) if after else "missing") for before, after in change.examples[:1]]
            example = "".join(f" ({before} became {after})" for before, after in pairs)
            count = counted(change.count, noun)
            found = f"lost {count} that repeat another one" if noun == "row" else f"was repaired in {count}{example}"
        fix = f"nothing to do: preprocess.accept lists {change.code}"
        notes.append(Finding("repaired", "info", change.column, must, found, fix))
    return tuple(notes)

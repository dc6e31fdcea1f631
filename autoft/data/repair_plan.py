"""Plan of repairs, learned from a training table and the codes of findings that a user accepts.

Nothing here sees the target, nor a column that groups, orders or weighs rows. Each stage looks at the table as the
stages before it have left it, so that a column of numbers in which "?" is now missing is read as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from autoft.data.audit import TableView, column_quality, personal, placeholders, redundant_columns, run_checks, units
from autoft.data.audit.spellings import fold, label_variants, variants
from autoft.data.cells import Distinct
from autoft.data.columns import infer_columns
from autoft.data.convert import convert
from autoft.data.repair import apply
from autoft.records.arrays import Array
from autoft.records.columns import Column, Repair, RepairCode

CODES: tuple[RepairCode, ...] = get_args(RepairCode)
#: Codes whose repair is to leave the column out.
DROPPED: frozenset[str] = frozenset(
    {
        *("empty-dropped", "constant-dropped", "identifier-dropped", "personal-data", "quasi-constant"),
        *("identical-columns", "one-to-one-columns", "correlated-copies"),
    }
)
#: The first and the last second of the years that `date-range` allows.
_EARLIEST, _LATEST = (int(np.datetime64(day, "s").astype(np.int64)) for day in ("1900-01-01", "2101-01-01"))


def learn(
    frame: pd.DataFrame,
    accept: Collection[RepairCode],
    *,
    keep: Collection[str | None] = (),
    kinds: Mapping[str, str] = {},
    decimal: str | None = None,
) -> tuple[Repair, ...]:
    """The repairs of a table, in the order in which they are to be carried out.

    Args:
        keep: Columns that are neither looked at nor changed: the target, and those that say something about rows.
        kinds: Declared kinds of columns, by name; such columns are repaired, but not left out.
        decimal: As for `infer_columns`.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"town": ["Rome", "rome", "Rome", "Pisa"], "y": ["?", "1", "0", "1"]})
    >>> [(repair.code, repair.column) for repair in learn(table, ["spelling-variants"], keep=["y"])]
    [('spelling-variants', 'town')]
    """
    if not accept:
        return ()
    wanted, repairs = frozenset(accept), list[Repair]()
    rest = frame.drop(columns=[name for name in keep if name in frame.columns])
    kinds = {name: kind for name, kind in kinds.items() if name in rest.columns}
    for stage, codes in _STAGES:
        if wanted & codes:
            found = [repair for repair in stage(rest, kinds, decimal) if repair.code in wanted]
            repairs += found
            rest = apply(rest, found).frame
    # A row repeats if it equals another one in every column, the target too; nothing about it is learned here.
    if "duplicate-rows" in wanted:
        repairs.append(Repair(code="duplicate-rows", column=None, action="drop-rows"))
    return tuple(repairs)


def learn_target(series: pd.Series[Any], accept: Collection[RepairCode]) -> tuple[Repair, ...]:
    """The repair of a target whose labels are spelled in several ways, if that is accepted; none for other targets.

    >>> import pandas as pd
    >>> labels = pd.Series(["Yes", "No", "yes", "Yes"], name="y", dtype=object)
    >>> learn_target(labels, ["spelling-variants"])[0].spellings
    {'yes': 'Yes'}
    """
    if "spelling-variants" not in accept or series.dtype != object:
        return ()
    distinct = Distinct.of(series)
    counts = dict(zip(distinct.texts, distinct.counts.tolist(), strict=True))
    several = label_variants(counts)
    spellings = {fold(text): best for best, others in several.items() for text in (best, *others)}
    if not spellings:
        return ()
    return (Repair(code="spelling-variants", column=str(series.name), action="unify", spellings=spellings),)


def _distinct_texts(frame: pd.DataFrame) -> dict[str, Distinct]:
    return {str(name): Distinct.of(frame[name]) for name in frame.columns if frame[name].dtype.kind == "O"}


def _blanks(frame: pd.DataFrame, kinds: Mapping[str, str], decimal: str | None) -> Iterator[Repair]:
    for name, distinct in _distinct_texts(frame).items():
        if any(text != text.strip() for text in distinct.texts):
            yield Repair(code="outer-blanks", column=name, action="strip")


def _words(frame: pd.DataFrame, kinds: Mapping[str, str], decimal: str | None) -> Iterator[Repair]:
    for name, distinct in _distinct_texts(frame).items():
        words = {text.strip().casefold() for text in distinct.texts if placeholders.is_word(text)}
        if words:
            yield Repair(code="placeholder-values", column=name, action="words", words=tuple(sorted(words)))


def _spellings(frame: pd.DataFrame, kinds: Mapping[str, str], decimal: str | None) -> Iterator[Repair]:
    texts = _distinct_texts(frame)
    for column in infer_columns(frame, kinds=kinds, decimal=decimal)[0]:
        if column.kind != "categorical" or column.name not in texts:
            continue
        distinct = texts[column.name]
        counts = dict(zip(distinct.texts, distinct.counts.tolist(), strict=True))
        several = variants(counts)
        if several:
            # Every word of the column, so that a spelling that only a later table has is unified, too.
            words = [text for text in sorted(counts) if any(sign.isalpha() for sign in text)]
            spellings = {fold(text): text for text in words} | {fold(best): best for best in several}
            yield Repair(code="spelling-variants", column=column.name, action="unify", spellings=spellings)


def _values(frame: pd.DataFrame, kinds: Mapping[str, str], decimal: str | None) -> Iterator[Repair]:
    for column, values in _values_of(frame, kinds, decimal):
        if column.kind == "numeric":
            suspects = placeholders.suspects(values)
            for code in placeholders.NUMBER_CODES:
                numbers = tuple(suspect.value for suspect in suspects if suspect.code == code)
                if numbers:
                    form = column.number_format
                    yield Repair(code=code, column=column.name, action="numbers", numbers=numbers, number_format=form)
        elif column.kind == "date":
            yield from _date_repairs(column, values)


def _values_of(frame: pd.DataFrame, kinds: Mapping[str, str], decimal: str | None) -> Iterator[tuple[Column, Array]]:
    columns = infer_columns(frame, kinds=kinds, decimal=decimal)[0]
    values = convert(frame, columns).values
    return ((column, values[column.id]) for column in columns)


def _date_repairs(column: Column, seconds: Array) -> Iterator[Repair]:
    blank = Repair(code="date-range", column=column.name, action="dates", date_format=column.date_format)
    days = placeholders.dates(seconds)
    if days:
        yield replace(blank, code="placeholder-values", numbers=days)
    known = np.where(placeholders.on_days(seconds, days), np.nan, seconds)
    if (known < _EARLIEST).any() or (known >= _LATEST).any():
        yield replace(blank, low=float(_EARLIEST), high=float(_LATEST - 1))
    low, high = (limit if np.isfinite(limit) else None for limit in placeholders.date_limits(known))
    if low is not None or high is not None:
        yield replace(blank, code="far-dates", low=low, high=high)


def _units(frame: pd.DataFrame, kinds: Mapping[str, str], decimal: str | None) -> Iterator[Repair]:
    for column, values in _values_of(frame, kinds, decimal):
        found = units.mixed(values) if column.kind == "numeric" else None
        if found is not None:
            repair = Repair(code="mixed-units", column=column.name, action="scale", factor=found.factor)
            yield replace(repair, cut=found.cut, above=found.above, number_format=column.number_format)


def _columns(frame: pd.DataFrame, kinds: Mapping[str, str], decimal: str | None) -> Iterable[Repair]:
    """Columns to leave out, as the findings name them; each once, for the first reason."""
    columns, findings = infer_columns(frame, kinds=kinds, decimal=decimal)
    converted = convert(frame, [column for column in columns if column.used])
    view = TableView.of(frame, columns, converted, target=None)
    checks = (column_quality.quasi_constant, redundant_columns.redundant_columns, personal.personal_data)
    reasons = (*findings, *run_checks(view, checks))
    repairs: dict[str, Repair] = {}
    for code, name in ((code, line.column) for line in reasons for code in CODES if code == line.code in DROPPED):
        if name is not None and name not in kinds and name not in repairs:
            repairs[name] = Repair(code=code, column=name, action="drop-column")
    return repairs.values()


_Stage = Callable[["pd.DataFrame", Mapping[str, str], str | None], Iterable[Repair]]
#: In the order in which they are learned, with the codes that each may give.
_STAGES: tuple[tuple[_Stage, frozenset[str]], ...] = (
    (_blanks, frozenset({"outer-blanks"})),
    (_words, frozenset({"placeholder-values"})),
    (_spellings, frozenset({"spelling-variants"})),
    (_values, frozenset({"placeholder-values", "outlying-constant", "date-range", "far-dates"})),
    (_units, frozenset({"mixed-units"})),
    (_columns, DROPPED),
)

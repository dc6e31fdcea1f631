"""Typed columns of a canonical frame, and the Arrow record batch of them that TFDV reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from autoft.data.cells import Distinct, numbers, plain_texts, truth_values
from autoft.data.convert import Converted
from autoft.data.dates import DECLARED, UNITS
from autoft.data.number_formats import MOST_NUMBERS
from autoft.records.arrays import EXACT
from autoft.records.columns import Column

#: A numeric column with a larger share of cells that are no numbers is given to the engine as text, so that
#: the engine reports another type; below that the odd cells count as missing and only the audit speaks of them.
#: A few odd cells are typing mistakes whatever their share: a table of one row must not be refused for one cell.
MAX_UNREADABLE, FEW = 1 - MOST_NUMBERS, 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """One column: `values` ``[n]`` int64, float64 or object (``str`` or None), and ``[n]`` where there is none."""

    values: NDArray[Any]
    missing: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Typed:
    """A table for an engine: `cells` by the user's name, in the table's order. `unreadable` are numeric columns without
    an empty cell some of whose cells count as missing all the same: infinities, and texts that are no numbers."""

    cells: Mapping[str, Cells]
    rows: int
    unreadable: frozenset[str]


def typed(frame: pd.DataFrame, columns: Sequence[Column], converted: Converted) -> Typed:
    """The columns of a canonical frame as an engine is to see them. Whole numbers become int64 and others float64,
    truth values the words (or 0 and 1) of the training table, categories and dates text. A numeric column that is not
    integral by its record is float64 even if this table holds whole numbers only. Unused columns, and those without a
    record, are numbers if all of their cells are."""
    known = {column.name: column for column in columns}
    cells: dict[str, Cells] = {}
    unreadable = set()
    for name in frame.columns:
        series, column = frame[name], known.get(name)
        if column is not None and column.date_format in (*DECLARED, *UNITS):  # dates, even where they are numbers
            distinct = Distinct.of(series)
            cells[name] = _texts(distinct.spread(plain_texts(distinct.texts), None))
        elif column is None or column.kind not in ("boolean", "categorical", "numeric"):
            cells[name] = _natural(series)
        elif column.kind == "boolean":
            cells[name] = _truths(series, column)
        elif column.kind == "categorical":
            cells[name] = _texts(converted.values[column.id])
        else:
            odd = converted.bad.get(column.id, 0)
            filled = int(series.notna().sum())
            if odd > max(FEW, MAX_UNREADABLE * filled):
                cells[name] = _natural(series)
            else:
                cells[name] = _numbers(converted.values[column.id], integral=column.integral)
                odd += converted.infinite.get(column.id, 0)
            if odd and filled == len(series):
                unreadable.add(name)
    return Typed(cells=cells, rows=len(frame), unreadable=frozenset(unreadable))


def _natural(series: pd.Series[Any]) -> Cells:
    """Numbers if every cell is one, else texts, whatever kind of source the cells came from."""
    distinct = Distinct.of(series)
    if np.isnan(distinct.numbers).any():
        return _texts(distinct.spread(plain_texts(distinct.texts), None))
    return _numbers(distinct.spread(distinct.numbers, np.nan), integral=True)


def _truths(series: pd.Series[Any], column: Column) -> Cells:
    """Truth values in the words of the training table, whatever words stand for them here; int64 for 0 and 1. A cell
    that is neither keeps its own text or number."""
    distinct = Distinct.of(series)
    words = [truth[0] if truth else None for truth in (column.false, column.true)]
    values = truth_values(distinct.texts, column.false, column.true)
    texts = [
        text if np.isnan(value) else words[int(value)] or text
        for text, value in zip(distinct.texts, values, strict=True)
    ]
    if np.isnan(codes := numbers(texts)).any():
        return _texts(distinct.spread(plain_texts(texts), None))
    return _numbers(distinct.spread(codes, np.nan), integral=True)


def _numbers(values: NDArray[np.float64], *, integral: bool) -> Cells:
    missing = np.isnan(values)
    filled = values[~missing]
    # Floats beyond 2**53 have no fraction but may not fit an int64 either.
    if integral and np.all(np.abs(filled) <= EXACT) and np.all(filled == np.rint(filled)):
        values = np.where(missing, 0, values).astype(np.int64)
    return Cells(values=values, missing=missing)


def _texts(cells: Iterable[object]) -> Cells:
    """Texts; half a surrogate pair becomes '?', since messages take other bytes for no text at all."""
    texts = [cell.encode("utf-8", "replace").decode() if isinstance(cell, str) else None for cell in cells]
    values = np.array([*texts, None], dtype=object)[:-1]
    return Cells(values=values, missing=np.array([text is None for text in texts], dtype=bool))


def record_batch(table: Typed) -> Any:
    """A ``pyarrow.RecordBatch`` with one list column per column of the table, under the user's names. Numbers keep
    their type, texts become UTF-8 bytes, a column without a value is an array of no type."""
    return pa.RecordBatch.from_arrays(list(map(_lists, table.cells.values())), names=list(table.cells))


def _lists(cells: Cells) -> Any:
    """Lists of one value each, null where a cell is missing; without any value an array of no type."""
    values, missing = cells.values[~cells.missing], cells.missing
    if not len(values):
        return pa.nulls(len(missing))
    flat = pa.array([text.encode() for text in values] if values.dtype == object else values)
    offsets = np.concatenate([[0], np.cumsum(~missing)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets, mask=np.append(missing, False)), flat)

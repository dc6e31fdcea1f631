"""A canonical frame as TFDV's input: an Arrow record batch of lists, a missing cell being a null list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.records import Column
from autoft.schema.cells import Distinct, numbers, plain_texts, truth_values
from autoft.schema.convert import convert

if TYPE_CHECKING:
    import pandas as pd

#: A numeric column with a larger share of cells that are no numbers is given to the engine as text, so that
#: the engine reports another type; below that the odd cells count as missing and only the audit speaks of them.
#: A few odd cells are typing mistakes whatever their share: a table of one row must not be refused for one cell.
MAX_UNREADABLE, FEW = 0.01, 10


def record_batch(frame: pd.DataFrame, columns: tuple[Column, ...]) -> tuple[Any, frozenset[str]]:
    """A ``pyarrow.RecordBatch`` with one list column per column of the frame, under the user's names.

    Whole numbers become int64 and others float64, truth values the words (or 0 and 1) of the training table,
    categories and dates UTF-8 bytes. A numeric column that is not integral by its record is float64 even if this
    table holds whole numbers only. Unused columns, and those without a record, are numbers if all of their cells are.

    Returns:
        The batch, and the names of numeric columns without an empty cell some of whose cells count as missing all
        the same: infinities, and texts that are no numbers.
    """
    import pyarrow as pa

    known = {column.name: column for column in columns}
    converted = convert(frame, columns)
    arrays, unreadable = [], set()
    for name in frame.columns:
        series, column = frame[name], known.get(name)
        if column is None or column.kind not in ("boolean", "categorical", "numeric"):
            flat = _natural(series)
        elif column.kind == "boolean":
            flat = _truths(series, column)
        elif column.kind == "categorical":
            flat = _texts(converted.values[column.id])
        else:
            odd = converted.bad.get(column.id, 0)
            filled = int(series.notna().sum())
            if odd > max(FEW, MAX_UNREADABLE * filled):
                flat = _natural(series)
            else:
                flat = _numbers(converted.values[column.id], integral=column.integral)
                odd += converted.infinite.get(column.id, 0)
            if odd and filled == len(series):
                unreadable.add(name)
        arrays.append(_lists(flat))
    return pa.RecordBatch.from_arrays(arrays, names=list(frame.columns)), frozenset(unreadable)


def _natural(series: pd.Series[Any]) -> Any:
    """Numbers if every cell is one, else texts, whatever kind of source the cells came from."""
    seen = Distinct.of(series)
    if np.isnan(seen.numbers).any():
        return _texts(seen.spread(plain_texts(seen.texts), None))
    return _numbers(seen.spread(seen.numbers, np.nan), integral=True)


def _truths(series: pd.Series[Any], column: Column) -> Any:
    """Truth values in the words of the training table, whatever words stand for them here; int64 for 0 and 1.

    A cell that is neither keeps its own text or number.
    """
    seen = Distinct.of(series)
    words = [truth[0] if truth else None for truth in (column.false, column.true)]
    values = truth_values(seen.texts, column.false, column.true)
    texts = [
        text if np.isnan(value) else words[int(value)] or text for text, value in zip(seen.texts, values, strict=True)
    ]
    if np.isnan(codes := numbers(texts)).any():
        return _texts(seen.spread(plain_texts(texts), None))
    return _numbers(seen.spread(codes, np.nan), integral=True)


def _numbers(values: NDArray[np.float64], *, integral: bool) -> Any:
    import pyarrow as pa

    missing = np.isnan(values)
    filled = values[~missing]
    # Floats beyond 2**53 have no fraction but may not fit an int64 either.
    if integral and np.all(np.abs(filled) <= 2**53) and np.all(filled == np.rint(filled)):
        values = np.where(missing, 0, values).astype(np.int64)
    return pa.array(values, mask=missing)


def _texts(cells: Iterable[object]) -> Any:
    """UTF-8 bytes; half a surrogate pair becomes '?', since TFDV takes other bytes for no text at all."""
    import pyarrow as pa

    texts = [cell.encode("utf-8", "replace") if isinstance(cell, str) else None for cell in cells]
    return pa.array(texts, type=pa.binary())


def _lists(flat: Any) -> Any:
    """Lists of one value each, null where `flat` is null; without any value an array of no type."""
    import pyarrow as pa

    if flat.null_count == len(flat):
        return pa.nulls(len(flat))
    missing = np.asarray(flat.is_null().to_numpy(zero_copy_only=False))
    offsets = np.concatenate([[0], np.cumsum(~missing)]).astype(np.int32)
    starts = pa.array(offsets, mask=np.append(missing, False))
    return pa.ListArray.from_arrays(starts, flat.drop_null())

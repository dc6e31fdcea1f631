"""Frames of tables in memory: what other libraries hold, as a DataFrame, and X and y side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from autoft.data.sources import arrow, limits
from autoft.errors import TableError, bare_cell, quoted, reason_of
from autoft.formatting import counted

_FIX = "convert it to a pandas DataFrame"
_CATEGORICAL = 23  # of the interchange protocol
_ONE_COLUMN = "pass one column, or y.ravel()"


def to_frame(data: Any, where: str) -> pd.DataFrame:
    """A table in memory as a DataFrame; values are neither interpreted nor, as a rule, copied.

    Args:
        data: DataFrame, NumPy array (2-D, or with named fields), sparse matrix of SciPy, Arrow table or record batch,
            mapping of names to columns, list of rows (mappings or sequences), or a table of another library that offers
            Arrow (``__arrow_c_stream__``, ``to_arrow``), ``to_pandas`` or ``__dataframe__``.
        where: What messages call it.

    Raises:
        TableError: If it is none of these, is too large, or is no table.

    >>> to_frame([{"a": 1}, {"a": 2, "b": "x"}], "X")
       a     b
    0  1  None
    1  2     x
    """
    shape = getattr(data, "shape", None)
    if isinstance(shape, tuple) and len(shape) == 2 and all(isinstance(n, int | np.integer) for n in shape):
        limits.check_shape(where, int(shape[0]), int(shape[1]))
    if isinstance(data, pd.DataFrame):
        return data
    try:
        found = _converted(data, where)
    except TableError:
        raise
    except (ValueError, TypeError, RuntimeError, AttributeError, KeyError) as error:  # of other libraries
        found = f"it cannot be converted ({bare_cell(reason_of(error))})"
        raise TableError(where, "be a table of rows and columns", found, _FIX) from error
    if not isinstance(found, pd.DataFrame):
        also = "a path, a file handle, a pair (X, y), " if where == "The data" else ""
        must = f"be {also}a DataFrame or another table in memory, or a 2-D array"
        raise TableError(where, must, f"it is of type {type(data).__name__}", _FIX)
    limits.check_shape(where, *found.shape)
    return found


def _converted(data: Any, where: str) -> object:
    from scipy.sparse import issparse

    if isinstance(data, np.ndarray):
        return _from_array(data, where)
    if issparse(data):
        return _from_array(data.toarray(), where)
    if isinstance(data, pa.RecordBatch | pa.RecordBatchReader):
        data = data.read_all() if isinstance(data, pa.RecordBatchReader) else pa.Table.from_batches([data])
    if isinstance(data, pa.Table):
        return arrow.to_frame(data)
    if isinstance(data, Mapping):
        return _from_columns(data, where)
    if isinstance(data, list | tuple):
        records = bool(data) and all(isinstance(row, Mapping) for row in data)
        return from_records(data, where) if records else _from_array(_of_rows(data), where)
    if isinstance(data, pd.Series | str | bytes):
        return data  # refused: a column, a row or a text is no table
    return _of_library(data, where)


def _of_library(data: Any, where: str) -> object:
    """A table of another library, by the first of the ways that it offers; as it is if it offers none."""
    if callable(getattr(data, "to_arrow", None)):
        table = data.to_arrow()
        return arrow.to_frame(table) if isinstance(table, pa.Table) else table
    if hasattr(data, "__arrow_c_stream__") and hasattr(pa.RecordBatchReader, "from_stream"):
        return arrow.to_frame(pa.RecordBatchReader.from_stream(data).read_all())
    if callable(getattr(data, "to_pandas", None)):
        return data.to_pandas()
    if hasattr(data, "__dataframe__"):
        return _interchanged(data)
    if hasattr(data, "__array__"):
        return _from_array(np.asarray(data), where)
    return data


def _interchanged(data: Any) -> pd.DataFrame:
    """A table by ``__dataframe__``; pandas, up to 3.1, reads missing cells of categories as some category."""
    offered = data.__dataframe__()
    columns = {name: offered.get_column_by_name(name) for name in offered.column_names()}
    lossy = [name for name, column in columns.items() if column.dtype[0] == _CATEGORICAL and column.null_count]
    if lossy:
        raise ValueError(f"column {quoted(lossy[0])} is categorical and has missing cells, which pandas would fill")
    return pd.api.interchange.from_dataframe(data)


def _of_rows(rows: Sequence[Any]) -> NDArray[Any]:
    """Rows as an array of objects, so that each cell keeps its type."""
    lengths = {len(row) if isinstance(row, Sequence | np.ndarray) and not isinstance(row, str) else 0 for row in rows}
    if len(lengths) > 1:
        raise ValueError(f"rows have {' or '.join(map(str, sorted(lengths)[:3]))} cells")
    array = np.empty((len(rows), *(lengths - {0})), dtype=object)
    for place, row in enumerate(rows):
        array[place] = row
    return array


def _from_array(x: NDArray[Any], where: str) -> pd.DataFrame:
    """An array as a frame: named fields as columns, else columns that are called x0, x1, ..."""
    if x.dtype.names:
        fields = x.ravel() if x.ndim == 2 and 1 in x.shape else x
        return _from_columns({name: fields[name] for name in x.dtype.names}, where)
    if x.ndim != 2:
        found = f"it has {counted(x.ndim, 'dimension')}"
        raise TableError(where, "be a DataFrame or a 2-D array", found, "use X.reshape(len(X), -1)")
    limits.check_shape(where, *x.shape)
    names = [f"x{i}" for i in range(x.shape[1])]
    if x.dtype == object:
        return _side_by_side([pd.Series(x[:, i], dtype=object).infer_objects() for i in range(x.shape[1])], names)
    return pd.DataFrame(_native(x), columns=names)


def _native(x: NDArray[Any]) -> NDArray[Any]:
    """The array in the byte order of this machine, and times beyond pandas' nanoseconds as objects, as pandas needs."""
    import pandas as pd

    x = x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))
    if x.dtype.kind in "mM":
        try:
            pd.Series(x.ravel())
        except (pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta):  # of pandas 1
            return x.astype(f"{x.dtype.kind}8[us]").astype(object)
    return x


def _from_columns(columns: Mapping[Any, Any], where: str) -> pd.DataFrame:
    """Columns by name, put together row by row whatever their indexes say."""
    limits.check_shape(where, 1, len(columns))
    fix = "give each column as a list or an array; a table of one row is [{name: value, ...}]"
    own = {name: to_series(column, f"{where}: column {quoted(name)}", fix) for name, column in columns.items()}
    lengths = {len(column): name for name, column in own.items()}
    if len(lengths) > 1:
        (short, one), (long, other) = min(lengths.items()), max(lengths.items())
        found = f"{quoted(one)} has {short:,} and {quoted(other)} {long:,}"
        raise TableError(where, "have as many cells in every column", found, "check how the columns were made")
    limits.check_shape(where, max(lengths, default=0), len(columns))
    return _side_by_side(list(own.values()), list(own))


def from_records(records: Sequence[Mapping[Any, Any]], where: str) -> pd.DataFrame:
    """Rows as mappings from names to cells; columns in the order of their first cells, absent cells missing."""
    names: dict[Any, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
        limits.check_shape(where, len(records), len(names))
    return _side_by_side([pd.Series([record.get(n) for record in records], dtype=object) for n in names], list(names))


def _side_by_side(columns: Iterable[pd.Series[Any]], names: Sequence[Any]) -> pd.DataFrame:
    frame = pd.DataFrame({i: column.reset_index(drop=True) for i, column in enumerate(columns)})
    frame.columns = pd.Index(names, dtype=object, tupleize_cols=False)
    return frame


def to_series(column: Any, where: str, fix: str = _ONE_COLUMN) -> pd.Series[Any]:
    """A column in memory as a Series: a Series, list, 1-D array, column of Arrow or Polars, or a table of one column.
    Raises a TableError if it is not one column."""
    if isinstance(column, pd.Series):
        return column
    if callable(getattr(column, "to_arrow", None)):  # of Polars
        values, name = column.to_arrow(), getattr(column, "name", None)
        if isinstance(values, pa.Array | pa.ChunkedArray):
            return arrow.to_series(values).rename(name or None)
    if isinstance(column, pa.Array | pa.ChunkedArray):
        return arrow.to_series(column).rename(None)
    if isinstance(column, list | tuple):
        if not any(isinstance(cell, list | tuple | np.ndarray) for cell in column):
            return pd.Series(list(column), dtype=object).infer_objects()
    elif np.ndim(column) == 1 and getattr(getattr(column, "dtype", None), "names", None) is None:
        return pd.Series(_native(column) if isinstance(column, np.ndarray) else column)
    return _only_column(column, where, fix)


def _only_column(data: Any, where: str, fix: str) -> pd.Series[Any]:
    """The column of a table that has no other."""
    unnamed = isinstance(data, list | tuple | np.ndarray) and not getattr(getattr(data, "dtype", None), "names", None)
    shape = np.shape(data)
    if isinstance(data, Mapping | str | bytes) or len(shape) > 2 or not shape:
        found = f"its shape is {shape}" if len(shape) > 1 else f"it is of type {type(data).__name__}"
        raise TableError(where, "have one dimension", found, fix)
    frame = to_frame(data, where)
    if frame.shape[1] != 1:
        raise TableError(where, "have one dimension", f"its shape is {frame.shape}", fix)
    column = frame.iloc[:, 0]
    return column.rename(None) if unnamed else column


def joined(x: Any, y: Any, target: str | None) -> tuple[pd.DataFrame, str, pd.Series[Any]]:
    """X and y side by side, row by row, the name of y's column, and y as it was given. It is a `TableError` if their
    indexes name the same rows in another order; other indexes say nothing."""
    fix = f"pass X alone, and target={quoted(y)} where that is its column" if isinstance(y, str) else _ONE_COLUMN
    indexed = isinstance(x, pd.DataFrame) and isinstance(y, pd.Series | pd.DataFrame)
    x, given, y = to_frame(x, "X"), y, to_series(y, "y", fix)
    if len(x) != len(y):
        found = f"X has {len(x):,} rows and y {len(y):,}"
        raise TableError("X and y", "have the same length", found, "check how they were split")
    if indexed:
        rows, others = x.index, y.index
        if not rows.equals(others) and rows.is_unique and others.is_unique and rows.isin(others).all():
            found = "their indexes name the same rows in another order"
            fix = "pass y.loc[X.index]; where they do stand side by side, reset_index(drop=True) of both"
            raise TableError("X and y", "have their rows in one order", found, fix)
    label = target or ("target" if y.name is None else str(y.name))
    if label in map(str, x.columns):
        found = f"it has a column {quoted(label)}, too"
        raise TableError("X", "not hold the target", found, "drop it from X, or pass the table alone")
    frame = x.reset_index(drop=True)
    frame.columns = pd.RangeIndex(len(x.columns))
    frame[len(x.columns)] = y.set_axis(frame.index)  # pd.concat and reset_index read times out of objects
    frame.columns = cast("Any", pd.Index([*x.columns, label], dtype=object, tupleize_cols=False))
    # pandas makes datetime64 of Python's datetimes, which would not be equal to them.
    objects = isinstance(given, list | tuple) and not any(isinstance(cell, list | tuple | np.ndarray) for cell in given)
    return frame, label, pd.Series(list(given), dtype=object) if objects else y

"""Tables from files, DataFrames and arrays in one canonical form, so that the source makes no difference.

A column of the canonical frame is one of three things:

- ``float64`` with NaN for missing cells: whatever came as numbers or durations (in seconds);
- ``object`` with a ``str`` or None in every cell: texts, categories, booleans (``"True"``, ``"False"``), mixtures,
  integers beyond 2**53 (which float64 would merge), and every cell of a CSV file;
- ``datetime64[ns]``: whatever came as times without a time zone; with one they are ``datetime64[ns, UTC]``. Times that
  nanoseconds cannot hold (before 1677, after 2262), and those of which only some have a zone, come as ISO texts.

Texts are NFC-normalised (else two spellings of "café" are two categories) and otherwise kept exactly. The texts in
`MISSING` and blank ones are missing, in DataFrames as well as in files.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.data.decimals import whole_decimals
from autoft.data.files import read_file
from autoft.errors import TableError, printable
from autoft.formatting import counted

if TYPE_CHECKING:
    import pandas as pd

#: Texts that mean a missing cell (blanks only, too). Our own list: pandas' changes between versions.
MISSING = frozenset({"", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "<NA>", "NaT", "#N/A"})

#: The dtype of times that came with a time zone.
ZONED = "datetime64[ns, UTC]"

_EXACT = 2**53  # float64 tells whole numbers apart up to here
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})
_TIMES = frozenset({"datetime", "datetime64", "date"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A table in canonical form (see the module).

    Attributes:
        frame: The columns under unique names, rows numbered from 0; shares no memory with the caller's data.
        source: File name, ``DataFrame`` or ``arrays``.
        fingerprint: SHA-256 of names and content (hexadecimal); depends on the order of rows and columns.
        dtypes: The dtype that each column came with; ``text`` for CSV files.
        target: The name that `y` got if the data came as ``(X, y)``; it is the last column.
    """

    frame: pd.DataFrame
    source: str
    fingerprint: str
    dtypes: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None


def read(data: Any, *, target: str | None = None, allow_empty: bool = False) -> Table:
    """Reads a table from wherever it is.

    Args:
        data: Path of a ``.csv``, ``.tsv`` (also ``.gz``) or ``.parquet`` file; a DataFrame; or ``(X, y)`` with `X` a
            DataFrame or 2-D array (columns ``x0``, ``x1``, ...) and `y` a Series or 1-D array, row by row; or such an
            array alone.
        target: What the `y` column is called; None for its own name, or ``target`` if it has none.
        allow_empty: Whether a table without rows is fine, as it is for predictions.

    Returns:
        The table. Columns are named by ``str()`` of their names; one without a name is called ``column 3`` if it is
        the third.

    Raises:
        TableError: If the data cannot be read or understood as a table with unique names and at least one row.

    >>> import pandas as pd
    >>> read(pd.DataFrame({"age": [31, 47], "member": [True, None]})).frame
        age member
    0  31.0   True
    1  47.0   None
    """
    import pandas as pd

    where, source, label = "The data", "arrays", None
    if isinstance(data, str | Path):
        source, raw = Path(data).name, read_file(data)
        where = f"Table '{source}'"
    elif isinstance(data, pd.DataFrame):
        source, raw = "DataFrame", data
    elif isinstance(data, np.ndarray):
        raw = _numbered(data)
    elif isinstance(data, tuple) and len(data) == 2:
        raw, label = _joined(data[0], data[1], target)
    else:
        must, found = "be a path, a DataFrame, a 2-D array or a pair (X, y)", f"it is of type {type(data).__name__}"
        raise TableError("The data", must, found, "convert it to a pandas DataFrame")
    names = _unique_names(list(raw.columns), where)
    if len(raw) == 0 and not allow_empty:
        raise TableError(where, "have rows", "it has a header but no rows", "check how it was written")
    columns = {name: raw.iloc[:, i] for i, name in enumerate(names)}
    frame = pd.DataFrame({i: canonical(column, name) for i, (name, column) in enumerate(columns.items())})
    frame.columns = pd.Index(names, dtype=object)
    texts = isinstance(data, str | Path) and not source.lower().endswith(".parquet")
    dtypes = {name: "text" if texts else _dtype(column) for name, column in columns.items()}
    return Table(frame=frame, source=source, fingerprint=_fingerprint(frame), dtypes=dtypes, target=label)


def _dtype(column: pd.Series[Any]) -> str:
    """The dtype that a column came with; for categories and Python objects that of the values themselves."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return _dtype(column.cat.categories.to_series())
    if column.dtype != object:
        return str(column.dtype)
    return {"boolean": "bool", "integer": "int64", "floating": "float64"}.get(
        pd.api.types.infer_dtype(column, skipna=True), "object"
    )


def number_text(value: float) -> str:
    """A number as the text that it has in a CSV file: the same whether it came as ``int`` or as ``float``.

    >>> number_text(1.0), number_text(2.5)
    ('1', '2.5')
    """
    return str(int(value)) if abs(value) <= _EXACT and value == int(value) else repr(float(value))


def quoted(text: object, limit: int = 40) -> str:
    """A cell as it may be shown in a message: in quotes, shortened, without control characters."""
    text = str(text)
    return f"'{printable(text if len(text) <= limit else text[: limit - 1] + '…')}'"


def _numbered(x: NDArray[Any]) -> pd.DataFrame:
    """An array as a frame whose columns are called x0, x1, ..."""
    import pandas as pd

    if x.ndim != 2:
        found = f"it has {counted(x.ndim, 'dimension')}"
        raise TableError("X", "be a DataFrame or a 2-D array", found, "use X.reshape(len(X), -1)")
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])])


def _joined(x: Any, y: Any, target: str | None) -> tuple[pd.DataFrame, str]:
    """X and y side by side, row by row whatever their indexes say, and the name of y's column."""
    import pandas as pd

    if not isinstance(x, pd.DataFrame):
        x = _numbered(np.asarray(x))
    if not isinstance(y, pd.Series):
        shape = np.shape(y)
        if len(shape) != 1:
            raise TableError("y", "have one dimension", f"its shape is {shape}", "pass one column, or y.ravel()")
        y = pd.Series(y)
    if len(x) != len(y):
        found = f"X has {len(x):,} rows and y {len(y):,}"
        raise TableError("X and y", "have the same length", found, "check how they were split")
    label = target or ("target" if y.name is None else str(y.name))
    if label in map(str, x.columns):
        found = f"it has a column {quoted(label)}, too"
        raise TableError("X", "not hold the target", found, "drop it from X, or pass the table alone")
    joined = pd.concat([x.reset_index(drop=True), y.reset_index(drop=True)], axis=1)
    joined.columns = pd.Index([*x.columns, label], dtype=object)
    return joined, label


def _unique_names(names: Sequence[Hashable], where: str) -> list[str]:
    if not names:
        raise TableError(where, "have columns", "it has none", "check how it was written")
    texts = ["" if name is None or name != name else _sound(str(name)) for name in names]
    texts = [text if text.strip() else f"column {i}" for i, text in enumerate(texts, 1)]
    doubled = [f"{quoted(name)} ({count} times)" for name, count in Counter(texts).items() if count > 1]
    if doubled:
        more = f" and {len(doubled) - 10} more" if len(doubled) > 10 else ""
        found = f"these are not: {', '.join(doubled[:10])}{more}"
        raise TableError(where, "have unique column names", found, "rename or remove the doubled columns")
    return texts


def canonical(series: pd.Series[Any], name: str) -> pd.Series[Any]:
    """One column in canonical form, as a copy with a fresh index; `name` is for messages."""
    import pandas as pd
    from pandas.api import types

    if isinstance(series.dtype, pd.SparseDtype):
        series = pd.Series(np.asarray(series))
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        texts = np.array([*_texts(dtype.categories, name), None], dtype=object)
        return pd.Series(texts[series.cat.codes.to_numpy()], dtype=object)
    if isinstance(dtype, pd.PeriodDtype):
        return _times(series.dt.to_timestamp(), name)
    if types.is_complex_dtype(dtype):
        raise _unsupported(name, str(dtype))
    if types.is_bool_dtype(dtype):
        return pd.Series(_texts(series.astype(object), name), dtype=object)
    if types.is_numeric_dtype(dtype):
        return _floats(series, name)
    if types.is_datetime64_any_dtype(dtype):
        return _times(series, name)
    if dtype.kind == "m":
        return _durations(series)
    return _objects(series.astype(object), name)


def _objects(series: pd.Series[Any], name: str) -> pd.Series[Any]:
    """A column of Python objects: by what all of its cells are, else as texts."""
    import pandas as pd

    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind in _NUMBERS:
        return _floats(series, name)
    if kind in _TIMES:
        return _times(series, name)
    if kind in ("timedelta", "timedelta64"):
        return _durations(series)
    return pd.Series(_texts(series, name), dtype=object)


def _floats(series: pd.Series[Any], name: str) -> pd.Series[Any]:
    import pandas as pd

    series = whole_decimals(series)
    present = series.dropna()
    whole = pd.api.types.is_integer_dtype(series.dtype) or series.dtype == object
    if whole and len(present) and (present.max() > _EXACT or present.min() < -_EXACT):
        cells = series.astype(object)
        if any(isinstance(cell, int | np.integer) and abs(int(cell)) > _EXACT for cell in present.astype(object)):
            return pd.Series(_texts(cells, name), dtype=object)
    if series.dtype == object:
        return pd.Series([np.nan if pd.isna(cell) else float(cell) for cell in series], dtype="float64")
    if isinstance(series.dtype, np.dtype):
        return pd.Series(series.to_numpy().astype("float64"))
    return pd.Series(np.array(series.to_numpy(dtype="float64", na_value=np.nan)))


def _times(series: pd.Series[Any], name: str) -> pd.Series[Any]:
    import pandas as pd

    zoned = isinstance(series.dtype, pd.DatetimeTZDtype)
    if series.dtype == object:
        zones = {getattr(cell, "tzinfo", None) is not None for cell in series.dropna()}
        if len(zones) > 1:
            return pd.Series(_texts(series, name), dtype=object)
        zoned = True in zones
    try:
        times = pd.to_datetime(series, utc=True).dt.tz_localize(None).astype("datetime64[ns]")
    except (pd.errors.OutOfBoundsDatetime, OverflowError):
        return pd.Series(_texts(series.astype(object), name), dtype=object)
    naive = pd.Series(times.to_numpy(copy=True))
    return naive.dt.tz_localize("UTC") if zoned else naive


def _durations(series: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    cells = series.astype(object)
    try:
        seconds = pd.to_timedelta(cells).dt.total_seconds().to_numpy(dtype="float64", copy=True)
    except (pd.errors.OutOfBoundsTimedelta, OverflowError):  # 292 years; Python's durations may be longer
        seconds = np.array([np.nan if pd.isna(cell) else cell.total_seconds() for cell in cells])
    return pd.Series(seconds)


def _sound(text: str) -> str:
    """The text in NFC; halves of surrogate pairs, which no file can hold, as visible escapes."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.encode("utf-8", "backslashreplace").decode("utf-8"))


class _Cleaned(dict[str, "str | None"]):
    """Texts as they were -> texts as they are kept; each distinct text is looked at once."""

    def __missing__(self, text: str) -> str | None:
        missing = text in MISSING or not text.strip()
        value = self[text] = None if missing else _sound(text)
        return value


def _texts(cells: Iterable[object], name: str) -> list[str | None]:
    cleaned = _Cleaned()
    return [cleaned[cell] if type(cell) is str else _text(cell, cleaned, name) for cell in cells]


def _text(cell: object, cleaned: _Cleaned, name: str) -> str | None:
    import pandas as pd

    if cell is None:
        return None
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell))
    if isinstance(cell, int | np.integer):
        return str(int(cell))
    if isinstance(cell, float | np.floating):
        return None if np.isnan(cell) else number_text(float(cell))
    opaque = type(cell).__str__ is object.__str__ and type(cell).__repr__ is object.__repr__  # text: its address
    if opaque or isinstance(cell, bytes | complex | np.complexfloating) or pd.api.types.is_list_like(cell):
        raise _unsupported(name, type(cell).__name__)
    return None if pd.isna(cell) else cleaned[str(cell)]  # type: ignore[call-overload]


def _unsupported(name: str, what: str) -> TableError:
    must, fix = "hold numbers, texts, booleans, dates or durations", "turn it into plain columns, or remove it"
    return TableError(f"Column {quoted(name)}", must, f"it holds values of type {what}", fix)


def _fingerprint(frame: pd.DataFrame) -> str:
    import pandas as pd

    digest = hashlib.sha256()
    for i, name in enumerate(frame.columns):
        column = frame.iloc[:, i]
        zoned = isinstance(column.dtype, pd.DatetimeTZDtype)
        values = (column.dt.tz_localize(None) if zoned else column).to_numpy()
        digest.update(json.dumps([name, ZONED if zoned else str(values.dtype), len(values)]).encode())
        if values.dtype == object:
            codes, distinct = pd.factorize(values)
            digest.update(json.dumps(list(distinct)).encode())
            values = codes.astype("int64")
        elif values.dtype == np.float64:
            values = np.where(np.isnan(values), np.nan, values)  # NaNs differ in bits that nobody sees
        digest.update(values.tobytes())
    return digest.hexdigest()

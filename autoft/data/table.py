"""Tables from files, DataFrames and arrays in one canonical form, so that the source makes no difference.

A column of the canonical frame is one of three things:

- ``float64`` with NaN for missing cells: whatever came as numbers or durations (in seconds);
- ``object`` with a ``str`` or None in every cell: texts, categories, booleans (``"True"``, ``"False"``), mixtures,
  integers beyond 2**53 (which float64 would merge), and every cell of a CSV file;
- ``datetime64[ns]``: whatever came as times without a time zone; with one they are ``datetime64[ns, UTC]``. Times that
  nanoseconds cannot hold (before 1677, after 2262), and those of which only some have a zone, come as ISO texts.

Texts are NFC-normalised (else two spellings of "café" are two categories), lose signs without a width at their ends,
and are otherwise kept exactly. Blank ones and words such as NA (`missing_words`) are missing, in DataFrames as well as
in files.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from autoft.data.missing_words import MissingWords
from autoft.data.sources import limits
from autoft.data.sources.binary_files import read_binary
from autoft.data.sources.files import is_file, open_table
from autoft.data.sources.frames import from_records, joined, to_frame
from autoft.data.sources.text_files import read_csv, read_json_lines
from autoft.errors import TableError, quoted
from autoft.records.arrays import EXACT

#: Signs without a width that web pages and file managers leave around texts: blanks, byte order and direction marks.
_UNSEEN = "\u200b\u200e\u200f\u202a\u202c\u2060\ufeff"
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})
_TIMES = frozenset({"datetime", "datetime64", "date"})
#: The dtype of times that came with a time zone.
ZONED = "datetime64[ns, UTC]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A table in canonical form (see the module).

    Attributes:
        frame: The columns under unique names, rows numbered from 0; shares no memory with the caller's data.
        source: File name, ``file handle``, ``DataFrame`` or ``arrays``.
        dtypes: The dtype that each column came with; ``text`` for CSV files.
        target: The name that `y` got if the data came as ``(X, y)``; it is the last column.
        given: The column of the target as it was given, if the caller of `read` named it and it is there.
        missing_words: By column how many cells hold each of the words that mean a missing cell.
        words_apart: By column those of them that are values there, as they stand beside blank cells.
    """

    frame: pd.DataFrame
    source: str
    fingerprint: str
    dtypes: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    given: pd.Series[Any] | None = None
    missing_words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    words_apart: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read(
    data: Any, *, target: str | None = None, allow_empty: bool = False, words: MissingWords | None = None
) -> Table:
    """Reads a table from wherever it is. Columns are named by ``str()`` of their names; one without a name is called
    ``column 3`` if it is the third. Raises a TableError if the data cannot be read or understood as a table with unique
    names and at least one row.

    Args:
        data: Path or handle of a file (`files.FORMATS`, also compressed); a DataFrame, 2-D array (columns ``x0``,
            ``x1``, ...) or another table in memory (`frames.to_frame`); or ``(X, y)`` with `X` such a table and `y` one
            column (`frames.to_series`), row by row.
        target: What the `y` column is called; None for its own name, or ``target`` if it has none.
        allow_empty: Whether a table without rows is fine, as it is for predictions.
        words: The words that mean a missing cell, None for the usual ones.

    >>> import pandas as pd
    >>> read(pd.DataFrame({"age": [31, 47], "member": [True, None]})).frame
        age member
    0  31.0   True
    1  47.0   None
    """
    where, source, label, given, texts = "The data", "arrays", None, None, False
    if is_file(data):
        raw, source, texts = read_file(data)
        where = "The file handle" if source == "file handle" else f"Table {quoted(source, 100)}"
    elif isinstance(data, tuple) and len(data) == 2:
        raw, label, given = joined(data[0], data[1], target)
    else:
        raw = to_frame(data, "The data")
        source = "arrays" if isinstance(data, np.ndarray) else "DataFrame"
    limits.check_shape(where, *raw.shape)
    names = _unique_names(list(raw.columns), where)
    if len(raw) == 0 and not allow_empty:
        raise TableError(where, "have rows", "it has a header but no rows", "check how it was written")
    columns = {name: raw.iloc[:, i] for i, name in enumerate(names)}
    words = words or MissingWords(free=(label or target,))
    frame = pd.DataFrame({i: canonical(column, name, words) for i, (name, column) in enumerate(columns.items())})
    frame.columns = pd.Index(names, dtype=object)
    words.settle_numbers(frame)
    dtypes = {name: "text" if texts else _dtype(column) for name, column in columns.items()}
    return Table(
        frame=frame,
        source=source,
        fingerprint=fingerprint(frame),
        dtypes=dtypes,
        target=label,
        given=columns.get(target or "") if given is None else given,
        missing_words=words.counts,
        words_apart=words.apart,
    )


def read_file(source: Any) -> tuple[pd.DataFrame, str, bool]:
    """The raw table in a file, the file's name, and whether its cells are texts; raises a `TableError`."""
    with open_table(source) as file:
        if file.format == "csv":
            raw = read_csv(file.where, file.stream, file.ending)
        elif file.format == "jsonl":
            raw = from_records(read_json_lines(file.where, file.stream), file.where)
        else:
            raw = read_binary(file.where, file.stream, file.format, file.stored)
        return raw, file.name, file.format == "csv"


def _dtype(column: pd.Series[Any]) -> str:
    """The dtype that a column came with; for categories and Python objects that of the values themselves."""
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
    return str(int(value)) if abs(value) <= EXACT and value == int(value) else repr(float(value))


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
    limits.check_names(where, texts)
    return texts


def canonical(series: pd.Series[Any], name: str, words: MissingWords | None = None) -> pd.Series[Any]:
    """One column in canonical form, as a copy with a fresh index; `name` is for messages, and for `words`."""
    from pandas.api import types

    words = words or MissingWords()

    if isinstance(series.dtype, pd.SparseDtype):
        series = pd.Series(np.asarray(series))
    if isinstance(series.dtype, pd.ArrowDtype) and not types.is_numeric_dtype(series.dtype):
        # Arrow's own times have no `.dt.tz`; pandas takes lists of one length for a table.
        series = pd.Series([None if cell is pd.NA else cell for cell in series], dtype=object)
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        texts, found = _read_texts(dtype.categories, name, words)
        spread = np.array([*texts, None], dtype=object)[series.cat.codes.to_numpy()].tolist()
        return pd.Series(words.settle(spread, found, name), dtype=object)
    if isinstance(dtype, pd.PeriodDtype):
        try:
            return _times(series.dt.to_timestamp(), name, words)
        except pd.errors.OutOfBoundsDatetime:  # before 1677, after 2262
            series = series.astype(object)
    if types.is_complex_dtype(dtype):
        raise _unsupported(name, str(dtype))
    if types.is_bool_dtype(dtype):
        return pd.Series(_texts(series.astype(object), name, words), dtype=object)
    if types.is_numeric_dtype(dtype):
        return _floats(series, name, words)
    if types.is_datetime64_any_dtype(dtype):
        return _times(series, name, words)
    if dtype.kind == "m":
        return _durations(series)
    return _objects(series.astype(object), name, words)


def _objects(series: pd.Series[Any], name: str, words: MissingWords) -> pd.Series[Any]:
    """A column of Python objects: by what all of its cells are, else as texts."""
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind in _NUMBERS:
        return _floats(series, name, words)
    if kind in _TIMES:
        return _times(series, name, words)
    if kind in ("timedelta", "timedelta64"):
        return _durations(series)
    return pd.Series(_texts(series, name, words), dtype=object)


def _floats(series: pd.Series[Any], name: str, words: MissingWords) -> pd.Series[Any]:
    if series.dtype == object or str(series.dtype).startswith("decimal"):
        cells = series.astype(object)
        if any(isinstance(cell, Decimal) for cell in cells):
            series = pd.Series([int(cell) if _is_whole(cell) else cell for cell in cells], dtype=object)
    present = series.dropna()
    whole = pd.api.types.is_integer_dtype(series.dtype) or series.dtype == object
    if whole and len(present) and (present.max() > EXACT or present.min() < -EXACT):
        cells = series.astype(object)
        if any(isinstance(cell, int | np.integer) and abs(int(cell)) > EXACT for cell in present.astype(object)):
            return pd.Series(_texts(cells, name, words), dtype=object)
    if series.dtype == object:
        return pd.Series([np.nan if pd.isna(cell) else float(cell) for cell in series], dtype="float64")
    if isinstance(series.dtype, np.dtype):
        return pd.Series(series.to_numpy().astype("float64"))
    return pd.Series(np.array(series.to_numpy(dtype="float64", na_value=np.nan)))


def _is_whole(cell: object) -> bool:
    """Whether a cell is a whole decimal of a length that a float can have."""
    decimal = isinstance(cell, Decimal) and cell.is_finite() and cell.adjusted() < 400
    return decimal and cell == cell.to_integral_value()  # type: ignore[attr-defined]


def _times(series: pd.Series[Any], name: str, words: MissingWords) -> pd.Series[Any]:
    """Times as ``datetime64[ns]``, with their zone as `ZONED`; texts where only some have a zone, or nanoseconds cannot
    hold one of them (before 1677, after 2262)."""
    zones = {isinstance(series.dtype, pd.DatetimeTZDtype)}
    if series.dtype == object:
        zones = {getattr(cell, "tzinfo", None) is not None for cell in series.dropna()}
    times = _nanoseconds(series) if len(zones) < 2 else None
    if times is None:
        return pd.Series(_texts(series.astype(object), name, words), dtype=object)
    return times.dt.tz_localize("UTC") if True in zones else times


def _nanoseconds(series: pd.Series[Any]) -> pd.Series[Any] | None:
    try:
        times = pd.to_datetime(series, utc=True).dt.tz_localize(None).astype("datetime64[ns]")
    except (pd.errors.OutOfBoundsDatetime, OverflowError):
        return None
    return pd.Series(times.to_numpy(copy=True))


def _durations(series: pd.Series[Any]) -> pd.Series[Any]:
    cells = series.astype(object)
    try:
        seconds = pd.to_timedelta(cells).dt.total_seconds().to_numpy(dtype="float64", copy=True)
    except (pd.errors.OutOfBoundsTimedelta, OverflowError):  # 292 years; Python's durations may be longer
        seconds = np.array([np.nan if pd.isna(cell) else cell.total_seconds() for cell in list[Any](cells)])
    return pd.Series(seconds)


def _sound(text: str) -> str:
    """The text in NFC; halves of surrogate pairs, which no file can hold, as visible escapes."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.encode("utf-8", "backslashreplace").decode("utf-8")).strip(_UNSEEN)


class _Cleaned(dict[str, "str | None"]):
    """Texts as they were -> texts as they are kept; each distinct text is looked at once. `found` are the words."""

    def __init__(self, words: MissingWords) -> None:
        self.means, self.found = words.means if words.numbers else words.words.__contains__, set[str]()

    def __missing__(self, text: str) -> str | None:
        value = self[text] = (_sound(text) or None) if text.strip() else None
        if value is not None and self.means(value):
            self.found.add(value)
        return value


def _read_texts(cells: Iterable[object], name: str, words: MissingWords) -> tuple[list[str | None], set[str]]:
    """Cells as texts, None where they are blank, and the words among them that may mean a missing cell."""
    cleaned = _Cleaned(words)
    texts = [cleaned[cell] if type(cell) is str else _text(cell, cleaned, name) for cell in cells]
    return texts, cleaned.found


def _texts(cells: Iterable[object], name: str, words: MissingWords) -> list[str | None]:
    return words.settle(*_read_texts(cells, name, words), name)


def _text(cell: object, cleaned: _Cleaned, name: str) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, bool | np.bool_):
        return cleaned[str(bool(cell))]
    if isinstance(cell, int | np.integer):
        return cleaned[str(int(cell))]
    if isinstance(cell, float | np.floating):
        return None if np.isnan(cell) else cleaned[number_text(float(cell))]
    opaque = type(cell).__str__ is object.__str__ and type(cell).__repr__ is object.__repr__  # text: its address
    if (
        opaque
        or type(cell).__hash__ is None
        or isinstance(cell, bytes | complex | np.complexfloating)
        or pd.api.types.is_list_like(cell)
    ):
        raise _unsupported(name, type(cell).__name__)
    return None if pd.isna(cell) else cleaned[str(cell)]  # type: ignore[call-overload]


def _unsupported(name: str, what: str) -> TableError:
    must, fix = "hold numbers, texts, booleans, dates or durations", "turn it into plain columns, or remove it"
    return TableError(f"Column {quoted(name)}", must, f"it holds values of type {what}", fix)


def fingerprint(frame: pd.DataFrame) -> str:
    """SHA-256 of names and content (hexadecimal); depends on the order of rows and columns."""
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

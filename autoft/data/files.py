"""Files as raw tables: CSV cells as text, Parquet columns as they are stored; nothing is interpreted here.

CSV goes through the standard library's parser and not through pandas', which renames doubled columns, fills up
short rows and takes the first column for an index, all in silence and differently from version to version.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from autoft.errors import TableError
from autoft.formatting import nearest

if TYPE_CHECKING:
    import pandas as pd

#: Most bytes that a file may unpack to.
MAX_BYTES = 2 * 1024**3
#: Most bytes that one stored byte may unpack to; honest tables stay far below.
MAX_RATIO = 200
#: Unpacked bytes up to which any ratio is accepted, since a small table of zeros packs as well as a bomb does.
RATIO_FREE = 100 * 1024**2
#: Most characters of one cell (the parser's own limit is 131,072, less than a long document).
MAX_CELL = 16 * 1024**2

SEPARATORS = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}
SUFFIXES = (*SEPARATORS, ".parquet")

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # Path() makes one slash of two; C:/ has one letter
_INDEX = re.compile(r"__index_level_[0-9]+__")
_BATCH = 10_000  # rows that are turned into columns at a time
_END = "\0\n"  # a line that no accepted file contains; swallowed by the last cell if that cell's quote is never closed
_MAGIC = {
    b"\x1f\x8b": "gzip-compressed data (rename it to end in .csv.gz)",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PAR1": "Parquet (rename it to end in .parquet)",
    b"%PDF": "a PDF",
}
_BOMS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def read_file(path: str | Path) -> pd.DataFrame:
    """Reads a CSV, TSV (both also gzip-compressed) or Parquet file without interpreting its cells.

    Returns:
        One column per field in the file's order, under the file's names, doubled and empty names included. The cells
        of CSV files are texts exactly as they stand in the file; an empty cell is ``""``.

    Raises:
        TableError: If the file is missing, damaged, too large, or not what its name says.
    """
    if _ADDRESS.match(str(path)):
        found, fix = "it is an address", "download it first, or load it with pandas and pass the DataFrame"
        raise TableError(f"Table '{path}'", "be a file on this machine", found, fix)
    path = Path(path).expanduser()
    suffix = _checked_suffix(path)
    try:
        return _read_parquet(path) if suffix == ".parquet" else _read_csv(path, SEPARATORS[suffix])
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        found, fix = f"it is damaged ({error})", "copy or download it again"
        raise _wrong(path, "be a complete gzip file", found, fix) from error
    except OSError as error:
        found, fix = f"it is not ({error.strerror or error})", "check the path and the permissions"
        raise _wrong(path, "be readable", found, fix) from error


def _wrong(path: Path, must: str, found: str, fix: str) -> TableError:
    return TableError(f"Table '{path.name}'", must, found, fix)


def _checked_suffix(path: Path) -> str:
    """The suffix that says how to read `path`, which is then known to be a file."""
    if path.is_dir():
        raise _wrong(path, "be a file", "it is a folder", "name one of the files in it")
    if not path.exists():
        raise _missing(path)
    if not path.is_file():
        raise _wrong(path, "be a plain file", "it is a device or a pipe", "copy the data to a file")
    suffixes = [suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)]
    if not suffixes:
        fix = "save it as CSV or Parquet, or load it with pandas and pass the DataFrame"
        raise _wrong(path, f"end in one of {', '.join(SUFFIXES)}", f"it ends in '{path.suffix}'", fix)
    return suffixes[0]


def _missing(path: Path) -> TableError:
    folder = path.parent
    if not folder.is_dir():
        return _wrong(path, "exist", f"there is no folder '{folder}'", "check the path")
    stem = path.name.partition(".")[0]  # the ending says nothing: nofile.csv is not near one.csv
    near = [other.name for other in folder.iterdir() if nearest(stem, [other.name.partition(".")[0]])]
    fix = nearest(path.name, near) or "check the path"
    return _wrong(path, "exist", f"there is no such file in '{folder}'", fix)


class _Metered(io.RawIOBase):
    """A stream that refuses to give more bytes than a table may have, whatever a header declares."""

    def __init__(self, raw: BinaryIO, path: Path) -> None:
        self._raw, self._path, self._given, self._stored = raw, path, 0, max(path.stat().st_size, 1)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        count = cast(io.RawIOBase, self._raw).readinto(buffer) or 0  # type: ignore[arg-type]
        self._given += count
        _check_size(self._path, self._given, self._stored)
        return count


def _check_size(path: Path, unpacked: int, stored: int) -> None:
    if unpacked > MAX_BYTES:
        found = f"it unpacks to more than {MAX_BYTES:,} bytes"
    elif unpacked > RATIO_FREE and unpacked > MAX_RATIO * stored:
        found = f"its {stored:,} bytes unpack to more than {MAX_RATIO} times as many"
    else:
        return
    raise _wrong(path, "have a size that fits into memory", found, "take a sample of its rows")


def _read_csv(path: Path, separator: str) -> pd.DataFrame:
    import pandas as pd

    with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as raw:
        stream = io.BufferedReader(_Metered(cast(BinaryIO, raw), path), 1 << 16)
        _check_head(path, stream.peek(4096)[:4096])
        # Undecodable bytes become surrogates, so that the line that holds them can be named.
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        usual_limit = csv.field_size_limit(MAX_CELL)
        try:
            names, columns = _parse(path, text, separator)
        finally:
            csv.field_size_limit(usual_limit)
    frame = pd.DataFrame({i: pd.Series(cells, dtype=object) for i, cells in enumerate(columns)})
    frame.columns = pd.Index(names, dtype=object)
    return frame


def _check_head(path: Path, head: bytes) -> None:
    """Refuses what is not UTF-8 text by the first bytes, with a format_name of what it is."""
    if not head:
        raise _wrong(path, "have a header and rows", "the file is empty", "check how it was written")
    for magic, format_name in _MAGIC.items():
        if head.startswith(magic):
            raise _wrong(path, "be text", f"it looks like {format_name}", "export the table as CSV")
    format_name = next((name for bom, name in _BOMS.items() if head.startswith(bom)), "")
    if not format_name and max(head[::2].count(0), head[1::2].count(0)) > len(head) / 8:
        format_name = "UTF-16"
    if format_name:
        raise _wrong(path, "be UTF-8 text", f"it looks like {format_name}", "save it as UTF-8")


def _lines(path: Path, text: io.TextIOWrapper) -> Iterator[str]:
    for number, line in enumerate(text, 1):
        if "\0" in line:
            found, fix = f"line {number:,} contains a NUL byte", "the file is damaged or not text; write it again"
            raise _wrong(path, "be text", found, fix)
        if not line.isascii():
            try:
                line.encode("utf-8")
            except UnicodeEncodeError as error:
                byte = ord(line[error.start]) - 0xDC00
                found = f"line {number:,} contains the byte 0x{byte:02x}; this looks like Windows-1252 or Latin-1"
                fix = "save it as UTF-8, or load it with pandas.read_csv(..., encoding='cp1252') and pass the DataFrame"
                raise _wrong(path, "be UTF-8 text", found, fix) from error
        yield line


def _parse(path: Path, text: io.TextIOWrapper, separator: str) -> tuple[list[str], list[list[str]]]:
    """Names and columns of cells; equal texts of a column are one object."""
    rows = _rows(path, csv.reader(chain(_lines(path, text), (_END,)), delimiter=separator))
    names = next((row for _, row in rows if row), [])
    if not names:
        raise _wrong(path, "have a header and rows", "it holds nothing but blank lines", "add a header")
    _check_separator(path, names, separator)
    columns: list[list[str]] = [[] for _ in names]
    interned: list[dict[str, str]] = [{} for _ in names]
    filled = _filled_rows(path, rows, len(names), separator)
    while batch := list(islice(filled, _BATCH)):
        for column, known, cells in zip(columns, interned, zip(*batch, strict=True), strict=True):
            column.extend(map(known.setdefault, cells, cells))
    return names, columns


def _filled_rows(path: Path, rows: Iterable[tuple[int, list[str]]], width: int, separator: str) -> Iterator[list[str]]:
    """The rows that are not blank, each of as many cells as the header has."""
    for line, row in rows:
        if row and len(row) != width:
            found = f"line {line:,} has {len(row):,} and the header {width:,}"
            fix = f"correct the line; a cell that contains {_spoken(separator)} or quotes must be quoted"
            raise _wrong(path, "have as many cells in every row as in the header", found, fix)
        if row:
            yield row


def _rows(path: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows of a `csv.reader` and the lines in which they begin, up to the end mark, which must stand alone."""
    line = 1
    try:
        for row in reader:
            if row and "\0" in row[-1]:
                if row == [_END[:-1]]:
                    return
                found = f"a quoted cell of the row that begins in line {line:,} never ends"
                fix = "close the quote; a quote inside a quoted cell is written twice"
                raise _wrong(path, "close every quote", found, fix)
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        found, fix = f"the row that begins in line {line:,} is not ({error})", "look for a quote that is not closed"
        raise _wrong(path, "be a well-formed CSV file", found, fix) from error


def _spoken(separator: str) -> str:
    return "tabs" if separator == "\t" else f"'{separator}'"


def _check_separator(path: Path, names: list[str], separator: str) -> None:
    if len(names) > 1:
        return
    other = max(";\t,|", key=names[0].count)
    if other != separator and other in names[0]:
        code = "\\t" if other == "\t" else other
        likely = "tab" if other == "\t" else repr(other)
        found = f"its header is a single name; this looks like {likely}-separated"
        fix = f"save it with commas, or load it with pandas.read_csv(..., sep='{code}') and pass the DataFrame"
        raise _wrong(path, f"be separated by {_spoken(separator)}", found, fix)


def _read_parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.stat().st_size == 0:
        raise _wrong(path, "have columns and rows", "the file is empty", "check how it was written")
    batches, unpacked = [], 0
    try:
        with pq.ParquetFile(path) as file:
            # Small batches: the size that a file declares is not to be trusted, so it is counted on the way.
            for batch in file.iter_batches(batch_size=4096):
                unpacked += batch.nbytes
                _check_size(path, unpacked, path.stat().st_size)
                batches.append(batch)
            table = pa.Table.from_batches(batches, schema=file.schema_arrow)
        # What pandas stored as a named index is a column like others; an index without a name is not the user's.
        table = table.select([i for i, name in enumerate(table.column_names) if not _INDEX.fullmatch(name)])
        try:
            return cast("pd.DataFrame", table.to_pandas(ignore_metadata=True))
        except pa.ArrowInvalid:  # times outside pandas' nanoseconds (before 1677, after 2262)
            return cast("pd.DataFrame", table.to_pandas(ignore_metadata=True, timestamp_as_object=True))
    except (pa.ArrowException, OSError) as error:
        found = f"it is damaged ({str(error).splitlines()[0][:100]})"
        raise _wrong(path, "be a complete Parquet file", found, "write it again") from error

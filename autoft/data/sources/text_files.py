"""Text files as raw tables: CSV cells as texts, lines of JSON as records; nothing is interpreted here.

CSV goes through the standard library's parser and not through pandas', which renames doubled columns, fills up
short rows and takes the first column for an index, all in silence and differently from version to version.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any, BinaryIO

import pandas as pd

from autoft.data.sources import limits
from autoft.data.sources.files import MAGIC
from autoft.errors import TableError, quoted, reason_of

_BATCH = 10_000  # rows that are turned into columns at a time
_SAMPLE = 100  # lines by which the separator is found
_SEPARATORS = ",;\t|"
_END = "\0\n"  # a line that no accepted file contains; swallowed by the last cell if that cell's quote is never closed
_BOMS = {codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}
_MARKUP = re.compile(rb"\s*<(!doctype|!--|\?xml|html|head|body|table|svg|script|error)", re.IGNORECASE)
_JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{])')
_SEP_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)  # as Excel names the separator


def read_csv(where: str, stream: BinaryIO, ending: str = ".csv") -> pd.DataFrame:
    """Reads separated texts, exactly as they stand in the file (an empty cell is ``""``): one column per field in the
    file's order, under the file's names, doubled and empty names included. Last columns that have neither a name nor a
    cell are left out: they come from separators at the ends of the lines. The separator is a comma (a tab in ``.tsv``)
    or whichever of comma, semicolon, tab and bar fits the first rows."""
    _check_head(where, stream, json_lines=False)
    usual_limit = csv.field_size_limit(limits.MAX_CELL)
    try:
        names, columns = _parse(where, _text(stream), ending)
    finally:
        csv.field_size_limit(usual_limit)
    frame = pd.DataFrame({i: pd.Series(cells, dtype=object) for i, cells in enumerate(columns)})
    frame.columns = pd.Index(names, dtype=object)
    return frame


def read_json_lines(where: str, stream: BinaryIO) -> list[dict[str, Any]]:
    """Reads a JSON object from each line that is not blank."""
    _check_head(where, stream, json_lines=True)
    records = []
    for number, line in enumerate(_lines(where, _text(stream)), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, object_pairs_hook=lambda pairs: _record(where, number, pairs))  # noqa: B023
        except TableError:
            raise
        except (ValueError, RecursionError) as error:  # also of numbers with thousands of digits
            found, fix = f"line {number:,} is not ({reason_of(error)})", "write one object, {name: value, ...}, a line"
            raise TableError(where, "be lines of JSON", found, fix) from error
        if not isinstance(record, dict):
            found, fix = f"line {number:,} is none", "write every row as an object, {name: value, ...}"
            raise TableError(where, "be lines of JSON objects", found, fix)
        records.append(record)
    return records


def _record(where: str, number: int, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        doubled = Counter(name for name, _ in pairs).most_common(1)[0][0]
        found = f"line {number:,} has {quoted(doubled)} more than once"
        raise TableError(where, "have unique names in every line", found, "rename or remove one of them")
    return record


def _text(stream: BinaryIO) -> io.TextIOWrapper:
    # Undecodable bytes become surrogates, so that the line that holds them can be named.
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _check_head(where: str, stream: Any, *, json_lines: bool) -> None:
    """Refuses what is not UTF-8 text, and text of other formats, by the first bytes, with a name of what it is."""
    head: bytes = stream.peek(4096)[:4096]
    if not head:
        raise TableError(where, "have a header and rows", "the file is empty", "check how it was written")
    for magic, (_, _, format_name) in MAGIC.items():
        if head.startswith(magic):
            raise TableError(where, "be text", f"it looks like {format_name}", "export the table as CSV")
    format_name = next((name for bom, name in _BOMS.items() if head.startswith(bom)), "")
    if not format_name and max(head[::2].count(0), head[1::2].count(0)) > len(head) / 8:
        format_name = "UTF-16"
    if format_name:
        raise TableError(where, "be UTF-8 text", f"it looks like {format_name}", "save it as UTF-8")
    text = head.removeprefix(codecs.BOM_UTF8)
    if _MARKUP.match(text):
        found = "it looks like a web page or XML, as a failed download leaves it"
        raise TableError(where, "be a table in text", found, "download the file itself, or export the table as CSV")
    if not json_lines and _JSON.match(text):
        found = "it looks like JSON, as a failed download leaves it, too"
        fix = "if it holds one object a line, rename it to end in .jsonl; else load it with pandas, pass the DataFrame"
        raise TableError(where, "be a table in text", found, fix)


def _lines(where: str, text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(limits.MAX_LINE):
        number += 1
        if len(line) == limits.MAX_LINE:
            must, found = f"have lines of at most {limits.MAX_LINE:,} characters", f"line {number:,} is longer"
            raise TableError(where, must, found, "check how it was written")
        if "\0" in line:
            found, fix = f"line {number:,} contains a NUL byte", "the file is damaged or not text; write it again"
            raise TableError(where, "be text", found, fix)
        if not line.isascii():
            try:
                line.encode("utf-8")
            except UnicodeEncodeError as error:
                byte = ord(line[error.start]) - 0xDC00
                # Western words have single letters beyond ASCII, others hardly any within.
                alone = line[error.start + 1 : error.start + 2].isascii()
                looks = "Windows-1252 or Latin-1" if alone else "an encoding of another script"
                found = f"line {number:,} contains the byte 0x{byte:02x}; this looks like {looks}"
                name = "'cp1252'" if alone else "'cp1251', 'gb18030', 'shift_jis' ..."
                fix = f"save it as UTF-8, or load it with pandas.read_csv(..., encoding={name}) and pass the DataFrame"
                raise TableError(where, "be UTF-8 text", found, fix) from error
        yield line


def _parse(where: str, text: io.TextIOWrapper, ending: str) -> tuple[list[str], list[list[str]]]:
    """Names and columns of cells; equal texts of a column are one object."""
    lines, skipped = _lines(where, text), 0
    sample = list(islice(lines, _SAMPLE))
    if sample and (named := _SEP_LINE.fullmatch(sample[0])):
        separator, skipped = named[1], 1
    else:
        separator = _separator(where, sample, "\t" if ending == ".tsv" else ",")
    spaced = _blanks_before_quotes(sample[skipped : skipped + 2], separator)
    reader = csv.reader(chain(sample[skipped:], lines, (_END,)), delimiter=separator, skipinitialspace=spaced)
    rows = ((line, row) for line, row in _rows(where, reader, skipped) if row)
    names = next((row for _, row in rows), [])
    if not names:
        raise TableError(where, "have a header and rows", "it holds nothing but blank lines", "add a header")
    _check_names(where, names, ending)
    first = next(rows, None)
    if first is not None and len(first[1]) == len(names) - 1 and not names[-1]:
        names = names[:-1]  # the header alone ends in a separator
    trailing = first is not None and len(first[1]) == len(names) + 1 and not first[1][-1]
    columns: list[list[str]] = [[] for _ in names]
    interned: list[dict[str, str]] = [{} for _ in names]
    filled = _full_rows(where, chain([] if first is None else [first], rows), names, separator, trailing)
    while batch := list(islice(filled, _BATCH)):
        for column, known, cells in zip(columns, interned, zip(*batch, strict=True), strict=True):
            column.extend(map(known.setdefault, cells, cells))
        limits.check_shape(where, len(columns[0]), len(names))
    width = len(names)
    while width > 1 and not names[width - 1].strip() and not any(map(str.strip, interned[width - 1])):
        width -= 1
    return names[:width], columns[:width]


def _blanks_before_quotes(lines: list[str], separator: str) -> bool:
    """Whether the lines are written like ``"name", "age"``, so that the blanks belong to no cell."""
    cells = (cell for row in _sampled(lines, separator) for cell in row)
    return any(cell[:1] == " " and cell.lstrip()[:1] == '"' for cell in cells)


def _sampled(lines: list[str], separator: str) -> Iterator[list[str]]:
    """Rows of some lines, up to the first that is no CSV."""
    with suppress(csv.Error):
        yield from csv.reader(lines, delimiter=separator)


def _check_names(where: str, names: list[str], ending: str) -> None:
    limits.check_shape(where, 1, len(names))
    limits.check_names(where, names)
    if ending == ".txt" and len(names) == 1 and len(names[0].split()) > 1:
        found = f"its header is a single name ({quoted(names[0])}); blanks separate nothing"
        fix = "save it with commas, or load it with pandas.read_csv(..., sep=r'\\s+') and pass the DataFrame"
        raise TableError(where, "be separated by commas, semicolons, tabs or bars", found, fix)


def _separator(where: str, sample: list[str], usual: str) -> str:
    """The separator: the only one that splits the header, else the one that splits all sampled rows alike.

    A tab that splits the header of a file that ends in ``.tsv`` is taken at its word.
    """
    headers = {one: next(filter(None, _sampled(sample, one)), []) for one in _SEPARATORS}
    splitting = [one for one, names in headers.items() if len(names) > 1]
    if usual in splitting and (usual == "\t" or len(splitting) == 1):
        return usual
    if len(splitting) < 2:
        return next(iter(splitting), usual)
    widths = {one: _widths(sample, one) for one in splitting}
    fitting = {one: found[0] for one, found in widths.items() if found and len(set(found[1:])) < 2 and _fits(found)}
    if not fitting:
        return usual if usual in splitting else splitting[0]
    best = [one for one, width in fitting.items() if width == max(fitting.values())]
    if len(best) > 1:
        found = f"both {' and '.join(map(_spoken, best))} split its header and rows alike"
        fix = "put names and cells that contain one of them in quotes, or rename the columns"
        raise TableError(where, "have one separator", found, fix)
    return best[0]


def _widths(sample: list[str], separator: str) -> list[int]:
    """Cells of each sampled row that is not blank; a last row that the sample may have cut is not counted."""
    rows: list[list[str]] = []
    try:
        rows.extend(csv.reader(sample, delimiter=separator))
    except csv.Error:
        return []
    if len(sample) == _SAMPLE and len(rows) > 2:
        rows.pop()
    return [len(row) for row in rows if row]


def _fits(widths: list[int]) -> bool:
    """Whether rows have as many cells as the header, but for one at the end of lines that end in a separator."""
    return len(widths) == 1 or abs(widths[1] - widths[0]) <= 1


def _full_rows(
    where: str, rows: Iterable[tuple[int, list[str]]], names: list[str], separator: str, trailing: bool
) -> Iterator[list[str]]:
    """The rows, each of as many cells as the header has; of one more, which is empty, where rows are `trailing`."""
    width = len(names)
    for line, row in rows:
        if len(row) != width + trailing or (trailing and row[-1]):
            found = f"line {line:,} has {len(row):,} and the header {width:,}"
            fix = f"correct the line; a cell that contains {_spoken(separator)} or quotes must be quoted"
            raise TableError(where, "have as many cells in every row as in the header", found, fix)
        if row[:width] == names and width > 1:
            found = f"line {line:,} repeats it, as files put together have it"
            raise TableError(where, "have one header", found, "remove that line")
        yield row[:width] if trailing else row


def _rows(where: str, reader: Any, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Rows of a `csv.reader` and the lines in which they begin, up to the end mark, which must stand alone."""
    line = 1 + skipped
    try:
        for row in reader:
            if row and "\0" in row[-1]:
                if row == [_END[:-1]]:
                    return
                found = f"a quoted cell of the row that begins in line {line:,} never ends"
                fix = "close the quote; a quote inside a quoted cell is written twice"
                raise TableError(where, "close every quote", found, fix)
            yield line, row
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        must, fix = "be a well-formed CSV file", "look for a quote that is not closed"
        found = f"the row that begins in line {line:,} is not ({error})"
        if "field larger" in str(error):
            must, fix = f"have cells of at most {limits.MAX_CELL:,} characters", f"{fix}, or shorten the cell"
            found = f"one of the row that begins in line {line:,} is longer"
        raise TableError(where, must, found, fix) from error


def _spoken(separator: str) -> str:
    return "tabs" if separator == "\t" else f"'{separator}'"

"""Files of tables: found, unpacked and recognised; what they hold is not looked at here.

The ending says what a file is; a file handle, which need not have one, is recognised by its first bytes. Compressed
files are unpacked on the way, and never to more bytes than a table may have.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal, cast

import pyarrow as pa

from autoft.data.sources import limits
from autoft.errors import TableError, listed, quoted, reason_of
from autoft.formatting import nearest

Format = Literal["csv", "jsonl", "parquet", "feather", "orc", "excel"]

#: Formats of tables by the ending of the file.
FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
    ".orc": "orc",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
#: Endings of compressed files, which stand behind those of the table, and of archives.
PACKINGS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zip": "zip"}

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # Path() makes one slash of two; C:/ has one letter
#: First bytes of files that are no text: packing, ending of the table, and what messages call them.
MAGIC: dict[bytes, tuple[str, str, str]] = {
    b"\x1f\x8b": ("gzip", "", "gzip-compressed data (rename it to end in .csv.gz)"),
    b"BZh": ("bzip2", "", "bzip2-compressed data (rename it to end in .csv.bz2)"),
    b"\xfd7zXZ\x00": ("xz", "", "xz-compressed data (rename it to end in .csv.xz)"),
    b"\x28\xb5\x2f\xfd": ("zstd", "", "zstd-compressed data (rename it to end in .csv.zst)"),
    b"PK\x03\x04": ("zip", "", "a zip archive or an Excel workbook (rename it to end in .zip or .xlsx)"),
    b"\xd0\xcf\x11\xe0": ("", "", "an old Excel workbook"),
    b"PAR1": ("", ".parquet", "Parquet (rename it to end in .parquet)"),
    b"ARROW1": ("", ".feather", "Feather (rename it to end in .feather)"),
    b"ORC": ("", ".orc", "ORC (rename it to end in .orc)"),
    b"%PDF": ("", "", "a PDF"),
    b"{\\rtf": ("", "", "a document of a word processor"),
    b"SQLite format 3": ("", "", "an SQLite database"),
    b"\x89HDF": ("", "", "HDF5"),
    b"\x93NUMPY": ("", "", "an array of NumPy"),
    b"\x89PNG": ("", "", "a picture"),
    b"\xff\xd8\xff": ("", "", "a picture"),
    b"Rar!": ("", "", "a RAR archive"),
    b"7z\xbc\xaf": ("", "", "a 7z archive"),
    b"version https://git-lfs": ("", "", "a Git LFS pointer, which stands for a file that was not downloaded"),
}
_OPEN: dict[str, Callable[[Any], Any]] = {
    "gzip": gzip.open,
    "bzip2": bz2.open,
    "xz": lzma.open,
    "zstd": lambda raw: pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd"),
}
_JUNK = ("__MACOSX/", ".")  # what file managers add to archives


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A file of a table that is open.

    Attributes:
        where: What messages call it.
        name: The file's name; ``file handle`` if it has none.
        ending: Of the unpacked file, with its dot (``.tsv``); empty if it has none.
        stream: The unpacked bytes; seekable unless the format is one of text.
        stored: Bytes of the file as it is stored.
    """

    where: str
    name: str
    ending: str
    format: Format
    stream: BinaryIO
    stored: int


def is_file(data: object) -> bool:
    """Whether `data` is a path or a file handle."""
    return isinstance(data, str | os.PathLike) or callable(getattr(data, "read", None))


@contextmanager
def open_table(source: Any) -> Iterator[TableFile]:
    """The table's file, open for reading: a path, or a handle of bytes or text, which is read to its end. Raises a
    TableError if it is missing, damaged, too large, or of no format that autoft reads; while it is open, too."""
    path = isinstance(source, str | os.PathLike)
    if path and _ADDRESS.match(str(source)):
        found, fix = "it is an address", "download it first, or load it with pandas and pass the DataFrame"
        raise TableError(f"Table {quoted(source, 200)}", "be a file on this machine", found, fix)
    name, where = _named(source)
    packing = ""
    try:
        if path:
            found_path = Path(source).expanduser()
            packing, ending = _by_name(found_path)
            raw, stored = cast(BinaryIO, found_path.open("rb")), max(found_path.stat().st_size, 1)
        else:
            content = _content(source, where)
            packing, ending = _by_content(content, Path(name).suffix.lower())
            raw, stored = io.BytesIO(content), max(len(content), 1)
        with raw:
            yield _unpacked(raw, where, name, packing=packing, ending=ending, stored=stored)
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise _damaged(where, packing, error) from error
    except OSError as error:
        if packing and error.errno is None:  # of bzip2 and zstd
            raise _damaged(where, packing, error) from error
        found, fix = f"it is not ({error.strerror or error})", "check the path and the permissions"
        raise TableError(where, "be readable", found, fix) from error


def _named(source: Any) -> tuple[str, str]:
    """The name of the file, and what messages call it."""
    own = source if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
    if not isinstance(own, str | os.PathLike):
        return "file handle", "The file handle"
    name = Path(own).name
    return name, f"Table {quoted(name, 100)}"


def _damaged(where: str, packing: str, error: Exception) -> TableError:
    found = f"it is damaged ({reason_of(error)})"
    return TableError(where, f"be a complete {packing} file", found, "copy or download it again")


def _by_name(path: Path) -> tuple[str, str]:
    """The packing and the ending of the table by the name of the file, which is then known to be one."""
    where = _named(path)[1]
    if path.is_dir():
        raise TableError(where, "be a file", "it is a folder", "name one of the files in it")
    if not path.exists():
        raise _missing(path)
    if not path.is_file():
        raise TableError(where, "be a plain file", "it is a device or a pipe", "copy the data to a file")
    name = path.name.lower()
    packing = next((ending for ending in PACKINGS if name.endswith(ending)), "")
    ending = PurePosixPath(name.removesuffix(packing)).suffix
    if packing != ".zip" and ending not in FORMATS:
        must = f"end in one of {', '.join(FORMATS)} (also with {', '.join(list(PACKINGS)[:-1])}) or .zip"
        fix = "save it as CSV or Parquet, or load it with pandas and pass the DataFrame"
        raise TableError(where, must, f"it ends in {quoted(ending + packing)}", fix)
    return PACKINGS.get(packing, ""), ending


def _by_content(content: bytes, ending: str) -> tuple[str, str]:
    """The packing and the ending by the first bytes; `ending`, that of the handle's name, tells texts apart."""
    for magic, (packing, own, _) in MAGIC.items():
        if content.startswith(magic) and (packing or own):
            return packing, own
    return "", ending if FORMATS.get(ending) in ("csv", "jsonl") else ".csv"


def _content(handle: Any, where: str) -> bytes:
    try:
        content = handle.read(limits.MAX_BYTES + 1)
    except (ValueError, TypeError) as error:  # closed, not open for reading, or of another encoding
        fix = "open it for reading, in bytes ('rb') where the encoding is in doubt"
        raise TableError(where, "be readable", f"it is not ({reason_of(error)})", fix) from error
    if isinstance(content, str):
        content = content.encode("utf-8", "backslashreplace")
    if not isinstance(content, bytes | bytearray | memoryview):
        found = f"its read() returned {type(content).__name__}"
        raise TableError(where, "hold bytes or text", found, "pass a path, or open(path, 'rb')")
    limits.check_bytes(where, len(content), len(content))
    return bytes(content)


def _missing(path: Path) -> TableError:
    folder, where = path.parent, _named(path)[1]
    if not folder.is_dir():
        return TableError(where, "exist", f"there is no folder {quoted(folder, 200)}", "check the path")
    stem = path.name.partition(".")[0]  # the ending says nothing: nofile.csv is not near one.csv
    near = [other.name for other in folder.iterdir() if nearest(stem, [other.name.partition(".")[0]])]
    fix = nearest(path.name, near) or "check the path"
    return TableError(where, "exist", f"there is no such file in {quoted(folder, 200)}", fix)


class _Metered(io.RawIOBase):
    """A stream that refuses to give more bytes than a table may have, whatever a header declares."""

    def __init__(self, raw: BinaryIO, where: str, stored: int) -> None:
        self._raw, self._where, self._given, self._stored = raw, where, 0, stored

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        count = cast(io.RawIOBase, self._raw).readinto(buffer) or 0  # type: ignore[arg-type]
        self._given += count
        limits.check_bytes(self._where, self._given, self._stored)
        return count


def _unpacked(raw: BinaryIO, where: str, name: str, *, packing: str, ending: str, stored: int) -> TableFile:
    stream = raw
    if packing == "zip":
        archive = zipfile.ZipFile(raw)
        if "xl/workbook.xml" in archive.namelist():
            packing, ending = "", ".xlsx"
        else:
            member = _only_member(archive, where)
            ending, stored = PurePosixPath(member.filename.lower()).suffix, max(member.compress_size, 1)
            stream = _member(archive, member, where)
    elif packing:
        stream = cast(BinaryIO, _OPEN[packing](raw))
    if packing and not ending:  # a handle: what it unpacks to says what it is
        whole = io.BufferedReader(_Metered(stream, where, stored)).read()
        second, ending = _by_content(whole, ".csv")
        stream, packing = io.BytesIO(whole), second and "twice"
    if packing == "twice" or ending not in FORMATS:
        found = "it holds a compressed file" if packing == "twice" else f"it holds a file that ends in {quoted(ending)}"
        raise TableError(where, f"hold a table ({', '.join(FORMATS)})", found, "unpack it, and pass the table itself")
    metered = io.BufferedReader(_Metered(stream, where, stored), 1 << 16)
    format_name = FORMATS[ending]
    if format_name in ("csv", "jsonl"):
        stream = cast(BinaryIO, metered)
    elif packing:
        stream = io.BytesIO(metered.read())
    return TableFile(where=where, name=name, ending=ending, format=format_name, stream=stream, stored=stored)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> BinaryIO:
    try:
        return cast(BinaryIO, archive.open(member))
    except NotImplementedError as error:
        found = f"it is of another kind ({error})"
        raise TableError(where, "be an archive that Python unpacks", found, "unpack it, and pass the table") from error


def _only_member(archive: zipfile.ZipFile, where: str) -> zipfile.ZipInfo:
    """The one table of an archive."""
    members = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith(_JUNK)]
    members = [one for one in members if not PurePosixPath(one.filename).name.startswith(".")]
    if len(members) != 1:
        names = listed([one.filename for one in members], 3)
        found = f"it holds {len(members):,} files ({names})" if members else "it is empty"
        raise TableError(where, "be an archive of one table", found, "unpack it, and pass the table itself")
    if members[0].flag_bits & 1:
        raise TableError(where, "not be encrypted", "it has a password", "unpack it, and pass the table itself")
    return members[0]

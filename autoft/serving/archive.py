"""The Keras archive of a saved model as a file: its entries are plain, no larger than they look, and whole."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from autoft.errors import ArtifactError
from autoft.records.reading import parse_json

#: Parts that every archive of Keras has.
PARTS = ("metadata.json", "config.json", "model.weights.h5")
#: Largest archive, and most files in it.
MAX_BYTES = 2 * 2**30
MAX_ENTRIES = 10_000
_FOLDER = "assets/"


def damaged(path: Path, found: str) -> ArtifactError:
    """The error about a file that is not as it was saved."""
    fix = "copy the model again, or run 'autoft fit' again (trials are kept)"
    return ArtifactError(f"'{path}'", "be as it was saved", found, fix)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive whose list of entries has been checked; what goes wrong in the block is one error about it.

    Raises:
        ArtifactError: If it is no archive as Keras writes them: its parts lie in it as they are (not compressed), so
            that none of them can unpack to more than the file holds.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise damaged(path, f"it has more than {MAX_BYTES:,} bytes")
        with zipfile.ZipFile(path) as archive:
            fault = _fault(archive.infolist(), path.stat().st_size)
            if fault:
                raise damaged(path, fault)
            yield archive
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, OSError, RuntimeError) as error:
        raise damaged(path, "it is not a Keras archive") from error  # runtime errors: an encrypted archive


def _fault(entries: list[zipfile.ZipInfo], size: int) -> str:
    """What is wrong with a list of entries, or nothing."""
    names = [entry.filename for entry in entries]
    if len(names) > MAX_ENTRIES:
        return f"it holds {len(names):,} files"
    if len({name.casefold() for name in names}) < len(names):
        return "it holds two files of one name"
    if any(not _safe(entry) for entry in entries):
        return "it holds a file whose name or kind is unsafe"
    if any(name not in PARTS and not name.startswith(_FOLDER) for name in names):
        return "it holds a file that Keras does not write"
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size for entry in entries):
        return "it unpacks to more than it holds"
    if sum(entry.file_size for entry in entries) > size:
        return "it unpacks to more than it holds"
    missing = [name for name in PARTS if name not in names]
    return f"it is not a Keras archive: there is no {missing[0]}" if missing else ""


def _safe(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry stays inside the folder that it is unpacked in, and is a file or a folder."""
    name, kind = entry.orig_filename, stat.S_IFMT(entry.external_attr >> 16)
    parts = PurePosixPath(name).parts
    inside = bool(parts) and not name.startswith("/") and not {"..", "."} & {*name.split("/")}
    return inside and name.isprintable() and not {"\\", ":"} & {*name} and kind in (0, stat.S_IFREG, stat.S_IFDIR)


def read_config(path: Path) -> Any:
    """The model's configuration as plain data, which may be anything. Raises ArtifactError."""
    with opened(path) as archive:
        try:
            return parse_json(archive.read("config.json"), finite=True)
        except ValueError as error:
            raise damaged(path, f"its config.json cannot be read ({error})"[:200]) from error


def check_sums(path: Path) -> None:
    """Read every entry once, in blocks. Raises ArtifactError if one of them is not what its CRC says."""
    with opened(path) as archive:
        wrong = archive.testzip()
    if wrong is not None:
        raise damaged(path, f"its {wrong} is damaged")

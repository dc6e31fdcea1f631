"""The Keras archive of a saved model: its entries are plain and whole, its weights are finite arrays of numbers."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

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
    plain = all(one.compress_type == zipfile.ZIP_STORED and one.file_size == one.compress_size for one in entries)
    if not plain or sum(entry.file_size for entry in entries) > size:
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


#: Most groups and arrays of a file, and how deep they lie.
_MAX_ITEMS = 200_000
_MAX_DEPTH = 64


def count_numbers(path: Path) -> int:
    """How many numbers a Keras archive stores, after checking that none is NaN.

    Raises:
        ArtifactError: If the file is damaged, holds links, parts of other files, arrays that are compressed or that
            claim to be longer than they are, or anything but numbers.
    """
    import h5py

    with opened(path) as archive:
        content = archive.read("model.weights.h5")
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            found = _Walk(h5py, len(content))
            found.group(file, 0)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, _WrongError):
            raise damaged(path, f"its weights {error}") from error
        raise damaged(path, "its weights cannot be read") from error  # the HDF5 library has errors of every kind
    return found.numbers


class _WrongError(ValueError):
    """What is wrong with the weights, as it goes on after "its weights"."""


class _Walk:
    """A walk through all groups and arrays; `numbers` counts what it has seen, each array once."""

    def __init__(self, h5py: Any, size: int) -> None:
        self.h5py, self.size = h5py, size
        self.numbers = self.stored = 0
        self.seen: set[int] = set()

    def group(self, group: Any, depth: int) -> None:
        if depth > _MAX_DEPTH or len(self.seen) > _MAX_ITEMS:
            raise _WrongError("lie too deep or are too many")
        for name in group:
            if type(group.get(name, getlink=True)) is not self.h5py.HardLink:
                raise _WrongError("point to somewhere else")
            item = group[name]
            place = self.h5py.h5o.get_info(item.id).addr
            if place in self.seen:
                raise _WrongError("have one part in two places")
            self.seen.add(place)
            if isinstance(item, self.h5py.Group):
                self.group(item, depth + 1)
            elif isinstance(item, self.h5py.Dataset):
                self.array(item)
            else:
                raise _WrongError("hold something other than arrays")

    def array(self, array: Any) -> None:
        """Look at what an array says of itself, and only then read it."""
        plan, layouts = array.id.get_create_plist(), self.h5py.h5d
        plain = plan.get_layout() in (layouts.CONTIGUOUS, layouts.COMPACT) and plan.get_nfilters() == 0
        if not plain or plan.get_external_count() or array.dtype.kind not in "fiub":
            raise _WrongError("are not plain arrays of numbers")
        stored = array.id.get_storage_size()
        self.stored += stored
        if array.nbytes != stored or self.stored > self.size:
            raise _WrongError("say that they are longer than the file")
        self.numbers += array.size
        if array.dtype.kind == "f" and np.isnan(array[()]).any():
            raise _WrongError("hold numbers that are NaN")


def infinite(variables: Iterable[Any]) -> str:
    """The path of the first of a Keras model's variables that holds an infinity where none belongs; empty if none does.

    A lower limit that is not set is minus infinity, an upper one infinity (layers `MemberMean`, `NumberVectors`).
    """
    for variable in variables:
        values = np.asarray(variable)
        if values.dtype.kind == "f":
            unset = {"low": -np.inf, "high": np.inf}.get(variable.name, 0.0)
            if not np.all(np.isfinite(values) | (values == unset)):
                return str(variable.path)
    return ""

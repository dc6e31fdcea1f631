"""Stored weights of a model: plain arrays of numbers, each as long as it says, none of them NaN."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from autoft.serving.archive import damaged, opened

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

"""Columns whose encoder the recipe names: their place in the layout, and how their cells are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autoft.preprocessing.categories import MISSING_TOKEN
from autoft.preprocessing.encoders.base import ENCODERS, Direction
from autoft.records.arrays import Array
from autoft.records.columns import Column, Kind

#: Kinds of columns whose cells are numbers; those of others are texts.
NUMBERS: frozenset[Kind] = frozenset({"numeric", "boolean", "date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomInput:
    """A column with an encoder of its own, by its name in `ENCODERS`; how many numbers that reads from a cell, and how
    each of its outputs moves with the column."""

    id: str
    kind: Kind
    encoder: str
    numbers: int
    directions: tuple[Direction, ...]

    @property
    def is_text(self) -> bool:
        return self.kind not in NUMBERS

    @property
    def blocks(self) -> tuple[tuple[str, Direction], ...]:
        """Name and direction of each output: one name where all have the same direction, and a name each else."""
        name, alike = f"{self.id} by {self.encoder}", len(set(self.directions)) == 1
        return tuple((name if alike else f"{name} {j}", own) for j, own in enumerate(self.directions))

    def describe(self, column: Column) -> str:
        return ENCODERS[self.encoder].describe(column)

    def shown_inputs(self, column: Column) -> int:
        return len(self.directions)

    def read(self, cells: Array | None, rows: int) -> Array:
        """Numbers ``[n, r]`` float64 of converted cells; None for a column that is missing in every row."""
        if cells is None:
            cells = np.full(rows, None, dtype=object) if self.is_text else np.full(rows, np.nan)
        return read(self.encoder, cells)


def read(encoder: str, cells: Array) -> Array:
    """Converted cells ``[n]`` of a column as numbers ``[n, r]`` float64."""
    return np.asarray(ENCODERS[encoder].read(tensor_texts(cells) if cells.dtype == object else cells), np.float64)


def tensor_texts(cells: Array) -> Array:
    r"""Texts ``[n]`` as TensorFlow can hold them: a token for missing ones, and no halves of characters.

    >>> tensor_texts(np.array(["a\ud800b"], dtype=object)).tolist()
    ['a?b']
    """
    plain = (c.encode("utf-8", "replace").decode("utf-8") if isinstance(c, str) else MISSING_TOKEN for c in cells)
    return np.array(list(plain), dtype=object)


def custom_inputs(
    columns: Sequence[Column], values: Mapping[str, Array], encoders: Mapping[str, str]
) -> tuple[CustomInput, ...]:
    """Layout of the columns whose id is in `encoders`; a first cell shows how many numbers its encoder reads."""
    found = []
    for column in (column for column in columns if column.id in encoders):
        name = encoders[column.id]
        numbers, directions = read(name, values[column.id][:1]).shape[1], ENCODERS[name].directions(column)
        own = CustomInput(id=column.id, kind=column.kind, encoder=name, numbers=numbers, directions=directions)
        found.append(own)
    return tuple(found)

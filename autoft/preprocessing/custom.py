"""Columns whose encoder the recipe names: their place in the layout, and how their cells are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.preprocessing.categories import MISSING_TOKEN
from autoft.preprocessing.encoders.base import ENCODERS, Direction
from autoft.records import Column, Kind
from autoft.records.arrays import Array

#: Kinds of columns whose cells are numbers; those of others are texts.
NUMBERS: frozenset[Kind] = frozenset({"numeric", "boolean", "date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomInput:
    """A column with an encoder of its own.

    Attributes:
        id, kind: Of the column.
        encoder: Name in `ENCODERS`.
        numbers: How many numbers the encoder reads from a cell.
        directions: How each of its outputs moves with the column.
    """

    id: str
    kind: Kind
    encoder: str
    numbers: int
    directions: tuple[Direction, ...]

    @property
    def is_text(self) -> bool:
        """Whether its cells are texts."""
        return self.kind not in NUMBERS

    @property
    def blocks(self) -> tuple[tuple[str, Direction], ...]:
        """Name and direction of each output: one name where all have the same direction, and a name each else."""
        name, alike = f"{self.id} by {self.encoder}", len(set(self.directions)) == 1
        return tuple((name if alike else f"{name} {j}", own) for j, own in enumerate(self.directions))

    def read(self, cells: Array | None, rows: int) -> Array:
        """Numbers ``[n, r]`` float64 of converted cells; None for a column that is missing in every row."""
        return read(self.encoder, self.kind, np.full(rows, None, dtype=object) if cells is None else cells)


def read(encoder: str, kind: Kind, cells: Array) -> Array:
    """Converted cells ``[n]`` of a column of some kind as numbers ``[n, r]`` float64."""
    own = np.asarray(cells, np.float64) if kind in NUMBERS else plain_texts(cells)
    return np.asarray(ENCODERS[encoder].read(own), np.float64)


def plain_texts(cells: Array) -> Array:
    r"""Texts ``[n]`` as TensorFlow can hold them: a token for missing ones, and no halves of characters.

    >>> plain_texts(np.array(["a\ud800b"], dtype=object)).tolist()
    ['a?b']
    """
    return np.array([_plain(cell) for cell in cells], dtype=object)


def _plain(cell: Any) -> str:
    return cell.encode("utf-8", "replace").decode("utf-8") if isinstance(cell, str) else MISSING_TOKEN


def custom_inputs(
    columns: Sequence[Column], values: Mapping[str, Array], encoders: Mapping[str, str]
) -> tuple[CustomInput, ...]:
    """Layout of the columns that have an encoder of their own.

    Args:
        columns: All feature columns.
        values: Converted cells by column id; what is read from the first decides how many numbers there are.
        encoders: Name of the encoder by column id.
    """
    return tuple(
        CustomInput(
            id=column.id,
            kind=column.kind,
            encoder=encoders[column.id],
            numbers=read(encoders[column.id], column.kind, values[column.id][:1]).shape[1],
            directions=ENCODERS[encoders[column.id]].directions(column),
        )
        for column in columns
        if column.id in encoders
    )

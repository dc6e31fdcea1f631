"""Protocol of column encoders, and their registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np

from autoft.records.arrays import Array
from autoft.records.columns import Column, Kind
from autoft.registry import Registry

#: How an output moves with its column: up, down, unknown (0), or only where the column is missing.
Direction = Literal[1, 0, -1, "missing"]


class ColumnEncoder(ABC):
    """From the cells of a column to inputs of the networks.

    What is learned from cells is learned in `fit`, for each member of a stack from its training rows alone; `layer`
    puts it into the Keras model that encodes the rows for training and is part of the saved model.
    `autoft.testing.check_encoder` holds an encoder to what is written here.

    Attributes:
        name: Under which recipes choose it.
        kinds: Kinds of columns that it takes.
    """

    name: ClassVar[str]
    kinds: ClassVar[frozenset[Kind]]

    def width(self, column: Column) -> int:
        """How many inputs the networks get."""
        return 1

    def directions(self, column: Column) -> tuple[Direction, ...]:
        """How each of them moves with the column. Declared effects (`knowledge`) hold only if it is true."""
        unknown: Direction = 0
        return (unknown,) * self.width(column)

    @abstractmethod
    def describe(self, column: Column) -> str:
        """A sentence for the report: what happens to the column."""

    def read(self, cells: Array) -> Array:
        """Cells ``[n]`` as numbers ``[n, r]`` float64, each by itself: nothing is learned here.

        Numbers, booleans (0/1) and dates (seconds since 1970) come as float64 with NaN for missing cells, which is what
        this returns. Categories and texts come as `str`, missing ones as `preprocessing.categories.MISSING_TOKEN`.
        """
        return np.asarray(cells, np.float64)[:, None]

    def reader(self) -> Any:
        """For categories and texts: a Keras layer from strings ``[B, 1]`` to what `read` returns, in TensorFlow.

        None if there is none: the saved model then takes the numbers of `read` instead of strings.
        """
        return None

    @abstractmethod
    def fit(self, values: Array, members: Sequence[Array]) -> Mapping[str, Array]:
        """What each member learns from `values` ``[n, r]`` (`read`) of all rows, by name, the first axis being that of
        the members. `members` are positions of each member's training rows; no other row may be used for it."""

    @abstractmethod
    def layer(self, statistics: Mapping[str, Array]) -> Any:
        """A built Keras layer from numbers ``[B, r]`` float64 to inputs ``[S, B, width]`` float32, all finite.

        ``[B, width]`` will do where members do not differ. Own layers are registered by
        `autoft.preprocessing.registered_layers.layer`: a saved model holds no others.
        """


ENCODERS: Registry[ColumnEncoder] = Registry("column encoder", "autoft.encoders", own="autoft.preprocessing.encoders")

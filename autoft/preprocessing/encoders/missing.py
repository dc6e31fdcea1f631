"""Encoder of missing cells: a 0/1 input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autoft.preprocessing.encoders.base import ENCODERS, ColumnEncoder, Direction
from autoft.records.arrays import Array
from autoft.records.columns import Column


@ENCODERS.register
class Missing(ColumnEncoder):
    """1 where a cell is missing; always 0 for a member without missing cells in its training rows: it could not learn
    what 1 means."""

    name = "missing"
    kinds = frozenset({"numeric", "boolean", "date"})

    def directions(self, column: Column) -> tuple[Direction, ...]:
        return ("missing",)

    def describe(self, column: Column) -> str:
        return "A 0/1 input says where it is missing; its values are not used."

    def fit(self, values: Array, members: Sequence[Array]) -> Mapping[str, Array]:
        return {"gaps": np.stack([np.isnan(values[rows]).any(axis=0).astype(np.float64) for rows in members])}

    def layer(self, statistics: Mapping[str, Array]) -> Any:
        from autoft.preprocessing.layers.numbers import MissingIndicator

        gaps = statistics["gaps"]
        indicator = MissingIndicator(len(gaps), name="missing")
        indicator.build((None, gaps.shape[1]))
        indicator.set_weights([gaps[:, None]])
        return indicator

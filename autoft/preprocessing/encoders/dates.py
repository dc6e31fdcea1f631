"""Encoder of dates: the place in the year, the week and the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autoft.preprocessing.encoders.base import ENCODERS, ColumnEncoder
from autoft.records.arrays import Array
from autoft.records.columns import Column

#: Sine and cosine of each cycle, in the order of the outputs.
CYCLES = ("year_sin", "year_cos", "week_sin", "week_cos", "day_sin", "day_cos")


@ENCODERS.register
class Cycles(ColumnEncoder):
    """Sines and cosines of the year, the week and the day; zeros for a missing date."""

    name = "cycles"
    kinds = frozenset({"date"})

    def width(self, column: Column) -> int:
        return len(CYCLES)

    def describe(self, column: Column) -> str:
        return "Becomes the place in the year, the week and the day, as sines and cosines."

    def fit(self, values: Array, members: Sequence[Array]) -> Mapping[str, Array]:
        return {}

    def layer(self, statistics: Mapping[str, Array]) -> Any:
        from autoft.preprocessing.layers.derived import DateCycles

        return DateCycles(name="date_cycles")

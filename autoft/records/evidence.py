"""Evidence of findings as plain data: counts, rows to look up, one small chart (standard library only)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Shape = Literal["bars", "histogram", "line", "scatter"]
Cell = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A small picture as numbers, all of them finite; `autoft.data.audit.charts` makes them, the report draws them.

    Attributes:
        shape: ``bars`` (one per name), ``histogram``, ``line`` (over rows, time ...) or ``scatter``.
        x: Positions of the points; for a histogram the edges of its bins, one more than `y`; for bars nothing.
        names: Of bars, from top to bottom.
        x_label, y_label: What is on the axes; bars lie, so that their lengths are on the horizontal one.
        marks: Values on the horizontal axis to point at, within the picture or beyond its edges (not for bars).
        marked: Positions of the bars, bins or points to emphasise.
        reference: Height of a level line to compare with (line and scatter only).
    """

    shape: Shape
    y: tuple[float, ...]
    x: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    x_label: str = ""
    y_label: str = ""
    marks: tuple[float, ...] = ()
    marked: tuple[int, ...] = ()
    reference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a finding rests on; small, and JSON as it stands: the numbers behind the words by name, and a handful of
    rows to look at, counted from 1 as in the words."""

    counts: Mapping[str, int | float] = field(default_factory=dict)
    rows: tuple[int, ...] = ()
    head: tuple[str, ...] = ()
    examples: tuple[tuple[Cell, ...], ...] = ()
    sketch: Chart | None = None

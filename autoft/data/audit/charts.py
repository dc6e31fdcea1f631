"""Charts for findings, made from arrays of any length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft.records.evidence import Chart

#: Bins of a histogram, and pieces into which the rows of a file are cut for a line over them.
BINS, PIECES = 30, 60
#: Most points of a scatter plot, bars, marked values, and characters of a bar's name (categories may be whole texts).
POINTS, BARS, MARKS, NAME = 400, 8, 5, 40


def bars(lengths: Mapping[Any, float], *, x_label: str = "Rows", marked: Iterable[object] = ()) -> Chart:
    """One bar per name, the first eight of them.

    >>> bars({"unique": 5320, "repeated": 1177}, marked=["repeated"]).marked
    (1,)
    """
    names = list(lengths)[:BARS]
    emphasised = set(marked)
    return Chart(
        shape="bars",
        names=tuple(str(name)[:NAME] for name in names),
        y=tuple(float(lengths[name]) for name in names),
        x_label=x_label,
        marked=tuple(i for i, name in enumerate(names) if name in emphasised),
    )


def histogram(values: NDArray[Any], *, x_label: str, marks: Iterable[float] = (), bins: int = BINS) -> Chart:
    """How often finite values occur. The first five of `marks` are pointed at; far out, they do not stretch the axis.

    >>> drawn = histogram(np.array([1.0, 2.0, 2.0, 3.0, 900.0]), x_label="age", marks=[900.0], bins=2)
    >>> drawn.x, drawn.y, drawn.marks
    ((1.0, 2.0, 3.0), (1.0, 3.0), (900.0,))
    """
    pointed = _floats(mark for mark in dict.fromkeys(marks) if np.isfinite(mark))[:MARKS]
    finite = values[np.isfinite(values)].astype(np.float64)
    usual = finite[~np.isin(finite, pointed)]
    shown = usual if len(usual) else finite
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)
    if len(pointed):
        # A mark up to the width of the rest beside it still fits into the picture.
        inside = [mark for mark in pointed if low - (high - low) <= mark <= high + (high - low)]
        low, high = min([low, *inside]), max([high, *inside])
    counts, edges = np.histogram(finite, bins=bins, range=(low, high) if low < high else (low - 0.5, high + 0.5))
    x, y = _floats(edges), _floats(counts)
    return Chart(shape="histogram", x=x, y=y, x_label=x_label, y_label="Rows", marks=pointed)


def over_rows(values: NDArray[Any], *, y_label: str, x_label: str = "Row of the file") -> Chart:
    """The mean of the finite values over the rows of the file, piece by piece, and beside it the mean of all.

    >>> over_rows(np.array([0.0, 0.0, 1.0, 1.0]), y_label="share").y
    (0.0, 0.0, 1.0, 1.0)
    """
    rows = np.flatnonzero(np.isfinite(values))
    pieces = [piece for piece in np.array_split(rows, PIECES) if len(piece)]
    x, y = _floats(piece.mean() + 1 for piece in pieces), _floats(values[piece].mean() for piece in pieces)
    level = float(values[rows].mean()) if len(rows) else None
    return Chart(shape="line", x=x, y=y, x_label=x_label, y_label=y_label, reference=level)


def scatter(
    x: NDArray[Any], y: NDArray[Any], *, x_label: str, y_label: str, marked: NDArray[Any] | None = None
) -> Chart:
    """Points, at most 400 of them drawn at random; those of the boolean mask `marked` go first.

    >>> drawn = scatter(np.arange(3.0), np.arange(3.0), x_label="a", y_label="b", marked=np.array([False, True, False]))
    >>> drawn.x, drawn.marked
    ((0.0, 1.0, 2.0), (1,))
    """
    emphasised = np.zeros(len(x), dtype=bool) if marked is None else marked
    order = np.random.default_rng(0).permutation(np.flatnonzero(np.isfinite(x) & np.isfinite(y)))
    chosen = np.sort(order[np.argsort(~emphasised[order], kind="stable")][:POINTS])
    x, y, marks = x[chosen], y[chosen], tuple(np.flatnonzero(emphasised[chosen]).tolist())
    return Chart(shape="scatter", x=_floats(x), y=_floats(y), x_label=x_label, y_label=y_label, marked=marks)


def _floats(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(map(float, values))

"""Groups of a column: its values, ranges of its numbers, and the rows where it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from autoft.records.arrays import Array
from autoft.records.columns import Column

#: Most values of a category that are groups of their own.
MOST_VALUES = 20
#: Most different values of a number that is grouped by value.
FEW_VALUES = 5
#: Share of the rows from which on one number is compared with those below and above: quartiles would be equal.
COMMON = 0.5

MISSING = "missing"
_FEW = "values of few rows"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Rows by the groups of one column.

    Attributes:
        codes: Position of each row's group, ``[n]``.
        note: How the groups were made, where the labels do not say it.
        quartiles: Whether the labels name quartiles of numbers, which are cells.
    """

    column: str
    labels: tuple[str, ...]
    codes: Array
    note: str = ""
    quartiles: bool = False

    def rows(self, rows: Array) -> Groups:
        return replace(self, codes=self.codes[rows])

    def without_rare(self, least: int) -> Groups:
        """No label tells a cell that fewer rows hold: quartiles have numbers, and small groups are one.

        >>> towns = Groups(column="town", labels=("Rome", "Ustica", "Anafi"), codes=np.array([0, 0, 1, 2]))
        >>> towns.without_rare(2).labels, towns.without_rare(2).codes.tolist()
        (('Rome', 'values of few rows'), [0, 0, 1, 1])
        """
        labels = self.labels
        if self.quartiles:
            labels = tuple(text if text == MISSING else f"quarter {k}" for k, text in enumerate(labels, 1))
        few = np.bincount(self.codes, minlength=len(labels)) < least
        few &= np.array([text != MISSING for text in labels])
        kept = [text for text, rare in zip(labels, few, strict=True) if not rare]
        place = np.where(few, len(kept), np.cumsum(~few) - 1)
        more = (_FEW,) if few[self.codes].any() else ()
        return replace(self, labels=(*kept, *more), codes=place[self.codes])


def groups_of(column: Column, values: Array, limits: Sequence[float] | None = None) -> Groups:
    """The groups of a column, each row in exactly one.

    Args:
        values: Its cells as in `schema.convert.Converted.values`, ``[n]``.
        limits: Of ranges ``[a, b)``, the last one closed; rows outside are a group, and so are missing ones. Without
            limits numbers are divided at their quartiles or by value, and of categories the `MOST_VALUES` most frequent
            are groups.

    >>> age = Column(id="c000", name="age", kind="numeric", why="")
    >>> found = groups_of(age, np.array([5.0, 30.0, 120.0, 121.0, np.nan]), (0, 30, 120))
    >>> found.labels, found.codes.tolist()
    (('[0, 30)', '[30, 120]', 'outside', 'missing'), [0, 1, 1, 2, 3])
    """
    if limits is not None:
        made = _ranges(column, values, np.asarray(limits, dtype=np.float64))
    elif column.kind == "boolean":
        texts = (*column.false[:1], "false")[0], (*column.true[:1], "true")[0]
        cells = np.where(values == 1, texts[1], texts[0]).astype(object)
        cells[np.isnan(values)] = None
        made = _by_value(column, cells)
    elif values.dtype == object:
        made = _by_value(column, values)
    else:
        made = _numbers(column, values)
    if np.ptp(made.codes) == 0:
        made = replace(made, note="All rows are in one group.")
    return made


def _by_value(column: Column, values: Array) -> Groups:
    import pandas as pd

    codes, texts = pd.factorize(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    order = np.lexsort((np.arange(len(texts)), -counts))
    kept = order[:MOST_VALUES]
    place = np.full(len(texts) + 1, len(kept))
    place[kept] = np.arange(len(kept))
    # A value with the name of another group stands in quotes.
    reserved = (MISSING, _FEW, "other values", "outside")
    labels = [repr(text) if text in reserved else text for text in (str(texts[k]) for k in kept)]
    note = ""
    if len(texts) > len(kept):
        labels.append("other values")
        note = f"The {MOST_VALUES} most frequent of {len(texts):,} values; the others are together."
    place[-1] = len(labels)
    return _with_missing(column, labels, place[codes], note)


def _with_missing(column: Column, labels: Sequence[str], codes: Array, note: str = "") -> Groups:
    """Groups of which the missing rows are the last; they have the code after those of the labels."""
    every = (*labels, MISSING) if (codes == len(labels)).any() else tuple(labels)
    return Groups(column=column.name, labels=every, codes=codes, note=note)


def _ranges(column: Column, values: Array, limits: Array) -> Groups:
    shown = [_shown(column, limit) for limit in limits]
    closing = [")"] * (len(limits) - 2) + ["]"]
    labels = [f"[{low}, {high}{end}" for low, high, end in zip(shown[:-1], shown[1:], closing, strict=True)]
    codes = np.searchsorted(limits, values, side="right") - 1
    codes[values == limits[-1]] = len(labels) - 1
    known = ~np.isnan(values)
    outside = known & ((values < limits[0]) | (values > limits[-1]))
    if outside.any():
        codes[outside] = len(labels)
        labels.append("outside")
    codes[~known] = len(labels)
    return _with_missing(column, labels, codes)


def _numbers(column: Column, values: Array) -> Groups:
    known = values[~np.isnan(values)]
    distinct, counts = np.unique(known, return_counts=True)
    if len(distinct) <= FEW_VALUES:
        codes = np.where(np.isnan(values), len(distinct), np.searchsorted(distinct, values))
        return _with_missing(column, [_shown(column, value) for value in distinct], codes)
    commonest = int(np.argmax(counts))
    if counts[commonest] >= COMMON * len(known):
        return _around(column, values, distinct[commonest])
    edges = np.unique(np.quantile(known, [0, 0.25, 0.5, 0.75, 1]))
    return replace(_ranges(column, values, edges), note="The limits are quartiles.", quartiles=True)


def _around(column: Column, values: Array, common: Any) -> Groups:
    """A value that most rows have, what lies below and what lies above it."""
    shown = _shown(column, common)
    labels, note = [f"below {shown}", shown, f"above {shown}"], f"Half of the rows or more have the value {shown}."
    sides, codes = np.unique(np.where(np.isnan(values), 3, 1 + np.sign(values - common)), return_inverse=True)
    return _with_missing(column, [labels[int(side)] for side in sides if side < 3], codes, note)


def _shown(column: Column, value: float) -> str:
    if column.clock:
        return f"{datetime.fromtimestamp(float(value), UTC):%H:%M}"
    if column.kind == "date":
        return f"{datetime.fromtimestamp(float(value), UTC):%Y-%m-%d}"
    value = float(value) + 0.0  # no -0
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"

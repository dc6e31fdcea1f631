"""Conversion of cells to values: every column in the form of its kind, whatever source it came from.

The conversion looks at each cell alone: a row gives the same values by itself as among others.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autoft.data.cells import Distinct, padded, plain_texts, truth_values
from autoft.data.number_formats import search
from autoft.errors import listed, quoted
from autoft.formatting import counted
from autoft.records.columns import Column
from autoft.records.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Converted:
    """A table as arrays.

    Attributes:
        values: By column id, one value per row. Numeric, boolean (0 and 1) and date (seconds since 1970-01-01 UTC):
            float64 with NaN for missing cells. All other kinds: object, ``str`` or None.
        bad: By column id the number of cells that are there, but not of the column's kind; they count as missing.
            Columns without such cells are left out, here and below.
        first_bad: By column id the first of them: its row (counted from 1) and its text.
        infinite: By column id the number of infinite cells; they count as missing, too.
    """

    values: Mapping[str, NDArray[Any]]
    bad: Mapping[str, int] = field(default_factory=dict)
    first_bad: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    infinite: Mapping[str, int] = field(default_factory=dict)


def convert(frame: pd.DataFrame, columns: Sequence[Column]) -> Converted:
    """Converts the columns of a canonical table (`Table.frame`); those that it lacks are not in the result.

    >>> import pandas as pd
    >>> paid = Column(id="c000", name="paid", kind="numeric", why="")
    >>> converted = convert(pd.DataFrame({"paid": ["12", "n. a.", None]}), [paid])
    >>> converted.values["c000"], converted.bad, converted.first_bad
    (array([12., nan, nan]), {'c000': 1}, {'c000': (2, 'n. a.')})
    """
    values: dict[str, NDArray[Any]] = {}
    bad: dict[str, int] = {}
    first_bad: dict[str, tuple[int, str]] = {}
    infinite: dict[str, int] = {}
    for column in columns:
        if column.name not in frame.columns:
            continue
        distinct = Distinct.of(frame[column.name])
        read = _values_of(distinct, column)
        if read.dtype == object:
            values[column.id] = distinct.spread(read, None)
            continue
        if (wrong := np.isnan(read)).any():
            bad[column.id], first_bad[column.id] = distinct.rows(wrong), distinct.first(wrong)
        if (endless := np.isinf(read)).any():
            infinite[column.id] = distinct.rows(endless)
        values[column.id] = distinct.spread(np.where(endless, np.nan, read), np.nan)
    return Converted(values=values, bad=bad, first_bad=first_bad, infinite=infinite)


def numbers_of(frame: pd.DataFrame, name: str) -> NDArray[Any]:
    """The cells of one column as numbers, NaN where they are none; formatted ones where their format is certain."""
    distinct = Distinct.of(frame[name])
    form = search(distinct.texts, distinct.parts, distinct.counts).format if np.isnan(distinct.numbers).any() else None
    return convert(frame, [Column(id=name, name=name, kind="numeric", why="", number_format=form)]).values[name]


def _values_of(distinct: Distinct, column: Column) -> NDArray[Any]:
    """The value of each distinct cell in a column of this kind; NaN where it has none."""
    if column.kind == "numeric":
        read = distinct.numbers_in(column.number_format).copy()
        for i in np.flatnonzero(np.isnan(read)):  # a column that came as numbers may come as truth values later
            read[i] = {"False": 0.0, "True": 1.0}.get(distinct.texts[i], np.nan)
        return read
    if column.kind == "boolean":
        return truth_values(distinct.texts, column.false, column.true)
    if column.kind == "date":
        return distinct.seconds(column.date_format or "iso", column.zoned)
    texts = plain_texts(distinct.texts)
    if column.digits:
        texts[:] = padded(texts, column.digits)
    return texts


def align(frame: pd.DataFrame, columns: Sequence[Column]) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The columns of a new table that a model knows, in the model's order, without those that the table lacks; and the
    findings: one warning ``extra-columns``, and a ``missing-column`` for each that is missing, an error if the model
    uses it."""
    names = list(frame.columns)
    known = {column.name for column in columns}
    extra = [name for name in names if name not in known]
    findings = [_missing(column, extra) for column in columns if column.name not in names]
    if extra:
        must = "have the columns that the model was trained on"
        found = f"has {counted(len(extra), 'column')} unknown to the model ({listed(extra)})"
        findings.append(Finding("extra-columns", "warning", None, must, found, "nothing to do: they are ignored"))
    return frame[[column.name for column in columns if column.name in names]], tuple(findings)


def _missing(column: Column, extra: Sequence[str]) -> Finding:
    plain = {name.strip().casefold(): name for name in extra}
    near = [plain[name] for name in difflib.get_close_matches(column.name.strip().casefold(), plain, n=1, cutoff=0.75)]
    found = "is not in the table" + (f", which has {quoted(near[0])}" if near else "")
    if not column.used:
        must, fix = "be there as it was in training", "nothing to do, as the model does not use it"
        return Finding("missing-column", "info", column.name, must, found, fix)
    rename = f"rename {quoted(near[0])} to it" if near else "add it"
    fix = f"{rename}; where its values are unknown, leave its cells empty"
    return Finding("missing-column", "error", column.name, "be there, since the model uses it", found, fix)

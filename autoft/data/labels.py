"""Labels of a target: the values as they were given, as plain data that JSON can carry, and back."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from autoft.data.cells import Distinct
from autoft.errors import SchemaError, cell, quoted

#: Types that JSON does not have, how their values are written as texts, and read. A subclass stands before its parent.
_TYPES: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "Timestamp": (pd.Timestamp, lambda time: str(time).removesuffix(" 00:00:00"), pd.Timestamp),
    "datetime": (datetime.datetime, lambda time: str(time).removesuffix(" 00:00:00"), datetime.datetime.fromisoformat),
    "date": (datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    "time": (datetime.time, datetime.time.isoformat, datetime.time.fromisoformat),
    "Timedelta": (pd.Timedelta, str, pd.Timedelta),
    "timedelta": (datetime.timedelta, lambda d: str(pd.Timedelta(d)), lambda text: pd.Timedelta(text).to_pytimedelta()),
    "Decimal": (decimal.Decimal, str, decimal.Decimal),
    "UUID": (uuid.UUID, str, uuid.UUID),
}
_CLOSED: Mapping[str, Any] = {"[)": "left", "(]": "right", "[]": "both", "()": "neither"}

Plain = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """A column as it was read: its `cells` in canonical form and, row by row, the `values` that were given."""

    cells: pd.Series[Any]
    values: pd.Series[Any]

    def by_cell(self) -> dict[Hashable, Any]:
        """The value behind each canonical cell (as `numpy.ndarray.tolist` gives it). Raises a SchemaError if two
        different values have one canonical form, such as 1 and "1".

        >>> import pandas as pd
        >>> Given(cells=pd.Series(["1", "unk", None], dtype=object), values=pd.Series([1, "unk", None])).by_cell()
        {'1': 1, 'unk': 'unk'}
        """
        dense = isinstance(self.values.dtype, pd.SparseDtype)
        values = (pd.Series(np.asarray(self.values)) if dense else self.values).astype(object).to_numpy()
        distinct, codes = Distinct.of(self.cells), pd.factorize(values)[0]
        filled = np.flatnonzero(distinct.codes >= 0)
        pairs = distinct.codes[filled] * (codes.max(initial=0) + 2) + codes[filled]
        rows = filled[np.unique(pairs, return_index=True)[1]]
        twice = np.flatnonzero(np.diff(distinct.codes[rows]) == 0)
        if len(twice):
            one, other = values[rows[twice[0]]], values[rows[twice[0] + 1]]
            kinds = [type(value).__name__ for value in (one, other)]
            found = f"it holds {cell(one)} ({kinds[0]}) and {cell(other)} ({kinds[1]})"
            fix = "write each label in one way, as one type"
            if kinds[0] == kinds[1]:
                found = f"{cell(one)} stands there in two forms that look alike"
                fix = "write each label in one way (texts: in one form of Unicode)"
            must = "hold labels that differ as texts, as it is the target"
            raise SchemaError(f"Target {quoted(self.cells.name)}", must, found, fix)
        return dict(zip(distinct.values.tolist(), values[rows], strict=True))


def to_plain(value: Any, target: str) -> tuple[Plain, str]:
    """A label as JSON can carry it, and the name of its type, which is empty for JSON's own. Raises a SchemaError if it
    is of a type that could not be given back.

    >>> to_plain(np.int8(3), "y"), to_plain(datetime.date(2024, 2, 29), "y")
    ((3, ''), ('2024-02-29', 'date'))
    """
    value = float(value) if isinstance(value, np.longdouble) else value  # whose `item` is one
    value = value.item() if isinstance(value, np.bool_ | np.number | np.str_) else value
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            plain: Plain = str.__str__(value) if kind is str else kind(value)
            if kind is not str or not any("\ud800" <= sign <= "\udfff" for sign in str(plain)):
                return plain, ""
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, pd.Period):
        return str(value), f"Period {value.freqstr}"
    if isinstance(value, pd.Interval):
        side = to_plain(value.left, target)
        return str(value), f"Interval {side[1] or type(side[0]).__name__}"
    for name, (other, write, _) in _TYPES.items():
        if isinstance(value, other):
            return write(value), name
    must = "hold labels that are texts, numbers, booleans, dates or durations, as it is the target"
    found, fix = f"{cell(value)} is of type {type(value).__name__}", "convert it to text"
    if isinstance(value, str):
        found, fix = f"{cell(value)} holds half a character (a surrogate), which no file can", "correct that text"
    raise SchemaError(f"Target {quoted(target)}", must, found, fix)


def restored(plain: Plain, kind: str) -> Any:
    """The label that `to_plain` was given.

    >>> restored("2024-02-29", "date")
    datetime.date(2024, 2, 29)
    """
    name, _, detail = kind.partition(" ")
    text = str(plain)
    if not name:
        return plain
    if name == "Period":
        return pd.Period(text, freq=detail)
    if name == "Interval":
        read = int if detail == "int" else float if detail == "float" else _TYPES[detail][2]
        left, _, right = text[1:-1].partition(", ")
        return pd.Interval(read(left), read(right), closed=_CLOSED[text[0] + text[-1]])
    return _TYPES[name][2](text)

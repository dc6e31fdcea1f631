"""Times of rows, where the parts of a date stand in columns of their own (year, month, day, hour, minute)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from autoft.records.arrays import Array
from autoft.records.columns import Column

if TYPE_CHECKING:
    import pandas as pd

#: Parts of a date from the coarse to the fine: the words that name them, and their possible values.
_PARTS: dict[str, tuple[tuple[str, ...], tuple[int, int]]] = {
    "year": (("year", "yr", "yyyy"), (1800, 2200)),
    "month": (("month", "mon", "mnth", "mm"), (1, 12)),
    "day": (("day", "dom", "dd"), (1, 31)),
    "hour": (("hour", "hr", "hh"), (0, 24)),
    "minute": (("minute", "min"), (0, 59)),
}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_SECONDS = {"hour": 3600, "minute": 60}


def date_parts(names: Iterable[str]) -> list[tuple[str, ...]]:
    """The sets of columns whose names say that they are parts of one date, each from the year to its finest part.

    >>> date_parts(["day", "year", "arrival_year", "month", "week", "arrival_day_of_month", "arrival_month"])
    [('year', 'month', 'day'), ('arrival_year', 'arrival_month', 'arrival_day_of_month')]
    """
    found: dict[str, dict[str, str]] = {}
    for name in names:
        words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
        words = words[:-2] if words[-3:] == ["day", "of", "month"] else words
        part = next((one for one, (known, _) in _PARTS.items() if words and words[-1] in known), None)
        if part is not None:
            found.setdefault(" ".join(words[:-1]), {}).setdefault(part, name)
    dates = []
    for parts in found.values():
        present = [one in parts for one in _PARTS]
        depth = present.index(False) if False in present else len(present)
        if depth:
            dates.append(tuple(parts[one] for one in tuple(_PARTS)[:depth]))
    return dates


def seconds_of_parts(frame: pd.DataFrame, names: Sequence[str]) -> Array | None:
    """Seconds since 1970 of each row, ``[n]``, from the columns of its year, month, day, hour and minute, as many as
    there are; months may be English names. None where these are not the parts of a date, or a cell is none.

    >>> import pandas as pd
    >>> seconds_of_parts(pd.DataFrame({"year": [1970], "month": ["February"], "day": [2]}), ["year", "month", "day"])
    array([2764800.])
    """
    if date_parts(names) != [tuple(names)]:
        return None
    parts = {part: _numbers(frame[name], part) for part, name in zip(_PARTS, names, strict=False)}
    for part, values in parts.items():
        low, high = _PARTS[part][1]
        # False for missing cells too.
        if not ((values >= low) & (values <= high) & (values == np.floor(values))).all():
            return None
    whole = {part: values.astype(np.int64) for part, values in parts.items()}
    months = (whole["year"] - 1970) * 12 + whole.get("month", 1) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + whole.get("day", 1) - 1
    seconds = days * 86_400
    for part, factor in _SECONDS.items():
        seconds = seconds + whole.get(part, 0) * factor
    return np.asarray(seconds, dtype=np.float64)


def times_of(
    frame: pd.DataFrame, columns: Sequence[Column], values: Mapping[str, Array], names: Sequence[str]
) -> Array | None:
    """Times of the rows, ``[n]``: seconds since 1970, or numbers that order the rows, NaN where a cell is missing. None
    where there are no names, or a column holds neither dates nor numbers.

    Args:
        values: Cells by column id.
    """
    parts = seconds_of_parts(frame, names) if names else None
    if parts is not None or not names:
        return parts
    ids = {column.name: column.id for column in columns if not column.clock}
    cells = [values[ids[name]] for name in names if name in ids and values[ids[name]].dtype != object]
    if len(cells) < len(names):
        return None
    return cells[0] if len(cells) == 1 else ranks_together(cells)


def ranks_together(columns: Sequence[Array]) -> Array:
    """Rank of each row, ``[n]``, when rows are ordered by the first column, within its equal values by the next ...

    >>> ranks_together([np.array([2.0, 1.0, 2.0]), np.array([5.0, 9.0, 4.0])])
    array([2., 0., 1.])
    """
    places = np.stack([np.unique(values, return_inverse=True)[1] for values in columns], axis=1)
    return np.unique(places, axis=0, return_inverse=True)[1].ravel().astype(np.float64)


def _numbers(cells: pd.Series, part: str) -> Array:
    import pandas as pd

    if part == "month" and not pd.api.types.is_numeric_dtype(cells):
        texts = cells.map(lambda cell: str(cell).strip().lower())
        known = {name[:length]: place for place, name in enumerate(_MONTHS, 1) for length in (3, len(name))}
        named = texts.map(known)
        if named.notna().any():
            return np.asarray(named, dtype=np.float64)
    return np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)

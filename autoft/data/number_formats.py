"""Formats of numbers in texts: thousands, decimal commas, currencies, units, per cent, accounting and other minuses.

A format is taken only where the cells of a column prove it; `number_cells.read` then looks at each cell alone. Nothing
here guesses from the language of the machine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autoft.data import number_cells
from autoft.data.number_cells import (
    COMMA,
    CURRENCY,
    FACTORS,
    PADDED,
    POINT,
    NumberCell,
    Shape,
    fits,
)
from autoft.records.columns import NumberFormat

Counts = NDArray[np.int64]
#: A text, its parts, and the rows that hold it.
_Cell = tuple[str, NumberCell, int]

#: Share of the cells that must be numbers for the rest to count as missing.
MOST_NUMBERS = 0.95
#: Share of the number cells that must have a unit, unless it is a currency, for those without to be in it, too.
_MOSTLY = 0.5
#: So many distinct values with exactly three digits after a sign are no decimals: of these nine in ten would show it.
_MANY = 20

#: Units that are named as such where a column has several of them.
_KNOWN = frozenset(
    {
        *("kg", "g", "mg", "lb", "lbs", "oz", "t", "ton", "tons", "km", "m", "cm", "mm", "mi", "mile", "miles", "ft"),
        *("feet", "foot", "in", "inch", "inches", "yd", "year", "years", "yr", "yrs", "month", "months", "week"),
        *("weeks", "day", "days", "hour", "hours", "hr", "hrs", "min", "mins", "minute", "minutes", "s", "sec"),
        *("second", "seconds", "ms", "l", "liter", "liters", "litre", "litres", "ml", "gal", "kb", "mb", "gb", "tb"),
        *("hz", "khz", "mhz", "ghz", "w", "W", "kw", "mw", "hp", "bhp", "ps", "nm", "mpg", "kmpl", "km/kg", "km/l"),
        *("mph", "km/h", "C", "F", "°c", "°f", "°", "%", "‰", "pct", "percent", "k", "K", "M", "mn", "bn", "sqft"),
        *("sqm", "m2", "ft2", "ha", "acre", "acres", "cal", "kcal", "kj", "V", "kv", "ma", "'", '"'),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found out about a column.

    Attributes:
        format: How its numbers are written; None where the cells do not prove it, or are no numbers.
        why: Why there is none: ``ambiguous`` (thousands or decimals), ``conflict`` (cells that prove the one and cells
            that prove the other), ``units`` (several), or empty.
        example: A cell that shows why.
        units: Rows by unit, the most frequent ones first.
        assumed: Whether the format is only likely.
        free: Whether another reading would give the same numbers but for a factor, which no model cares about.
    """

    format: NumberFormat | None = None
    why: Literal["", "ambiguous", "conflict", "units"] = ""
    example: str = ""
    units: tuple[tuple[str, int], ...] = ()
    assumed: bool = False
    free: bool = False


def search(
    texts: Sequence[str],
    parts: Sequence[NumberCell | None],
    counts: Counts,
    decimal: str | None = None,
    *,
    least: float = MOST_NUMBERS,
) -> Search:
    """The format of the numbers in a column.

    Args:
        texts: Its distinct values.
        parts: Each of them taken apart.
        counts: How many rows hold each.
        decimal: What the user says about columns whose cells prove nothing: ``.`` or ``,`` stands before decimals.
        least: Share of the cells that must be numbers of one format.

    >>> from autoft.data.number_cells import take_apart
    >>> texts = ["$1,234", "$5"]
    >>> search(texts, list(map(take_apart, texts)), np.array([1, 1])).format
    NumberFormat(decimal='.', thousands=',', before='$', after='', scaled=False)
    """
    cells = [(t, cell, int(n)) for t, cell, n in zip(texts, parts, counts, strict=True) if cell is not None]
    total, numbers = int(counts.sum()), sum(rows for _, _, rows in cells)
    if not numbers or numbers < least * total:
        return Search()
    codes = sum(rows for _, parts, rows in cells if not parts.after and PADDED.match(parts.body))
    if codes > 0.01 * total:  # digits with leading zeros are codes
        return Search()
    groups = {(len(parts.body), _groups(parts)) for _, parts, _ in cells}
    if len(cells) >= _MANY and len(groups) == 1 and max(groups)[1] > 2:
        return Search()  # telephone numbers such as 612 345 678: amounts have not all as many digits
    unit = _unit([(parts, rows) for _, parts, rows in cells])
    if unit is None:
        return _several_units(cells)
    own = [(text, parts, rows) for text, parts, rows in cells if fits(parts, unit)]
    if sum(rows for _, _, rows in own) < least * total:
        return _several_units(cells)
    found = _decimal(own, unit, decimal, (1 - least) * total)
    if found.format is None:
        return found
    values = number_cells.read(parts, found.format)
    return found if int(counts[~np.isnan(values)].sum()) >= least * total else Search()


def _groups(parts: NumberCell) -> int:
    """Groups of digits with blanks between them, if there is no unit."""
    return 0 if parts.before or parts.after else len(parts.body.split(" "))


def _unit(cells: Sequence[tuple[NumberCell, int]]) -> NumberFormat | None:
    """Currency, unit and scale of a column; None where too few cells agree."""
    before, after, spelling = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    bare = total = 0
    scaled = _is_scaled(cells)
    for parts, rows in cells:
        total += rows
        if parts.before:
            before[parts.before] += rows
        if scaled and parts.after in FACTORS and parts.attached:
            continue
        if parts.after:
            after[parts.unit] += rows
            spelling[parts.unit, parts.after] += rows
        elif float(re.sub(r"[^0-9]", "", parts.body) or 0) != 0:
            bare += rows
    money, unit = _most(before), _most(after)
    written = _most(Counter({text: rows for (key, text), rows in spelling.items() if key == unit}))
    currency = CURRENCY.fullmatch(written) is not None
    if unit and not currency:
        few = (1 - MOST_NUMBERS) * total
        mixed = (scaled and after[unit] > few) or (unit in "%‰" and bare > few)  # 34K beside 34C, 12 % beside 0.12
        if mixed or after[unit] < _MOSTLY * total:
            return NumberFormat(before=money, scaled=scaled) if after[unit] <= few else None
    return NumberFormat(before=money, after=written, scaled=scaled)


def _is_scaled(cells: Sequence[tuple[NumberCell, int]]) -> bool:
    """Whether letters behind numbers stand for thousands and millions. 5m alone is five metres, 2B alone is a name, and
    so is 12K among house numbers; but $5m is money, and 1.5K no name."""
    scaled = [(parts, rows) for parts, rows in cells if parts.attached and parts.after in FACTORS]
    if any(parts.before for parts, _ in scaled):
        return True
    fraction = any(set(".,") & set(parts.body) for parts, _ in scaled)
    most = 2 * sum(rows for _, rows in scaled) >= sum(rows for _, rows in cells)
    return bool({parts.after for parts, _ in scaled} - {"m", "b", "B"}) and (fraction or most)


def _most(counts: Counter[str]) -> str:
    """The most frequent text, whatever the order of the rows; empty without any."""
    return max(counts, key=lambda text: (counts[text], text), default="")


def is_known(unit: str) -> bool:
    """Whether people know a unit, or there is none; of single letters the case matters."""
    return not unit or (unit if len(unit) == 1 else unit.casefold()) in _KNOWN or CURRENCY.fullmatch(unit) is not None


def _several_units(cells: Sequence[_Cell]) -> Search:
    """What to say of numbers in several units; nothing where they are no units that people know."""
    units = Counter[str]()
    example = ""
    for text, parts, rows in cells:
        if parts.before or parts.after:
            if not (parts.before or is_known(parts.after)):
                return Search()
            units[parts.before or parts.after] += rows
            example = example or text
        else:
            units[""] += rows
    return (
        Search(why="units", example=example, units=tuple(sorted(units.items(), key=lambda one: (-one[1], one[0]))[:3]))
        if len(units) > 1
        else Search()
    )


def _decimal(cells: Sequence[_Cell], unit: NumberFormat, declared: str | None, rare: float) -> Search:
    """The sign before decimals, as far as the shapes of the numbers prove it, but for so many `rare` rows."""
    rows, values, example = Counter[Shape](), Counter[Shape](), dict[Shape, str]()
    for text, parts, count in cells:
        rows[parts.shape] += count
        values[parts.shape] += 1
        example.setdefault(parts.shape, text)
    point, comma = (sum(rows[shape] for shape in shapes) for shapes in (POINT, COMMA))
    if point > rare and comma > rare:
        return Search(why="conflict", example=next(example[s] for s in example if s in COMMA))
    if point or comma:
        return Search(format=_with_groups(replace(unit, decimal="." if point > comma else ","), cells))
    if not rows["comma3"] and not rows["dot3"]:
        return Search(format=_with_groups(unit, cells))
    if rows["comma3"] and rows["dot3"]:
        return Search(why="conflict", example=example["comma3"])
    shape: Shape = "comma3" if rows["comma3"] else "dot3"
    grouped = replace(unit, decimal="." if shape == "comma3" else ",")
    decimals = replace(unit, decimal="," if shape == "comma3" else ".")
    if declared is not None:
        return Search(format=_with_groups(replace(unit, decimal=declared), cells))
    money = any(p.brackets or p.before or CURRENCY.fullmatch(p.after) for _, p, _ in cells if p.shape == shape)
    short = [len(parts.body) <= 3 for _, parts, _ in cells if parts.shape == "whole"]
    if (shape == "comma3" and money) or (values[shape] >= _MANY and short and all(short)):
        # Amounts of money have no three decimals. And decimals of exactly three digits beside whole numbers of at
        # most three are thousands: a person or program that writes 5 for 5,000 writes 1,2 for 1,200.
        return Search(format=_with_groups(grouped, cells), assumed=shape == "dot3", example=example[shape])
    if shape == "dot3" and not money:
        return Search(format=decimals)
    if rows[shape] == sum(rows.values()):
        return Search(format=_with_groups(grouped, cells), assumed=True, free=True, example=example[shape])
    return Search(why="ambiguous", example=example[shape])


def _with_groups(form: NumberFormat, cells: Iterable[_Cell]) -> NumberFormat:
    """The format with the sign that stands between thousands, the most frequent one."""
    signs = Counter[str]()
    for _, parts, rows in cells:
        sign = "," if form.decimal == "." else "."
        grouped = parts.shape in (("comma3", "by_comma") if sign == "," else ("dot3", "by_dot"))
        sign = sign if grouped else next((blank for blank in " '" if blank in parts.body), "")
        if sign:
            signs[sign] += rows
    return replace(form, thousands=_most(signs))

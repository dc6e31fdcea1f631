"""Formats of numbers in texts: thousands, decimal commas, currencies, units, per cent, accounting and other minuses.

A format is taken only where the cells of a column prove it; `read` then looks at each cell alone. Nothing here
guesses from the language of the machine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autoft.records.columns import NumberFormat

Counts = NDArray[np.int64]

#: Share of the cells that must be numbers for the rest to count as missing.
MOST_NUMBERS = 0.95
#: Share of the number cells that must have a unit, unless it is a currency, for those without to be in it, too.
_MOSTLY = 0.5
#: So many distinct values with exactly three digits after a sign are no decimals: of these nine in ten would show it.
_MANY = 20

_CODES = (
    *("USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "NZD", "CNY", "RMB", "INR", "BRL", "MXN", "SEK", "NOK", "DKK"),
    *("PLN", "CZK", "HUF", "RUB", "TRY", "ZAR", "KRW", "SGD", "HKD", "ILS", "THB", "IDR", "MYR", "PHP", "VND", "AED"),
    *("SAR", "EGP", "NGN", "KES", "ARS", "CLP", "COP", "PEN", "UAH", "RON", "BGN", "BTC"),
)
_SIGNS = "$€£¥₹₽₩₺₪₫₴฿¢"
_CURRENCY = rf"(?:(?:US|CA|AU|NZ|HK|A|C|R|S)?[{_SIGNS}]|(?i:{'|'.join(_CODES)}|Rs\.?|kr\.?))"
_IS_CURRENCY = re.compile(_CURRENCY)
_MINUS = "\u2212\u2013\uff0d-"  # minus, en dash, full width, hyphen
_BLANKS = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'", "＇": "'"})
# A unit begins with a letter or a sign of its own, and has digits only behind a letter (m2) or a slash (l/100 km).
_UNIT = r"[^\W\d_%‰°\"′″][^\d\s]{0,15}\d?(?:[ /][^\W\d_(][^\s\d]{0,15}){0,2}|/[^\W\d_][^\s]{0,15}|[%‰°\"′″][A-Za-z]?"
_CELL = re.compile(
    rf"""(?P<open>\()?[ ]?(?P<minus>[+{_MINUS}])?[ ]?(?P<before>{_CURRENCY})?[ ]?(?P<minus2>[+{_MINUS}])?[ ]?
    (?P<body>[0-9.,]+(?:[' ][0-9.,]+)*(?:[eE][+-]?[0-9]{{1,3}}(?![0-9A-Za-z]))?)
    (?P<gap>[ ]{{0,2}})(?P<after>{_CURRENCY}|{_UNIT})?[ ]?(?(open)\))""",
    re.VERBOSE,
)
_LONGEST = 80
_PADDED = re.compile(r"0[0-9]")

#: What the digits and signs of a number look like; the first that matches counts.
Shape = Literal["whole", "dot3", "comma3", "groups", "point", "comma", "by comma", "by dot"]
_SHAPES: dict[Shape, re.Pattern[str]] = {
    "whole": re.compile(r"[0-9]+"),
    "dot3": re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}"),
    "comma3": re.compile(r"[1-9][0-9]{0,2},[0-9]{3}"),
    "groups": re.compile(r"[1-9][0-9]{0,2}(?:( )[0-9]{3}(?: [0-9]{3})*|(')[0-9]{3}(?:'[0-9]{3})*)"),
    "point": re.compile(
        r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
        r"|[1-9][0-9]{0,2}(?:( )[0-9]{3}(?: [0-9]{3})*|(')[0-9]{3}(?:'[0-9]{3})*)\.[0-9]+"
    ),
    "comma": re.compile(r"[0-9]*,[0-9]+|[1-9][0-9]{0,2}(?:( )[0-9]{3}(?: [0-9]{3})*|(')[0-9]{3}(?:'[0-9]{3})*),[0-9]+"),
    # Thousands in groups of three, or as in India of two but for the last.
    "by comma": re.compile(
        r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]*)?|,[0-9]{3}\.[0-9]*)"
        r"|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]*)?"
    ),
    "by dot": re.compile(r"[1-9][0-9]{0,2}(?:(?:\.[0-9]{3}){2,}(?:,[0-9]*)?|\.[0-9]{3},[0-9]*)"),
}
#: Shapes that prove which sign stands before decimals.
_POINT: frozenset[Shape] = frozenset({"point", "by comma"})
_COMMA: frozenset[Shape] = frozenset({"comma", "by dot"})

_FACTORS = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "mn": 1e6, "b": 1e9, "B": 1e9, "bn": 1e9}
#: What stands behind a number that counts, and is no unit.
_NO_UNITS = frozenset({"st", "nd", "rd", "th", "am", "pm", "a.m.", "p.m.", "h"})
#: Units that are named as such where a column has several of them.
_KNOWN = frozenset(
    [
        "kg",
        "g",
        "mg",
        "lb",
        "lbs",
        "pound",
        "pounds",
        "oz",
        "ounce",
        "ounces",
        "t",
        "ton",
        "tons",
        "tonne",
        "tonnes",
        "km",
        "m",
        "cm",
        "mm",
        "mi",
        "mile",
        "miles",
        "ft",
        "feet",
        "foot",
        "in",
        "inch",
        "inches",
        "yd",
        "yard",
        "yards",
        "year",
        "years",
        "yr",
        "yrs",
        "month",
        "months",
        "mo",
        "week",
        "weeks",
        "wk",
        "day",
        "days",
        "hour",
        "hours",
        "hr",
        "hrs",
        "min",
        "mins",
        "minute",
        "minutes",
        "s",
        "sec",
        "secs",
        "second",
        "seconds",
        "ms",
        "l",
        "liter",
        "liters",
        "litre",
        "litres",
        "ml",
        "gal",
        "gallon",
        "gallons",
        "kb",
        "mb",
        "gb",
        "tb",
        "hz",
        "khz",
        "mhz",
        "ghz",
        "w",
        "kw",
        "mw",
        "hp",
        "bhp",
        "ps",
        "nm",
        "kgm",
        "mpg",
        "kmpl",
        "km/kg",
        "km/l",
        "mph",
        "km/h",
        "kph",
        "c",
        "f",
        "°c",
        "°f",
        "°",
        "%",
        "‰",
        "pct",
        "percent",
        "k",
        "m",
        "b",
        "mn",
        "bn",
        "sqft",
        "sqm",
        "m2",
        "ft2",
        "ha",
        "acre",
        "acres",
        "cal",
        "kcal",
        "kj",
        "v",
        "kv",
        "a",
        "ma",
        '"',
        "'",
        "in.",
    ]
)


@dataclass(frozen=True, slots=True)
class _Parts:
    """A cell taken apart; `unit` is `after` as it is compared with that of other cells."""

    negative: bool
    brackets: bool
    before: str
    body: str
    after: str
    unit: str
    attached: bool
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found out about a column.

    Attributes:
        format: How its numbers are written; None where the cells do not prove it, or are no numbers.
        why: Why there is none: ``ambiguous`` (thousands or decimals), ``conflict`` (cells that prove the one and cells
            that prove the other), ``units`` (several), or empty.
        example: A cell that shows why.
        units: Rows by unit, the most frequent ones first.
        assumed: Whether the format is only very likely.
    """

    format: NumberFormat | None = None
    why: Literal["", "ambiguous", "conflict", "units"] = ""
    example: str = ""
    units: tuple[tuple[str, int], ...] = ()
    assumed: bool = False


def read(texts: Sequence[str], form: NumberFormat) -> NDArray[np.float64]:
    """Texts as numbers, NaN where a text is none in this format; plain numbers are numbers in every format.

    With a decimal comma and dots between thousands ``7.5`` is no number: it may be another format, and so may
    ``1,5`` where commas stand between thousands.

    >>> read(["1.234,5 €", "12", "-", "7.5"], NumberFormat(decimal=",", thousands=".", after="€"))
    array([1234.5,   12. ,    nan,    nan])
    """
    return np.array([_value(_parts(text), form) for text in texts], dtype=np.float64)


def formatted(text: str) -> bool:
    """Whether a text is a number in a form that `float` does not read."""
    parts = _parts(text)
    return parts is not None and (
        bool(parts.before or parts.after or parts.brackets) or parts.shape not in ("whole", "dot3", "point")
    )


def grouped_by_dots(texts: Sequence[str]) -> bool:
    """Whether all numbers with a dot have one to three digits before it and exactly three behind it: worth a search."""
    dotted = [text for text in texts if "." in text]
    return bool(dotted) and all(_SHAPES["dot3"].fullmatch(text.strip(" +-")) for text in dotted)


def search(texts: Sequence[str], counts: Counts, decimal: str | None = None, *, least: float = MOST_NUMBERS) -> Search:
    """The format of the numbers in a column.

    Args:
        texts: Its distinct values.
        counts: How many rows hold each.
        decimal: What the user says about columns whose cells prove nothing: ``.`` or ``,`` stands before decimals.
        least: Share of the cells that must be numbers of one format.

    >>> search(["$1,234", "$5"], np.array([1, 1])).format
    NumberFormat(decimal='.', thousands=',', before='$', after='', scaled=False)
    >>> search(["1,234", "2,345"], np.array([1, 1])).why
    'ambiguous'
    """
    cells = [(text, parts, int(rows)) for text, rows in zip(texts, counts, strict=True) if (parts := _parts(text))]
    total, numbers = int(counts.sum()), sum(rows for _, _, rows in cells)
    if not numbers or numbers < least * total:
        return Search()
    codes = sum(rows for _, parts, rows in cells if not parts.after and _PADDED.match(parts.body))
    if codes > 0.01 * total:  # digits with leading zeros are codes
        return Search()
    unit = _unit([(parts, rows) for _, parts, rows in cells])
    if unit is None:
        return _several_units(cells)
    own = [(text, parts, rows) for text, parts, rows in cells if _fits(parts, unit)]
    if sum(rows for _, _, rows in own) < least * total:
        return _several_units(cells)
    found = _decimal(own, unit, decimal, (1 - least) * total)
    if found.format is None:
        return found
    values = read(texts, found.format)
    return found if int(counts[~np.isnan(values)].sum()) >= least * total else Search()


def _parts(text: str) -> _Parts | None:
    """A cell taken apart, None if it is no number with signs and units."""
    if len(text) > _LONGEST:
        return None
    match = _CELL.fullmatch(text.translate(_BLANKS).strip())
    if match is None:
        return None
    before, body, after = match["before"] or "", match["body"], match["after"] or ""
    brackets, minus = match["open"] is not None, match["minus"] or match["minus2"]
    if (
        (match["minus"] and match["minus2"])
        or after.casefold() in _NO_UNITS
        or (before and _IS_CURRENCY.fullmatch(after))
    ):
        return None
    shape = next((shape for shape, pattern in _SHAPES.items() if pattern.fullmatch(body)), None)
    if shape is None:
        return None
    negative = (brackets and minus != "+") or (minus or "+") != "+"
    return _Parts(negative, brackets, before, body, after, _folded(after), not match["gap"], shape)


def _folded(unit: str) -> str:
    """A unit without case and plural, but mW is not MW."""
    unit = unit.rstrip(".")
    folded = unit if len(unit) <= 3 and unit[:1] in "mM" else unit.casefold()
    return folded[:-1] if len(folded) > 2 and folded.endswith("s") and folded.isalpha() else folded


def _fits(parts: _Parts, form: NumberFormat) -> bool:
    """Whether a cell has the unit of the format, or none."""
    if parts.before and parts.before.casefold() != form.before.casefold():
        return False
    if form.scaled and parts.attached and parts.after in _FACTORS:
        return True
    return not parts.after or parts.unit == _folded(form.after)


def _unit(cells: Sequence[tuple[_Parts, int]]) -> NumberFormat | None:
    """Currency, unit and scale of a column; None where too few cells agree."""
    before, after, spelling = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    bare = total = 0
    factors = {parts.after for parts, _ in cells if parts.attached and parts.after in _FACTORS}
    scaled = bool(factors - {"m", "b"})  # 5m alone is five metres rather than five millions
    for parts, rows in cells:
        total += rows
        if parts.before:
            before[parts.before] += rows
        if scaled and parts.after in _FACTORS and parts.attached:
            continue
        if parts.after:
            after[parts.unit] += rows
            spelling[parts.unit, parts.after] += rows
        elif float(re.sub(r"[^0-9]", "", parts.body) or 0) != 0:
            bare += rows
    money = before.most_common(1)[0][0] if before else ""
    unit = after.most_common(1)[0][0] if after else ""
    written = max((rows, text) for (key, text), rows in spelling.items() if key == unit)[1] if unit else ""
    currency = _IS_CURRENCY.fullmatch(written) is not None
    if unit and not currency:
        mixed = unit in "%‰" and bare > (1 - MOST_NUMBERS) * total  # 12 % beside 0.12
        if mixed or after[unit] < _MOSTLY * total:
            return NumberFormat(before=money, scaled=scaled) if after[unit] <= (1 - MOST_NUMBERS) * total else None
    return NumberFormat(before=money, after=written, scaled=scaled)


def _several_units(cells: Sequence[tuple[str, _Parts, int]]) -> Search:
    """What to say of numbers in several units; nothing where they are no units that people know."""
    units = Counter[str]()
    example = ""
    for text, parts, rows in cells:
        if parts.before or parts.after:
            known = bool(parts.before) or parts.after.casefold() in _KNOWN or bool(_IS_CURRENCY.fullmatch(parts.after))
            if not known:
                return Search()
            units[parts.before or parts.after] += rows
            example = example or text
        else:
            units[""] += rows
    return Search(why="units", example=example, units=tuple(units.most_common(3))) if len(units) > 1 else Search()


def _decimal(cells: Sequence[tuple[str, _Parts, int]], unit: NumberFormat, declared: str | None, rare: float) -> Search:
    """The sign before decimals, as far as the shapes of the numbers prove it, but for so many `rare` rows."""
    rows, values, example = Counter[Shape](), Counter[Shape](), dict[Shape, str]()
    for text, parts, count in cells:
        rows[parts.shape] += count
        values[parts.shape] += 1
        example.setdefault(parts.shape, text)
    point, comma = (sum(rows[shape] for shape in shapes) for shapes in (_POINT, _COMMA))
    if point > rare and comma > rare:
        return Search(why="conflict", example=next(example[s] for s in example if s in _COMMA))
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
    money = any(p.brackets or p.before or _IS_CURRENCY.fullmatch(p.after) for _, p, _ in cells if p.shape == shape)
    short = [len(parts.body) <= 3 for _, parts, _ in cells if parts.shape == "whole"]
    if (shape == "comma3" and money) or (values[shape] >= _MANY and short and all(short)):
        # Amounts of money have no three decimals. And decimals of exactly three digits beside whole numbers of at
        # most three are thousands: a person or program that writes 5 for 5,000 writes 1,2 for 1,200.
        return Search(format=_with_groups(grouped, cells), assumed=shape == "dot3", example=example[shape])
    if shape == "dot3" and not money:
        return Search(format=decimals)
    return Search(why="ambiguous", example=example[shape])


def _with_groups(form: NumberFormat, cells: Iterable[tuple[str, _Parts, int]]) -> NumberFormat:
    """The format with the sign that stands between thousands, the most frequent one."""
    signs = Counter[str]()
    for _, parts, rows in cells:
        sign = "," if form.decimal == "." else "."
        grouped = parts.shape in (("comma3", "by comma") if sign == "," else ("dot3", "by dot"))
        sign = sign if grouped else next((blank for blank in " '" if blank in parts.body), "")
        if sign:
            signs[sign] += rows
    return replace(form, thousands=signs.most_common(1)[0][0] if signs else "")


def _value(parts: _Parts | None, form: NumberFormat) -> float:
    if parts is None or not _fits(parts, form):
        return np.nan
    body, shape = parts.body.replace(" ", "").replace("'", ""), parts.shape
    if form.decimal == ".":
        if shape in _COMMA or shape == "by dot":
            return np.nan
        number = float(body.replace(",", ""))
    elif shape in ("comma", "comma3", "by dot"):
        number = float(body.replace(".", "").replace(",", "."))
    elif shape == "dot3":
        if form.thousands != ".":  # thousands that training had none of, or a decimal point: nobody knows
            return np.nan
        number = float(body.replace(".", ""))
    elif shape == "by comma" or (shape == "point" and form.thousands == "."):
        return np.nan
    else:
        number = float(body)
    factor = _FACTORS.get(parts.after, 1.0) if form.scaled and parts.attached else 1.0
    return (-number if parts.negative else number) * factor

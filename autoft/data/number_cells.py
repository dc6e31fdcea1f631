"""Numbers in cells of text: thousands, decimal commas, currencies, units, accounting and typographic minuses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from autoft.records.columns import NumberFormat

_CODES = (
    *("USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "NZD", "CNY", "RMB", "INR", "BRL", "MXN", "SEK", "NOK", "DKK"),
    *("PLN", "CZK", "HUF", "RUB", "TRY", "ZAR", "KRW", "SGD", "HKD", "ILS", "THB", "IDR", "MYR", "PHP", "VND", "AED"),
    *("SAR", "EGP", "NGN", "KES", "ARS", "CLP", "COP", "PEN", "UAH", "RON", "BGN", "BTC"),
)
_SIGNS = "$€£¥₹₽₩₺₪₫₴฿¢"
_CURRENCY = rf"(?:(?:US|CA|AU|NZ|HK|NT|MX|A|C|R|S)?[{_SIGNS}]|(?i:{'|'.join(_CODES)}|Rs\.?|kr\.?|Rp\.?|S/\.?|KSh\.?))"
CURRENCY = re.compile(_CURRENCY)
_MINUS = "\u2212\u2013\u2010\u2011-"  # minus, en dash, typographic hyphens, hyphen
#: Signs and digits as they are twice as wide in East Asian fonts, and the plain ones.
FULL_WIDTH = {0xFF01 + place: chr(0x21 + place) for place in range(94)}
_BLANKS = FULL_WIDTH | str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'", "￥": "¥"})
# A unit begins with a letter or a sign of its own, and has digits only behind a letter (m2) or a slash (l/100 km).
_UNIT = (
    r"[^\W\d_%‰°\"′″][^\d\s]{0,15}\d?(?:(?:[ ]?/[ ]?(?:10{1,3}[ ]?)?|[ ])[^\W\d_(][^\s\d]{0,15}){0,2}"
    r"|/[^\W\d_][^\s]{0,15}|[%‰°\"′″][A-Za-z]?"
)
_CELL = re.compile(
    rf"""(?P<money>{_CURRENCY}(?=[ ]?\())?[ ]?(?P<open>\()?[ ]?
    (?P<minus>[+{_MINUS}])?[ ]?(?P<before>{_CURRENCY})?[ ]?(?P<minus2>[+{_MINUS}])?[ ]?
    (?P<body>[0-9.,]+(?:[' ][0-9.,]+)*(?:[eE][+-]?[0-9]{{1,3}}(?![0-9A-Za-z]))?)
    (?P<minus3>[{_MINUS}])?(?P<gap>[ ]{{0,2}})
    (?P<after>{_CURRENCY}(?:[ ]?/[ ]?[^\W\d_]{{1,10}}[²³]?)?|{_UNIT})?[ ]?(?(open)\))""",
    re.VERBOSE,
)
#: Cents that are none: 63,- or 278.--
_NO_CENTS = re.compile(rf"(?<=[0-9])([.,])[—{_MINUS}]{{1,2}}(?![0-9])")
_LONGEST = 80
#: Whole numbers of more digits are not told apart as float64: they are names.
_DIGITS = 15
PADDED = re.compile(r"0[0-9]")

#: What the digits and signs of a number look like; the first that matches counts.
Shape = Literal["whole", "dot3", "comma3", "groups", "point", "comma", "by_comma", "by_dot"]
_GROUPS = r"[1-9][0-9]{0,2}(?:(?: [0-9]{3})+|(?:'[0-9]{3})+)"
_PATTERNS: dict[Shape, str] = {
    "whole": r"[0-9]+",
    "dot3": r"[1-9][0-9]{0,2}\.[0-9]{3}",
    "comma3": r"[1-9][0-9]{0,2},[0-9]{3}",
    "groups": _GROUPS,
    "point": rf"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|{_GROUPS}\.[0-9]+",
    "comma": rf"[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?|{_GROUPS},[0-9]+",
    # Thousands in groups of three, or as in India of two but for the last.
    "by_comma": r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]*)?|,[0-9]{3}\.[0-9]*)"
    r"|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]*)?",
    "by_dot": r"[1-9][0-9]{0,2}(?:(?:\.[0-9]{3}){2,}(?:,[0-9]*)?|\.[0-9]{3},[0-9]*)",
}
_SHAPES = re.compile("|".join(f"(?P<{shape}>{pattern})" for shape, pattern in _PATTERNS.items()))
_DOT3 = re.compile(_PATTERNS["dot3"])
#: Shapes that prove which sign stands before decimals.
POINT: frozenset[Shape] = frozenset({"point", "by_comma"})
COMMA: frozenset[Shape] = frozenset({"comma", "by_dot"})
#: Shapes that mean a thousand times as much where the sign stands between thousands.
THREES: frozenset[Shape] = frozenset({"dot3", "comma3"})

FACTORS = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "mn": 1e6, "b": 1e9, "B": 1e9, "bn": 1e9}
#: What stands behind a number that counts, and is no unit.
_NO_UNITS = frozenset({"st", "nd", "rd", "th", "am", "pm", "a.m.", "p.m."})


@dataclass(frozen=True, slots=True)
class NumberCell:
    """A cell taken apart; `unit` is `after` as it is compared with that of other cells."""

    negative: bool
    brackets: bool
    before: str
    body: str
    after: str
    unit: str
    attached: bool
    shape: Shape


def read(cells: Iterable[NumberCell | None], form: NumberFormat) -> NDArray[np.float64]:
    """Cells as numbers, NaN where one is none in this format; plain numbers are numbers in every format.

    With a decimal comma and dots between thousands ``7.5`` is no number: it may be another format, and so may
    ``1,5`` where commas stand between thousands.

    >>> read(map(take_apart, ["1.234,5 €", "12", "-", "7.5"]), NumberFormat(decimal=",", thousands=".", after="€"))
    array([1234.5,   12. ,    nan,    nan])
    """
    units: dict[tuple[str, str, bool], bool] = {}
    values = []
    for cell in cells:
        if cell is None:
            values.append(np.nan)
            continue
        unit = (cell.before, cell.after, cell.attached)
        if unit not in units:
            units[unit] = fits(cell, form)
        values.append(_value(cell, form) if units[unit] else np.nan)
    return np.array(values, dtype=np.float64)


def dots_in_threes(texts: Sequence[str]) -> bool:
    """Whether all numbers with a dot have one to three digits before it and exactly three behind it: worth a search."""
    dotted = [text for text in texts if "." in text]
    return bool(dotted) and all(_DOT3.fullmatch(text.strip(" +-")) for text in dotted)


def take_apart(text: str) -> NumberCell | None:
    """A cell taken apart, None if it is no number with signs and units."""
    if len(text) > _LONGEST:
        return None
    match = _CELL.fullmatch(_NO_CENTS.sub(r"\g<1>00", text.translate(_BLANKS).strip()))
    if match is None:
        return None
    before, body, after = match["money"] or match["before"] or "", match["body"], match["after"] or ""
    brackets, signs = match["open"] is not None, [*filter(None, (match["minus"], match["minus2"], match["minus3"]))]
    if len(signs) > 1 or after.casefold() in _NO_UNITS or (before[-1:].isalpha() and CURRENCY.fullmatch(after)):
        return None
    # 439,50- and 4395- are amounts, 2- is a mark, 0017-QX a name.
    if match["minus3"] and not re.search("[.,]" if after else "[.,]|[0-9]{3}", body):
        return None
    minus = signs[0] if signs else "+"
    shaped = _SHAPES.fullmatch(body)
    if shaped is None or _is_name(body):
        return None
    negative = (brackets and not (signs and minus == "+")) or minus != "+"
    return NumberCell(
        negative, brackets, before, body, after, folded(after), not match["gap"], cast(Shape, shaped.lastgroup)
    )


def _is_name(body: str) -> bool:
    """Whether digits and signs are rather a long number of something, or an address (192.168.100.200)."""
    groups = body.split(".")
    if len(groups) == 4 and all(group.isdigit() and int(group) < 256 for group in groups):
        return True
    thousands = next((sign for sign in ",." if body.count(sign) > 1), " ")
    whole = re.split(r"[.,eE]", body.replace(thousands, ""))[0]
    return len(body) > _DIGITS and sum(sign.isdigit() for sign in whole) > _DIGITS


@lru_cache(maxsize=1024)
def folded(unit: str) -> str:
    """A unit without case and plural, but mW is not MW."""
    unit = unit.rstrip(".")
    folded = unit if len(unit) <= 3 and unit[:1] in "mM" else unit.casefold()
    return folded[:-1] if len(folded) > 2 and folded.endswith("s") and folded.isalpha() else folded


def fits(parts: NumberCell, form: NumberFormat) -> bool:
    """Whether a cell has the unit of the format, or none."""
    if parts.before and folded(parts.before) != folded(form.before):
        return False
    if form.scaled and parts.attached and parts.after in FACTORS:
        return True
    return not parts.after or parts.unit == folded(form.after)


def _value(parts: NumberCell, form: NumberFormat) -> float:
    body, shape = parts.body.replace(" ", "").replace("'", ""), parts.shape
    if form.decimal == ".":
        if shape in COMMA:
            return np.nan
        number = float(body.replace(",", ""))
    elif shape in ("comma", "comma3", "by_dot"):
        number = float(body.replace(".", "").replace(",", "."))
    elif shape == "dot3":
        if form.thousands != ".":  # thousands that training had none of, or a decimal point: nobody knows
            return np.nan
        number = float(body.replace(".", ""))
    elif shape == "by_comma" or (shape == "point" and form.thousands == "."):
        return np.nan
    else:
        number = float(body)
    factor = FACTORS.get(parts.after, 1.0) if form.scaled and parts.attached else 1.0
    return (-number if parts.negative else number) * factor

"""Dates in texts and numbers: one table of formats, and how each is read.

Formats are named as in ``strptime``. Its own parser is not used, since its month names follow the locale and it has no
optional time of day; nor pandas', whose tolerance differs between versions and whose nanoseconds end in the year 2262;
nor dateutil's, which reads a date out of nearly any text ("5" is the fifth of this month). Here a text is a date of a
format or none; the standard library says which days there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from autoft.data.number_cells import FULL_WIDTH

Floats = NDArray[np.float64]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NUMBERS = {name: number for number, name in enumerate(_MONTHS, 1)}
_ODD_SIGNS = (
    FULL_WIDTH | dict.fromkeys(map(ord, "\u00a0\u202f"), " ") | dict.fromkeys(map(ord, "\u2010\u2011\u2013"), "-")
)
_DIGIT = re.compile(r"\d")
_ONES = str.maketrans("023456789", "111111111")
_EPOCH = date(1970, 1, 1).toordinal()
#: The last year of two digits that is in this century, as POSIX has it.
_THIS_CENTURY = 68

# English only. Nothing here backtracks over long cells: every run is bounded or possessive.
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\ {1,2})?"
_MONTH = (
    r"(?P<b>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_NAMES = f"(?:{'|'.join(_MONTHS)})"
_ZONE = r"(?:\ ?(?P<z>Z|(?:UTC|GMT)?[+-][0-9]{2}(?::?[0-9]{2})?|UTC|GMT)(?:\ (?:UTC|\([^()]{1,40}\)))?)?"
_HALF = r"(?:\ ?(?:(?P<p>[ap])\.?m\.?|Uhr))?"
_CLOCK = rf"(?P<H>[0-9]{{1,2}})(?::(?P<M>[0-9]{{2}})(?::(?P<S>[0-9]{{2}}(?:[.,][0-9]{{1,9}})?))?)?{_HALF}"
#: After a day there may be a time: ``2021-04-05T10:00``, ``5 Apr 2021, 10 am``, ``[05/Apr/2021:10:00:00 +0200]``.
_TIME = rf"(?:(?P<t>T|,?\ {{1,2}}(?:at\ )?|[-:_]){_CLOCK}{_ZONE})?"
#: What stands between the parts of a date besides hyphens and points: ``5/4/2021``, ``05 / 04 / 2021``, ``2021_04_05``.
_BETWEEN = r"(?:\ ?/\ ?|[_\ ])"
_FIELDS = {
    "%Y": r"(?P<Y>[0-9]{4})",
    "%y": r"(?P<y>[0-9]{2})",
    "%m": r"(?P<m>[0-9]{1,2})",
    "%d": r"(?P<d>[0-9]{1,2})",
    "%b": _MONTH,
}


def _pattern(form: str, time: str = _TIME) -> re.Pattern[str]:
    for code, field in _FIELDS.items():
        form = form.replace(code, field)
    weekday = _WEEKDAY if "<d>" in form else ""
    return re.compile(rf"\s*+\[?{weekday}(?:{form}){time}\]?\s*+", re.IGNORECASE | re.ASCII)


def _forms(*forms: str) -> dict[str, re.Pattern[str]]:
    return {form: _pattern(form.replace(".", r"\.")) for form in forms}


_COMPACT = r"%Y(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
_COMPACT_TIME = rf"[T\ ](?P<H>[0-9]{{2}}):?(?P<M>[0-9]{{2}})(?::?(?P<S>[0-9]{{2}}(?:[.,][0-9]{{1,9}})?))?{_ZONE}"
#: Formats that are recognised; of equally good ones the first is taken. Each has an optional time of day.
FORMATS: Mapping[str, re.Pattern[str]] = {
    "iso": _pattern("%Y-%m-%d"),
    "%Y/%m/%d": _pattern(rf"%Y(?:{_BETWEEN}|\ ?[年년]\ ?)%m(?:{_BETWEEN}|\ ?[月월]\ ?)%d\ ?[日일]?"),
    **_forms("%Y.%m.%d", "%d.%m.%Y"),
    "%d/%m/%Y": _pattern(rf"%d{_BETWEEN}%m{_BETWEEN}%Y"),
    "%m/%d/%Y": _pattern(rf"%m{_BETWEEN}%d{_BETWEEN}%Y"),
    **_forms("%d-%m-%Y", "%m-%d-%Y", "%m.%d.%Y"),
    "%d %b %Y": _pattern(r"%d(?:st|nd|rd|th|\.)?(?:\ of)?[-\ /]{0,2}%b[-\ /.,]{0,2}%Y"),
    "%b %d, %Y": _pattern(r"%b\.?[-\ /.]{0,2}%d(?:st|nd|rd|th)?[-\ /,]{1,2}%Y"),
    "%Y %b %d": _pattern(r"%Y[-\ /]?%b\.?[-\ /]?%d"),
    "%b %d %H:%M:%S %Y": _pattern(rf"%b\.?\ {{1,2}}%d\ {_CLOCK}{_ZONE}\ %Y", ""),
    "%Y%m%dT%H%M%S": _pattern(_COMPACT, _COMPACT_TIME),
    "%Y-%m": _pattern("%Y[-/]%m", ""),
    "%m/%Y": _pattern("%m[-/]%Y", ""),
    "%b %Y": _pattern(r"%b\.?[-\ /,]{0,2}%Y", ""),
    "%Y-Q%q": _pattern(r"%Y[-\ ]?Q(?P<q>[1-4])|(?:Q(?P<q2>[1-4])|(?P<q3>[1-4])Q)[-\ /]?(?P<Y2>[0-9]{4})", ""),
    "%G-W%V": _pattern(
        r"%Y-?W(?P<V>[0-9]{2})(?:-?(?P<u>[1-7]))?|K?W\ ?(?P<V2>[0-9]{1,2})[-\ /]{1,2}(?P<Y2>[0-9]{4})", ""
    ),
    "%H:%M:%S": _pattern(_CLOCK, ""),
}
#: Formats that only a declaration allows: the century would be a guess, or the cell is a number like any other.
DECLARED: Mapping[str, re.Pattern[str]] = {
    "%Y%m%d": _pattern(_COMPACT, rf"(?:{_COMPACT_TIME})?"),
    "%Y%m%d%H%M%S": _pattern(rf"{_COMPACT}(?P<H>[0-9]{{2}})(?P<M>[0-9]{{2}})(?P<S>[0-9]{{2}})?", ""),
    "%d%m%Y": _pattern("%d(?P<m>[0-9]{2})%Y", ""),
    "%m%d%Y": _pattern("%m(?P<d>[0-9]{2})%Y", ""),
    **_forms("%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d.%m.%y", "%y/%m/%d", "%y-%m-%d", "%y.%m.%d"),
    "%d %b %y": _pattern(r"%d(?:st|nd|rd|th|\.)?[-\ /]{0,2}%b[-\ /.,]{0,2}'?%y"),
    "%b %d, %y": _pattern(r"%b\.?[-\ /]{1,2}%d(?:st|nd|rd|th)?[-\ /,]{1,2}'?%y"),
    "%b %y": _pattern(r"%b\.?[-\ /]{0,2}'?%y", ""),
    "%Y%m": _pattern(r"%Y(?P<m>[0-9]{2})", ""),
    "%d%m%y": _pattern("%d(?P<m>[0-9]{2})%y", ""),
    "%m%d%y": _pattern("%m(?P<d>[0-9]{2})%y", ""),
    "%y%m%d": _pattern("%y(?P<m>[0-9]{2})(?P<d>[0-9]{2})", ""),
    "%Y": _pattern("%Y", ""),
}
#: Numbers that only a declaration makes dates: how many seconds one is, and how many of them it is from 1970.
UNITS: Mapping[str, tuple[float, float]] = {
    "excel": (86_400.0, -25_569.0),  # days since 1899-12-30
    "seconds": (1.0, 0.0),
    "milliseconds": (1e-3, 0.0),
    "microseconds": (1e-6, 0.0),
    "nanoseconds": (1e-9, 0.0),
}
#: Times of the day without a date; they are seconds since midnight.
CLOCK = "%H:%M:%S"
#: Pairs of which the first and the second part of a date may each be the day, so that only the column can tell.
DAY_OR_MONTH: Mapping[str, str] = {
    "%d/%m/%Y": "%m/%d/%Y",
    "%d-%m-%Y": "%m-%d-%Y",
    "%d.%m.%Y": "%m.%d.%Y",
    "%d%m%Y": "%m%d%Y",
    "%d/%m/%y": "%m/%d/%y",
    "%d-%m-%y": "%m-%d-%y",
    "%d%m%y": "%m%d%y",
}
#: The same where a year of two digits may also be the day.
YEAR_FIRST: Mapping[str, str] = {
    "%d/%m/%y": "%y/%m/%d",
    "%d-%m-%y": "%y-%m-%d",
    "%d.%m.%y": "%y.%m.%d",
    "%d%m%y": "%y%m%d",
}
#: What can be read in one way only is read besides the column's own format.
BESIDES = ("iso", "%Y/%m/%d", "%d %b %Y", "%b %d, %Y", "%b %d %H:%M:%S %Y")
#: Beginning of a date: a cheap test before the exact ones.
LIKE_DATE = re.compile(
    rf"\s*+\[?{_WEEKDAY}(?:\d{{8}}[T\ ]"
    r"|\d{1,4}(?:[-/.:_／－．\u2010\u2011\u2013]|\ ?[/年년]\ ?|\ (?=\d{1,2}\ \d))[\da-z]"
    rf"|\d{{1,4}}(?:st|nd|rd|th|\.)?[\ \u00a0\u202f]?(?:of\ )?(?:[apqw]|{_NAMES})|{_NAMES}|Q[1-4]"
    r"|K?W\ ?\d{1,2}[-\ /])",
    re.IGNORECASE,
)
#: What a person would call a date or a duration, read or not: ``5. Mai 2021``, ``2021-04-05 10:00 CEST``, ``FY21 Q3``,
#: ``45:30``, ``1h 30m``, ``PT1H30M``.
FOREIGN_DATE = re.compile(
    r"\s*+(?:\w{2,10}\.?,?\ )?"
    r"(?:[0-9]{1,2}(?:\.?\ |[-./])(?:de\ )?[^\W\d]{3,12}\.?(?:\ |[-./])(?:de\ )?(?:19|20)[0-9]{2}"
    r"|[0-9]{1,2}([-./])[0-9]{1,2}\1(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}([-./])[0-9]{1,2}\2[0-9]{1,2}"
    r"|FY[-\ ]?(?:19|20)?[0-9]{2}[-\ /]?Q[1-4]|Q[1-4][-\ /]?FY[-\ ]?(?:19|20)?[0-9]{2}"
    r"|[0-9]{1,3}\ ?h(?:\ ?[0-5]?[0-9](?:\ ?m(?:in)?)?)?(?:\ ?[0-5]?[0-9]\ ?s)?"
    r"|P(?=[0-9T])(?:[0-9.]{1,9}[YMWD]){0,4}(?:T(?:[0-9.]{1,9}[HMS]){1,3})?"
    r"|[0-9]{1,4}:[0-5][0-9](?::[0-5][0-9])?(?:[.,][0-9]{1,6})?)(?:[\ T,/][^\n]{0,40})?\s*+"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dates:
    """Dates of some cells: `seconds` ``[n]`` float64 since 1970-01-01 UTC, NaN where a cell is no date (times without a
    zone are UTC), and `zoned` ``[n]`` bool, whether the cell names its time zone."""

    seconds: Floats
    zoned: NDArray[np.bool_]


def possible_formats(texts: Sequence[str]) -> list[str]:
    """The formats of the table that some texts have but for their digits, which may make no day."""
    shapes = {_plain(text).translate(_ONES) for text in texts}
    return [name for name, one in {**FORMATS, **DECLARED}.items() if any(map(one.fullmatch, shapes))]


def read_dates(texts: Sequence[str], form: str, *, besides: bool = True) -> Dates:
    """Texts as dates of one format (a name in `FORMATS`, `DECLARED` or `UNITS`), and of those that can be read in one
    way only (ISO, month names) unless `besides` is False. Dates are never read besides times of the day.

    >>> read_dates(["02/01/1970", "1970-01-02", "2 January 1970 01:00", "soon"], "%d/%m/%Y").seconds
    array([86400., 86400., 90000.,    nan])
    """
    others = () if form == CLOCK or not besides else BESIDES
    forms = [*dict.fromkeys((form, *others))]
    patterns = [FORMATS.get(name) or DECLARED[name] for name in forms if name not in UNITS]
    found = [_first(_plain(text), patterns) for text in texts]
    seconds = np.array([instant for instant, _ in found], dtype=np.float64)
    if form in UNITS:
        factor, start = UNITS[form]
        counted = np.array([_number(text) for text in texts], dtype=np.float64)
        seconds = np.where(np.isnan(seconds), (counted + start) * factor, seconds)
    return Dates(seconds=seconds, zoned=np.array([zoned for _, zoned in found], dtype=bool))


def _plain(text: str) -> str:
    """The text with plain blanks, which browsers write narrower before AM and PM, plain hyphens and digits."""
    return text if text.isascii() else _DIGIT.sub(lambda digit: str(int(digit[0])), text.translate(_ODD_SIGNS))


def _number(text: str) -> float:
    try:
        return float(text) if "_" not in text and np.isfinite(float(text)) else np.nan
    except ValueError:
        return np.nan


def _first(text: str, patterns: Sequence[re.Pattern[str]]) -> tuple[float, bool]:
    """The date by the first pattern that gives one, and whether it names its zone."""
    for pattern in patterns:
        if (match := pattern.fullmatch(text)) is not None:
            instant = _instant(part := match.groupdict())
            if instant == instant:
                return instant, bool(part.get("z"))
    return np.nan, False


def _instant(part: Mapping[str, str | None]) -> float:
    day, clock, ahead = _day(part), _clock(part), _offset(part.get("z"))
    return np.nan if day is None or clock is None or ahead is None else day * 86400.0 + clock - ahead


def _day(part: Mapping[str, str | None]) -> int | None:
    """Days since 1970 of what a pattern found; None if there is no such day."""
    year, short = part.get("Y") or part.get("Y2"), part.get("y")
    if year is None and short is None:
        return 0
    y = int(year) if year else int(short or 0) + (2000 if int(short or 0) <= _THIS_CENTURY else 1900)
    quarter, name = part.get("q") or part.get("q2") or part.get("q3"), part.get("b")
    try:
        if week := part.get("V") or part.get("V2"):
            return date.fromisocalendar(y, int(week), int(part["u"] or 1)).toordinal() - _EPOCH
        month = int(part.get("m") or 1)
        if quarter or name:
            month = 3 * int(quarter) - 2 if quarter else _MONTH_NUMBERS[(name or "")[:3].lower()]
        return date(y, month, int(part.get("d") or 1)).toordinal() - _EPOCH
    except ValueError:
        return None


def _clock(part: Mapping[str, str | None]) -> float | None:
    """Seconds since midnight; None if there is no such time."""
    if (hours := part.get("H")) is None:
        return 0.0
    half = part.get("p")
    hour, minute, second = int(hours), int(part["M"] or 0), float((part["S"] or "0").replace(",", "."))
    if half:
        hour = hour % 12 + 12 * (half in "pP") if 1 <= hour <= 12 else 99
    elif part["M"] is None and (part.get("t") or "-") in "-:_":  # 2021-04-05 10 is ten o'clock, 2021-04-05-10 is not
        return None
    if hour > 23 and (hour, minute, second) != (24, 0, 0):  # 24:00 is the end of the day
        return None
    return None if minute > 59 or second >= 60 else hour * 3600 + minute * 60 + second


def _offset(zone: str | None) -> int | None:
    """Seconds by which a zone is ahead of UTC."""
    digits = (zone or "").upper().removeprefix("UTC").removeprefix("GMT").replace(":", "")
    if digits in ("", "Z"):
        return 0
    hours, minutes = int(digits[1:3]), int(digits[3:5] or 0)
    return None if hours > 15 or minutes > 59 else (-1 if digits[0] == "-" else 1) * (hours * 3600 + minutes * 60)

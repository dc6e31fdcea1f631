"""Date formats of columns: which format most cells have, and where only a declaration can tell."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from autoft.data.cells import Distinct
from autoft.data.dates import (
    BESIDES,
    CLOCK,
    DAY_OR_MONTH,
    DECLARED,
    FORMATS,
    LIKE_DATE,
    UNITS,
    YEAR_FIRST,
    Floats,
    possible_formats,
    read_dates,
)

#: Share of the cells that must look like dates before any format is tried.
_MOSTLY = 0.5
#: Share of numbers that must be days for the others, such as 0 and 99999999, to be missing.
_NEARLY_ALL = 0.9
#: So many distinct numbers of eight digits that all are days are no chance: one number in a thousand is a day.
_ENOUGH_DAYS = 10
_COMPACT = {
    "%Y%m%d": (19_000_101, 21_001_231),
    "%Y%m": (190_001, 210_012),
    "%d%m%Y": (1_011_900, 31_122_100),
    "%m%d%Y": (1_011_900, 12_312_100),
    "%Y%m%d%H%M%S": (190_001_010_000, 21_001_231_235_959),
}
#: Years between which a number or a year with a month is taken for a date.
_YEARS = (1900, 2100)
#: A day that no two formats read alike.
_EXAMPLE = datetime(2021, 12, 31, tzinfo=UTC)
#: The same for numbers that count from a day: days of this century and the last half of the one before.
_COUNTED_YEARS = (1975, 2100)
_DOUBTFUL = frozenset(
    {"%Y-%m", "%m/%Y", "%Y-Q%q", "%G-W%V", "%Y%m%d", "%Y%m", "%d%m%Y", "%m%d%Y", "%Y%m%d%H%M%S", "%Y"}
)


def find_format(distinct: Distinct, *, declared: bool = False) -> str | None:
    """The format of date that most cells have; None if there is none, or if most cells are no dates. If the user says
    that they are (`declared`), formats count that are else a guess.

    >>> import pandas as pd
    >>> find_format(Distinct.of(pd.Series(["05/04/2021", "31/04/2021", "13/05/2021"], dtype=object)))
    '%d/%m/%Y'
    """
    if not declared and (distinct.values.dtype != object or distinct.share(distinct.begins(LIKE_DATE)) < _MOSTLY):
        return None
    forms = [*possible_formats(distinct.texts), *(UNITS if declared else ())]
    forms = [form for form in forms if declared or form not in DECLARED]
    if not forms:
        return None
    own = {form: _own(distinct, form) for form in forms}
    none = np.zeros(len(distinct.values), dtype=bool)
    besides = np.any([none, *(own[form] for form in BESIDES if form in own)], axis=0)
    # ISO dates are read in any format: of a column of two formats the other one is its own.
    best: str = max(forms, key=lambda form: (distinct.share(own[form] | besides), distinct.share(own[form])))
    doubted = best in _DOUBTFUL and distinct.share(own[best] | besides) < _MOSTLY
    year_first = YEAR_FIRST.get(best, "")
    if year_first in own and not (own[best] & ~own[year_first]).any():  # 21-01-05, 21-01-06: not of 2005 and 2006
        best = min(best, year_first, key=lambda form: _years(distinct, form))
    if not own[best].any() or (not declared and (doubted or (best == "%Y-%m" and _seasons(distinct, best)))):
        return None
    return best


def name_format(wanted: str) -> str | None:
    """The name in the table for a format as a user writes it in ``strptime``'s terms; None if it has none.

    >>> name_format("%Y-%m-%d %H:%M"), name_format("%d-%b-%Y"), name_format("dd.mm.")
    ('iso', '%d %b %Y', None)
    """
    wanted = wanted.strip()
    if wanted in (*FORMATS, *DECLARED, *UNITS):
        return wanted
    try:
        text = _EXAMPLE.strftime(wanted) if "%" in wanted else ""
    except ValueError:  # some systems refuse unknown letters
        return None
    read = {form: read_dates([text], form, besides=False).seconds[0] for form in possible_formats([text])}
    return next((form for form, seconds in read.items() if seconds == _EXAMPLE.timestamp()), None)


def find_short_years(distinct: Distinct) -> NDArray[np.bool_]:
    """Which values are dates whose century would have to be guessed, by the format that most of them have."""
    if distinct.share(distinct.begins(LIKE_DATE)) < _MOSTLY:
        return np.zeros(len(distinct.values), dtype=bool)
    found = [~np.isnan(distinct.dates(form, besides=False).seconds) for form in DECLARED if "%y" in form]
    return max(found, key=distinct.share)


def find_compact(distinct: Distinct) -> str | None:
    """The format of days (20210405) or months (202104) as numbers, if all values are some (but for a few such as 0),
    and so many that it is no chance. Of one month or year alone they are left as numbers, which they are as well."""
    numbers = distinct.numbers
    if len(numbers) < _ENOUGH_DAYS or np.isnan(numbers).any():
        return None
    for form, (low, high) in _COMPACT.items():
        days = (numbers >= low) & (numbers <= high)
        likely = days.sum() >= _ENOUGH_DAYS and distinct.share(days) >= _NEARLY_ALL
        # Beside them there may be what stands for no day.
        likely = likely and np.isin(numbers[~days], (0, -1, 999_999, 99_999_999)).all()
        if likely and len(np.unique(numbers[days] // 100)) > 1 and _own(distinct, form)[days].all():
            return form
    return None


def find_ambiguous(distinct: Distinct, form: str) -> tuple[NDArray[np.bool_], str]:
    """Which values have their day in either of two places, if all do, and the format that reads them otherwise; with
    points between them the day comes before the month. Few years are likelier than many."""
    own, first = _own(distinct, form), {day: year for year, day in YEAR_FIRST.items()}
    month = None if "." in form else DAY_OR_MONTH.get(form)
    for other in filter(None, (month, YEAR_FIRST.get(form), first.get(form))):
        both = _own(distinct, other) & own
        likely = other == month or _years(distinct, other) < 2 * _years(distinct, form)
        if likely and distinct.rows(both) == distinct.rows(own):
            return both, other
    return np.zeros(len(distinct.values), dtype=bool), form


def _years(distinct: Distinct, form: str) -> int:
    """How many years the dates of a format have."""
    seconds = distinct.dates(form, besides=False).seconds
    return len(np.unique(seconds[~np.isnan(seconds)] // (365.2425 * 86_400)))


def other_order(distinct: Distinct, form: str | None) -> str | None:
    """The format with day and month the other way round, if it fits all values and the column's own does not."""
    other = {**DAY_OR_MONTH, **{second: first for first, second in DAY_OR_MONTH.items()}}.get(form or "")
    return other if other is not None and _own(distinct, other).all() else None


def _own(distinct: Distinct, form: str) -> NDArray[np.bool_]:
    """Which values are dates of this format alone, and of years that are likely where the format leaves doubt."""
    seconds = distinct.dates(form, besides=False).seconds
    if form in UNITS:
        return within(seconds, _COUNTED_YEARS)
    return within(seconds, _YEARS) if form in _DOUBTFUL else ~np.isnan(seconds)


def within(seconds: Floats, years: tuple[int, int]) -> NDArray[np.bool_]:
    """Which times are in these years, the last one included."""
    low, high = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (years[0], years[1] + 1))
    return (seconds >= low) & (seconds < high)


def _seasons(distinct: Distinct, form: str) -> bool:
    """Whether 2008-09 is a season: the second number is the year after the first in all values."""
    months = [text.strip() for text, own in zip(distinct.texts, _own(distinct, form), strict=True) if own]
    return all(int(text[5:]) == (int(text[:4]) + 1) % 100 for text in months)


def words(form: str | None, zoned: bool | None) -> str:
    """What cells of a format are called."""
    if form == CLOCK:
        return "times of the day"
    return {True: "dates with a time zone", False: "dates without a time zone", None: "dates"}[zoned]

"""Cells: numbers and truth values in texts, read from the distinct values of a column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autoft.data import number_cells
from autoft.data.dates import CLOCK, DECLARED, UNITS, Dates, read_dates
from autoft.data.number_cells import NumberCell
from autoft.data.table import ZONED, canonical, number_text
from autoft.records.columns import NumberFormat

Floats = NDArray[np.float64]

#: Words that mean 0 and 1, pair by pair, in any case.
PAIRS = (("no", "yes"), ("false", "true"), ("n", "y"), ("f", "t"), ("0", "1"))
TRUTH = {word: float(value) for pair in PAIRS for value, word in enumerate(pair)}

# What float() understands, without its words (inf, nan) and without underscores. Here and below nothing backtracks
# over long cells: runs are possessive or bounded.
_NUMBER = re.compile(r"\s*+[+\-\u2212]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?\s*+")
#: Durations as pandas writes them to files.
_DURATION = re.compile(r"(-?[0-9]{1,6}) days? \+?([0-9]{2}):([0-9]{2}):([0-9]{2}(?:\.[0-9]{1,9})?)")
_INFINITE = re.compile(r"\s*+[+-]?inf(?:inity)?\s*+", re.IGNORECASE)
#: Whole numbers of more digits than float64 can tell apart.
LONG_INTEGER = re.compile(r"-?\d{16,}+")
#: A single short word, or a telephone or card number; 64 characters are the longest identifiers in use (SHA-256).
TOKEN = re.compile(r"\S{1,64}|\+?[0-9()/ -]{8,64}")
#: Telephone numbers: no program writes a plus before millions.
PHONE = re.compile(r"\s*+\+[0-9]{7,15}\s*+")
#: Digits with leading zeros: codes rather than numbers.
ZERO_PADDED = re.compile(r"\s*+[+-]?0\d++\s*+")
_MOST_DIGITS = 64
_DIGITS = re.compile(rf"[0-9]{{1,{_MOST_DIGITS}}}")
_WHOLE_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.0")

#: Beginning of a number or an amount: a cheap test before the exact ones.
LIKE_NUMBER = re.compile(
    r"\s*+[-+(\u2212\u2013]?(?:[^\w\s]=?|[A-Z]{3}\ ?|[A-Z]{1,2}[$€£¥]|r[sp]\.?|kr\.?|s/\.?)?"
    r"\s?[-+(\u2212\u2013]?(?:[.,]?\d|inf)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Distinct:
    """The distinct non-missing values of a canonical column, in the order of their first rows.

    Attributes:
        values: float64, datetime64[ns], or object (``str``).
        codes: For each row the position of its value in `values`, -1 where the cell is missing.
        zoned: Whether these are times that came with a time zone.
    """

    values: NDArray[Any]
    codes: NDArray[np.int64]
    zoned: bool = False
    _dates: dict[tuple[str, bool], Dates] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, series: pd.Series[Any]) -> Distinct:
        """The distinct values of a column of a canonical frame (other dtypes are made canonical first)."""
        if str(series.dtype) not in ("float64", "datetime64[ns]", ZONED, "object"):
            series = canonical(series, str(series.name))
        zoned = str(series.dtype) == ZONED
        values = (series.dt.tz_localize(None) if zoned else series).to_numpy()
        codes, distinct = pd.factorize(values)
        return cls(values=np.asarray(distinct), codes=codes.astype(np.int64), zoned=zoned)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many rows hold each value."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values)).astype(np.int64)

    @cached_property
    def texts(self) -> list[str]:
        """Each value as text: the same whatever kind of source it came from."""
        if self.values.dtype == object:
            return list(self.values)
        if self.zoned:
            return [f"{str(value)[:19].replace('T', ' ')}+00:00" for value in self.values]
        if self.values.dtype.kind == "M":
            return [str(value)[:19].replace("T", " ").removesuffix(" 00:00:00") for value in self.values]
        return [number_text(value) for value in self.values]

    @cached_property
    def numbers(self) -> Floats:
        """Each value as a number, NaN where it is none."""
        if self.values.dtype.kind == "M":
            return np.full(len(self.values), np.nan)
        return self.values if self.values.dtype != object else numbers(self.texts)

    def numbers_in(self, form: NumberFormat | None) -> Floats:
        """Each value as a number that is written in a format, NaN where it is none; None for plain numbers."""
        if form is None or self.values.dtype != object:
            return self.numbers
        return self._formatted(form)

    @cached_property
    def parts(self) -> list[NumberCell | None]:
        """Each value taken apart, None where it is no number with signs and units."""
        return list(map(number_cells.take_apart, self.texts))

    @cached_property
    def _formatted(self) -> Callable[[NumberFormat], Floats]:
        """The function of `numbers_in` for texts, which remembers what it has read."""
        return cache(lambda form: np.where(np.isinf(self.numbers), self.numbers, number_cells.read(self.parts, form)))

    def dates(self, form: str, *, besides: bool = True) -> Dates:
        """Each value as a date (see `read_dates`); numbers are dates in declared formats alone."""
        if (form, besides) not in self._dates:
            self._dates[form, besides] = self._read_dates(form, besides)
        return self._dates[form, besides]

    def _read_dates(self, form: str, besides: bool) -> Dates:
        count = len(self.values)
        if self.values.dtype == object:
            texts = list(plain_texts(self.texts)) if form in DECLARED else self.texts
            return read_dates(texts, form, besides=besides)
        if self.values.dtype.kind == "M" and form != CLOCK:
            times = self.values.astype("datetime64[ns]").astype(np.int64) / 1e9
            return Dates(seconds=times, zoned=np.full(count, self.zoned))
        if self.values.dtype.kind == "f" and (form in DECLARED or form in UNITS):
            return read_dates(self.texts, form, besides=False)
        return Dates(seconds=np.full(count, np.nan), zoned=np.zeros(count, dtype=bool))

    def seconds(self, form: str, zoned: bool | None = None) -> Floats:
        """Each value as seconds since 1970-01-01 UTC, NaN where it is no such date; `zoned` says whether a date has to
        name its time zone, or must not (None takes both)."""
        dates = self.dates(form)
        return dates.seconds if zoned is None else np.where(dates.zoned == zoned, dates.seconds, np.nan)

    def share(self, mask: NDArray[np.bool_]) -> float:
        """Share of the non-missing rows whose value is in `mask` (0 if there are none)."""
        return self.rows(mask) / max(int(self.counts.sum()), 1)

    def rows(self, mask: NDArray[np.bool_]) -> int:
        """Rows whose value is in `mask`."""
        return int(self.counts[mask].sum())

    def matches(self, pattern: re.Pattern[str]) -> NDArray[np.bool_]:
        """Which values match a pattern as a whole."""
        return np.array([pattern.fullmatch(text) is not None for text in self.texts], dtype=bool)

    def begins(self, pattern: re.Pattern[str]) -> NDArray[np.bool_]:
        """Which values begin with a pattern."""
        return np.array([pattern.match(text) is not None for text in self.texts], dtype=bool)

    def first(self, mask: NDArray[np.bool_]) -> tuple[int, str]:
        """The first row (counted from 1) whose value is in `mask`, and that value."""
        position = int(np.flatnonzero(mask)[0])  # values are in the order of their first rows
        return int(np.flatnonzero(self.codes == position)[0]) + 1, self.texts[position]

    def spread(self, values: NDArray[Any], missing: Any) -> NDArray[Any]:
        """One of `values` per row, by its distinct value; `missing` where the cell is."""
        extended = np.empty(len(values) + 1, dtype=values.dtype)
        extended[:-1], extended[-1] = values, missing
        return extended[self.codes]


def numbers(texts: Sequence[str]) -> Floats:
    """Texts as numbers, NaN where a text is none; infinities are numbers here, ``1_000`` and ``1,000`` are not. A minus
    may be typographic (U+2212). Durations as pandas writes them are seconds, as those of a DataFrame.

    >>> numbers(["12", " 1e3 ", "n. a.", "-inf", "0 days 00:01:00"])
    array([  12., 1000.,   nan,  -inf,   60.])
    """
    try:
        values = np.array(list(map(float, texts)), dtype=np.float64)
    except ValueError:
        return np.array(list(map(_number, texts)), dtype=np.float64)
    return np.where(["_" in text for text in texts], np.nan, values) if "_" in "".join(texts) else values


def _number(text: str) -> float:
    if _NUMBER.fullmatch(text) or _INFINITE.fullmatch(text):
        return float(text.replace("\u2212", "-"))
    if " day" in text and (match := _DURATION.fullmatch(text.strip())):
        days, hours, minutes, seconds = map(float, match.groups())
        return 86_400 * days + 3600 * hours + 60 * minutes + seconds
    return np.nan


def truth_values(texts: Sequence[str], false: Iterable[str] = (), true: Iterable[str] = ()) -> Floats:
    """Texts as 0.0 and 1.0, NaN where a text is neither.

    The texts in `false` and `true` count; if these are everyday words (yes, TRUE, n, 0 ...), all such words do, so
    that a column may come as ``Yes``, as True or as 1.

    >>> truth_values(["Yes", "no", "1", "1.0", "maybe"])
    array([ 1.,  0.,  1.,  1., nan])
    """
    known = {**dict.fromkeys(false, 0.0), **dict.fromkeys(true, 1.0)}
    everyday = all(TRUTH.get(word(text)) == value for text, value in known.items())
    words = TRUTH if everyday else {}
    return np.array([known.get(text, words.get(word(text), np.nan)) for text in texts], dtype=np.float64)


def word(text: str) -> str:
    """The text as it may stand in `TRUTH`: in lower case, a number in its shortest form."""
    return number_text(float(text.replace("\u2212", "-"))) if _NUMBER.fullmatch(text) else text.casefold()


def code_digits(texts: Sequence[str]) -> int:
    """How many digits each of some codes has, if all have as many and one begins with 0; else 0.

    >>> code_digits(["01067", "10115"]), code_digits(["01067", "1067"])
    (5, 0)
    """
    widths = {len(text) if _DIGITS.fullmatch(text) else 0 for text in texts}
    return max(widths) if len(widths) == 1 and any(text.startswith("0") for text in texts) else 0


def padded(texts: Iterable[str], digits: int) -> list[str]:
    """Codes with the leading zeros that programs take away which read them as numbers."""
    return [text.zfill(min(digits, _MOST_DIGITS)) if _DIGITS.fullmatch(text) else text for text in texts]


def plain_texts(texts: Sequence[str]) -> NDArray[Any]:
    """Texts as categories: ``1.0``, which is how CSV writers put a 1 next to missing cells, becomes ``1``."""
    plain = np.empty(len(texts), dtype=object)
    plain[:] = [t[:-2] if t.endswith(".0") and _WHOLE_FLOAT.fullmatch(t) else t for t in texts]
    return plain

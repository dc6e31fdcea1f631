"""Placeholders for "unknown": -1, 999, 9999-12-31, "?", and constants and dates far from all other values.

A number is suspect for its distance from the others: ages go to 99, but 999 beside them is no age.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import row_numbers, share_of
from autoft.data.audit.values import drawn_values
from autoft.data.table import number_text
from autoft.errors import bare_cell, cell
from autoft.records.arrays import Array
from autoft.records.columns import RepairCode
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

#: What people write where they do not know, in lower case.
WORDS = frozenset(
    {
        *("?", "??", "???", "-", "--", "---", ".", "unknown", "unk", "n.a.", "n.a", "n. a.", "na", "nil", "tbd", "tba"),
        *("missing", "(missing)", "<missing>", "[missing]", "undefined", "unspecified", "not available", "not known"),
        *("not specified", "not given", "no data", "no answer", "#value!", "#div/0!", "#ref!", "#name?", "#num!"),
        *("#null!", "unbekannt", "keine angabe", "inconnu", "desconocido"),
    }
)
#: Fewer values prove nothing.
MIN_VALUES = 50
#: A constant of no known form must come at least so often, and in at least this share of the cells.
OFTEN, OFTEN_SHARE = 10, 5e-4
DAY = 86_400.0
#: Findings about suspect numbers: known codes for "unknown", and other constants.
NUMBER_CODES: tuple[RepairCode, ...] = ("placeholder-values", "outlying-constant")
_EPOCH = date(1970, 1, 1).toordinal()
#: Days that programs write for "never" and "unknown".
DAYS = frozenset(
    date(*day).toordinal() - _EPOCH
    for day in (
        *((1, 1, 1), (1753, 1, 1), (1800, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1900, 12, 31)),
        *((1970, 1, 1), (2099, 12, 31), (2999, 12, 31), (9999, 1, 1), (9999, 12, 31)),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A repeated number far away, and the finding that it makes: ``placeholder-values`` for -1, 999, 0 far below the
    rest ..., ``outlying-constant`` for any other."""

    value: float
    rows: int
    code: RepairCode


def is_word(text: str) -> bool:
    """Whether a text says that nothing is known."""
    return text.strip().casefold() in WORDS


def suspects(values: Array) -> tuple[Suspect, ...]:
    """Repeated numbers at an end of a column that lie apart from all others, at most three.

    >>> suspects(np.array([*range(100), 999.0, 999.0]))
    (Suspect(value=999.0, rows=2, code='placeholder-values'),)
    """
    rest = values[np.isfinite(values)]
    found: list[Suspect] = []
    while len(found) < 3 and len(rest) >= MIN_VALUES:
        for extreme in (float(rest.max()), float(rest.min())):
            same = rest == extreme
            rows = int(same.sum())
            if rows > 1 and (code := _code(extreme, rows, others := rest[~same])) is not None:
                found.append(Suspect(value=extreme, rows=rows, code=code))
                rest = others
                break
        else:
            break
    return tuple(found)


def _code(value: float, rows: int, others: Array) -> RepairCode | None:
    """What a value at an end is suspect of, if it is; all `others` lie on one side of it."""
    some = drawn_values(others)
    distinct = len(np.unique(some))
    if distinct < 3:
        return None
    near = float(others.max() if others.max() < value else others.min())
    gap = abs(value - near)
    low, high = np.quantile(some, [0.001, 0.999])
    if _repdigit(value) and gap > high - low:
        return "placeholder-values"
    # -1 beside 0, 1, 2 ... lies near, but is written far more often than numbers decline to an end.
    often = rows >= max(OFTEN, 3 * int((others == near).sum()))
    if value < 0 <= near and _repdigit(value) and distinct >= 10 and often:
        return "placeholder-values"
    if value == 0 < near and _impossible_zero(some):
        return "placeholder-values"
    apart = gap > 3 * (float(others.max()) - float(others.min()))
    if apart and distinct >= 10 and rows >= max(OFTEN, OFTEN_SHARE * len(others)):
        return "outlying-constant"
    return None


def _repdigit(value: float) -> bool:
    """-1, -9, 99, -99, 999, -99.9, -8888 ...: how unknown numbers are coded."""
    text = number_text(abs(value))
    digits, fraction = text.replace(".", ""), "." in text
    nines = len(set(digits)) == 1 and digits[0] in ("9" if fraction else "789")
    return value == -1 or (nines and (value < 0 or len(digits) > 1 + fraction))


def _impossible_zero(others: Array) -> bool:
    """Whether the others keep so far from zero (four robust deviations) that zero cannot be one of them."""
    half = float(np.median(others))
    deviation = 1.4826 * float(np.median(np.abs(others - half)))
    return bool(0 < deviation < half / 4 and np.quantile(others, 0.001) > 1.5 * deviation)


def dates(seconds: Array) -> tuple[float, ...]:
    """Days (seconds since 1970) at an end of a column that programs write for "never" and lie apart from the rest."""
    known = np.floor(seconds[np.isfinite(seconds)] / DAY)
    found: list[float] = []
    while len(known) >= MIN_VALUES and len(found) < 3:
        for extreme in (known.max(), known.min()):
            others = known[known != extreme]
            if extreme not in DAYS or len(others) < MIN_VALUES // 2:
                continue
            low, high = np.quantile(drawn_values(others), [0.001, 0.999])
            gap = min(abs(extreme - others.max()), abs(extreme - others.min()))
            if gap > max(365.0, (high - low) / 2):
                found.append(float(extreme) * DAY)
                known = others
                break
        else:
            break
    return tuple(found)


def on_days(seconds: Array, days: Sequence[float]) -> Array:
    """Which times are on one of some days (both in seconds since 1970)."""
    return np.isin(np.floor(seconds / DAY) * DAY, days)


@check("placeholder-values", "outlying-constant", scope="columns")
def placeholder_numbers(view: TableView) -> Iterator[Finding]:
    """Numbers that are codes, and other repeated numbers far from the rest."""
    for column, values in view.columns("numeric"):
        found_here = suspects(values)
        for code in NUMBER_CODES:
            here = [suspect for suspect in found_here if suspect.code == code]
            if not here:
                continue
            rows, finite = sum(suspect.rows for suspect in here), int(np.isfinite(values).sum())
            shown = " and ".join(bare_cell(number_text(suspect.value), suspect.rows) for suspect in here)
            found = f"has {shown} in {share_of(rows, finite, 'cells')}, far from all other values"
            fix = f"if it stands for 'unknown', accept {code} to make it missing; else ignore this"
            counts = {number_text(suspect.value): suspect.rows for suspect in here} | {"values": finite}
            marks = [suspect.value for suspect in here]
            drawn = charts.histogram(drawn_values(values), x_label=column.name, marks=marks)
            evidence = Evidence(counts=counts, sketch=drawn)
            yield Finding(code, "warning", column.name, "hold measured values only", found, fix, evidence)


@check("placeholder-values", scope="columns", name="placeholder-dates")
def placeholder_dates(view: TableView) -> Iterator[Finding]:
    """Days that stand for "never" or "unknown"."""
    for column, seconds in view.columns("date"):
        days = dates(seconds)
        if not days:
            continue
        every = {day: int(on_days(seconds, [day]).sum()) for day in days}
        shown = " and ".join(bare_cell(day_text(day), rows) for day, rows in every.items())
        found = f"has {shown} in {share_of(sum(every.values()), len(seconds), 'cells')}, far from all other dates"
        fix = "if it stands for 'unknown', accept placeholder-values to make it missing; else ignore this"
        counts, examples = {"rows": sum(every.values()), "cells": len(seconds)}, tuple((day_text(day),) for day in days)
        marks = years(np.array(days)).tolist()
        drawn = charts.histogram(years(drawn_values(seconds)), x_label="year", marks=marks)
        evidence = Evidence(counts=counts, head=("day",), examples=examples, sketch=drawn)
        yield Finding("placeholder-values", "warning", column.name, "hold real dates only", found, fix, evidence)


@check("placeholder-values", scope="columns", name="placeholder-words")
def placeholder_words(view: TableView) -> Iterator[Finding]:
    """Categories that say "unknown": they work as a category of their own."""
    for column, _ in view.columns("categorical"):
        counts = view.counts(column)
        words = {text: rows for text, rows in counts.items() if is_word(text)}
        if not words:
            continue
        rows, total = sum(words.values()), sum(counts.values())
        shown = " or ".join(cell(word, rows=count) for word, count in [*words.items()][:2])
        found = f"says {shown} in {share_of(rows, total, 'cells')}"
        fix = "nothing to do: it is a category of its own; accept placeholder-values to make it missing"
        evidence = Evidence(counts={"rows": rows}, sketch=charts.bars({"known": total - rows, **words}, marked=words))
        yield Finding("placeholder-values", "info", column.name, "leave unknown cells empty", found, fix, evidence)


def years(seconds: Array) -> Array:
    """Seconds since 1970 as years, for pictures."""
    return 1970 + seconds / (365.25 * DAY)


def day_text(seconds: float) -> str:
    """A day as ISO text; a time of the day, which comes as seconds since midnight, as hours and minutes.

    >>> day_text(86_400.0), day_text(52_200.0)
    ('1970-01-02', '14:30')
    """
    if 0 < seconds < DAY:
        return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}"
    return date.fromordinal(round(seconds // DAY) + _EPOCH).isoformat()


YEAR = 365.25 * 86_400
#: At most this share of the dates may lie far out at either end.
FAR_SHARE = 0.01


def date_limits(seconds: Array) -> tuple[float, float]:
    """The first and the last date (seconds since 1970) that are near the others; infinite where all are.

    Dates lie far out if a gap of more than a year, and of more than half the range that 98 % of the dates span,
    separates them from the rest. The limit is the middle of the gap, so that dates may go on after training.

    >>> years = np.array([*np.linspace(50, 53, 300), 152.0]) * YEAR
    >>> round(date_limits(years)[1] / YEAR, 1), date_limits(years)[0]
    (102.5, -inf)
    """
    known = np.sort(seconds[np.isfinite(seconds)])
    if len(known) < MIN_VALUES:
        return -np.inf, np.inf
    tail = max(1, int(FAR_SHARE * len(known)))
    wide = max(YEAR, (known[-tail - 1] - known[tail]) / 2)
    low, high = -np.inf, np.inf
    gaps = np.diff(known)
    ends = np.flatnonzero(gaps[:tail] > wide)
    if len(ends):
        low = float(known[ends[-1]] + gaps[ends[-1]] / 2)
    starts = np.flatnonzero(gaps[-tail:] > wide)
    if len(starts):
        first = len(gaps) - tail + starts[0]
        high = float(known[first] + gaps[first] / 2)
    return low, high


@check("far-dates", scope="columns")
def far_dates(view: TableView) -> Iterator[Finding]:
    """Dates far from the others, but for those that stand for "never"."""
    for column, seconds in view.columns("date"):
        known = np.where(on_days(seconds, dates(seconds)), np.nan, seconds)
        low, high = date_limits(known)
        rows = np.flatnonzero((known < low) | (known > high))
        if not len(rows):
            continue
        first = f"(first: row {rows[0] + 1:,}, {bare_cell(day_text(float(known[rows[0]])))})"
        found = f"has {share_of(len(rows), len(seconds), 'dates')} that are years apart from all others {first}"
        marks = years(known[rows[:5]]).tolist()
        drawn = charts.histogram(years(drawn_values(known)), x_label="year", marks=marks)
        evidence = Evidence(counts={"rows": len(rows)}, rows=row_numbers(rows, 5), sketch=drawn)
        fix = "correct them, or accept far-dates to make them missing"
        yield Finding("far-dates", "warning", column.name, "have dates near one another", found, fix, evidence)

"""What kind of thing each column is, read off its values, with everything a person should know about that choice.

The rules look at distinct values and how often they occur, never at the order of rows (but for row numbers), and
give the same answer whether a table came as CSV text, integers, floats or truth values.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from autoft.data import cells, column_findings
from autoft.data.cells import Distinct
from autoft.data.column_findings import DECLARE, percent
from autoft.data.table import quoted
from autoft.errors import SchemaError
from autoft.records import Column, Finding, Kind

if TYPE_CHECKING:
    import pandas as pd

_NEARLY_ALL = 0.99  # share of the cells that must agree for the rest to count as mistakes
_LARGELY = 0.9  # share from which the rest is more likely junk than part of identifiers
_MOSTLY = 0.5  # share from which a person would ask what the rest is
_UNIQUE = 0.95  # share of distinct values above which short tokens identify the row
_ENOUGH_ROWS = 20  # with fewer rows, distinct values prove nothing
_YEARS = (1900, 2100)


def infer_columns(
    frame: pd.DataFrame, *, kinds: Mapping[str, Kind] = {}, target: str | None = None
) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """Understands every column of a canonical table.

    Args:
        frame: `Table.frame`.
        kinds: The user's word on some columns, by name; it holds except for columns without any value or with one.
        target: The column to predict, which is understood like the others, but never left out as a row number.

    Returns:
        One column per column of the frame, in its order, and the findings.

    Raises:
        SchemaError: If `kinds` names an unknown column or kind, or the values of a column rule its declared kind out.

    >>> import pandas as pd
    >>> columns, findings = infer_columns(pd.DataFrame({"paid": ["yes", "no", None], "age": [31.0, 47.0, 28.0]}))
    >>> [(column.id, column.name, column.kind) for column in columns]
    [('c000', 'paid', 'boolean'), ('c001', 'age', 'numeric')]
    """
    _check_kinds(list(frame.columns), kinds)
    columns: list[Column] = []
    findings: list[Finding] = []
    for i, name in enumerate(frame.columns):
        column, found = _understand(f"c{i:03d}", name, Distinct.of(frame[name]), kinds.get(name), name == target)
        columns.append(column)
        findings += found
    return tuple(columns), tuple(findings)


def _check_kinds(names: list[str], kinds: Mapping[str, Kind]) -> None:
    for name, kind in kinds.items():
        if name not in names:
            near = difflib.get_close_matches(name, names, n=3)
            fix = (
                f"use {' or '.join(map(quoted, near))}, the nearest" if near else "correct the name under data.columns"
            )
            raise SchemaError(f"Column {quoted(name)}", "be in the table to have a kind", "it is not", fix)
        if kind not in get_args(Kind):
            known = ", ".join(get_args(Kind))
            raise SchemaError(f"Column {quoted(name)}", f"have one of the kinds {known}", f"it has {kind!r}", "use one")


@dataclass(frozen=True, slots=True)
class _Guess:
    """A column as far as it is understood."""

    kind: Kind
    why: str
    facts: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()


def _understand(
    identity: str, name: str, seen: Distinct, declared: Kind | None, is_target: bool
) -> tuple[Column, tuple[Finding, ...]]:
    guess = _bare(name, seen)
    if guess is None:
        guess = _declared(name, seen, declared) if declared else _guess(name, seen, is_target)
    missing = int((seen.codes < 0).sum())
    facts = {"distinct": len(seen.values), **guess.facts}
    column = Column(id=identity, name=name, kind=guess.kind, why=guess.why, missing=missing, **facts)
    if guess.kind == declared or is_target:
        return column, guess.findings
    if column.kind == "text":
        return column, (*guess.findings, column_findings.running_text(column))
    return column, (*guess.findings, *(() if column.used else (column_findings.unused(column, len(seen.codes)),)))


def _bare(name: str, seen: Distinct) -> _Guess | None:
    """Columns with nothing to learn from, whatever their values are."""
    if not len(seen.values):
        return _Guess("empty", "all cells are missing", {})
    alike = len(seen.values) == 1 or (seen.values.dtype == object and len(set(cells.plain_texts(seen.texts[:3]))) == 1)
    if alike and len(seen.values) <= 2 and (seen.codes >= 0).all():
        return _Guess("constant", "all cells are equal", {"distinct": 1})
    return None


def _guess(name: str, seen: Distinct, is_target: bool) -> _Guess:
    if (guess := _boolean(seen)) is not None:
        return guess
    if len(seen.values) == 1:
        return _Guess("categorical", "one value or missing", {})
    if seen.values.dtype.kind == "M":
        return _date(name, seen, None)
    numeric_looks = seen.values.dtype != object or seen.share(cells.like_numbers(seen.texts)) >= _MOSTLY
    if numeric_looks:
        for rule in (_number, _date_text, _number_format):
            if (guess := rule(name, seen)) is not None:
                return guess if guess.kind != "numeric" or is_target else _row_number(seen, guess)
    mixture = _mixture(name, seen) if numeric_looks else None
    if mixture is not None and seen.share(~np.isnan(seen.numbers)) >= _LARGELY:
        return mixture  # distinct numbers and some junk look like identifiers, but a person would correct the junk
    return _tokens(seen) or mixture or _words(seen)


def _declared(name: str, seen: Distinct, kind: Kind) -> _Guess:
    """The declared kind with its facts, if the values allow it at all."""
    why = "declared"
    if kind == "numeric":
        if not np.isfinite(seen.numbers).any():
            raise _ruled_out(name, "be numeric", "none of its values is a number", seen)
        return replace(_numeric(name, seen), why=why)
    if kind == "date":
        if seen.values.dtype.kind == "M":
            return replace(_date(name, seen, None), why=why)
        form = _best_form(seen)
        if form is None or np.isnan(seen.seconds(form)).all():
            raise _ruled_out(name, "be a date", "none of its values is one", seen)
        return replace(_date(name, seen, form), why=why)
    if kind == "boolean":
        guess = _boolean(seen)
        texts = sorted(set(cells.plain_texts(seen.texts)))
        if guess is None and len(texts) != 2:
            raise _ruled_out(name, "have two values to be boolean", f"it has {len(texts):,}", seen)
        facts = {"false": tuple(texts[:1]), "true": tuple(texts[1:])}
        return _Guess("boolean", why, facts) if guess is None else replace(guess, why=why)
    return _Guess(kind, why, {})


def _ruled_out(name: str, must: str, found: str, seen: Distinct) -> SchemaError:
    example = quoted(seen.texts[0])
    return SchemaError(f"Column {quoted(name)}", must, f"{found} (first: {example})", "correct its kind or its values")


def _boolean(seen: Distinct) -> _Guess | None:
    """Yes and no in one of their everyday forms; one of the two will do if the other cells are missing."""
    if len(seen.values) > 12 or seen.values.dtype.kind == "M":  # a pair has fewer spellings than that
        return None
    truth = cells.truth_values(seen.texts)
    words = {cells.word(text) for text in seen.texts}
    if cells.codes_with_zeros(seen.texts).any() or not any(words <= set(pair) for pair in cells.PAIRS):
        return None
    sides = [tuple(sorted(t for t, value in zip(seen.texts, truth, strict=True) if value == side)) for side in (0, 1)]
    why = f"only the values {' and '.join(sorted(words))}" if len(words) == 2 else f"'{words.pop()}' or missing"
    return _Guess("boolean", why, {"false": sides[0], "true": sides[1]})


def _number(name: str, seen: Distinct) -> _Guess | None:
    """Numbers, but for so few cells that these are mistakes; digits with leading zeros are codes."""
    share = seen.share(~np.isnan(seen.numbers))
    if share < _NEARLY_ALL or not np.isfinite(seen.numbers).any():
        return None
    if seen.values.dtype != object:
        return _numeric(name, seen)
    if seen.share(cells.codes_with_zeros(seen.texts)) > 1 - _NEARLY_ALL:
        return _Guess("categorical", "digits with leading zeros are codes", {})
    if len(seen.values) / int(seen.counts.sum()) > _UNIQUE and cells.long_integers(seen.texts).all():
        return _Guess("identifier", "whole numbers of more than 15 digits, hardly one of them twice", {})
    return _numeric(name, seen)


def _numeric(name: str, seen: Distinct) -> _Guess:
    values = seen.numbers[np.isfinite(seen.numbers)]
    facts = {"distinct": len(np.unique(values)), "integral": bool((values == np.round(values)).all())}
    wrong = np.isnan(seen.numbers)
    if not wrong.any():
        return _Guess("numeric", "all values are numbers", facts)
    finding = column_findings.mixed(name, seen, wrong, "hold numbers only", "they count as missing; correct them")
    return _Guess("numeric", f"{percent(seen.share(~wrong))} of the values are numbers", facts, (finding,))


def _row_number(seen: Distinct, guess: _Guess) -> _Guess:
    """The guess, unless the numbers only number the rows."""
    values = seen.spread(seen.numbers, np.nan)
    rows = len(values)
    if rows < _ENOUGH_ROWS or not guess.facts["integral"] or guess.facts["distinct"] != rows:
        return guess  # also where a cell is missing, infinite or no number
    steps = np.diff(values)
    if np.ptp(values) == rows - 1 or (steps == steps[0]).all():
        return _Guess("identifier", "the values number the rows", guess.facts)
    return guess


def _best_form(seen: Distinct) -> str | None:
    """The form of date that most cells have, if most have one."""
    likely = cells.like_dates(seen.texts)
    if seen.values.dtype != object or seen.share(likely) < _MOSTLY:
        return None
    shares = {form: seen.share(~np.isnan(seen.seconds(form))) for form in cells.DATE_FORMATS}
    best = max(shares, key=lambda form: shares[form])
    return best if shares[best] > 0 else None


def _date_text(name: str, seen: Distinct) -> _Guess | None:
    form = _best_form(seen)
    if form is None:
        return _short_years(name, seen)
    wrong = np.isnan(seen.seconds(form))
    share = seen.share(~wrong)
    if share >= _NEARLY_ALL:
        return _date(name, seen, form)
    if share < _MOSTLY:
        return None
    finding = column_findings.mixed(
        name, seen, wrong, "hold dates of one form", "it is used as a category; write dates as YYYY-MM-DD"
    )
    return _Guess("categorical", f"only {percent(share)} of the values are dates", {}, (finding,))


def _short_years(name: str, seen: Distinct) -> _Guess | None:
    """Dates whose century would have to be guessed."""
    short = cells.short_years(seen.texts)
    if seen.share(short) < _NEARLY_ALL:
        return None
    finding = column_findings.short_years(name, seen, short)
    return _Guess("categorical", "years of two digits are not guessed", {}, (finding,))


def _date(name: str, seen: Distinct, form: str | None) -> _Guess:
    times = seen.seconds(form or "iso")
    wrong, findings = np.isnan(times), []
    if wrong.any():
        findings.append(
            column_findings.mixed(name, seen, wrong, "hold dates only", "they count as missing; correct them")
        )
    if form == "%d/%m/%Y" and seen.share(~np.isnan(seen.seconds("%m/%d/%Y"))) == seen.share(~wrong):
        findings.append(column_findings.ambiguous_date(name, seen.first(~wrong)[1]))
    low, high = (np.datetime64(f"{year}-01-01", "s").astype(np.int64) for year in (_YEARS[0], _YEARS[1] + 1))
    far = ~wrong & ~((times >= low) & (times < high))
    if far.any():
        findings.append(column_findings.date_range(name, seen, times, far, _YEARS))
    why = "a column of times" if form is None else f"the values are dates ({'ISO' if form == 'iso' else form})"
    facts = {"date_format": form, "distinct": len(np.unique(times[~wrong]))}
    return _Guess("date", why, facts, tuple(findings))


def _number_format(name: str, seen: Distinct) -> _Guess | None:
    """Numbers that could be read only by guessing what their commas and signs mean."""
    formatted = cells.formatted_numbers(seen.texts)
    if seen.share(formatted | ~np.isnan(seen.numbers)) < 0.9 or seen.share(formatted) <= 1 - _NEARLY_ALL:
        return None
    finding = column_findings.number_format(name, seen, formatted)
    return _Guess("categorical", "formatted numbers are not guessed", {}, (finding,))


def _tokens(seen: Distinct) -> _Guess | None:
    """Short words that hardly ever come twice."""
    unique = len(seen.values) / int(seen.counts.sum())
    if unique <= _UNIQUE or len(seen.codes) < _ENOUGH_ROWS or seen.share(cells.tokens(seen.texts)) < _NEARLY_ALL:
        return None
    return _Guess("identifier", f"{percent(unique)} of the values are distinct tokens", {})


def _mixture(name: str, seen: Distinct) -> _Guess | None:
    """Numbers for the greater part, but too many texts between them to be mistakes."""
    plain = ~np.isnan(seen.numbers)
    share = seen.share(plain)
    if share < _MOSTLY or plain.all():  # all: nothing but infinities
        return None
    fix = f"it is used as a category; leave cells empty where the value is unknown, or {DECLARE}"
    finding = column_findings.mixed(name, seen, ~plain, "hold numbers only or texts only", fix)
    return _Guess("categorical", f"only {percent(share)} of the values are numbers", {}, (finding,))


def _words(seen: Distinct) -> _Guess:
    """Running text, if most values are distinct and long; else categories."""
    total = int(seen.counts.sum())
    unique = len(seen.values) / total
    if unique > _MOSTLY:
        words = int(np.array([len(text.split()) for text in seen.texts]) @ seen.counts) / total
        length = int(np.array([len(text) for text in seen.texts]) @ seen.counts) / total
        if words >= 3 or length > 40:
            return _Guess("text", f"{words:.0f} words on average, {percent(unique)} of the values distinct", {})
    return _Guess("categorical", f"{len(seen.values):,} distinct texts", {})

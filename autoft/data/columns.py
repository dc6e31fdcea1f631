"""Kinds of columns, inferred from their values, with findings about each choice.

The rules look at distinct values and how often they occur, never at the order of rows (but for row numbers), and
give the same answer whether a table came as CSV text, integers, floats or truth values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import cast

import numpy as np
import pandas as pd

from autoft.data import (
    cells,
    column_findings,
    date_formats,
    number_cells,
    number_findings,
    number_formats,
)
from autoft.data.cells import Distinct
from autoft.data.column_findings import DECLARE, Inferred, percent, ruled_out
from autoft.data.date_columns import date_column, date_of_texts, declared_date
from autoft.data.number_formats import MOST_NUMBERS
from autoft.records.columns import Column, Kind, NumberFormat
from autoft.records.findings import Finding

#: Share of the cells that must agree for the rest to count as mistakes. Of numbers 95 % will do
#: (`number_formats.MOST_NUMBERS`): that the others are missing is an input of the networks, too.
_NEARLY_ALL = 0.99
#: Share from which the rest is more likely junk than part of identifiers, and from which a person would ask what it is.
_LARGELY, _MOSTLY = 0.9, 0.5
#: Share of distinct values above which short tokens identify the row; with fewer rows they prove nothing.
_UNIQUE, _ENOUGH_ROWS = 0.95, 20


def infer_columns(
    frame: pd.DataFrame, *, kinds: Mapping[str, str] = {}, target: str | None = None, decimal: str | None = None
) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """The kind of every column of a canonical table.

    Args:
        kinds: Declared kinds by name; they hold except for columns without any value or with one. ``date`` may have a
            format behind it (``date %m/%d/%Y``), which then decides what is the day.
        target: The column to predict, which gets a kind like the others, but is never left out as a row number.
        decimal: Sign before decimals (``.`` or ``,``) in columns of formatted numbers that do not prove it themselves.

    Returns:
        One column per column of the frame, in its order, and the findings.

    Raises:
        SchemaError: If the values of a column rule its declared kind out.

    >>> import pandas as pd
    >>> columns, findings = infer_columns(pd.DataFrame({"paid": ["yes", "no", None], "age": [31.0, 47.0, 28.0]}))
    >>> [(column.id, column.name, column.kind) for column in columns]
    [('c000', 'paid', 'boolean'), ('c001', 'age', 'numeric')]
    """
    columns: list[Column] = []
    findings: list[Finding] = []
    for i, name in enumerate(frame.columns):
        column, found = _describe(f"c{i:03d}", name, Distinct.of(frame[name]), kinds.get(name), name == target, decimal)
        columns.append(column)
        findings += found
    return tuple(columns), tuple(findings)


def _describe(
    identity: str, name: str, distinct: Distinct, declared: str | None, is_target: bool, decimal: str | None
) -> tuple[Column, tuple[Finding, ...]]:
    inferred = _bare(name, distinct)
    if inferred is None:
        rule = partial(_declared, declared=declared) if declared else partial(_infer, is_target=is_target)
        inferred = rule(name, distinct, decimal)
    missing = int((distinct.codes < 0).sum())
    facts = {"distinct": len(distinct.values), **inferred.facts}
    if inferred.kind == "categorical":
        facts["digits"] = cells.code_digits(distinct.texts)
    column = Column(id=identity, name=name, kind=inferred.kind, why=inferred.why, missing=missing, **facts)
    if is_target or (declared is not None and inferred.kind == declared.partition(" ")[0]):
        return column, inferred.findings
    return column, (*inferred.findings, *column_findings.of_kind(column, len(distinct.codes)))


def _bare(name: str, distinct: Distinct) -> Inferred | None:
    """Columns with nothing to learn from, whatever their values are."""
    if not len(distinct.values):
        return Inferred("empty", "all cells are missing")
    alike = len(distinct.values) == 1 or (
        distinct.values.dtype == object and len(set(cells.plain_texts(distinct.texts[:3]))) == 1
    )
    if alike and len(distinct.values) <= 2 and (distinct.codes >= 0).all():
        return Inferred("constant", "all cells are equal", {"distinct": 1})
    return None


def _infer(name: str, distinct: Distinct, decimal: str | None, is_target: bool) -> Inferred:
    if (inferred := _boolean(distinct)) is not None:
        return inferred
    if len(distinct.values) == 1:
        return Inferred("categorical", "one value or missing")
    if distinct.values.dtype.kind == "M":
        return date_column(name, distinct, None)
    if not is_target and (form := date_formats.find_compact(distinct)) is not None:
        return date_column(name, distinct, form)
    numeric_looks = distinct.values.dtype != object or distinct.share(distinct.begins(cells.LIKE_NUMBER)) >= _MOSTLY
    number_format = partial(_number_format, decimal=decimal, is_target=is_target)
    for rule in (number_format, _number, date_of_texts) if numeric_looks else (date_of_texts,):
        if (inferred := rule(name, distinct)) is not None:
            return inferred if inferred.kind != "numeric" or is_target else _row_number(distinct, inferred)
    mixture = _mixture(name, distinct) if numeric_looks else None
    if mixture is not None and distinct.share(~np.isnan(distinct.numbers)) >= _LARGELY:
        return mixture  # distinct numbers and some junk look like identifiers, but a person would correct the junk
    marked = number_findings.marked(name, distinct) if numeric_looks and mixture is None else None
    if marked is not None:
        return Inferred("categorical", "numbers with marks are not guessed", {}, (marked,))
    return _tokens(distinct) or mixture or _words(distinct)


def _declared(name: str, distinct: Distinct, decimal: str | None, declared: str) -> Inferred:
    """The declared kind with its facts, if the values allow it at all."""
    word, _, wanted = declared.partition(" ")
    kind, why = cast(Kind, word), "declared"
    if kind == "numeric":
        if (read := _number_format(name, distinct, decimal or ".", least=0.0)) and read.kind == "numeric":
            return replace(read, why=why)
        if not np.isfinite(distinct.numbers).any():
            raise ruled_out(name, "be numeric", "none of its values is a number", distinct)
        return replace(_numeric(name, distinct), why=why)
    if kind == "date":
        return replace(declared_date(name, distinct, wanted), why=why)
    if kind == "boolean":
        inferred = _boolean(distinct)
        texts = sorted(set(cells.plain_texts(distinct.texts)))
        if inferred is None and len(texts) != 2:
            raise ruled_out(name, "have two values to be boolean", f"it has {len(texts):,}", distinct)
        facts = {"false": tuple(texts[:1]), "true": tuple(texts[1:])}
        return Inferred("boolean", why, facts) if inferred is None else replace(inferred, why=why)
    return Inferred(kind, why)


def _boolean(distinct: Distinct) -> Inferred | None:
    """Yes and no in one of their everyday forms; one of the two will do if the other cells are missing."""
    if len(distinct.values) > 12 or distinct.values.dtype.kind == "M":  # a pair has fewer spellings than that
        return None
    truth = cells.truth_values(distinct.texts)
    words = {cells.word(text) for text in distinct.texts}
    if distinct.matches(cells.ZERO_PADDED).any() or not any(words <= set(pair) for pair in cells.PAIRS):
        return None
    sides = [
        tuple(sorted(t for t, value in zip(distinct.texts, truth, strict=True) if value == side)) for side in (0, 1)
    ]
    why = f"only the values {' and '.join(sorted(words))}" if len(words) == 2 else f"'{words.pop()}' or missing"
    return Inferred("boolean", why, {"false": sides[0], "true": sides[1]})


def _number(name: str, distinct: Distinct) -> Inferred | None:
    """Numbers, but for so few cells that these are mistakes; digits with leading zeros are codes."""
    share = distinct.share(~np.isnan(distinct.numbers))
    if share < MOST_NUMBERS or not np.isfinite(distinct.numbers).any():
        return None
    if distinct.values.dtype != object:
        return _numeric(name, distinct)
    if distinct.share(distinct.matches(cells.ZERO_PADDED)) > 1 - _NEARLY_ALL:
        return Inferred("categorical", "digits with leading zeros are codes")
    if all(map(cells.PHONE.fullmatch, distinct.texts)):
        return _tokens(distinct) or Inferred("categorical", "digits behind a plus are telephone numbers")
    unique = len(distinct.values) / int(distinct.counts.sum()) > _UNIQUE
    if unique and all(map(cells.LONG_INTEGER.fullmatch, distinct.texts)):
        return Inferred("identifier", "whole numbers of more than 15 digits, hardly one of them twice")
    values, apart = column_findings.kept(distinct)
    if apart < column_findings.MOST_KEPT * values:
        return Inferred("categorical", f"{values:,} whole numbers, of which floats can tell only {apart:,} apart")
    return _numeric(name, distinct)


def _numeric(name: str, distinct: Distinct, form: NumberFormat | None = None) -> Inferred:
    numbers = distinct.numbers_in(form)
    values, wrong = numbers[np.isfinite(numbers)], np.isnan(numbers)
    integral = bool((values == np.round(values)).all())
    facts = {"distinct": len(np.unique(values)), "integral": integral, "number_format": form}
    merged = column_findings.long_integers(name, distinct) if form is None else ()
    if not wrong.any():
        return Inferred("numeric", "all values are numbers", facts, merged)
    finding = column_findings.mixed(name, distinct, wrong, "hold numbers only", "they count as missing; correct them")
    return Inferred(
        "numeric", f"{percent(distinct.share(~wrong))} of the values are numbers", facts, (finding, *merged)
    )


def _number_format(
    name: str, distinct: Distinct, decimal: str | None, is_target: bool = False, least: float = MOST_NUMBERS
) -> Inferred | None:
    """Numbers with separators, currencies or units: read where their format is certain, else a question."""
    if distinct.values.dtype != object:
        return None
    odd = [distinct.texts[i] for i in np.flatnonzero(np.isnan(distinct.numbers))]
    if not (any(map(number_cells.take_apart, odd)) if odd else number_cells.dots_in_threes(distinct.texts)):
        return None
    found = number_formats.search(distinct.texts, distinct.parts, distinct.counts, decimal, least=least)
    if is_target and found.free:  # the answers would be a thousand times too large or too small
        found = replace(found, format=None, why="ambiguous")
    if found.format == NumberFormat() and not odd and len(distinct.values) >= _ENOUGH_ROWS:
        inferred = _number(name, distinct)
        if inferred is not None and all("." in text for text in distinct.texts):  # no cell proves the dot
            return replace(inferred, findings=(number_findings.decimals(name, distinct), *inferred.findings))
    if found.format is None or (found.format == NumberFormat() and not odd):
        asked = found.why and distinct.share(~np.isnan(distinct.numbers)) < MOST_NUMBERS
        finding = number_findings.unread(name, distinct, found) if asked else None
        return Inferred("categorical", "formatted numbers are not guessed", {}, (finding,)) if finding else None
    inferred = _numeric(name, distinct, found.format)
    return replace(inferred, findings=(number_findings.read_as(name, distinct, found), *inferred.findings))


def _row_number(distinct: Distinct, inferred: Inferred) -> Inferred:
    """The inferred, unless the numbers only number the rows."""
    values = distinct.spread(distinct.numbers_in(inferred.facts["number_format"]), np.nan)
    rows = len(values)
    if rows < _ENOUGH_ROWS or not inferred.facts["integral"] or inferred.facts["distinct"] != rows:
        return inferred  # also where a cell is missing, infinite or no number
    steps = np.diff(values)
    if np.ptp(values) == rows - 1 or (steps == steps[0]).all():
        return Inferred("identifier", "the values number the rows", inferred.facts)
    return inferred


def _tokens(distinct: Distinct) -> Inferred | None:
    """Short words that hardly ever come twice."""
    unique = len(distinct.values) / int(distinct.counts.sum())
    if unique <= _UNIQUE or len(distinct.codes) < _ENOUGH_ROWS:
        return None
    if distinct.share(distinct.matches(cells.TOKEN)) < _NEARLY_ALL:
        return None
    why = "every value is unique" if unique == 1 else f"{percent(unique)} of the values are unique"
    return Inferred("identifier", why)


def _mixture(name: str, distinct: Distinct) -> Inferred | None:
    """Numbers for the greater part, formatted ones too, but too many texts between them to be mistakes."""
    found = number_formats.search(distinct.texts, distinct.parts, distinct.counts, least=_MOSTLY)
    form = found.format if found.format and number_formats.is_known(found.format.after) else None
    plain = ~np.isnan(distinct.numbers_in(form))
    share = distinct.share(plain)
    if share < _MOSTLY or plain.all():  # all: nothing but infinities
        return None
    fix = f"it is used as a category; leave cells empty where the value is unknown, or {DECLARE}"
    finding = column_findings.mixed(name, distinct, ~plain, "hold numbers only or texts only", fix)
    return Inferred("categorical", f"only {percent(share)} of the values are numbers", {}, (finding,))


def _words(distinct: Distinct) -> Inferred:
    """Running text, if most values are distinct and long; else categories."""
    total = int(distinct.counts.sum())
    unique = len(distinct.values) / total
    if unique > _MOSTLY:
        words = int(np.array([len(text.split()) for text in distinct.texts]) @ distinct.counts) / total
        length = int(np.array([len(text) for text in distinct.texts]) @ distinct.counts) / total
        if words >= 3 or length > 40:
            return Inferred("text", f"{words:.0f} words on average, {percent(unique)} of the values distinct")
    return Inferred("categorical", f"{len(distinct.values):,} distinct texts")

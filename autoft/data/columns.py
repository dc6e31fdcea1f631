"""Kinds of columns, inferred from their values, with findings about each choice.

The rules look at distinct values and how often they occur, never at the order of rows (but for row numbers), and
give the same answer whether a table came as CSV text, integers, floats or truth values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from autoft.data import cells, column_findings, date_formats, long_integers
from autoft.data.cells import Distinct
from autoft.data.column_findings import DECLARE, percent
from autoft.data.date_columns import date_column, date_of_texts, declared_date
from autoft.data.inferred import Inferred as _Inferred
from autoft.data.inferred import ruled_out
from autoft.records.columns import Column, Kind
from autoft.records.findings import Finding

if TYPE_CHECKING:
    import pandas as pd

#: Share of the cells that must agree for the rest to count as mistakes.
_NEARLY_ALL = 0.99
#: Share from which the rest is more likely junk than part of identifiers.
_LARGELY = 0.9
#: Share from which a person would ask what the rest is.
_MOSTLY = 0.5
#: Share of distinct values above which short tokens identify the row.
_UNIQUE = 0.95
#: With fewer rows, distinct values prove nothing.
_ENOUGH_ROWS = 20


def infer_columns(
    frame: pd.DataFrame, *, kinds: Mapping[str, str] = {}, target: str | None = None
) -> tuple[tuple[Column, ...], tuple[Finding, ...]]:
    """The kind of every column of a canonical table.

    Args:
        kinds: Declared kinds by name; they hold except for columns without any value or with one. ``date`` may have a
            format behind it (``date %m/%d/%Y``), which then decides what is the day.
        target: The column to predict, which gets a kind like the others, but is never left out as a row number.

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
        column, found = _describe(f"c{i:03d}", name, Distinct.of(frame[name]), kinds.get(name), name == target)
        columns.append(column)
        findings += found
    return tuple(columns), tuple(findings)


def _describe(
    identity: str, name: str, distinct: Distinct, declared: str | None, is_target: bool
) -> tuple[Column, tuple[Finding, ...]]:
    inferred = _bare(name, distinct)
    if inferred is None:
        inferred = _declared(name, distinct, declared) if declared else _infer(name, distinct, is_target)
    missing = int((distinct.codes < 0).sum())
    facts = {"distinct": len(distinct.values), **inferred.facts}
    column = Column(id=identity, name=name, kind=inferred.kind, why=inferred.why, missing=missing, **facts)
    if is_target or (declared is not None and inferred.kind == declared.partition(" ")[0]):
        return column, inferred.findings
    if column.kind == "text":
        return column, (*inferred.findings, column_findings.running_text(column))
    unused = () if column.used else (column_findings.unused(column, len(distinct.codes)),)
    return column, (*inferred.findings, *unused)


def _bare(name: str, distinct: Distinct) -> _Inferred | None:
    """Columns with nothing to learn from, whatever their values are."""
    if not len(distinct.values):
        return _Inferred("empty", "all cells are missing")
    alike = len(distinct.values) == 1 or (
        distinct.values.dtype == object and len(set(cells.plain_texts(distinct.texts[:3]))) == 1
    )
    if alike and len(distinct.values) <= 2 and (distinct.codes >= 0).all():
        return _Inferred("constant", "all cells are equal", {"distinct": 1})
    return None


def _infer(name: str, distinct: Distinct, is_target: bool) -> _Inferred:
    if (inferred := _boolean(distinct)) is not None:
        return inferred
    if len(distinct.values) == 1:
        return _Inferred("categorical", "one value or missing")
    if distinct.values.dtype.kind == "M":
        return date_column(name, distinct, None)
    if not is_target and (form := date_formats.find_compact(distinct)) is not None:
        return date_column(name, distinct, form)
    numeric_looks = distinct.values.dtype != object or distinct.share(distinct.begins(cells.LIKE_NUMBER)) >= _MOSTLY
    for rule in (_number, date_of_texts, _number_format) if numeric_looks else (date_of_texts,):
        if (inferred := rule(name, distinct)) is not None:
            return inferred if inferred.kind != "numeric" or is_target else _row_number(distinct, inferred)
    mixture = _mixture(name, distinct) if numeric_looks else None
    if mixture is not None and distinct.share(~np.isnan(distinct.numbers)) >= _LARGELY:
        return mixture  # distinct numbers and some junk look like identifiers, but a person would correct the junk
    return _tokens(distinct) or mixture or _words(distinct)


def _declared(name: str, distinct: Distinct, declared: str) -> _Inferred:
    """The declared kind with its facts, if the values allow it at all."""
    word, _, wanted = declared.partition(" ")
    kind, why = cast(Kind, word), "declared"
    if kind == "numeric":
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
        return _Inferred("boolean", why, facts) if inferred is None else replace(inferred, why=why)
    return _Inferred(kind, why)


def _boolean(distinct: Distinct) -> _Inferred | None:
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
    return _Inferred("boolean", why, {"false": sides[0], "true": sides[1]})


def _number(name: str, distinct: Distinct) -> _Inferred | None:
    """Numbers, but for so few cells that these are mistakes; digits with leading zeros are codes."""
    share = distinct.share(~np.isnan(distinct.numbers))
    if share < _NEARLY_ALL or not np.isfinite(distinct.numbers).any():
        return None
    if distinct.values.dtype != object:
        return _numeric(name, distinct)
    if distinct.share(distinct.matches(cells.ZERO_PADDED)) > 1 - _NEARLY_ALL:
        return _Inferred("categorical", "digits with leading zeros are codes")
    if len(distinct.values) / int(distinct.counts.sum()) > _UNIQUE and distinct.matches(cells.LONG_INTEGER).all():
        return _Inferred("identifier", "whole numbers of more than 15 digits, hardly one of them twice")
    values, apart = long_integers.kept(distinct)
    if apart < long_integers.MOST_KEPT * values:
        return _Inferred("categorical", f"{values:,} whole numbers, of which floats can tell only {apart:,} apart")
    return _numeric(name, distinct)


def _numeric(name: str, distinct: Distinct) -> _Inferred:
    values = distinct.numbers[np.isfinite(distinct.numbers)]
    facts = {"distinct": len(np.unique(values)), "integral": bool((values == np.round(values)).all())}
    wrong, merged = np.isnan(distinct.numbers), long_integers.findings(name, distinct)
    if not wrong.any():
        return _Inferred("numeric", "all values are numbers", facts, merged)
    finding = column_findings.mixed(name, distinct, wrong, "hold numbers only", "they count as missing; correct them")
    return _Inferred(
        "numeric", f"{percent(distinct.share(~wrong))} of the values are numbers", facts, (finding, *merged)
    )


def _row_number(distinct: Distinct, inferred: _Inferred) -> _Inferred:
    """The inferred, unless the numbers only number the rows."""
    values = distinct.spread(distinct.numbers, np.nan)
    rows = len(values)
    if rows < _ENOUGH_ROWS or not inferred.facts["integral"] or inferred.facts["distinct"] != rows:
        return inferred  # also where a cell is missing, infinite or no number
    steps = np.diff(values)
    if np.ptp(values) == rows - 1 or (steps == steps[0]).all():
        return _Inferred("identifier", "the values number the rows", inferred.facts)
    return inferred


def _number_format(name: str, distinct: Distinct) -> _Inferred | None:
    """Numbers that could be read only by guessing what their commas and signs mean."""
    formatted = cells.formatted_numbers(distinct.texts)
    if distinct.share(formatted | ~np.isnan(distinct.numbers)) < 0.9 or distinct.share(formatted) <= 1 - _NEARLY_ALL:
        return None
    finding = column_findings.number_format(name, distinct, formatted)
    return _Inferred("categorical", "formatted numbers are not guessed", {}, (finding,))


def _tokens(distinct: Distinct) -> _Inferred | None:
    """Short words that hardly ever come twice."""
    unique = len(distinct.values) / int(distinct.counts.sum())
    if unique <= _UNIQUE or len(distinct.codes) < _ENOUGH_ROWS:
        return None
    if distinct.share(distinct.matches(cells.TOKEN)) < _NEARLY_ALL:
        return None
    why = "every value is unique" if unique == 1 else f"{percent(unique)} of the values are unique"
    return _Inferred("identifier", why)


def _mixture(name: str, distinct: Distinct) -> _Inferred | None:
    """Numbers for the greater part, but too many texts between them to be mistakes."""
    plain = ~np.isnan(distinct.numbers)
    share = distinct.share(plain)
    if share < _MOSTLY or plain.all():  # all: nothing but infinities
        return None
    fix = f"it is used as a category; leave cells empty where the value is unknown, or {DECLARE}"
    finding = column_findings.mixed(name, distinct, ~plain, "hold numbers only or texts only", fix)
    return _Inferred("categorical", f"only {percent(share)} of the values are numbers", {}, (finding,))


def _words(distinct: Distinct) -> _Inferred:
    """Running text, if most values are distinct and long; else categories."""
    total = int(distinct.counts.sum())
    unique = len(distinct.values) / total
    if unique > _MOSTLY:
        words = int(np.array([len(text.split()) for text in distinct.texts]) @ distinct.counts) / total
        length = int(np.array([len(text) for text in distinct.texts]) @ distinct.counts) / total
        if words >= 3 or length > 40:
            return _Inferred("text", f"{words:.0f} words on average, {percent(unique)} of the values distinct")
    return _Inferred("categorical", f"{len(distinct.values):,} distinct texts")

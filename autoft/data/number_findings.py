"""Findings of `infer_columns` about formatted numbers."""

from __future__ import annotations

import re

import numpy as np

from autoft.data.audit.findings import first_cell, share_evidence
from autoft.data.cells import Distinct, numbers
from autoft.data.number_cells import COMMA, POINT, THREES, dots_in_threes, take_apart
from autoft.data.number_formats import MOST_NUMBERS, FoundFormat
from autoft.data.table import number_text
from autoft.errors import bare_cell, cell, quoted
from autoft.formatting import counted
from autoft.records.columns import Column, NumberFormat
from autoft.records.findings import Finding, Severity

_MUST = "hold plain numbers such as 1234.5"
#: What says how exact a number is, or names a footnote: ``~5``, ``<= 10``, ``10,000+``, ``7*``, ``3 ± 1``, ``2×10^3``.
_MARKS = re.compile(
    r"^\s*+[~≈<>≤≥]=?\s?|\s?(?:[+*†‡]|\[[0-9a-z]{1,2}\]|±.{1,20}|[x×*·]\s?10(?:\^[-+]?[0-9]{1,3}|[⁰¹²³⁴-⁹⁻]{1,4}))$"
)
#: Fewer different ones are groups such as ``18+``, which are as good as categories.
_MANY = 20


def read_as(name: str, cells: Distinct, found: FoundFormat) -> Finding:
    """Formatted numbers are read; a warning where they could be something else after all."""
    form = found.format
    values = ~np.isnan(cells.numbers_in(form))
    other = values & ((cells.numbers_in(form) != cells.numbers) | np.isnan(cells.numbers))
    example = cells.first(other if other.any() else values)
    number = cells.numbers_in(form)[cells.texts.index(example[1])]
    shown = f"such as {cell(example[1])} in row {example[0]:,}, which is read as {bare_cell(number_text(number))}"
    text = f"has {counted(cells.rows(other), 'number')} written like {quoted(form)}, {shown}"
    evidence = share_evidence(cells.rows(other), int(cells.counts.sum()), "formatted", "others")
    if found.assumed:
        sign, other = ("dots", ".") if "." in example[1] else ("commas", ",")
        fix = f"its {sign} are taken for thousands; if they stand before decimals, write data: {{decimal: '{other}'}}"
        return Finding("number-format", "warning", name, _MUST, text, fix, evidence)
    fix = "nothing to do: tables to predict are read alike, and plain numbers too"
    return Finding("number-format", "info", name, _MUST, text, fix, evidence)


def decimals(name: str, cells: Distinct) -> Finding:
    """All numbers have a dot and three digits behind it, and are read as plain numbers."""
    row, text = cells.first(cells.counts > 0)
    found = f"has a dot before the last three digits of every number, such as {cell(text)} in row {row:,}"
    fix = "its dots are taken for decimals; if they stand between thousands, write data: {decimal: ','}"
    return Finding("number-format", "info", name, _MUST, found, fix)


def unread(name: str, cells: Distinct, found: FoundFormat) -> Finding:
    """Formatted numbers could mean several things; the user chooses."""
    mask = np.isnan(cells.numbers) & np.array([parts is not None for parts in cells.parts], dtype=bool)
    rows, example = counted(cells.rows(mask), "cell"), f"first: row {cells.first(mask)[0]:,}, {cell(found.example)}"
    gain = f"and {rows} become numbers"
    if found.why == "ambiguous":
        sign = "comma" if "," in found.example else "dot"
        thousands, decimals = (".", ",") if sign == "comma" else (",", ".")
        text = f"has {rows} whose {sign} stands between thousands or before decimals ({example})"
        fix = f"it is used as a category; write data: {{decimal: '{thousands}'}} if the {sign} stands between "
        fix += f"thousands, or data: {{decimal: '{decimals}'}} if it stands before decimals, {gain}"
    elif found.why == "conflict":
        text = f"has numbers with a decimal comma and others with a decimal point ({example})"
        fix = "it is used as a category; write all in one format"
    else:
        units = [
            f"{cell(unit, rows=count) if unit else 'none'} ({counted(count, 'cell')})" for unit, count in found.units
        ]
        text = f"has numbers in several units: {', '.join(units)}"
        fix = "it is used as a category; convert all to one unit"
    return Finding("number-format", "warning", name, f"{_MUST}, in one unit", text, fix)


def marked(name: str, cells: Distinct) -> Finding | None:
    """Numbers with marks of which nobody knows whether they may be left out."""
    plain = [_MARKS.sub("", text) for text in cells.texts]
    marks = np.array([one != other for one, other in zip(plain, cells.texts, strict=True)], dtype=bool)
    if len(plain) < _MANY or not marks.any():
        return None
    read = ~np.isnan(numbers(plain)) | np.array([take_apart(text) is not None for text in plain], dtype=bool)
    if cells.share(read) < MOST_NUMBERS:
        return None
    found = (
        f"has {counted(cells.rows(marks), 'number')} with marks such as ~, >, + or * ({first_cell(cells.first(marks))})"
    )
    fix = "it is used as a category; remove the marks, to a column of their own if they say something"
    return Finding("number-format", "warning", name, _MUST, found, fix)


def written_otherwise(column: Column, cells: Distinct) -> list[Finding]:
    """What is said of a later table whose numbers are read as in training, but seem to be written in another way."""
    form, values = column.number_format or NumberFormat(), cells.numbers_in(column.number_format)
    texts, read = cells.values.dtype == object, np.isfinite(values)
    severity: Severity = "warning"
    if form.after in ("%", "‰") and not (texts and any(parts and parts.after for parts in cells.parts)):
        if not values[read].any() or (np.abs(values[read]) > 1).any():
            return []
        first = first_cell(cells.first(read))
        found = f"has fractions of 1 without '{form.after}' ({first}), which are read as {form.after}"
        fix = f"if they are shares, multiply them by {100 if form.after == '%' else 1000}"
    elif texts:
        shapes = np.array([parts.shape if parts else "" for parts in cells.parts])
        threes = read & np.isin(shapes, [*THREES])
        foreign = ~read & np.isin(shapes, [*(COMMA if form.decimal == "." else POINT)])
        if threes.any() and cells.share(foreign) > 1 - MOST_NUMBERS:
            first = first_cell(cells.first(foreign))
            found = f"has cells of another format ({first}), by which those that can be read are wrong"
            fix, severity = "write them as in training", "error"
        elif column.integral and form.decimal == "." and (values[threes] % 1).any() and dots_in_threes(cells.texts):
            first = first_cell(cells.first(threes))
            found = f"has decimals ({first}), though the training table had whole numbers only"
            fix = "if their dots stand between thousands, write plain numbers such as 1234"
        else:
            return []
    else:
        return []
    return [Finding("number-format", severity, column.name, "have numbers written as in training", found, fix)]

"""Findings of `infer_columns` about formatted numbers."""

from __future__ import annotations

import numpy as np

from autoft.data.audit.findings import share_evidence
from autoft.data.cells import Distinct
from autoft.data.number_formats import FoundFormat
from autoft.data.table import number_text
from autoft.errors import quoted
from autoft.formatting import counted
from autoft.records.findings import Finding

_MUST = "hold plain numbers such as 1234.5"


def read_as(name: str, cells: Distinct, found: FoundFormat) -> Finding:
    """Formatted numbers are read; a warning where they could be something else after all."""
    form = found.format
    values = ~np.isnan(cells.numbers_in(form))
    other = values & ((cells.numbers_in(form) != cells.numbers) | np.isnan(cells.numbers))
    example = cells.first(other if other.any() else values)
    number = cells.numbers_in(form)[cells.texts.index(example[1])]
    shown = f"such as {quoted(example[1])} in row {example[0]:,}, which is read as {number_text(number)}"
    text = f"has {counted(cells.rows(other), 'number')} written like {quoted(form)}, {shown}"
    evidence = share_evidence(cells.rows(other), int(cells.counts.sum()), "formatted", "others")
    if found.assumed:
        sign, other = ("dots", ".") if "." in example[1] else ("commas", ",")
        fix = f"its {sign} are taken for thousands; if they stand before decimals, write data: {{decimal: '{other}'}}"
        return Finding("number-format", "warning", name, _MUST, text, fix, evidence)
    fix = "nothing to do: tables to predict are read alike, and plain numbers too"
    return Finding("number-format", "info", name, _MUST, text, fix, evidence)


def unread(name: str, cells: Distinct, found: FoundFormat) -> Finding:
    """Formatted numbers could mean several things; the user chooses."""
    mask = np.isnan(cells.numbers) & np.array([parts is not None for parts in cells.parts], dtype=bool)
    rows, example = counted(cells.rows(mask), "cell"), f"first: row {cells.first(mask)[0]:,}, {quoted(found.example)}"
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
        units = [f"{quoted(unit) if unit else 'none'} ({counted(count, 'cell')})" for unit, count in found.units]
        text = f"has numbers in several units: {', '.join(units)}"
        fix = "it is used as a category; convert all to one unit"
    return Finding("number-format", "warning", name, f"{_MUST}, in one unit", text, fix)

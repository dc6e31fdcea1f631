"""Wording and evidence that several findings share."""

from __future__ import annotations

from collections.abc import Sequence

from autoft.data.audit import charts
from autoft.errors import cell
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence


def share_of(part: int, whole: int, noun: str) -> str:
    """A count with its total and its share."""
    share = 100 * part / whole
    return f"{part:,} of {whole:,} {noun} ({share:{'.0f' if share >= 1 else '.2g'}}%)"


def share_evidence(part: int, whole: int, name: str, others: str, *, rows: tuple[int, ...] = ()) -> Evidence:
    """Evidence of a share: how many there are of two things, one of which the finding is about.

    >>> evidence = share_evidence(12, 1200, "empty", "filled")
    >>> dict(evidence.counts), evidence.sketch.y, evidence.sketch.marked
    ({'empty': 12, 'filled': 1188}, (1188.0, 12.0), (1,))
    """
    counts = {name: part, others: whole - part}
    drawn = charts.bars({others: whole - part, name: part}, marked=[name])
    return Evidence(counts=counts, rows=rows, sketch=drawn)


def row_numbers(positions: Sequence[int] | Array, most: int = 10) -> tuple[int, ...]:
    """The first of some positions as row numbers, which people count from 1."""
    return tuple(int(row) + 1 for row in positions[:most])


def label_text(label: object) -> str:
    """A label as the user wrote it: whole numbers that a frame stores as floats lose their '.0'.

    >>> label_text(1.0), label_text("1.0"), label_text(True)
    ('1', '1', 'True')
    """
    text = str(label)
    return text[:-2] if text.endswith(".0") and text[:-2].lstrip("-").isdecimal() else text


def first_cell(first: tuple[int, str]) -> str:
    """The first row (from 1) of its kind, and its cell."""
    row, text = first
    return f"first: row {row:,}, {cell(text)}"

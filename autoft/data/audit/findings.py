"""Shared words of the checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from autoft.data.audit import charts
from autoft.records import Finding, Severity
from autoft.records.evidence import Evidence


def finding(
    code: str,
    severity: Severity,
    column: str | None,
    must: str,
    found: str,
    fix: str,
    evidence: Evidence | None = None,
) -> Finding:
    """A finding, parts in the order of its sentence."""
    return Finding(code=code, severity=severity, column=column, must=must, found=found, fix=fix, evidence=evidence)


def of(part: int, whole: int, noun: str) -> str:
    """A count with its total and its share.

    >>> of(12, 1200, "cells")
    '12 of 1,200 cells (1%)'
    """
    share = 100 * part / whole
    return (
        f"{part:,} of {whole:,} {noun} ({share:.0f}%)" if share >= 1 else f"{part:,} of {whole:,} {noun} ({share:.2g}%)"
    )


def parted(part: int, whole: int, name: str, others: str, *, rows: tuple[int, ...] = ()) -> Evidence:
    """Evidence of a share: how many there are of two things, one of which the finding is about.

    >>> proof = parted(12, 1200, "empty", "filled")
    >>> dict(proof.counts), proof.sketch.y, proof.sketch.marked
    ({'empty': 12, 'filled': 1188}, (1188.0, 12.0), (1,))
    """
    counts = {name: part, others: whole - part}
    drawn = charts.bars({others: whole - part, name: part}, marked=[name])
    return Evidence(counts=counts, rows=rows, sketch=drawn)


def first(positions: Sequence[int] | NDArray[Any], most: int = 10) -> tuple[int, ...]:
    """The first of some positions as the row numbers that a person counts.

    >>> first([0, 4])
    (1, 5)
    """
    return tuple(int(row) + 1 for row in positions[:most])


def label_text(label: object) -> str:
    """A label as the user wrote it: whole numbers that a frame stores as floats lose their '.0'.

    >>> label_text(1.0), label_text("1.0"), label_text(True)
    ('1', '1', 'True')
    """
    text = str(label)
    return text[:-2] if text.endswith(".0") and text[:-2].lstrip("-").isdecimal() else text

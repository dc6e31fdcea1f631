"""Shared words of the checks."""

from __future__ import annotations

from autoft.evidence import Evidence
from autoft.records import Finding, Severity


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


def label_text(label: object) -> str:
    """A label as the user wrote it: whole numbers that a frame stores as floats lose their '.0'.

    >>> label_text(1.0), label_text("1.0"), label_text(True)
    ('1', '1', 'True')
    """
    text = str(label)
    return text[:-2] if text.endswith(".0") and text[:-2].lstrip("-").isdecimal() else text

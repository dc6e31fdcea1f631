"""Findings for stages that were skipped or cut short for lack of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from autoft.records.findings import Finding, Severity

#: What a run may skip, or cut short.
Skippable = Literal["epochs", "boosting", "curves", "ensemble_gain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """The parts of a finding that do not depend on the run."""

    code: str
    subject: str
    must: str
    fix: str
    severity: Severity = "info"


_ROWS: Mapping[Skippable, _Row] = {
    "epochs": _Row(
        code="minutes-too-short",
        severity="warning",
        subject="The run",
        must="have the minutes that a search needs",
        fix="the best that was found is the model; allow more minutes for a better one (autoft plan says how many)",
    ),
    "boosting": _Row(
        code="boosting-left-out",
        subject="The model",
        must="be compared with gradient boosting on the same folds",
        fix="allow more minutes to see whether the model is worth its trouble",
    ),
    "curves": _Row(
        code="curves-left-out",
        subject="The report",
        must="have curves of the most important columns",
        fix="allow more minutes to see how predictions change with them",
    ),
    "ensemble_gain": _Row(
        code="bag-gain-left-out",
        subject="The model",
        must="be scored as the mean of the folds' networks that the model is",
        fix="expect the model to be a little better than its score, or allow more minutes",
    ),
}


def skipped_finding(stage: Skippable, reason: str) -> Finding:
    """The finding for a skipped stage.

    >>> print(skipped_finding("curves", "has no curve of age, as the time was over"))
    The report has no curve of age, as the time was over. Allow more minutes to see how predictions change with them.
    """
    row = _ROWS[stage]
    return Finding(row.code, row.severity, None, row.must, reason, row.fix, subject=row.subject)

"""Findings for stages that were skipped or cut short for lack of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from autoft.records.findings import Finding

#: What a run may skip, or cut short.
Skippable = Literal["epochs", "boosting", "curves", "ensemble_gain", "draws", "interrupted"]

#: Code, subject, what it must do, and the fix.
_PARTS: Mapping[Skippable, tuple[str, str, str, str]] = {
    "epochs": (
        "minutes-too-short",
        "The run",
        "have the minutes that a search needs",
        "the best that was found is the model; allow more minutes for a better one (autoft plan says how many)",
    ),
    "boosting": (
        "boosting-left-out",
        "The model",
        "be compared with gradient boosting on the same folds",
        "allow more minutes to see whether the model is worth its trouble",
    ),
    "curves": (
        "curves-left-out",
        "The report",
        "have curves of the most important columns",
        "allow more minutes to see how predictions change with them",
    ),
    "ensemble_gain": (
        "bag-gain-left-out",
        "The model",
        "be scored as the mean of the folds' networks that the model is",
        "expect the model to be a little better than its score, or allow more minutes",
    ),
    "draws": (
        "fewer-draws",
        "The evaluation",
        "rest on the draws that the recipe asks for",
        "the intervals are a little less steady; allow more minutes, or ask for fewer draws",
    ),
    "interrupted": (
        "evaluation-cut-short",
        "The evaluation",
        "be whole",
        "run the same command again for all of it; finished trials are not trained again",
    ),
}


def skipped_finding(stage: Skippable, reason: str) -> Finding:
    """The finding for a skipped stage; only too few epochs are worth a warning.

    >>> print(skipped_finding("curves", "has no curve of age, as the time was over"))
    The report has no curve of age, as the time was over. Allow more minutes to see how predictions change with them.
    """
    code, subject, must, fix = _PARTS[stage]
    return Finding(code, "warning" if stage == "epochs" else "info", None, must, reason, fix, subject=subject)

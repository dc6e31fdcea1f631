"""Overfitting: train against held-out performance, fold by fold, and a summary in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoft.evaluation.metrics import Direction
from autoft.formatting import number
from autoft.records.scores import FoldReport
from autoft.records.trials import Trial

#: Mean gaps, in standard deviations of the held-out score over the folds, above which there is some overfitting, or
#: strong overfitting. A gap that is smaller than the difference between two folds says nothing.
SOME = 1.0
STRONG = 3.0
#: Smallest standard deviation over the folds, as a share of the score.
FINEST = 0.005


def fold_reports(
    best: Trial,
    *,
    train_rows: Sequence[int],
    held_out_rows: Sequence[int],
    train_scores: Sequence[float],
    held_out_scores: Sequence[float],
    direction: Direction,
) -> tuple[FoldReport, ...]:
    """Train against held-out performance of each fold of the chosen trial; gaps are positive where train is better.

    Args:
        train_scores, held_out_scores: The objective of each fold at the trial's number of epochs.
    """
    sign = 1.0 if direction == "max" else -1.0
    per_fold = zip(train_rows, held_out_rows, train_scores, held_out_scores, strict=True)
    return tuple(
        FoldReport(
            fold=fold,
            train_rows=int(n_train),
            held_out_rows=int(n_held_out),
            train_score=float(train),
            held_out_score=float(held_out),
            gap=sign * (float(train) - float(held_out)),
            train_curve=_curve(best, "train", fold),
            held_out_curve=_curve(best, "held_out", fold),
        )
        for fold, (n_train, n_held_out, train, held_out) in enumerate(per_fold)
    )


def summary(reports: Sequence[FoldReport]) -> str:
    """One or two sentences on whether the chosen trial overfits.

    The mean gap is compared with the standard deviation of the held-out scores over the folds (`SOME`, `STRONG`);
    strong overfitting must also show in every fold. Folds with an undefined score are skipped; one epoch of training
    allows no verdict.
    """
    folds = [report for report in reports if np.isfinite(report.gap)]
    if len(folds) < 2:
        return "No verdict: the objective is defined on fewer than two folds"
    gaps = np.array([report.gap for report in folds])
    train = float(np.mean([report.train_score for report in folds]))
    scores = np.array([report.held_out_score for report in folds])
    held_out = float(scores.mean())
    spread = max(float(scores.std(ddof=1)), FINEST * abs(held_out))
    ratio, worse = (gaps.mean() / spread if spread else 0.0), int((gaps > 0).sum())
    means = f"train {number(train)}, held out {number(held_out)} on average"
    if all(len(report.held_out_curve) == 1 for report in folds):
        return f"No verdict after one epoch of training: {means}."
    if ratio <= SOME:
        return f"No sign of overfitting: {means}."
    strength = "Some" if ratio <= STRONG or worse < len(folds) else "Strong"
    return (
        f"{strength} overfitting: {means}. The gap is {ratio:.1f} times the spread of the held-out scores over the "
        f"folds, and the training rows score better in {worse} of {len(folds)} folds."
    )


def _curve(best: Trial, which: str, fold: int) -> tuple[float, ...]:
    return tuple(float(epoch[fold]) for epoch in best.curves.get(which, ()))

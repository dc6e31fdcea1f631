"""Refit: the chosen configurations trained again on all rows, the newest included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.machine import Machine
from autoft.pipeline.reserve import encoding_seconds
from autoft.pipeline.results import Selection
from autoft.pipeline.trainers import MakeTrainer
from autoft.records.split import HOLDOUT, Member
from autoft.records.trials import OUT_OF_TIME, TrialResult, Trials
from autoft.training.ensemble import Ensemble
from autoft.training.program import out_of_memory

#: Seconds of a refit as a multiple of those of the trial: every member learns from all rows.
_TIMES_A_TRIAL = 1.25
#: Share of a trial's epochs from which on a training that time has ended is good enough.
_ENOUGH = 0.5


def refit(
    dataset: Dataset, trials: Trials, selection: Selection, make_trainer: MakeTrainer, run: Run, *, end: float
) -> Ensemble | None:
    """The mean of up to K networks of each chosen trial that learn from all rows but those of the holdout.

    They differ by their first weights and the order of the rows. Each trains for as many epochs as its trial did. Where
    time is short there are fewer networks, and where it is very short one, of the trial with the largest share. None
    where the recipe wants none, or where time (until `end` on the run's clock) or memory is lacking: the model is then
    that of the folds.
    """
    if not dataset.refit:
        return None
    left = end - run.clock() - encoding_seconds(dataset, dataset.split.k, Machine())
    parts, number = _affordable(selection.parts(trials), dataset.split.k, max(left, 0.0))
    run.tell("search", "training the chosen configurations again on all rows")
    every, found = np.flatnonzero(dataset.split.blocks != HOLDOUT), []
    # They have trained on what they hold out, so that its loss falls: the last checkpoint is the best.
    members = [Member(train=every, held_out=fold.held_out, blocks=()) for fold in dataset.folds[:number]]
    try:
        trainer = make_trainer(replace(dataset, split=replace(dataset.split, k=number)), members)
        for result, share in parts:
            last = result.epochs

            def over(losses: Sequence[float], last: int = last) -> str:
                return "trained on all rows" if len(losses) >= last else ""

            again = trainer.train(result.params, lambda: run.clock() > end or bool(run.interrupt), result.limit, over)
            cut = again.reason.startswith(OUT_OF_TIME) and again.checkpoints[-1:] < (_ENOUGH * last,)
            if again.status == "failed" or cut:
                return _without(run, f"its training {again.reason}")
            found.append((again, share))
    except Exception as error:
        if not out_of_memory(error):
            raise
        return _without(run, "there was no memory")
    return trainer.ensemble(found)


def _affordable(
    parts: Sequence[tuple[TrialResult, float]], most: int, seconds: float
) -> tuple[list[tuple[TrialResult, float]], int]:
    """The trials that are trained again, with shares that sum to 1, and the number of networks of each: at least one of
    the trial with the largest share."""
    number = int(most * min(seconds / sum(_seconds(result) for result, _ in parts), 1.0))
    if number >= 1:
        return list(parts), number
    best = max(parts, key=lambda part: part[1])[0]
    return [(best, 1.0)], max(int(most * min(seconds / _seconds(best), 1.0)), 1)


def _seconds(result: TrialResult) -> float:
    """Seconds of training a trial again up to its checkpoint, with as many networks as it had."""
    trained = max(len(result.curves.get("held_out", ())), 1)
    return max(_TIMES_A_TRIAL * result.seconds * result.epochs / trained, 1e-3)


def _without(run: Run, reason: str) -> Ensemble | None:
    run.skip("refit", f"is the mean of the folds' models, not trained again on all rows: {reason}")
    return None

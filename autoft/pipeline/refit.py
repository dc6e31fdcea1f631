"""Refit: the chosen configurations trained again on all rows, the newest included."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.results import Selection
from autoft.pipeline.trainers import MakeTrainer
from autoft.records.split import HOLDOUT, Member
from autoft.records.trials import OUT_OF_TIME, TrialResult, Trials
from autoft.training.ensemble import Ensemble
from autoft.training.program import out_of_memory

#: Seconds of a refit as a multiple of those of the trial: every member learns from all rows.
_TIMES_A_TRIAL = 1.5


def refit(
    dataset: Dataset, trials: Trials, selection: Selection, make_trainer: MakeTrainer, run: Run, *, end: float
) -> Ensemble | None:
    """The mean of K networks of each chosen trial that learn from all rows but those of the holdout.

    They differ by their first weights and the order of the rows. Each trains for as many epochs as its trial did; where
    time is short, only the trials of the largest shares do. None where the recipe wants none, or where time (until
    `end` on the run's clock) or memory is lacking: the model is then that of the folds.
    """
    if not dataset.refit:
        return None
    parts = _affordable(selection.parts(trials), end - run.clock())
    if not parts:
        return _without(run, "there was no time")
    run.tell("search", "training the chosen configurations again on all rows")
    every, found = np.flatnonzero(dataset.split.blocks != HOLDOUT), []
    # What is held out only says where a training stands; no choice is made on it.
    members = [Member(train=every, held_out=fold.held_out, blocks=()) for fold in dataset.folds]
    try:
        trainer = make_trainer(dataset, members)
        for result, share in parts:
            last = result.epochs

            def over(losses: Sequence[float], last: int = last) -> str:
                return "trained on all rows" if len(losses) >= last else ""

            again = trainer.train(result.params, lambda: run.clock() > end or bool(run.interrupt), result.limit, over)
            if again.status == "failed" or again.reason.startswith(OUT_OF_TIME):
                return _without(run, f"its training {again.reason}")
            found.append((again, share))
    except Exception as error:
        if not out_of_memory(error):
            raise
        return _without(run, "there was no memory")
    return trainer.ensemble(found)


def _affordable(parts: Sequence[tuple[TrialResult, float]], seconds: float) -> list[tuple[TrialResult, float]]:
    """The trials of the largest shares for which there is time, with shares that sum to 1."""
    ranked = sorted(parts, key=lambda part: -part[1])
    needed = np.cumsum([_TIMES_A_TRIAL * _seconds(result) for result, _ in ranked])
    kept = ranked[: int((needed <= seconds).sum())]
    return [(result, share / sum(own for _, own in kept)) for result, share in kept]


def _seconds(result: TrialResult) -> float:
    """Seconds of a trial up to its checkpoint."""
    return result.seconds * result.epochs / max(len(result.curves.get("held_out", ())), 1)


def _without(run: Run, reason: str) -> Ensemble | None:
    run.skip("refit", f"is the mean of the folds' networks, not trained again on all rows: {reason}")
    return None

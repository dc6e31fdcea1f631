"""Weights of chosen trials: trained again where their files are lost or damaged."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from autoft.errors import SearchError
from autoft.records.trials import TrialResult, Trials
from autoft.search.journal import Journal
from autoft.search.store import store

#: As `autoft.training.trial_trainer.TrialTrainer.train_all`.
TrainAll = Callable[..., list[TrialResult]]


def restore_weights(
    trials: Trials, numbers: Sequence[int], train: TrainAll, *, journal: Journal, folder: Path
) -> Trials:
    """The trials with the weights of some of them; equal parameters and epochs give equal weights again. The journal
    gets a new line for each trial that is trained again.

    Raises:
        SearchError: If a trial that is trained again is not the one that was scored.
    """
    results, trained = list(trials.outcomes), trials.trained
    for number in numbers:
        if results[number].weights:
            continue
        results[number] = replace(results[number], weights=_train_again(results[number], train).weights)
        memory = trials.memories[number]
        with journal.writing(folder):
            stored = store(folder, memory, results[number], weights=True)
        journal.append({**journal.contents.trials()[memory], **stored})
        trained += 1
    return replace(trials, outcomes=tuple(results), trained=trained)


def _train_again(winner: TrialResult, train: TrainAll) -> TrialResult:
    asked = itertools.count(1)

    def out_of_time() -> bool:
        """Whether it stopped here before: another limit of epochs would mean other checkpoints."""
        return next(asked) >= winner.checkpoints[-1]

    (again,) = train([winner.params], out_of_time, winner.limit or None, None)
    if difference := _difference(again, winner):
        raise SearchError(
            "The best trial's weights",
            "be the ones that were scored",
            f"their file is damaged, and training again {difference}",
            "delete the run folder and run the same command again",
        )
    return again


def _difference(again: TrialResult, winner: TrialResult) -> str:
    """In words, how a trial that was trained again differs from what it was; "" but for rounding."""
    if again.epochs != winner.epochs:
        return f"stopped at {again.epochs} epochs, not {winner.epochs}"
    now, then = (_predictions(one) for one in (again, winner))
    apart = float(np.nanmean(np.abs(now - then)))
    # Rounding grows while a network trains, to a thousandth or so; another batch size shows in the second digit.
    differs = apart > 0.01 * max(np.nanstd(then), 1e-12)
    return f"gave predictions that are {apart:.2g} away on average" if differs else ""


def _predictions(result: TrialResult) -> Any:
    return result.held_out[result.checkpoints.index(result.epochs)].astype(np.float64)

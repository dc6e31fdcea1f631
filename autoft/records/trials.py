"""Trials, their results, and the progress of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # the command line shows trials without numpy
    from autoft.records.arrays import Array

TrialStatus = Literal["finished", "pruned", "failed"]
#: Most rows of each fold on which the train curve is read.
SAMPLED_ROWS = 256


def checkpoint_epochs(epochs: int) -> tuple[int, ...]:
    """Epochs whose held-out predictions are kept: a geometric grid, so that the choice stays a choice among few.

    >>> checkpoint_epochs(20)
    (1, 2, 3, 4, 6, 8, 11, 16, 20)
    """
    grid = {round(2 ** (k / 2)) for k in range(2 * int(math.log2(epochs)) + 1)}
    return tuple(sorted({e for e in grid if e <= epochs} | {epochs}))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """One configuration that was trained on all folds.

    Attributes:
        status: ``finished``, ``pruned`` (stopped because others were clearly better) or ``failed``.
        epochs: The one number of epochs for all folds: the checkpoint with the lowest mean held-out loss.
        checkpoints: Epochs whose held-out predictions were kept, ascending.
        curves: ``train`` and ``held_out``, each ``[epochs][members]`` losses.
        reason: Why the trial failed, or why it was stopped early.
        traces: How many programs had to be traced for it.
    """

    params: Mapping[str, Any]
    status: TrialStatus
    epochs: int = 0
    checkpoints: tuple[int, ...] = ()
    curves: Mapping[str, list[list[float]]] = field(default_factory=dict)
    reason: str = ""
    seconds: float = 0.0
    traces: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial(TrialFacts):
    """A trial of a search.

    Attributes:
        number: Position in the search, from 0.
        score: Naive score: the objective on the pooled held-out predictions at `epochs`, at its best threshold where
            one is tuned.
    """

    number: int
    score: float | None = None

    @property
    def cut_short(self) -> bool:
        """Whether it ended before its time: what it says of its memory is no such reason."""
        return bool(self.reason) and not self.reason.startswith("out of memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step of a run, for whoever shows it.

    Attributes:
        stage: ``reading``, ``schema``, ``baselines``, ``search``, ``evaluation``, ``saving`` or ``report``.
        trial: Number of the trial that just ended or began (from 0), within the search.
        score: The objective of that trial, None if it failed or has only begun.
        seconds_left: Estimate until the end of the search.
    """

    stage: str
    message: str = ""
    trial: int | None = None
    trials: int | None = None
    score: float | None = None
    best: float | None = None
    seconds_left: float | None = None


#: How the reason begins of a trial that the clock cut short.
OUT_OF_TIME = "out of time"
#: How the note begins that smaller batches than wanted were used.
OUT_OF_MEMORY = "out of memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult(TrialFacts):
    """The outcome of one trial.

    Attributes:
        held_out: ``[C, n, classes]`` (``[C, n]`` for regression) pooled held-out predictions at the C checkpoints, NaN
            on rows that no fold holds out.
        pairs: ``[C, P, n, classes]`` predictions of the pair members on the rows of their two blocks (P may be 0).
        weights: Trained weights of the folds at `epochs`, by name.
        limit: Epochs that it could have had: schedules are laid out over them.
    """

    held_out: Array = field(default_factory=lambda: _nothing(2))
    pairs: Array = field(default_factory=lambda: _nothing(3))
    weights: Mapping[str, Array] = field(default_factory=dict)
    limit: int = 0


def _nothing(dimensions: int) -> Array:
    import numpy as np

    return np.zeros((0,) * dimensions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """All trials of a search.

    Attributes:
        trials, outcomes: In the same order.
        best: Position of the best one.
        interrupted: Whether the user ended the search.
        trained: How many this run has trained; the others were remembered.
        memories: Names under which the journal remembers them.
        exhausted: Whether nothing was left to try.
    """

    trials: tuple[Trial, ...]
    outcomes: tuple[TrialResult, ...]
    best: int
    interrupted: bool
    trained: int
    memories: tuple[str, ...] = ()
    exhausted: bool = False

"""The choice rule, on all rows and again on each bootstrap draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autoft.errors import EvaluationError
from autoft.evaluate.intervals import Array, draw
from autoft.evaluate.metrics import METRICS
from autoft.evaluate.weighted import weighted_means, weighted_scores
from autoft.records import Task
from autoft.training.losses import row_losses

#: Row weights (rows x trials x draws) that a correction looks at before it starts to save work.
AFFORDABLE = 10**9

#: Draws that are always made, and draws by which hopeless trials are recognised when work has to be saved.
FEWEST_DRAWS = 200
PILOT = 50

#: A trial is hopeless when the best is ahead by this many bootstrap standard errors of their paired difference:
#: such a trial wins one draw in a billion, so leaving it out of the later draws changes nothing.
HOPELESS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """Pooled held-out predictions of one checkpoint of one trial: ``[n, classes]`` or ``[n]``, NaN elsewhere."""

    trial: int
    epochs: int
    predictions: Array


def choose(y: Array, candidates: Sequence[Candidate], *, task: Task, objective: str, positive_index: int) -> int:
    """The choice rule of autoft: position of the candidate to use.

    Within a trial the checkpoint with the lowest mean held-out loss (log-loss, squared error; ties: the earliest),
    then the trial whose checkpoint has the best objective (ties: the lowest number). Only rows on which all
    candidates have predictions count.

    Raises:
        EvaluationError: If there is no candidate, no common row, or the objective is undefined on those rows.

    >>> good, bad = np.array([1.0, 2.0]), np.array([2.0, 2.0])
    >>> candidates = [Candidate(trial=0, epochs=3, predictions=bad), Candidate(trial=1, epochs=5, predictions=good)]
    >>> choose(good, candidates, task="regression", objective="rmse", positive_index=1)
    1
    """
    rows = common_rows(candidates)
    replay = Replay(y, candidates, rows, task=task, objective=objective, positive_index=positive_index)
    return replay.on_all_rows()


def common_rows(candidates: Sequence[Candidate]) -> Array:
    """Positions of the rows on which every candidate has a prediction.

    Raises:
        EvaluationError: If there is no candidate or no such row.
    """
    if not candidates:
        raise EvaluationError(
            "A choice", "have candidates", "no trial has held-out predictions", "see why the trials failed"
        )
    finite = np.ones(len(candidates[0].predictions), dtype=bool)
    for candidate in candidates:
        defined = np.isfinite(candidate.predictions)
        finite &= defined if defined.ndim == 1 else defined.all(axis=1)
    if not finite.any():
        raise EvaluationError(
            "Held-out predictions",
            "be finite on the same rows for all trials",
            f"{len(candidates):,} candidates have no such row in common",
            "leave out trials that diverged",
        )
    return np.flatnonzero(finite)


class Replay:
    """Makes the choice again under any weighting of the rows.

    Args:
        y: True values of all rows, ``[n]``.
        candidates: Checkpoints of all trials.
        rows: Positions of the rows that count, ``[m]``.
        task, objective, positive_index: The problem.
    """

    def __init__(
        self,
        y: Array,
        candidates: Sequence[Candidate],
        rows: Array,
        *,
        task: Task,
        objective: str,
        positive_index: int,
    ) -> None:
        self.y, self.rows, self.task, self.positive_index = y[rows], rows, task, positive_index
        self.metric = METRICS[objective]
        self.candidates = candidates
        order = sorted(range(len(candidates)), key=lambda c: (candidates[c].trial, candidates[c].epochs))
        self.trials: list[list[int]] = []
        for c in order:
            if self.trials and candidates[self.trials[-1][0]].trial == candidates[c].trial:
                self.trials[-1].append(c)
            else:
                self.trials.append([c])

    def on_all_rows(self) -> int:
        """The choice on all rows."""
        pick = int(self.picks(np.ones((1, len(self.rows)), dtype=np.uint8))[0])
        if pick < 0:
            raise EvaluationError(
                f"Objective '{self.metric.name}'",
                "be defined on the held-out rows",
                "it is not, for any trial",
                "see that every class has held-out rows, or choose another objective",
            )
        return pick

    def on_draws(self, clusters: Array, draws: int, seed: int) -> tuple[Array, Array]:
        """Draw clusters and choose on each draw; spends less on large problems (see `AFFORDABLE`).

        Args:
            clusters: Cluster of each of the rows that count, ``[m]``.
            draws: Number of draws wanted.
            seed: Of the draws.

        Returns:
            Draw counts ``[draws, m]`` and the choices ``[draws]``, -1 where the objective is undefined.
        """
        work = len(self.rows) * draws
        if work * len(self.trials) <= AFFORDABLE or draws <= PILOT:
            counts = draw(clusters, draws, seed)
            return counts, self.picks(counts)
        pilot, checkpoints = self.objectives(draw(clusters, PILOT, seed), range(len(self.trials)))
        within_reach = _within_reach(pilot)
        affordable = AFFORDABLE // (len(self.rows) * len(within_reach))
        counts = draw(clusters, min(draws, max(affordable, FEWEST_DRAWS)), seed)
        later = self.picks(counts[PILOT:], within_reach)
        return counts, np.concatenate([_pick(pilot, checkpoints), later])

    def picks(self, weights: Array, trials: Sequence[int] | None = None) -> Array:
        """Chosen candidate under each weighting, ``[draws]``; -1 where the objective is undefined.

        Args:
            weights: Row weights ``[draws, m]``.
            trials: Positions of the trials to choose from, in ascending order; all if None.
        """
        return _pick(*self.objectives(weights, range(len(self.trials)) if trials is None else trials))

    def objectives(self, weights: Array, trials: Sequence[int]) -> tuple[Array, Array]:
        """Objective (turned so that more is better) and chosen checkpoint of each trial, both ``[draws, trials]``."""
        value = np.full((len(weights), len(trials)), np.nan)
        checkpoint = np.empty((len(weights), len(trials)), dtype=int)
        for t, trial in enumerate(trials):
            own = np.array(self.trials[trial])
            predictions = [self.candidates[c].predictions[self.rows] for c in own]
            best = np.zeros(len(weights), dtype=int)
            if len(own) > 1:
                losses = np.stack([row_losses(self.y, p) for p in predictions], axis=1)
                best = np.argmin(weighted_means(weights, losses), axis=1)
            for b in np.unique(best):
                value[best == b, t] = self._objective(predictions[b], weights[best == b])
            checkpoint[:, t] = own[best]
        return value, checkpoint

    def _objective(self, predictions: Array, weights: Array) -> Array:
        name = self.metric.name
        values = weighted_scores(
            self.y, predictions, weights, task=self.task, positive_index=self.positive_index, names=(name,)
        )
        return self.metric.better(values[name])


def _pick(value: Array, checkpoint: Array) -> Array:
    comparable = np.where(np.isnan(value), -np.inf, value)
    best = np.argmax(comparable, axis=1)
    every = np.arange(len(value))
    return np.where(np.isinf(comparable[every, best]), -1, checkpoint[every, best])


def _within_reach(value: Array) -> list[int]:
    """Trials that are not hopelessly behind the best one in a pilot ``[draws, trials]`` (see `HOPELESS`)."""
    defined = value[np.isfinite(value).all(axis=1)]
    if len(defined) < PILOT // 2:
        return list(range(value.shape[1]))
    gap = defined[:, [np.argmax(defined.mean(axis=0))]] - defined
    return [int(t) for t in np.flatnonzero(gap.mean(axis=0) <= HOPELESS * gap.std(axis=0, ddof=1))]

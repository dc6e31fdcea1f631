"""The choice rule, on all rows and again on each bootstrap draw: the best trial, or a blend of a few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.errors import EvaluationError
from autoft.evaluation import blend
from autoft.evaluation import costs as row_costs
from autoft.evaluation.bootstrap import draw
from autoft.evaluation.decision_rule import Calibrate, RuleFitter, comparer
from autoft.evaluation.losses import row_losses
from autoft.evaluation.metrics import METRICS, trained_quantile
from autoft.evaluation.weighted_metrics import of_rows, weighted_means, weighted_scores
from autoft.records import DecisionGoal, Task, Trial
from autoft.records.arrays import Array
from autoft.records.trials import TrialResult

#: Row weights (rows x trials x draws) that a correction looks at before it starts to save work.
AFFORDABLE = 10**9

#: Draws that are always made, and draws by which hopeless trials are recognised when work has to be saved.
FEWEST_DRAWS = 200
PILOT = 50

#: A trial is hopeless when the best is ahead by this many bootstrap standard errors of their paired difference:
#: such a trial wins one draw in a billion, so leaving it out of the later draws changes nothing.
HOPELESS = 6.0

#: Beyond so many rows the best trial is taken alone: blending anew on every draw would take too long.
MOST_ROWS_BLENDED = 200_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """Pooled held-out predictions of one checkpoint of one trial: ``[n, classes]`` or ``[n]``, NaN elsewhere.

    `balance` is the exponent of the class weights that the trial trained with.
    """

    trial: int
    epochs: int
    predictions: Array
    balance: float = 0.0


#: Positions of candidates and their weights, which sum to 1: what is deployed, or would be on some draw.
Blend = tuple[tuple[int, float], ...]


def choose(
    y: Array,
    candidates: Sequence[Candidate],
    *,
    task: Task,
    objective: str,
    positive_index: int,
    members: int = 1,
    row_weights: Array | None = None,
    quantile: float | None = None,
    costs: DecisionGoal | None = None,
) -> Blend:
    """The choice rule of autoft: positions of the candidates to use, and their weights.

    Within a trial the checkpoint with the lowest mean held-out loss (that it trains; ties: the earliest),
    then the trial whose checkpoint has the best objective (ties: the lowest number), then up to `members` trials
    weighted together (`evaluation.blend`). Only rows on which all candidates have predictions count. An objective
    whose threshold is tuned is that of each trial at its best threshold; what is done to the answers of the choice
    afterwards is the business of `autoft.evaluation.decision_rule`.

    Raises:
        EvaluationError: If there is no candidate, no common row, or the objective is undefined on those rows.

    >>> good, bad = np.array([1.0, 2.0]), np.array([2.0, 2.0])
    >>> candidates = [Candidate(trial=0, epochs=3, predictions=bad), Candidate(trial=1, epochs=5, predictions=good)]
    >>> choose(good, candidates, task="regression", objective="rmse", positive_index=1)
    ((1, 1.0),)
    """
    problem: dict[str, Any] = {"task": task, "objective": objective, "positive_index": positive_index}
    problem |= {"row_weights": row_weights, "quantile": quantile, "costs": costs}
    return Replay(y, candidates, common_rows(candidates), members=members, **problem).on_all_rows()


def mixed(candidates: Sequence[Candidate], chosen: Blend, rows: Array | slice = slice(None)) -> Array:
    """Predictions of a blend: the weighted mean of its candidates' on some rows."""
    if len(chosen) == 1:
        return np.asarray(candidates[chosen[0][0]].predictions[rows])
    return np.asarray(sum(weight * candidates[c].predictions[rows] for c, weight in chosen))


def candidates_of(trials: Sequence[Trial], outcomes: Sequence[TrialResult]) -> list[Candidate]:
    """The checkpoints of all trials."""
    return [
        Candidate(trial=trial.number, epochs=epochs, predictions=outcome.held_out[c], balance=balance_of(trial))
        for trial, outcome in zip(trials, outcomes, strict=True)
        for c, epochs in enumerate(outcome.checkpoints)
    ]


def balance_of(trial: Trial) -> float:
    """The exponent of the class weights that a trial trained with."""
    return float(trial.params.get("class_balance", 0.0))


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
        members: Most trials that are blended; 1 for the best alone.
        row_weights: ``[n]``, which multiply every weighting; None where all rows count the same.
        quantile: Of the objective ``pinball``.
        costs: What decisions follow: costs of answers (gains ``[n]``), or a minimum.
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
        members: int = 1,
        row_weights: Array | None = None,
        quantile: float | None = None,
        costs: DecisionGoal | None = None,
    ) -> None:
        self.members = members if len(rows) <= MOST_ROWS_BLENDED else 1
        self._wrong: dict[int, Array] = {}
        self.y, self.rows, self.task, self.positive_index = y[rows], rows, task, positive_index
        self.metric, self.trained = METRICS[objective], trained_quantile(objective, quantile)
        self.row_weights = of_rows(row_weights, rows)
        #: What every score of these rows needs to know besides predictions.
        self.problem: dict[str, Any] = {"task": task, "positive_index": positive_index, "quantile": quantile}
        costs = row_costs.of_rows(costs, rows)
        self.problem |= {"row_weights": self.row_weights, "costs": costs}
        self._deciding: dict[str, Any] = {"task": task, "objective": objective, "positive_index": positive_index}
        self._deciding |= {"row_weights": self.row_weights, "costs": costs}
        self._comparer = comparer(self.y, **self._deciding)
        self.candidates = candidates
        order = sorted(range(len(candidates)), key=lambda c: (candidates[c].trial, candidates[c].epochs))
        self.trials: list[list[int]] = []
        for c in order:
            if self.trials and candidates[self.trials[-1][0]].trial == candidates[c].trial:
                self.trials[-1].append(c)
            else:
                self.trials.append([c])

    def on_all_rows(self) -> Blend:
        """The choice on all rows."""
        pick = self.picks(np.ones((1, len(self.rows)), dtype=np.uint8))[0]
        if not pick:
            raise EvaluationError(
                f"Objective '{self.metric.name}'",
                "be defined on the held-out rows",
                "it is not, for any trial",
                "see that every class has held-out rows, or choose another objective",
            )
        return pick

    def finisher(self, clusters: Array, calibration: Calibrate) -> RuleFitter:
        """What decides on the same rows, weighted alike, what is done to the answers of the choice.

        Args:
            clusters: Cluster of each of the rows that count, ``[m]``.
            calibration: ``auto``, or ``none`` to leave probabilities alone.
        """
        return RuleFitter(self.y, clusters, calibration=calibration, **self._deciding)

    def on_draws(self, clusters: Array, draws: int, seed: int) -> tuple[Array, list[Blend]]:
        """Draw clusters and choose on each draw; spends less on large problems (see `AFFORDABLE`).

        Args:
            clusters: Cluster of each of the rows that count, ``[m]``.
            draws: Number of draws wanted.
            seed: Of the draws.

        Returns:
            Draw counts ``[draws, m]`` and the choice on each draw, empty where the objective is undefined.
        """
        work = len(self.rows) * draws
        if work * len(self.trials) <= AFFORDABLE or draws <= PILOT:
            counts = draw(clusters, draws, seed)
            return counts, self.picks(counts)
        first = draw(clusters, PILOT, seed)
        pilot, checkpoints = self.objectives(first, range(len(self.trials)))
        within_reach = _within_reach(pilot)
        affordable = AFFORDABLE // (len(self.rows) * len(within_reach))
        counts = draw(clusters, min(draws, max(affordable, FEWEST_DRAWS)), seed)
        later = self.picks(counts[PILOT:], within_reach)
        return counts, self._blends(first, pilot, checkpoints) + later

    def picks(self, weights: Array, trials: Sequence[int] | None = None) -> list[Blend]:
        """The choice under each weighting, empty where the objective is undefined.

        Args:
            weights: Row weights ``[draws, m]``.
            trials: Positions of the trials to choose from, in ascending order; all if None.
        """
        return self._blends(weights, *self.objectives(weights, range(len(self.trials)) if trials is None else trials))

    def _blends(self, weights: Array, value: Array, checkpoint: Array) -> list[Blend]:
        """Blends from the objective and the checkpoint of each trial ``[draws, trials]`` under each weighting."""
        comparable = np.where(np.isnan(value), -np.inf, value)
        order = np.argsort(-comparable, axis=1, kind="stable")
        return [
            self._blend(w, [int(c[t]) for t in best[: blend.POOL] if np.isfinite(v[t])])
            for w, v, c, best in zip(weights, comparable, checkpoint, order, strict=True)
        ]

    def _blend(self, weights: Array, candidates: Sequence[int]) -> Blend:
        """The blend of candidates that stand in the order of their objective."""
        if self.members == 1 or len(candidates) < 2:
            return tuple((c, 1.0) for c in candidates[:1])
        weights = weights if self.row_weights is None else weights * self.row_weights
        if self.trained is None:
            wrong = np.stack([self._errors(c) for c in candidates], axis=2)
            shares = blend.select(blend.products(wrong, weights), self.members)
        else:
            few = blend.sample(len(self.y))
            values = np.stack([self.candidates[c].predictions[self.rows[few]] for c in candidates], axis=1)
            shares = blend.select_by_pinball(self.y[few], values, weights[few], self.members, self.trained)
        return tuple((c, float(share)) for c, share in zip(candidates, shares, strict=True) if share > 0)

    def _errors(self, candidate: int) -> Array:
        if candidate not in self._wrong:
            unit = float(np.std(self.y)) or 1.0 if self.task == "regression" else 1.0
            predictions = self.candidates[candidate].predictions[self.rows]
            self._wrong[candidate] = blend.errors(self.y, predictions, self.task, self.positive_index, unit)
        return self._wrong[candidate]

    def objectives(self, weights: Array, trials: Sequence[int]) -> tuple[Array, Array]:
        """Objective (turned so that more is better) and chosen checkpoint of each trial, both ``[draws, trials]``."""
        value = np.full((len(weights), len(trials)), np.nan)
        checkpoint = np.empty((len(weights), len(trials)), dtype=int)
        for t, trial in enumerate(trials):
            own = np.array(self.trials[trial])
            predictions = [self.candidates[c].predictions[self.rows] for c in own]
            best = np.zeros(len(weights), dtype=int)
            if len(own) > 1:
                losses = np.stack([row_losses(self.y, p, self.trained) for p in predictions], axis=1)
                if balance := self.candidates[own[0]].balance:
                    best = np.argmin(balanced_sums(self.y, losses, weights, balance, self.row_weights), axis=1)
                else:
                    best = np.argmin(weighted_means(weights, losses, self.row_weights), axis=1)
            for b in np.unique(best):
                value[best == b, t] = self._objective(predictions[b], weights[best == b])
            checkpoint[:, t] = own[best]
        return value, checkpoint

    def _objective(self, predictions: Array, weights: Array) -> Array:
        if self._comparer is not None:
            return self._comparer.best_values(predictions, weights)
        name = self.metric.name
        values = weighted_scores(self.y, predictions, weights, names=(name,), **self.problem)
        return self.metric.better(values[name])


def balanced_sums(y: Array, losses: Array, weights: Array, balance: float, row_weights: Array | None = None) -> Array:
    """Losses ``[m, c]`` added up with class weights, under each weighting ``[draws, m]``: ``[draws, c]``.

    The weights are those that a trial with this `class_balance` trains with, but for a factor, from the classes of the
    drawn rows.
    """
    total = np.zeros((len(weights), losses.shape[1]))
    for own in (y == c for c in np.unique(y)):
        drawn = weights[:, own] * (1.0 if row_weights is None else row_weights[own])
        count = drawn.sum(axis=1, dtype=np.float64)
        share = np.where(count > 0, np.maximum(count, 1e-12) ** -balance, 0.0)
        total += share[:, None] * (drawn @ losses[own])
    return total


def _within_reach(value: Array) -> list[int]:
    """Trials that are not hopelessly behind the best one in a pilot ``[draws, trials]`` (see `HOPELESS`)."""
    defined = value[np.isfinite(value).all(axis=1)]
    if len(defined) < PILOT // 2:
        return list(range(value.shape[1]))
    gap = defined[:, [np.argmax(defined.mean(axis=0))]] - defined
    return [int(t) for t in np.flatnonzero(gap.mean(axis=0) <= HOPELESS * gap.std(axis=0, ddof=1))]

"""Selection: the best trial or a blend of a few, on all rows and again on each bootstrap draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

import numpy as np

from autoft.errors import EvaluationError
from autoft.evaluation import blend
from autoft.evaluation.bootstrap import draw
from autoft.evaluation.decision_rule import RuleFitter, comparer
from autoft.evaluation.losses import row_losses
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.scores import weighted_means, weighted_scores
from autoft.records.arrays import Array
from autoft.records.problem import BEST_TRIAL, Draws, Problem, SelectionRule, Truth
from autoft.records.trials import Trial, TrialResult

#: Row weights (rows x trials x draws) beyond which a correction saves work.
AFFORDABLE = 10**9
#: Draws that are always made.
FEWEST_DRAWS = 200
#: First draws, after which hopeless trials are dropped when work has to be saved.
PILOT = 50
#: Bootstrap standard errors of the difference from the best trial beyond which a trial is hopeless. It would win one
#: draw in a billion, so dropping it changes nothing.
HOPELESS = 6.0
#: Rows beyond which the best trial is taken alone: blending on every draw would take too long.
MOST_ROWS_BLENDED = 200_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """One checkpoint of one trial.

    Attributes:
        predictions: Pooled held-out predictions, ``[n, classes]`` or ``[n]``; NaN on rows that no fold holds out.
        balance: Exponent of the class weights that the trial trained with.
    """

    trial: int
    epochs: int
    predictions: Array
    balance: float = 0.0


#: Positions of candidates and their weights, which sum to 1.
Blend = tuple[tuple[int, float], ...]


def mixed(candidates: Sequence[Candidate], chosen: Blend, rows: Array | slice = slice(None)) -> Array:
    """Predictions of a blend for some rows: the weighted mean of its candidates' predictions."""
    if len(chosen) == 1:
        return np.asarray(candidates[chosen[0][0]].predictions[rows])
    return np.asarray(sum(weight * candidates[c].predictions[rows] for c, weight in chosen))


def candidates_of(trials: Sequence[Trial], outcomes: Sequence[TrialResult]) -> list[Candidate]:
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
        found = "no trial has held-out predictions"
        raise EvaluationError("A choice", "have candidates", found, "see why the trials failed")
    finite = np.ones(len(candidates[0].predictions), dtype=bool)
    for candidate in candidates:
        defined = np.isfinite(candidate.predictions)
        finite &= defined if defined.ndim == 1 else defined.all(axis=1)
    if not finite.any():
        must, found = "be finite on the same rows for all trials", f"{len(candidates):,} have no such row in common"
        raise EvaluationError("Held-out predictions", must, found, "leave out trials that diverged")
    return np.flatnonzero(finite)


class Replay:
    """Selection under any weighting of the rows.

    Each trial stands with its checkpoint of the lowest mean held-out loss (the loss that was trained). The trial with
    the best objective begins a blend of up to `rule.members` trials (`blend`). Of equals the first is taken. An
    objective with a tuned threshold is compared at the best threshold of each trial.

    Args:
        rows: Positions of the rows that count, ``[m]``; None for those on which every candidate has predictions.
    """

    def __init__(
        self,
        truth: Truth,
        candidates: Sequence[Candidate],
        problem: Problem,
        rule: SelectionRule = BEST_TRIAL,
        rows: Array | None = None,
    ) -> None:
        self.rows = common_rows(candidates) if rows is None else rows
        self.truth, self.problem, self.candidates, self.rule = truth.take(self.rows), problem, candidates, rule
        self.members = rule.members if len(self.rows) <= MOST_ROWS_BLENDED else 1
        self.metric = METRICS[problem.objective]
        self.trained = self.metric.trained_quantile(problem.quantile)
        self._wrong: dict[int, Array] = {}
        self._comparer = comparer(self.truth, problem)
        order = sorted(range(len(candidates)), key=lambda c: (candidates[c].trial, candidates[c].epochs))
        self.trials = [list(own) for _, own in groupby(order, key=lambda c: candidates[c].trial)]

    def on_all_rows(self) -> Blend:
        """The choice with every row counted once.

        Raises:
            EvaluationError: If the objective is undefined for all trials.
        """
        pick = self.picks(np.ones((1, len(self.rows)), dtype=np.uint8))[0]
        if not pick:
            must, found = "be defined on the held-out rows", "it is not, for any trial"
            fix = "see that every class has held-out rows, or choose another objective"
            raise EvaluationError(f"Objective '{self.metric.name}'", must, found, fix)
        return pick

    @cached_property
    def rule_fitter(self) -> RuleFitter:
        return RuleFitter(self.truth, self.problem, self.rule.calibration)

    def on_draws(self, wanted: Draws) -> tuple[Array, list[Blend]]:
        """Draw clusters and choose on each draw; large problems get fewer trials and draws (`AFFORDABLE`).

        Returns:
            Draw counts ``[draws, m]`` and the choice on each draw, empty where the objective is undefined.
        """
        clusters, draws = self.truth.groups, wanted.number
        work = len(self.rows) * draws
        if work * len(self.trials) <= AFFORDABLE or draws <= PILOT:
            counts = draw(clusters, wanted)
            return counts, self.picks(counts)
        first = draw(clusters, replace(wanted, number=PILOT))
        pilot, checkpoints = self.objectives(first, range(len(self.trials)))
        within_reach = _within_reach(pilot)
        affordable = AFFORDABLE // (len(self.rows) * len(within_reach))
        counts = draw(clusters, replace(wanted, number=min(draws, max(affordable, FEWEST_DRAWS))))
        later = self.picks(counts[PILOT:], within_reach)
        return counts, self._blends(first, pilot, checkpoints) + later

    def picks(self, weights: Array, trials: Sequence[int] | None = None) -> list[Blend]:
        """The choice under each weighting, empty where the objective is undefined.

        Args:
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
        if self.members == 1 or len(candidates) < 2:
            return tuple((c, 1.0) for c in candidates[:1])
        weights = self.truth.weighted(weights)
        if self.trained is None:
            wrong = np.stack([self._errors(c) for c in candidates], axis=2)
            shares = blend.select(blend.products(wrong, weights), self.members)
        else:
            few = blend.sample(len(self.truth))
            values = np.stack([self.candidates[c].predictions[self.rows[few]] for c in candidates], axis=1)
            shares = blend.select_by_pinball(self.truth.y[few], values, weights[few], self.members, self.trained)
        return tuple((c, float(share)) for c, share in zip(candidates, shares, strict=True) if share > 0)

    def _errors(self, candidate: int) -> Array:
        if candidate not in self._wrong:
            y, task = self.truth.y, self.problem.task
            unit = float(np.std(y)) or 1.0 if task == "regression" else 1.0
            predictions = self.candidates[candidate].predictions[self.rows]
            self._wrong[candidate] = blend.errors(y, predictions, task, self.problem.positive_index, unit)
        return self._wrong[candidate]

    def objectives(self, weights: Array, trials: Sequence[int]) -> tuple[Array, Array]:
        """Objective (more is better) and chosen checkpoint of each trial, both ``[draws, trials]``."""
        value = np.full((len(weights), len(trials)), np.nan)
        checkpoint = np.empty((len(weights), len(trials)), dtype=int)
        for t, trial in enumerate(trials):
            own = np.array(self.trials[trial])
            predictions = [self.candidates[c].predictions[self.rows] for c in own]
            best = np.zeros(len(weights), dtype=int)
            if len(own) > 1:
                losses = np.stack([row_losses(self.truth.y, p, self.trained) for p in predictions], axis=1)
                if balance := self.candidates[own[0]].balance:
                    means = balanced_sums(self.truth, losses, weights, balance)
                else:
                    means = weighted_means(weights, losses, self.truth.weights)
                best = np.argmin(means, axis=1)
            for b in np.unique(best):
                value[best == b, t] = self._objective(predictions[b], weights[best == b])
            checkpoint[:, t] = own[best]
        return value, checkpoint

    def _objective(self, predictions: Array, weights: Array) -> Array:
        if self._comparer is not None:
            return self._comparer.best_values(predictions, weights)
        names = (self.metric.name,)
        values = weighted_scores(self.truth, predictions, weights, self.problem, names=names, by_class=True)
        value = values[self.metric.name]
        if value.ndim == 1:
            return self.metric.better(value)
        known = np.isfinite(value)
        if (np.bincount(self.truth.y, self.truth.weights, minlength=value.shape[1]) > 0).all():
            # Trials are compared on the classes that a draw has, which are the same for all of them.
            value = np.where(known, value, 0.0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1), 1)[:, None]
            value[~known.any(axis=1)] = np.nan
        return self.metric.better(value.mean(axis=1))


def balanced_sums(truth: Truth, losses: Array, weights: Array, balance: float) -> Array:
    """Losses ``[m, c]`` summed with class weights, under each weighting ``[draws, m]``: ``[draws, c]``.

    The weights are those of a trial with this `class_balance`, up to a factor, from the classes of the drawn rows.
    """
    total = np.zeros((len(weights), losses.shape[1]))
    for own in (truth.y == c for c in np.unique(truth.y)):
        drawn = weights[:, own] * (1.0 if truth.weights is None else truth.weights[own])
        count = drawn.sum(axis=1, dtype=np.float64)
        share = np.where(count > 0, np.maximum(count, 1e-12) ** -balance, 0.0)
        total += share[:, None] * (drawn @ losses[own])
    return total


def _within_reach(value: Array) -> list[int]:
    """Trials that are not hopeless (`HOPELESS`), from their objective in the first draws ``[draws, trials]``."""
    defined = value[np.isfinite(value).all(axis=1)]
    if len(defined) < PILOT // 2:
        return list(range(value.shape[1]))
    gap = defined[:, [np.argmax(defined.mean(axis=0))]] - defined
    return [int(t) for t in np.flatnonzero(gap.mean(axis=0) <= HOPELESS * gap.std(axis=0, ddof=1))]

"""Selection: blend and decision rule, chosen on pooled held-out predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from autoft.pipeline import effects
from autoft.pipeline.dataset import Dataset
from autoft.records import DecisionRule, SelectionRule
from autoft.records.trials import TrialResult, Trials

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe


def _by_weight(dataset: Dataset, chosen: Sequence[tuple[int, float]], found: Trials) -> list[TrialResult]:
    """Outcomes of the deployed model, the heaviest first, then those of all other whole trials, the best first."""
    from autoft.evaluation.metrics import METRICS

    shares, sign = dict(chosen), -1 if METRICS[dataset.objective].direction == "max" else 1
    whole = [
        (-shares.get(trial.number, 0.0), sign * trial.score, one)
        for trial, one in zip(found.trials, found.outcomes, strict=True)
        if one.status == "finished" and trial.score is not None
    ]
    return [one for _, _, one in sorted(whole, key=lambda one: one[:2])]


def _choice(recipe: Recipe, dataset: Dataset, found: Trials) -> tuple[tuple[tuple[int, float], ...], DecisionRule]:
    """The choice on all rows: numbers of trials and their weights, calibration and threshold."""
    from autoft.evaluation.selection import Replay, candidates_of, mixed

    candidates = candidates_of(found.trials, found.outcomes)
    rule = SelectionRule(members=recipe.search.blend, calibration=effects.calibration(recipe, dataset))
    replay = Replay(dataset.truth, candidates, dataset.problem, rule)
    chosen = replay.on_all_rows()
    finish = replay.rule_fitter.on_all_rows(mixed(candidates, chosen, replay.rows))
    return tuple((candidates[c].trial, share) for c, share in chosen), finish


def _score(dataset: Dataset, outcome: TrialResult) -> float:
    """The objective on the pooled held-out predictions at the trial's number of epochs, and its best threshold."""
    from autoft.evaluation.selection import Candidate, Replay

    rows = np.flatnonzero(dataset.split.blocks >= 0)
    pooled = outcome.held_out[outcome.checkpoints.index(outcome.epochs)]
    candidate = Candidate(trial=0, epochs=outcome.epochs, predictions=pooled)
    replay = Replay(dataset.truth, [candidate], dataset.problem, rows=rows)
    value, _ = replay.objectives(np.ones((1, len(rows)), dtype=np.uint8), [0])
    return float(replay.metric.better(value[0])[0])

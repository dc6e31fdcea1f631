"""Selection: blend and decision rule, chosen on pooled held-out predictions."""

from __future__ import annotations

import numpy as np

from autoft.evaluation.metrics import METRICS
from autoft.evaluation.selection import Candidate, Replay, candidates_of, mixed
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.effects import calibration_allowed
from autoft.pipeline.results import Selection
from autoft.recipe.recipe import Recipe
from autoft.records.problem import SelectionRule
from autoft.records.trials import TrialResult, Trials


def select(dataset: Dataset, trials: Trials, recipe: Recipe) -> Selection:
    """The choice on all rows: some trials and their weights, calibration and threshold."""
    candidates = candidates_of(trials.trials, trials.outcomes)
    replay = Replay(dataset.truth, candidates, dataset.problem, selection_rule(recipe, dataset))
    chosen = replay.on_all_rows()
    rule = replay.rule_fitter.on_all_rows(mixed(candidates, chosen, replay.rows))
    return Selection(blend=tuple((candidates[c].trial, share) for c, share in chosen), rule=rule)


def selection_rule(recipe: Recipe, dataset: Dataset) -> SelectionRule:
    """How many trials a blend may have, and whether it is calibrated."""
    return SelectionRule(members=recipe.search.blend, calibration=calibration_allowed(recipe, dataset))


def rank_trials(dataset: Dataset, trials: Trials, selection: Selection) -> list[TrialResult]:
    """Results of the chosen trials, the heaviest first, then those of all other finished trials, the best first."""
    shares, sign = dict(selection.blend), -1 if METRICS[dataset.objective].direction == "max" else 1
    finished = [
        (-shares.get(trial.number, 0.0), sign * trial.score, result)
        for trial, result in zip(trials.trials, trials.outcomes, strict=True)
        if result.status == "finished" and trial.score is not None
    ]
    return [result for _, _, result in sorted(finished, key=lambda one: one[:2])]


def trial_score(dataset: Dataset, result: TrialResult) -> float:
    """The objective on the pooled held-out predictions at the trial's number of epochs, at its best threshold."""
    rows = np.flatnonzero(dataset.split.blocks >= 0)
    pooled = result.held_out[result.checkpoints.index(result.epochs)]
    candidate = Candidate(trial=0, epochs=result.epochs, predictions=pooled)
    replay = Replay(dataset.truth, [candidate], dataset.problem, rows=rows)
    value, _ = replay.objectives(np.ones((1, len(rows)), dtype=np.uint8), [0])
    return float(replay.metric.better(value[0])[0])

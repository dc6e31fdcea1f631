"""Evaluation of a finished search: corrected score, folds, baselines, importance, curves, slices, decisions."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np

from autoft.evaluation import calibration, correction, costs, label_errors, metrics, overfitting, partial_dependence
from autoft.evaluation.baselines import compare
from autoft.evaluation.correction import CorrectedScore
from autoft.evaluation.decision_costs import summarised
from autoft.evaluation.ensemble_gain import with_gain
from autoft.evaluation.importance import permutation_importance
from autoft.evaluation.selection import balance_of, candidates_of, mixed
from autoft.evaluation.weighted_metrics import of_rows, point_scores
from autoft.pipeline.context import Run
from autoft.pipeline.cost import MARGIN, finish_seconds
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.decision_costs import note_minimum
from autoft.pipeline.effects import calibration_allowed
from autoft.pipeline.machine import Machine
from autoft.pipeline.results import EnsembleGain, HintTests, Selection
from autoft.pipeline.slices import score_slices
from autoft.preprocessing.encode import Encoded
from autoft.records import Curve, DecisionRule, Evaluation, FoldReport, Importance, Minimum
from autoft.records.arrays import Array
from autoft.records.trials import Trial, Trials
from autoft.training.ensemble import Ensemble

#: Packages whose versions belong to a result.
_PACKAGES = ("keras", "tensorflow", "keras-tuner", "tensorflow-data-validation", "scikit-learn", "numpy", "pandas")


def correct_score(
    dataset: Dataset, trials: Trials, ensemble: Ensemble, gain: EnsembleGain, run: Run
) -> CorrectedScore:
    """The score of the deployed model by the chosen strategy, corrected for every choice."""
    run.tell("evaluation", "correcting the score for the choice among trials")
    recipe, split, y = run.recipe, dataset.split, dataset.y
    common = {
        **dataset.problem,
        "objective": dataset.objective,
        "seed": recipe.seed,
        "clusters": split.clusters,
        "draws": recipe.evaluate.draws,
        "members": recipe.search.blend,
        "calibration": calibration_allowed(recipe, dataset),
    }
    candidates = candidates_of(trials.trials, trials.outcomes)
    if dataset.strategy == "corrected":
        return with_gain(correction.corrected(y, candidates, **common), gain.left, dataset.objective)
    if dataset.strategy == "holdout":
        rows = np.flatnonzero(split.blocks < 0)
        return correction.holdout(y, candidates, ensemble.answers(dataset.encoded).mean(axis=0), rows=rows, **common)
    pairs = _pair_candidates(dataset, trials)
    return correction.nested(y, pairs, candidates=candidates, blocks=split.blocks, **common)


def evaluate(
    dataset: Dataset,
    trials: Trials,
    selection: Selection,
    ensemble: Ensemble,
    score: CorrectedScore,
    run: Run,
) -> Evaluation:
    pass


def _pair_candidates(dataset: Dataset, trials: Trials) -> list[correction.PairCandidate]:
    """Checkpoints with the predictions of the members that leave out two blocks."""
    blocks = [m.blocks for m in dataset.members[dataset.split.k :]]
    return [
        correction.PairCandidate(
            trial=trial.number,
            epochs=epochs,
            pairs={(b[0], b[1]): result.pairs[c, p] for p, b in enumerate(blocks)},
            balance=balance_of(trial),
        )
        for trial, result in zip(trials.trials, trials.outcomes, strict=True)
        for c, epochs in enumerate(result.checkpoints)
    ]

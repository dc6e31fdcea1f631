"""Evaluation of a finished search: corrected score, baselines, folds, importance."""

from __future__ import annotations

import sys
from importlib import metadata
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from autoft.pipeline import decision_costs, effects, slices
from autoft.pipeline.budget_findings import undrawn
from autoft.pipeline.context import Context
from autoft.pipeline.dataset import Dataset, SearchResult
from autoft.records import (
    Calibration,
    Curve,
    DecisionRule,
    Draws,
    Evaluation,
    Finding,
    FoldReport,
    Importance,
    Minimum,
    Progress,
    SelectionRule,
    Trial,
)
from autoft.records.arrays import Array

if TYPE_CHECKING:
    from autoft.evaluation.correction import CorrectedScore
    from autoft.evaluation.fold_model import FoldModel
    from autoft.recipe.recipe import Recipe

#: Packages whose versions belong to a result.
_PACKAGES = ("keras", "tensorflow", "keras-tuner", "tensorflow-data-validation", "scikit-learn", "numpy", "pandas")


def evaluate(context: Context, dataset: Dataset, searched: SearchResult) -> tuple[Evaluation, tuple[Finding, ...]]:
    """Scores by the honesty contract, baselines, folds, importance; and the labels that the model doubts."""
    from autoft.evaluation import calibration as calibrate
    from autoft.evaluation import overfitting
    from autoft.evaluation.baselines import BaselineScorer
    from autoft.evaluation.details import details
    from autoft.evaluation.importance import permutation_importance
    from autoft.evaluation.metrics import METRICS
    from autoft.evaluation.selection import candidates_of, mixed

    recipe, watch = context.recipe, context.watch
    with watch.stage("evaluation"):
        context.tell(Progress(stage="evaluation", message="correcting the score for the choice among trials"))
        target, found = dataset.target, searched.found
        answers = searched.bag.answers(dataset.encoded)
        score = correct_score(recipe, dataset, searched, answers)
        best = found.trials[found.best]
        candidates = candidates_of(found.trials, found.outcomes)
        rule = score.rule  # of single members, which folds and importance are about
        pooled = calibrate.apply(rule.calibration, mixed(candidates, score.chosen))
        rows = np.flatnonzero(dataset.split.blocks >= 0)
        shown = details(dataset.truth.take(rows), pooled[rows], dataset.problem, rule=rule, classes=target.classes)
        doubts = _doubts(dataset, pooled, rows)
        folds = _fold_reports(dataset, calibrate.apply(rule.calibration, answers), rule, best)
        direction = METRICS[dataset.objective].direction
        scorer = BaselineScorer(dataset.truth, dataset.problem, score)
        lines = tuple(scorer.compare(name, predictions) for name, predictions in searched.baselines.items())
        model = fold_model(dataset, searched, rule.calibration)
        importance = permutation_importance(model, dataset.truth, dataset.problem, rule=rule, seed=recipe.seed)
        dependence, untold = _curves(context, dataset, model, importance)
        context.tell(Progress(stage="evaluation", message="scoring slices of the rows"))
        parts = slices.slices_of(recipe, dataset, score, candidates, importance=importance)
    evaluation = Evaluation(
        task=target.task,
        objective=dataset.objective,
        strategy=dataset.strategy,
        target=target,
        rows=len(dataset.y),
        held_out=score.held_out,
        validation=score.validation,
        optimism=score.optimism,
        bag_gain=score.ensemble_gain,
        naive=score.naive,
        folds=folds,
        overfitting=overfitting.summary(folds, direction, score.optimism),
        baselines=lines,
        trials=found.trials,
        best=best,
        blend=searched.blend,
        finish=rule,
        per_class=shown.per_class,
        confusion=shown.confusion,
        curves=shown.curves,
        importance=importance,
        seconds=dict(watch.seconds),
        environment=environment(),
        interrupted=found.interrupted,
        hints=searched.tested.hints,
        all_hints=searched.tested.together,
        dependence=dependence,
        slices=parts,
        spending=decision_costs.spending(dataset, score, searched.gains),
        minimum=dataset.costs if isinstance(dataset.costs, Minimum) else None,
    )
    return evaluation, (*doubts, *untold, *decision_costs.short_of_minimum(evaluation))


def fold_model(dataset: Dataset, searched: SearchResult, calibration: Calibration) -> FoldModel:
    """The deployed model as networks of the folds, each of which predicts the rows that it did not train on."""
    from autoft.evaluation import calibration as calibrate
    from autoft.evaluation.fold_model import FoldModel

    return FoldModel(
        predict=lambda rows, own: calibrate.apply(calibration, searched.bag.own_answers(rows, own)),
        layout=dataset.plan,
        columns=dataset.features,
        encoded=dataset.encoded,
        members=dataset.members[: dataset.split.k],
    )


def _curves(
    context: Context, dataset: Dataset, model: FoldModel, importance: tuple[Importance, ...]
) -> tuple[tuple[Curve, ...], tuple[Finding, ...]]:
    """Partial dependence of the deployed model, and a finding for the columns for which there was no time."""
    from autoft.evaluation import partial_dependence as dependence
    from autoft.pipeline import time_budget

    hints, clock = context.recipe.knowledge.features, context.watch.clock
    end = time_budget.saving_begins(context, dataset)
    request = dependence.CurveRequest(
        names=dependence.wanted(importance, [name for name, hint in hints.items() if hint.effect is not None]),
        orders={name: hint.order for name, hint in hints.items() if hint.order is not None},
        labels=[str(hint.label) for hint in hints.values() if hint.label is not None],
    )
    found, left = dependence.curves(
        model, dataset.y, dataset.target, request, seed=context.recipe.seed, over=lambda: clock() > end
    )
    return found, undrawn(left)


def _doubts(dataset: Dataset, pooled: Array, rows: Array) -> tuple[Finding, ...]:
    """Labels that held-out predictions find improbable."""
    from autoft.evaluation import label_errors

    if dataset.target.task == "regression":
        return ()
    kept = dataset.description.kept
    numbers = (rows if kept is None else kept[rows]) + 1
    target = dataset.target
    found = label_errors.check(dataset.y[rows], pooled[rows], numbers, target=target.name, classes=target.classes)
    return tuple(found)


def correct_score(recipe: Recipe, dataset: Dataset, searched: SearchResult, answers: Array) -> CorrectedScore:
    """The score of the deployed model by the chosen strategy.

    Args:
        recipe, dataset, searched: The run.
        answers: Of the deployed model's members to all rows, ``[K, n, ...]``; a holdout is scored by their mean.
    """
    from autoft.evaluation import correction
    from autoft.evaluation.ensemble_gain import with_gain
    from autoft.evaluation.selection import balance_of, candidates_of

    split, found, truth, problem = dataset.split, searched.found, dataset.truth, dataset.problem
    rule = SelectionRule(members=recipe.search.blend, calibration=effects.calibration(recipe, dataset))
    draws = Draws(number=recipe.evaluate.draws, seed=recipe.seed)
    candidates = candidates_of(found.trials, found.outcomes)
    if dataset.strategy == "corrected":
        score = correction.corrected(truth, candidates, problem, rule=rule, draws=draws)
        return with_gain(score, searched.gains, dataset.objective)
    if dataset.strategy == "holdout":
        mean = answers.mean(axis=0)
        return correction.holdout(truth, candidates, problem, predictions=mean, rule=rule, draws=draws)
    pair_blocks = [m.blocks for m in dataset.members[split.k :]]
    pairs = [
        correction.PairCandidate(
            trial=trial.number,
            epochs=epochs,
            pairs={(b[0], b[1]): outcome.pairs[c, p] for p, b in enumerate(pair_blocks)},
            balance=balance_of(trial),
        )
        for trial, outcome in zip(found.trials, found.outcomes, strict=True)
        for c, epochs in enumerate(outcome.checkpoints)
    ]
    return correction.nested(truth, candidates, problem, pairs=pairs, rule=rule, draws=draws)


def _fold_reports(dataset: Dataset, answers: Array, rule: DecisionRule, best: Trial) -> tuple[FoldReport, ...]:
    from autoft.evaluation import overfitting
    from autoft.evaluation.metrics import METRICS
    from autoft.evaluation.scores import point_scores

    members, truth = dataset.members[: dataset.split.k], dataset.truth

    def on(s: int, rows: Array) -> float:
        return point_scores(truth.take(rows), answers[s][rows], dataset.problem, rule=rule)[dataset.objective]

    return overfitting.fold_reports(
        best,
        train_rows=[len(m.train) for m in members],
        held_out_rows=[len(m.held_out) for m in members],
        train_scores=[on(s, m.train) for s, m in enumerate(members)],
        held_out_scores=[on(s, m.held_out) for s, m in enumerate(members)],
        direction=METRICS[dataset.objective].direction,
    )


def environment() -> dict[str, str]:
    """Versions that a result depends on."""
    found = {"python": sys.version.split()[0], "autoft": version("autoft")}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found

"""Judging a finished search: the honest score, baselines, folds, importance."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import metadata
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from autoft.pipeline import decision_costs, effects, slices
from autoft.pipeline.budget_findings import undrawn
from autoft.pipeline.context import Context
from autoft.pipeline.dataset import Dataset, SearchResult
from autoft.records import (
    Calibration,
    Curve,
    DecisionRule,
    Evaluation,
    Finding,
    FoldReport,
    Importance,
    Minimum,
    Progress,
    Trial,
)
from autoft.records.arrays import Array

if TYPE_CHECKING:
    from autoft.evaluation.correction import CorrectedScore
    from autoft.evaluation.metrics import Details
    from autoft.recipe.recipe import Recipe

#: Packages whose versions belong to a result.
_PACKAGES = ("keras", "tensorflow", "keras-tuner", "tensorflow-data-validation", "scikit-learn", "numpy", "pandas")


def evaluate(context: Context, dataset: Dataset, searched: SearchResult) -> tuple[Evaluation, tuple[Finding, ...]]:
    """Scores by the honesty contract, baselines, folds, importance; and the labels that the model doubts."""
    from autoft.evaluation import calibration as calibrate
    from autoft.evaluation import metrics, overfitting
    from autoft.evaluation.baselines import compare
    from autoft.evaluation.selection import candidates_of, mixed

    recipe, watch = context.recipe, context.watch
    with watch.stage("evaluation"):
        context.tell(Progress(stage="evaluation", message="correcting the score for the choice among trials"))
        target, found = dataset.target, searched.found
        scoring = {**dataset.problem, "objective": dataset.objective, "seed": recipe.seed}
        answers = searched.bag.answers(dataset.encoded)
        verdict = verdict_of(recipe, dataset, searched, answers, scoring)
        best = found.trials[found.best]
        candidates = candidates_of(found.trials, found.outcomes)
        blended = mixed(candidates, verdict.chosen)
        pooled = calibrate.apply(verdict.finish.calibration, blended)
        rows = np.flatnonzero(dataset.split.blocks >= 0)
        details = _details(dataset, pooled[rows], rows, verdict.finish)
        doubts = _doubts(dataset, pooled, rows)
        finish = verdict.finish  # of single members, which folds and importance are about
        folds = _fold_reports(dataset, calibrate.apply(finish.calibration, answers), finish.threshold, best)
        direction = metrics.METRICS[dataset.objective].direction
        lines = compare(
            dataset.y,
            verdict.predictions,
            searched.baselines,
            clusters=dataset.split.clusters,
            draws=recipe.evaluate.draws,
            verdict=verdict,
            **scoring,
        )
        importance = _importance(dataset, searched, finish, scoring)
        dependence, untold = _curves(context, dataset, searched, importance, finish.calibration)
        context.tell(Progress(stage="evaluation", message="scoring slices of the rows"))
        parts = slices.slices_of(recipe, dataset, verdict, candidates, importance=importance)
    evaluation = Evaluation(
        task=target.task,
        objective=dataset.objective,
        strategy=dataset.strategy,
        target=target,
        rows=len(dataset.y),
        held_out=verdict.held_out,
        validation=verdict.validation,
        optimism=verdict.optimism,
        bag_gain=verdict.bag_gain,
        naive=verdict.naive,
        folds=folds,
        overfitting=overfitting.verdict(folds, direction, verdict.optimism),
        baselines=lines,
        trials=found.trials,
        best=best,
        blend=searched.blend,
        finish=finish,
        per_class=details.per_class,
        confusion=details.confusion,
        curves=details.curves,
        importance=importance,
        seconds=dict(watch.seconds),
        environment=environment(),
        interrupted=found.interrupted,
        hints=searched.tested.hints,
        all_hints=searched.tested.together,
        dependence=dependence,
        slices=parts,
        spending=decision_costs.spending(dataset, verdict, searched.gains),
        minimum=dataset.costs if isinstance(dataset.costs, Minimum) else None,
    )
    return evaluation, (*doubts, *untold, *decision_costs.short_of_minimum(evaluation))


def _details(dataset: Dataset, pooled: Array, rows: Array, finish: DecisionRule) -> Details:
    """Scores by class, confusion and curves on held-out rows."""
    from autoft.evaluation import metrics

    target = dataset.target
    return metrics.details(
        dataset.y[rows],
        pooled,
        task=target.task,
        positive_index=target.positive_index,
        threshold=finish.threshold,
        matrix=finish.matrix,
        classes=target.classes,
    )


def _importance(
    dataset: Dataset, searched: SearchResult, finish: DecisionRule, scoring: Mapping[str, Any]
) -> tuple[Importance, ...]:
    """Permutation importance of the deployed model, each row answered by the network that did not train on it."""
    from autoft.evaluation import calibration as calibrate
    from autoft.evaluation.importance import permutation_importance

    return permutation_importance(
        lambda rows, own: calibrate.apply(finish.calibration, searched.bag.own_answers(rows, own)),
        dataset.plan,
        dataset.features,
        dataset.encoded,
        dataset.y,
        dataset.members[: dataset.split.k],
        threshold=finish.threshold,
        **scoring,
    )


def _curves(
    context: Context,
    dataset: Dataset,
    searched: SearchResult,
    importance: tuple[Importance, ...],
    calibration: Calibration,
) -> tuple[tuple[Curve, ...], tuple[Finding, ...]]:
    """Partial dependence of the deployed model, and a word on the columns for which there was no time."""
    from autoft.evaluation import calibration as calibrate
    from autoft.evaluation import partial_dependence as dependence
    from autoft.pipeline import time_budget

    hints, clock = context.recipe.knowledge.features, context.watch.clock
    end = time_budget.saving_begins(context, dataset)
    found, left = dependence.curves(
        lambda rows, own: calibrate.apply(calibration, searched.bag.own_answers(rows, own)),
        dataset.plan,
        dataset.features,
        dataset.encoded,
        dataset.y,
        dataset.members[: dataset.split.k],
        names=dependence.wanted(importance, [name for name, hint in hints.items() if hint.effect is not None]),
        target=dataset.target,
        orders={name: hint.order for name, hint in hints.items() if hint.order is not None},
        labels=[str(hint.label) for hint in hints.values() if hint.label is not None],
        seed=context.recipe.seed,
        over=lambda: clock() > end,
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


def verdict_of(
    recipe: Recipe, dataset: Dataset, searched: SearchResult, answers: Array, scoring: Mapping[str, Any]
) -> CorrectedScore:
    """The score of the deployed model by the chosen strategy."""
    from autoft.evaluation import correction
    from autoft.evaluation.ensemble_gain import with_gain
    from autoft.evaluation.selection import balance_of, candidates_of

    split, y, found = dataset.split, dataset.y, searched.found
    common = {
        **scoring,
        "clusters": split.clusters,
        "draws": recipe.evaluate.draws,
        "members": recipe.search.blend,
        "calibration": effects.calibration(recipe, dataset),
    }
    candidates = candidates_of(found.trials, found.outcomes)
    if dataset.strategy == "corrected":
        return with_gain(correction.corrected(y, candidates, **common), searched.gains, dataset.objective)
    if dataset.strategy == "holdout":
        rows = np.flatnonzero(split.blocks < 0)
        return correction.holdout(y, candidates, answers.mean(axis=0), rows=rows, **common)
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
    return correction.nested(y, pairs, candidates=candidates, blocks=split.blocks, **common)


def _fold_reports(dataset: Dataset, answers: Array, threshold: float, best: Trial) -> tuple[FoldReport, ...]:
    from autoft.evaluation import costs, metrics, overfitting
    from autoft.evaluation.weighted_metrics import of_rows, point_scores

    members, y = dataset.members[: dataset.split.k], dataset.y

    def on(s: int, rows: Array) -> float:
        problem = {**dataset.problem, "row_weights": of_rows(dataset.weights, rows), "threshold": threshold}
        problem["costs"] = costs.of_rows(dataset.costs, rows)
        return point_scores(y[rows], answers[s][rows], **problem)[dataset.objective]

    return overfitting.fold_reports(
        best,
        train_rows=[len(m.train) for m in members],
        held_out_rows=[len(m.held_out) for m in members],
        train_scores=[on(s, m.train) for s, m in enumerate(members)],
        held_out_scores=[on(s, m.held_out) for s, m in enumerate(members)],
        direction=metrics.METRICS[dataset.objective].direction,
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

"""Evaluation of a finished search: corrected score, folds, baselines, importance, curves, slices, decisions."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib import metadata

import numpy as np

from autoft.evaluation import baselines, calibration, correction, label_errors, overfitting, partial_dependence
from autoft.evaluation.baselines import BaselineScorer
from autoft.evaluation.correction import CorrectedScore
from autoft.evaluation.decision_costs import summarize_costs
from autoft.evaluation.details import details
from autoft.evaluation.ensemble_gain import with_gain
from autoft.evaluation.fold_model import FoldModel, permutation_importance
from autoft.evaluation.later_rows import for_later_rows
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.scores import scores, why_undefined
from autoft.evaluation.selection import Candidate, balance_of, candidates_of, mixed
from autoft.evaluation.split_gap import BASELINE, split_gap
from autoft.pipeline import cost
from autoft.pipeline.context import Run
from autoft.pipeline.cost import FIRST_DRAWS, MARGIN
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.effects import selection_rule
from autoft.pipeline.machine import Machine
from autoft.pipeline.reserve import affordable_draws, evaluation_size
from autoft.pipeline.results import SearchResult, known_gain
from autoft.pipeline.slices import score_slices
from autoft.pipeline.space import boosting_end, boosting_fits
from autoft.preprocessing.categories import MISSING
from autoft.preprocessing.statistics import tfidf, with_derived
from autoft.records.arrays import Array
from autoft.records.decisions import DecisionRule, Minimum
from autoft.records.evaluation import Evaluation
from autoft.records.findings import Finding
from autoft.records.hint_tests import Curve
from autoft.records.problem import Draws
from autoft.records.scores import FoldReport, Importance, Interval, SplitGap
from autoft.records.slices import Slices
from autoft.records.trials import Trial, Trials
from autoft.training.ensemble import Ensemble

#: Packages whose versions belong to a result.
_PACKAGES = ("keras", "tensorflow", "keras-tuner", "tensorflow-data-validation", "scikit-learn", "numpy", "pandas")
#: Draws of an evaluation that the user has interrupted.
_FEWEST_DRAWS = 50
#: Share of rows by which the rate that is reached may differ from the rate that the choice of a threshold counts.
_BINNED = 0.01


def correct_score(dataset: Dataset, found: SearchResult, answers: Array, run: Run) -> CorrectedScore:
    """The score of the deployed model by the recipe's strategy, corrected for the choice among trials.

    Args:
        answers: Of its members to all rows, ``[K, n, ...]``: a holdout is scored by their mean, and a gain that was
            not measured is estimated from them.
    """
    run.tell("evaluation", "correcting the score for the choice among trials")
    truth, problem, rule = dataset.truth, dataset.problem, selection_rule(run.recipe, dataset)
    candidates = candidates_of(found.trials.trials, found.trials.outcomes)
    gain = known_gain(
        dataset, found.gain, found.selection.rule.calibration, answers, refitted=found.refitted is not None
    )

    def score(draws: Draws) -> CorrectedScore:
        if dataset.strategy == "corrected":
            found_score = correction.corrected(truth, candidates, problem, rule=rule, draws=draws)
            return with_gain(found_score, gain, problem)
        if dataset.strategy == "holdout":
            mean = answers.mean(axis=0)
            return correction.holdout(truth, candidates, problem, predictions=mean, rule=rule, draws=draws)
        pairs = _pair_candidates(dataset, found.trials)
        return correction.nested(truth, candidates, problem, pairs=pairs, rule=rule, draws=draws)

    size, machine = evaluation_size(run.recipe, dataset, len(found.trials.trials), run.recipe.search.epochs), Machine()
    machine = machine.shared(run.contention())
    few = affordable_draws(run.recipe, size, machine)
    rest = MARGIN * cost.evaluation_seconds(replace(size, draws=0), machine)
    end = _end(dataset, run) - rest
    drawn = draw_in_time(score, run, end=end, times=1 + len(found.baselines), first=min(few, FIRST_DRAWS))
    return replace(drawn, held_out=_on_new_rows(dataset, drawn.held_out))


def _on_new_rows(dataset: Dataset, held_out: Mapping[str, Interval]) -> dict[str, Interval]:
    """Scores by metric with intervals for the rows to come, where these are of a later time or of other groups."""
    if not dataset.description.rows:
        return dict(held_out)
    return for_later_rows(held_out, dataset.problem, 1 if dataset.strategy == "holdout" else dataset.split.k)


def draw_in_time(
    score: Callable[[Draws], CorrectedScore], run: Run, *, end: float, times: int, first: int = FIRST_DRAWS
) -> CorrectedScore:
    """The score on the draws of the recipe, or on as many as there is time for, which becomes a finding.

    Args:
        first: Draws that are made whatever the time.
        end: When all that is drawn must be over, on the run's clock.
        times: The seconds of all that as a multiple of those of the score.
    """
    wanted, began, in_time = (
        Draws(number=run.recipe.evaluate.draws, seed=run.recipe.seed),
        run.clock(),
        run.interrupt.in_time,
    )
    begin, fewest = (replace(wanted, number=min(wanted.number, number)) for number in (first, _FEWEST_DRAWS))
    found = in_time(partial(score, begin), partial(score, fewest))
    if found.draws.number == begin.number < wanted.number and not run.interrupt:
        fit = begin.number * (end - run.clock()) / max(times * (run.clock() - began), 1e-9)
        number = int(min(wanted.number, max(fit, begin.number)))
        if number > begin.number:
            found = in_time(partial(score, replace(wanted, number=number)), lambda: found)
        if number < wanted.number and not run.interrupt:
            made = f"rests on {found.draws.number:,} of {wanted.number:,} draws, as there was no time for more"
            run.skip("draws", made)
    return found


def evaluate(
    dataset: Dataset, found: SearchResult, answers: Array, score: CorrectedScore, run: Run, *, short: bool = False
) -> Evaluation:
    """Everything that the report and `evaluation.json` say; doubtful labels and a missed minimum become findings.

    Args:
        short: Leave out what takes long (importance, curves, slices), and compare baselines on a few draws.
    """
    trials, target, problem = found.trials, dataset.target, dataset.problem
    candidates, rule = candidates_of(trials.trials, trials.outcomes), score.rule  # the rule of single networks
    pooled = calibration.apply(rule.calibration, mixed(candidates, score.chosen))
    rows = np.flatnonzero(dataset.split.blocks >= 0)
    shown = details(dataset.truth.take(rows), pooled[rows], problem, rule=rule, classes=target.classes)
    findings = _doubtful_labels(dataset, pooled[rows], rows)
    folds = _fold_reports(dataset, calibration.apply(rule.calibration, answers), rule, trials.trials[trials.best])
    scorer = BaselineScorer(dataset.truth, problem, score.on_first(_FEWEST_DRAWS) if short else score)
    compared = [scorer.compare(name, predictions) for name, predictions in found.baselines.items()]
    importance, dependence, slices = ((), (), None) if short else _parts(dataset, found, score, candidates, run)
    _say_what_lacks(score, run, short)
    minimum = dataset.costs if isinstance(dataset.costs, Minimum) else None
    run.findings += findings if minimum is None else [*findings, *_missed_minimum(minimum, score)]
    return Evaluation(
        task=target.task,
        objective=dataset.objective,
        strategy=dataset.strategy,
        target=target,
        rows=len(dataset.y),
        held_out=score.held_out,
        undefined=_undefined(dataset, score),
        validation=score.validation,
        optimism=score.optimism,
        worse_than_default=score.worse_than_default,
        bag_gain=score.ensemble_gain,
        bag_gain_source=score.gain.source,
        naive=score.naive,
        folds=folds,
        overfitting=overfitting.summary(folds),
        baselines=tuple(replace(one, metrics=_on_new_rows(dataset, one.metrics)) for one in compared),
        trials=trials.trials,
        best=trials.trials[trials.best],
        blend=found.selection.blend,
        finish=rule,
        per_class=shown.per_class,
        confusion=shown.confusion,
        curves=shown.curves,
        importance=importance,
        environment=environment(),
        interrupted=trials.interrupted or bool(run.interrupt),
        hints=found.hints.hints,
        all_hints=found.hints.together,
        dependence=dependence,
        slices=slices,
        spending=None
        if score.costs is None
        else summarize_costs(score.costs, target.classes, left=score.gain.left.get("cost", 1.0)),
        minimum=minimum,
        split_gap=None if short else _compare_splits(dataset, found, run),
    )


def _parts(
    dataset: Dataset, found: SearchResult, score: CorrectedScore, candidates: Sequence[Candidate], run: Run
) -> tuple[tuple[Importance, ...], tuple[Curve, ...], Slices]:
    """What takes long: importance of columns, their curves, and slices of the rows."""
    model = fold_model(dataset, found.ensemble, score.rule)
    end = _end(dataset, run)
    importance = permutation_importance(
        model,
        dataset.truth,
        dataset.problem,
        rule=score.rule,
        seed=run.recipe.seed,
        left=lambda: end - run.clock(),
    )
    dependence = _curves(dataset, model, importance, run)
    run.tell("evaluation", "scoring slices of the rows")
    return importance, dependence, score_slices(run.recipe, dataset, score, candidates, importance=importance)


def _compare_splits(dataset: Dataset, found: SearchResult, run: Run) -> SplitGap | None:
    """Boosting on the folds and on random rows, where folds respect a time or a group and there is time for it."""
    late = run.clock() + run.seconds.get("baselines", 0.0) > _end(dataset, run)
    if not dataset.description.rows or late or BASELINE not in found.baselines:
        return None
    inputs, own = baseline_inputs(dataset), (dataset.truth, dataset.folds, dataset.problem)
    return split_gap(inputs, *own, found.baselines, seed=run.recipe.seed)


def _say_what_lacks(score: CorrectedScore, run: Run, short: bool) -> None:
    """The finding for an evaluation that an interrupt has cut short."""
    made, wanted = score.draws.number, run.recipe.evaluate.draws
    lacks = [f"rests on {made:,} of {wanted:,} draws"] if made < wanted and made <= FIRST_DRAWS else []
    lacks += ["has no importance of columns, curves and slices"] if short else []
    if run.interrupt and lacks:
        run.skip("interrupted", f"{' and '.join(lacks)}, as the run was interrupted")


def fold_model(dataset: Dataset, ensemble: Ensemble, rule: DecisionRule) -> FoldModel:
    """The deployed model as networks of the folds, each of which predicts the rows that it did not train on."""
    return FoldModel(
        predict=lambda rows, own: calibration.apply(rule.calibration, ensemble.own_answers(rows, own)),
        layout=dataset.layout,
        columns=dataset.features,
        encoded=dataset.encoded,
        members=dataset.folds,
    )


def _curves(dataset: Dataset, model: FoldModel, importance: tuple[Importance, ...], run: Run) -> tuple[Curve, ...]:
    """Partial dependence of the deployed model on the columns for which there is time."""
    hints = run.recipe.knowledge.features
    end = _end(dataset, run)
    request = partial_dependence.CurveRequest(
        names=partial_dependence.wanted(importance, [name for name, hint in hints.items() if hint.effect is not None]),
        orders={name: hint.order for name, hint in hints.items() if hint.order is not None},
        labels=[str(hint.label) for hint in hints.values() if hint.label is not None],
    )
    found, left = partial_dependence.curves(
        model, dataset.y, dataset.target, request, seed=run.recipe.seed, over=lambda: run.clock() > end
    )
    if left:
        run.skip("curves", f"has no curves of {', '.join(left)}, as the time was over")
    return found


def _end(dataset: Dataset, run: Run) -> float:
    """When model and report have to be begun, on the run's clock."""
    machine = Machine().shared(run.contention())
    return run.deadline() - MARGIN * cost.finish_seconds(len(dataset.y), len(dataset.features), machine)


def _doubtful_labels(dataset: Dataset, pooled: Array, rows: Array) -> list[Finding]:
    target, kept = dataset.target, dataset.description.kept
    if target.task == "regression":
        return []
    numbers = (rows if kept is None else kept[rows]) + 1
    return label_errors.check(dataset.y[rows], pooled, numbers, target=target.name, classes=target.classes)


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


def _undefined(dataset: Dataset, score: CorrectedScore) -> dict[str, str]:
    """Why metrics have no value, by name."""
    y = dataset.truth.take(score.rows).y
    return {
        name: why_undefined(y, defined=math.isfinite(score.naive[name]))
        for name, interval in score.held_out.items()
        if not math.isfinite(interval.value)
    }


def _fold_reports(dataset: Dataset, answers: Array, rule: DecisionRule, best: Trial) -> tuple[FoldReport, ...]:
    folds, truth = dataset.folds, dataset.truth

    def objective(s: int, rows: Array) -> float:
        return scores(truth.take(rows), answers[s][rows], dataset.problem, rule=rule)[dataset.objective]

    return overfitting.fold_reports(
        best,
        train_rows=[len(m.train) for m in folds],
        held_out_rows=[len(m.held_out) for m in folds],
        train_scores=[objective(s, m.train) for s, m in enumerate(folds)],
        held_out_scores=[objective(s, m.held_out) for s, m in enumerate(folds)],
        direction=METRICS[dataset.objective].direction,
    )


def _missed_minimum(minimum: Minimum, score: CorrectedScore) -> list[Finding]:
    """A warning where decisions miss their minimum on the rows that they were chosen on, or on new ones."""
    seen, new = score.naive[minimum.of], score.held_out[minimum.of]
    # Thresholds are chosen on rows in bins of their logit: half a bin of rows may fall on the other side.
    unreachable = seen < minimum.share - _BINNED
    if not unreachable and not new.high < minimum.share:
        return []
    missed = Finding(
        code="minimum-not-reached",
        severity="warning",
        column=None,
        must=f"allow decisions with a {minimum.of} of {minimum.share:g}",
        found=f"does not reach a {minimum.of} of {minimum.share:g}: the best threshold has {seen:.3g} on held-out rows"
        if unreachable
        else f"does not reach a {minimum.of} of {minimum.share:g} on new rows: it has {new.value:.3g} there "
        f"(95 % interval {new.low:.3g} to {new.high:.3g})",
        fix="the nearest threshold decides; lower the minimum, or find better columns or more rows",
        subject="The model",
    )
    return [missed]


def environment() -> dict[str, str]:
    """Versions that a result depends on."""
    found = {"python": sys.version.split()[0], "autoft": metadata.version("autoft")}
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def train_baselines(dataset: Dataset, run: Run) -> Mapping[str, Array]:
    """Held-out predictions of simple models by name; without gradient boosting where that takes too long."""
    with run.timed("baselines"):
        run.tell("baselines", "training the baselines on the same folds")
        boosting = boosting_fits(run.recipe, dataset, Machine.measure().shared(run.contention()))
        end, inputs = boosting_end(run.recipe, run.clock()), baseline_inputs(dataset)
        made = baselines.train_baselines(
            inputs,
            dataset.truth,
            dataset.folds,
            dataset.problem,
            seed=run.recipe.seed,
            names=[name for name in baselines.NAMES if boosting or name != baselines.BOOSTING],
            over=lambda: run.clock() > end,
        )
        if "hist_gradient_boosting" not in made:
            found = "was not compared with gradient boosting, which alone would have taken too many of the minutes"
            run.skip("boosting", found)
        return made


def baseline_inputs(dataset: Dataset) -> baselines.BaselineInputs:
    """Numbers and category codes side by side, NaN where missing."""
    codes = dataset.encoded.codes.astype(np.float64)
    codes[dataset.encoded.codes == MISSING] = np.nan
    numbers = np.hstack([with_derived(dataset.layout, dataset.encoded.numbers), *dataset.encoded.custom])
    return baselines.BaselineInputs(
        features=np.hstack([numbers, codes]),
        categorical=np.repeat([False, True], [numbers.shape[1], codes.shape[1]]),
        words=partial(tfidf, dataset.layout, dataset.encoded) if dataset.layout.texts else None,
    )

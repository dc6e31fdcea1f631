"""Chapters 1 and 3 of the report: learning curves, and the search."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate
from statistics import fmean, quantiles

from autoft.formatting import counted, percent
from autoft.records.evaluation import Evaluation
from autoft.records.scores import FoldReport
from autoft.records.trials import SAMPLED_ROWS, Trial
from autoft.report.blocks import Block, Chapter, LearningCurve, Paragraph, Pictures, TableBlock, TrialHistory
from autoft.report.inputs import ReportInputs
from autoft.report.wording import NONE, clip, decimals, decimals_of, duration, first_of, metric, number, setting, signed

#: Longer tables help nobody; the journal and evaluation.json have every trial.
MOST_TRIALS = 40
MOST_FOLDS = 12


def overfitting(evaluation: Evaluation) -> Chapter:
    """Chapter 1: training against held-out rows, fold by fold."""
    verdict = (Paragraph(clip(evaluation.overfitting, 600), tone="strong"), Paragraph(choice(evaluation)))
    blocks: list[Block] = [*verdict, *_learning_curves(evaluation)]
    if evaluation.folds:
        blocks.append(_gaps(evaluation))
    text = "Against overfitting, every trial has dropout and weight decay in its search space, and one number of "
    text += "epochs for all folds, read off the mean held-out curve, so that all folds stop at the same epoch."
    blocks.append(Paragraph(text, tone="quiet"))
    heading, blurb = "1 Overfitting", "The mistake: the model learns its training rows by heart."
    return Chapter(anchor="overfitting", heading=heading, blurb=blurb, blocks=tuple(blocks))


def own_score(evaluation: Evaluation, text: Callable[[float], str]) -> str:
    """The naive score of the choice, as `text` writes numbers; that before calibration too, where it differs."""
    after, before = text(evaluation.validation), evaluation.best.score
    calibrated = evaluation.finish.calibration.method != "none" and len(evaluation.blend) < 2
    if before is None or not calibrated or text(before) == after:
        return after
    return f"{text(before)} before calibration, {after} after"


def choice(evaluation: Evaluation) -> str:
    """What the choice among trials did to the score of the chosen one, in a sentence."""
    digits, blended = decimals_of([evaluation.held_out[evaluation.objective]]), len(evaluation.blend)
    own = f"The blend of {blended} trials itself scored" if blended > 1 else "The best trial's own score was"
    own = f"{own} {own_score(evaluation, lambda score: number(score, digits))}"
    flattered = number(abs(evaluation.optimism), digits)
    if not flattered.strip("0.,"):
        return f"{own}: choosing it did not flatter it.{_tuned_for_nothing(evaluation)}"
    direction = "flattered" if evaluation.optimism >= 0 else "understated"
    text = f"{own}; choosing it on the rows that score it {direction} it by {flattered}; the score is corrected."
    return text + _tuned_for_nothing(evaluation)


def _tuned_for_nothing(evaluation: Evaluation) -> str:
    """The probability that tuning made it worse, as a sentence that follows others."""
    if evaluation.worse_than_default is None:
        return ""
    text = " The probability that tuning made the model worse than the default configuration, the first trial, is "
    return f"{text}{percent(evaluation.worse_than_default)}: in so many redraws it scores worse on the rows not drawn."


def _learning_curves(evaluation: Evaluation) -> tuple[Pictures, ...]:
    folds = [fold for fold in evaluation.folds if fold.held_out_curve][:MOST_FOLDS]
    losses = [loss for fold in folds for loss in (*fold.train_curve, *fold.held_out_curve) if math.isfinite(loss)]
    if len(losses) < 2:
        return ()
    # One scale for all folds; the first epochs may leave the picture, so that the end can be read.
    low, high = min(losses), quantiles(losses, n=50, method="inclusive")[-1]
    room = 0.06 * (high - low) or 0.5
    epochs, ends = evaluation.best.epochs, (low - room, high + room)
    curves = tuple(_learning_curve(i, fold, epochs, *ends) for i, fold in enumerate(folds, start=1))
    sampled = {min(fold.train_rows, fold.held_out_rows, SAMPLED_ROWS) for fold in folds}
    sample = " to ".join(f"{rows:,}" for rows in sorted({min(sampled), max(sampled)}))
    caption = f"Loss by epoch. Solid: rows that were held out; dashed: a sample of {sample} of the training rows (the "
    caption += "table below has all of them); the upright line is the epoch that the model uses. Overfitting begins "
    caption += "where the solid line rises while the dashed one falls."
    return (Pictures(caption, curves),)


def _learning_curve(position: int, fold: FoldReport, epochs: int, low: float, high: float) -> LearningCurve:
    at = min(max(epochs, 1), len(fold.held_out_curve)) - 1
    trained = number(fold.train_curve[at]) if at < len(fold.train_curve) else NONE
    return LearningCurve(
        title=f"Fold {position}",
        alt=f"Learning curve of fold {position}: at epoch {at + 1} the loss is {trained} on training rows and "
        f"{number(fold.held_out_curve[at])} on held-out rows.",
        train=fold.train_curve,
        held_out=fold.held_out_curve,
        epochs=epochs,
        low=low,
        high=high,
    )


def _gaps(evaluation: Evaluation) -> TableBlock:
    folds, label = evaluation.folds, metric(evaluation.objective).label
    digits = decimals(*(fold.held_out_score for fold in folds), *(fold.train_score for fold in folds))

    def row(name: str, trained: str, held_out: str, of: tuple[FoldReport, ...]) -> tuple[str, ...]:
        known = [fold for fold in of if math.isfinite(fold.gap)] or of
        scores = fmean(fold.train_score for fold in known), fmean(fold.held_out_score for fold in known)
        numbers = (number(score, digits) for score in scores)
        return (name, trained, held_out, *numbers, signed(fmean(fold.gap for fold in known), digits))

    rows = [row(str(i), f"{one.train_rows:,}", f"{one.held_out_rows:,}", (one,)) for i, one in enumerate(folds, 1)]
    rows.append(row("Mean", "", "", folds))
    caption = f"{label} of each fold's model on the rows it was trained on and on its held-out rows"
    if not all(math.isfinite(one.gap) for one in folds):
        caption += "; a fold without a number lacks rows that the metric needs, and is not part of the mean"
    head, last = ("Fold", "Rows trained on", "Rows held out", "Trained on", "Held out", "Gap"), frozenset({len(folds)})
    return TableBlock(caption, head, tuple(rows), "lrrrrr", marked=last)


def tuning(inputs: ReportInputs) -> Chapter:
    """Chapter 3: the search, its best configuration and every trial's score."""
    evaluation = inputs.evaluation
    ranked = _ranked(evaluation)
    failed = [trial for trial in evaluation.trials if trial.status == "failed"]
    blocks: list[Block] = [Paragraph(_search_words(evaluation, ranked, failed))]
    if ranked:
        caption = "Each dot is a trial, the line is the best score so far."
        caption += " Crosses at the edge are failed trials." if failed else ""
        blocks.append(Pictures(caption, (_history(evaluation, ranked, failed),)))
    blocks.append(_best(inputs))
    if len(evaluation.blend) > 1:
        blocks.append(_blend(evaluation))
    if ranked:
        blocks += _trials(evaluation, ranked)
    if failed:
        blocks.append(_failures(failed))
    blurb = "The mistake: the first settings that train are kept, and better ones stay unknown."
    return Chapter(anchor="tuning", heading="3 Hyperparameters", blurb=blurb, blocks=tuple(blocks))


def _blend(evaluation: Evaluation) -> TableBlock:
    by_number = {trial.number: trial for trial in evaluation.trials}
    parts = sorted(evaluation.blend, key=lambda part: -part[1])
    digits = decimals(*(by_number[n].score or 0.0 for n, _ in parts))
    rows = []
    for n, share in parts:
        architecture = clip(by_number[n].params.get("architecture", "own"))
        rows.append((f"{n}", architecture, number(by_number[n].score or 0.0, digits), f"{share:.0%}"))
    caption = "The model is a weighted mean of these trials; the score above is corrected for the choice of weights"
    head = ("Trial", "Architecture", "Own score", "Weight")
    return TableBlock(caption, head, tuple(rows), "rlrr")


def _ranked(evaluation: Evaluation) -> list[tuple[float, Trial]]:
    tried = [trial for trial in evaluation.trials if trial.status != "failed"]
    scored = [(trial.score, trial) for trial in tried if trial.score is not None and math.isfinite(trial.score)]
    return sorted(scored, key=lambda pair: pair[0], reverse=metric(evaluation.objective).more_is_better)


def _search_words(evaluation: Evaluation, ranked: list[tuple[float, Trial]], failed: list[Trial]) -> str:
    text = f"{counted(len(evaluation.trials), 'configuration')} tried, each on every fold"
    text += f"; {len(failed):,} of them failed and are listed with the reason. " if failed else ". "
    pruned = [trial for _, trial in ranked if trial.status == "pruned"]
    if pruned:
        text += f"{counted(len(pruned), 'trial')} ended early, because others were better at the same epoch. "
    cut = [trial for _, trial in ranked if trial.cut_short and trial.status == "finished"]
    if cut:
        text += f"{counted(len(cut), 'trial')} ended early (trial {cut[0].number}: {clip(cut[0].reason, 120)}). "
    first = next((score for score, trial in ranked if trial.number == 0), None)
    if first is None:
        return text
    best, digits = ranked[0][0], decimals(first, ranked[0][0])
    text += f"The default configuration (trial 0) scored {number(first, digits)}"
    if ranked[0][1].number == 0:
        text += " and stayed the best. "
    else:
        text += f", the best (trial {ranked[0][1].number}) {number(best, digits)}. "
    return text + "These scores of trials are neither calibrated nor corrected for the choice."


def _history(evaluation: Evaluation, ranked: list[tuple[float, Trial]], failed: list[Trial]) -> TrialHistory:
    words = metric(evaluation.objective)
    by_number = sorted(ranked, key=lambda pair: pair[1].number)
    values = [score for score, _ in by_number]
    best = tuple(accumulate(values, max if words.more_is_better else min))
    return TrialHistory(
        title="Search history",
        alt=f"Score of {counted(len(ranked), 'finished trial')} in order; the best {words.label} goes from "
        f"{number(best[0])} to {number(best[-1])}.",
        numbers=tuple(float(trial.number) for _, trial in by_number),
        scores=tuple(values),
        best=best,
        failed=tuple(float(trial.number) for trial in failed),
        label=words.label,
    )


def _best(inputs: ReportInputs) -> TableBlock:
    best, searched = inputs.evaluation.best, dict(inputs.space)
    values = {name: setting(value) for name, value in best.params.items()}
    values |= {name: NONE for name in searched if name not in values}
    rows = tuple((clip(name), text, clip(searched.get(name, "not searched"), 200)) for name, text in values.items())
    caption = f"Best configuration: trial {best.number}, {counted(best.epochs, 'epoch')} (names: docs/networks.md)"
    return TableBlock(caption, ("Hyperparameter", "Value", "Searched"), rows, "lrw")


def _trials(evaluation: Evaluation, ranked: list[tuple[float, Trial]]) -> tuple[Block, ...]:
    shown = ranked[:MOST_TRIALS]
    names = list(dict.fromkeys(name for _, trial in shown for name in trial.params))
    params = [trial.params for _, trial in shown]
    cells = {name: [setting(own[name]) if name in own else NONE for own in params] for name in names}
    constant = [name for name in names if len(shown) > 1 and len(set(cells[name])) == 1]
    varied = [name for name in names if name not in constant]
    digits = decimals(*(score for score, _ in shown))
    rows = []
    for i, (score, trial) in enumerate(shown):
        own = (str(trial.number), number(score, digits), str(trial.epochs), duration(trial.seconds))
        rows.append((*own, *(cells[name][i] for name in varied)))
    more = f", the best {MOST_TRIALS} of {len(ranked):,}" if len(ranked) > MOST_TRIALS else ""
    head = ("Trial", metric(evaluation.objective).label, "Epochs", "Time", *(clip(name) for name in varied))
    best = frozenset(i for i, (_, trial) in enumerate(shown) if trial.number == evaluation.best.number)
    caption, align = f"Trials, best first{more}", "r" * len(head)
    table = TableBlock(caption, head, tuple(rows), align, marked=best)
    same = ", ".join(f"{clip(name)} {cells[name][0]}" for name in constant)
    return (table, Paragraph(f"The same in all of them: {same}.", tone="quiet")) if same else (table,)


def _failures(failed: list[Trial]) -> TableBlock:
    rows = []
    for trial in failed[:MOST_TRIALS]:
        params = ", ".join(f"{name} {setting(value)}" for name, value in trial.params.items())
        rows.append((str(trial.number), clip(trial.reason or "no reason recorded", 200), clip(params, 300)))
    caption = f"Failed trials{first_of(MOST_TRIALS, len(failed))}"
    return TableBlock(caption, ("Trial", "Reason", "Configuration"), tuple(rows), "rww")

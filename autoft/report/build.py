"""Content of a report from the records of a run (pure: no files, no drawing, no HTML)."""

from __future__ import annotations

from autoft.formatting import counted
from autoft.records.evaluation import Evaluation
from autoft.records.scores import Baseline, Strategy
from autoft.report import data_chapter, scores_chapter, search_chapter
from autoft.report.blocks import Beside, Block, Chapter, Fold, Paragraph, ReportPage, TableBlock
from autoft.report.inputs import ReportInputs
from autoft.report.wording import baseline_label, clip, decimals_of, duration, lines, listing, metric, number, span

STRATEGIES: dict[Strategy, str] = {
    "corrected": (
        "Scores come from rows that the scored models were not trained on. Every choice made on those rows (trials, "
        "number of epochs, calibration, threshold) was made again on redrawn rows and scored on the others, so that "
        "the choosing does not flatter the numbers (bootstrap bias corrected cross-validation)."
    ),
    "nested": (
        "Scores come from rows that neither the training nor any choice has seen: every choice was made inside each "
        "part of the data that was not held out (nested cross-validation)."
    ),
    "holdout": "Scores come from rows set aside at the start, which neither the training nor any choice has seen.",
}


def build(inputs: ReportInputs) -> ReportPage:
    """The content of the report: a verdict, five chapters and how to do the run again. All texts in it are printable
    (no control characters), but not escaped for any format."""
    evaluation = inputs.evaluation
    return ReportPage(
        title=clip(inputs.title, 120),
        facts=_facts(evaluation),
        summary=(*_verdict(evaluation), scores_chapter.summary_table(evaluation)),
        sections=(
            search_chapter.overfitting(evaluation),
            data_chapter.preprocessing(inputs),
            search_chapter.tuning(inputs),
            scores_chapter.metrics(evaluation),
            data_chapter.knowledge(inputs),
            _reproduction(inputs),
        ),
    )


def _facts(evaluation: Evaluation) -> tuple[tuple[str, str], ...]:
    target = evaluation.target
    task = {"binary": "two classes", "multiclass": f"{len(target.classes)} classes", "regression": "a number"}
    failed = sum(trial.status == "failed" for trial in evaluation.trials)
    trials = f"{len(evaluation.trials):,}" + (f", {failed:,} of them failed" if failed else "")
    facts = [
        ("Predicts", f"{clip(target.name)} ({task[evaluation.task]})"),
        ("Rows", f"{evaluation.rows:,}"),
        ("Folds", f"{len(evaluation.folds)}"),
        ("Trials", trials + (", interrupted" if evaluation.interrupted else "")),
        ("Model", clip(evaluation.architectures)),
    ]
    if evaluation.task == "binary":
        facts.insert(1, ("Positive class", clip(target.positive)))
    if evaluation.seconds:
        facts.append(("Time", duration(_total_seconds(evaluation))))
    return tuple(facts)


def _total_seconds(evaluation: Evaluation) -> float:
    return evaluation.seconds.get("total", sum(evaluation.seconds.values()))


def _averaging(evaluation: Evaluation, digits: int) -> str:
    gain = evaluation.bag_gain.get(evaluation.objective)
    if gain is None:
        return ""
    moved = f"{'+' if gain >= 0 else '−'}{number(abs(gain), digits)}"
    text = f" The deployed model is the mean of the {len(evaluation.folds)} folds' models, which moves the score of "
    text += f"one of them by {moved}"
    if evaluation.bag_gain_source == "estimated":
        text += ", by an estimate from how much they disagree, whose error the interval includes"
    return f"{text}; that is in the number above."


def _verdict(evaluation: Evaluation) -> tuple[Block, ...]:
    words, score = metric(evaluation.objective), evaluation.held_out[evaluation.objective]
    digits = decimals_of([score])
    text = f"On rows that it was not trained on, the model predicts {clip(evaluation.target.name)} with "
    text += f"{words.inner} {number(score.value, digits)} (95 % interval {span(score, digits)}). "
    text += search_chapter.choice(evaluation) + _averaging(evaluation, digits)
    blocks: list[Block] = [Paragraph(text), *baseline_verdict(evaluation)]
    if evaluation.best.cut_short:
        text = f"The training of the best trial was cut short: {clip(evaluation.best.reason, 200)}."
        blocks.append(Paragraph(text, tone="strong"))
    if evaluation.interrupted:
        finished = sum(trial.status != "failed" for trial in evaluation.trials)
        text = f"The run was interrupted after {counted(finished, 'finished trial')}. The numbers are true of the "
        text += "model that was found; a longer run may find a better one."
        blocks.append(Paragraph(text, tone="strong"))
    return (*blocks, Paragraph(STRATEGIES[evaluation.strategy], tone="quiet"))


def baseline_verdict(evaluation: Evaluation) -> tuple[Paragraph, ...]:
    """Which simple models the model beats, equals and loses to: strong where it does not beat one."""
    if not evaluation.baselines:
        return (Paragraph("No simpler model was trained to compare this one with.", tone="strong"),)
    sentences = {
        "beaten": "It beats {}.",
        "level": "It is not measurably better than {}: the interval contains zero.",
        "not beaten": "It does not beat {}: use the simpler model unless there is another reason for this one.",
    }
    parts = []
    for verdict, sentence in sentences.items():
        if named := [_named(line, evaluation) for line in evaluation.baselines if line.verdict == verdict]:
            parts.append(sentence.format(listing(named)))
    all_beaten = all(line.verdict == "beaten" for line in evaluation.baselines)
    return (Paragraph(" ".join(parts), tone="plain" if all_beaten else "strong"),)


def _named(line: Baseline, evaluation: Evaluation) -> str:
    gain, digits = line.difference, scores_chapter.gain_decimals(line.difference, evaluation)
    by = f"{'better' if gain.value >= 0 else 'worse'} by {number(abs(gain.value), digits)}"
    return f"{baseline_label(line.name, evaluation.task)} ({by}, interval {span(gain, digits)})"


def _reproduction(inputs: ReportInputs) -> Chapter:
    evaluation = inputs.evaluation
    text = "This recipe repeats the run: save it as recipe.yaml beside the data, name the table there (data: "
    text += "path) if it does not, and run “autoft fit recipe.yaml”."
    tables = []
    if evaluation.environment:
        rows = tuple((clip(name), clip(value)) for name, value in evaluation.environment.items())
        tables.append(TableBlock("Environment", ("What", "Version"), rows, "ll"))
    stages = [(clip(name), duration(value)) for name, value in evaluation.seconds.items() if name != "total"]
    if stages:
        rows = (*stages, ("Total", duration(_total_seconds(evaluation))))
        marked = frozenset({len(stages)})
        tables.append(TableBlock("Where the time went", ("Stage", "Time"), rows, "lr", marked=marked))
    blocks = (Paragraph(text), Fold("Recipe", lines(inputs.recipe_text)), Beside(tuple(tables)))
    return Chapter(anchor="again", heading="Reproduce this run", blurb="Recipe, versions and times.", blocks=blocks)

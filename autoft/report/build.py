"""Content of a report from the records of a run (pure: no files, no drawing, no HTML)."""

from __future__ import annotations

from autoft.records import Baseline, Evaluation, Strategy
from autoft.report import data_chapter, scores_chapter, search_chapter
from autoft.report.blocks import Beside, Block, Chapter, Fold, Paragraph, ReportPage, TableBlock
from autoft.report.inputs import ReportInputs
from autoft.report.wording import baseline_label, clip, count, decimals, duration, lines, listing, metric, number, span

STRATEGIES: dict[Strategy, str] = {
    "corrected": (
        "Scores come from rows that the scored networks were not trained on. Every choice made on those rows (trials, "
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
    """The content of the report: a verdict, five chapters and how to do the run again.

    All texts in it are printable (no control characters), but not escaped for any format.
    """
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
    ]
    if evaluation.task == "binary":
        facts.insert(1, ("Positive class", clip(target.positive)))
    if evaluation.seconds:
        facts.append(("Time", duration(_total_seconds(evaluation))))
    return tuple(facts)


def _total_seconds(evaluation: Evaluation) -> float:
    """Seconds of the whole run: the entry ``total``, or the sum of the stages."""
    return evaluation.seconds.get("total", sum(evaluation.seconds.values()))


def _bag(evaluation: Evaluation, digits: int) -> str:
    """What the number owes to the mean over the folds' networks, where that was measured."""
    gain = evaluation.bag_gain.get(evaluation.objective)
    if gain is None:
        return ""
    signed = f"{'+' if gain >= 0 else '−'}{number(abs(gain), digits)}"
    return (
        f" The deployed model is the mean of the {len(evaluation.folds)} folds' networks, which moves the score of one "
        f"of them by {signed}; that is in the number above."
    )


def _verdict(evaluation: Evaluation) -> tuple[Block, ...]:
    words, score = metric(evaluation.objective), evaluation.held_out[evaluation.objective]
    digits = decimals(score.value, score.low, score.high)
    flattered = number(abs(evaluation.optimism), digits)
    direction = "flattered" if evaluation.optimism >= 0 else "understated"
    blended = len(evaluation.blend)
    own = f"The blend of {blended} trials itself scored" if blended > 1 else "The best trial's own score was"
    correction = (
        f"{own} {number(evaluation.validation, digits)}; choosing it on the rows that score it {direction} it by "
        f"{flattered}, and the number above is without that."
        if flattered.strip("0.,")
        else f"{own} {number(evaluation.validation, digits)}: choosing it did not flatter it."
    )
    text = (
        f"On rows that it was not trained on, the network predicts {clip(evaluation.target.name)} with "
        f"{_inner(words.label)} {number(score.value, digits)} (95 % interval {span(score, digits)}). {correction}"
        f"{_bag(evaluation, digits)}"
    )
    blocks: list[Block] = [Paragraph(text=text)]
    blocks.extend(baseline_verdict(evaluation))
    if evaluation.best.cut_short:
        blocks.append(
            Paragraph(
                text=f"The training of the best trial was cut short: {clip(evaluation.best.reason, 200)}.",
                tone="strong",
            )
        )
    if evaluation.interrupted:
        finished = sum(trial.status != "failed" for trial in evaluation.trials)
        blocks.append(
            Paragraph(
                text=f"The search was interrupted after {count(finished, 'finished trial')}. The numbers are true of "
                "the model that was found; a longer search may find a better one.",
                tone="strong",
            )
        )
    return (*blocks, Paragraph(text=STRATEGIES[evaluation.strategy], tone="quiet"))


def _inner(label: str) -> str:
    """A label within a sentence: lower case unless it is an abbreviation or a name."""
    first = label.split()[0]
    return label if not first[1:].islower() or first in {"Matthews", "Brier"} else label[0].lower() + label[1:]


def baseline_verdict(evaluation: Evaluation) -> tuple[Paragraph, ...]:
    """Which simple models the network beats, equals and loses to: strong where it does not beat one."""
    if not evaluation.baselines:
        return (Paragraph(text="No simpler model was trained to compare the network with.", tone="strong"),)
    groups = {
        verdict: [_named(line, evaluation) for line in evaluation.baselines if line.verdict == verdict]
        for verdict in ("beaten", "level", "not beaten")
    }
    parts = []
    if groups["beaten"]:
        parts.append(f"It beats {listing(groups['beaten'])}.")
    if groups["level"]:
        parts.append(f"It is not measurably better than {listing(groups['level'])}: the interval contains zero.")
    if groups["not beaten"]:
        worse = listing(groups["not beaten"])
        parts.append(f"It does not beat {worse}: use the simpler model unless there is another reason for a network.")
    return (
        Paragraph(
            text=" ".join(parts), tone="plain" if len(groups["beaten"]) == len(evaluation.baselines) else "strong"
        ),
    )


def _named(line: Baseline, evaluation: Evaluation) -> str:
    gain = line.difference
    digits = scores_chapter.gain_decimals(gain, evaluation)
    better = "better" if gain.value >= 0 else "worse"
    return (
        f"{baseline_label(line.name, evaluation.task)} ({better} by {number(abs(gain.value), digits)}, "
        f"interval {span(gain, digits)})"
    )


def _reproduction(inputs: ReportInputs) -> Chapter:
    evaluation = inputs.evaluation
    blocks: list[Block] = [
        Paragraph(
            text="This recipe does the same run again: save it as recipe.yaml beside the data, name the table there "
            "(data: path) if it does not, and run “autoft fit recipe.yaml”."
        ),
        Fold(summary="Recipe", text=lines(inputs.recipe_text)),
    ]
    tables = []
    if evaluation.environment:
        rows = tuple((clip(name), clip(value)) for name, value in evaluation.environment.items())
        tables.append(TableBlock(caption="Environment", head=("What", "Version"), rows=rows, align="ll"))
    stages = tuple((clip(name), duration(value)) for name, value in evaluation.seconds.items() if name != "total")
    if stages:
        total = ("Total", duration(_total_seconds(evaluation)))
        tables.append(
            TableBlock(
                caption="Where the time went",
                head=("Stage", "Time"),
                rows=(*stages, total),
                align="lr",
                marked=frozenset({len(stages)}),
            )
        )
    blocks.append(Beside(blocks=tuple(tables)))
    return Chapter(anchor="again", heading="Doing it again", blurb="What this run was made of.", blocks=tuple(blocks))

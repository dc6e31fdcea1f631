"""``autoft fit``: train a model from a recipe or a table."""

from __future__ import annotations

import argparse
import math
import shlex
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autoft.cli.console import SCREEN, ProgressScreen, interval, safe, show_findings
from autoft.cli.exit_status import ENDED_EARLY, OK
from autoft.cli.source import read_source
from autoft.evaluation.metrics import METRICS, distinct
from autoft.formatting import counted, number, percent
from autoft.pipeline.ownership import Existing
from autoft.records.columns import Task
from autoft.records.decisions import DecisionCosts
from autoft.records.evaluation import Evaluation
from autoft.records.scores import Baseline, Interval
from autoft.records.slices import WeakSearch
from autoft.report.search_chapter import own_score
from autoft.report.wording import baseline_label, decimals_of, split_gap_words
from autoft.tuner import AutoFineTuner


def run(options: argparse.Namespace) -> int:
    """Train; the exit status says whether that was interrupted."""
    recipe, data = read_source(options)
    folder = options.out or Path("runs") / recipe.name
    tuner = AutoFineTuner(recipe=recipe, directory=folder, existing=_existing(options))
    if options.quiet:
        tuner.fit(data)
    else:
        with ProgressScreen() as screen:
            tuner.fit(data, progress=screen)
        show_findings(finding for finding in tuner.findings_ if finding.severity != "info")
        # By the name that the user gave it.
        numbered = folder.with_name(Path(tuner.directory_).name) if options.out is None else folder
        show_evaluation(tuner.evaluation_, numbered)
    return ENDED_EARLY if tuner.evaluation_.interrupted else OK


def _existing(options: argparse.Namespace) -> Existing:
    """What to do where the folder holds another run: the default folder gets a number, a named one is refused."""
    if options.overwrite:
        return "overwrite"
    return "resume" if options.resume else "number" if options.out is None else "refuse"


def show_evaluation(evaluation: Evaluation, folder: Path, console: Console = SCREEN) -> None:
    """Print the end of a run."""
    if evaluation.interrupted:
        console.print(safe("The run was interrupted; these are the results until then.", "yellow"))
    if evaluation.best.cut_short:
        console.print(safe(f"The training of the best trial was cut short: {evaluation.best.reason}.", "yellow"))
    console.print(_heading(evaluation), soft_wrap=True)
    console.print(_metrics_table(evaluation))
    lines = [_expected(evaluation), *(_baseline_line(evaluation, one) for one in evaluation.baselines)]
    if (chance := evaluation.worse_than_default) is not None:
        text = "Probability that tuning made it worse than the default configuration (the first trial)"
        lines.append(safe(f"{text}: {percent(chance)}."))
    if evaluation.finish.threshold != 0.5:
        positive, threshold = evaluation.target.positive, number(evaluation.finish.threshold)
        lines.append(safe(f"A row counts as '{positive}' from a probability of {threshold} on."))
    if evaluation.split_gap is not None:
        lines.append(safe(split_gap_words(evaluation)))
    if evaluation.slices and evaluation.slices.weak and evaluation.slices.weak.found:
        lines.append(_weakest(evaluation.slices.weak))
    if evaluation.spending is not None:
        lines.append(_spending(evaluation.spending, evaluation.task))
    for line in (*lines, safe(evaluation.overfitting), Text(), *_files(folder)):
        # Into a file or pipe each sentence goes as one line, so that it can be searched.
        console.print(line, soft_wrap=not console.is_terminal)


def _weakest(weak: WeakSearch) -> Text:
    worst, more = weak.found[0], len(weak.found) - 1
    where = " and ".join(f"{column} = {group}" for column, group in worst.conditions)
    others = f"; {counted(more, 'more weak slice')} in the report" if more else ""
    weakest = f"Weakest on the {counted(worst.rows, 'row')} with {where}: {weak.metric} {interval(worst.loss)}"
    return safe(f"{weakest}, elsewhere {number(worst.elsewhere)}{others}.", "yellow")


def _spending(spending: DecisionCosts, task: Task) -> Text:
    deployed, best = spending.deployed, spending.best
    half = "threshold 0.5" if task == "binary" else "the most probable class"
    rule = f"always '{best.label}'" if best.rule == "always" else half
    cost = f"{number(deployed.value)} per 1,000 rows ({number(deployed.low)} to {number(deployed.high)})"
    saved = f"saved: {number(best.saved.value)}, {number(best.saved.low)} to {number(best.saved.high)}"
    other = f"the cheapest simple rule, {rule}, costs {number(best.cost.value)} ({saved})"
    return safe(f"Decisions cost {cost}; {other}.")


def _metrics_table(evaluation: Evaluation) -> Table:
    table = Table("held-out metric")
    for heading in ("value", "95 % interval"):
        table.add_column(heading, justify="right")
    for name in distinct(evaluation.held_out, evaluation.task, evaluation.objective):
        value = evaluation.held_out[name]
        chosen = name == evaluation.objective
        label = safe(f"{name} (objective)" if chosen else name, "bold" if chosen else "")
        bounds = f"{number(value.low)} to {number(value.high)}"
        if math.isnan(value.low):
            bounds = f"none: {evaluation.undefined.get(name, 'too few rows')}"
        table.add_row(label, number(value.value), bounds)
    return table


def _heading(evaluation: Evaluation) -> Text:
    failed = sum(trial.status == "failed" for trial in evaluation.trials)
    trials = counted(len(evaluation.trials), "trial") + (f" ({failed:,} failed)" if failed else "")
    name = f"{evaluation.target.name} ({evaluation.task})"
    made = f"model {evaluation.architectures}, strategy {evaluation.strategy}"
    return safe(f"{name}: {evaluation.rows:,} rows, {trials}, {made}", "bold")


def _expected(evaluation: Evaluation) -> Text:
    """The corrected score and, in brackets, the steps from the naive one to it."""
    objective, score = evaluation.objective, evaluation.held_out[evaluation.objective]
    chosen = f"Blend of {len(evaluation.blend)} trials" if len(evaluation.blend) > 1 else "Best trial"
    luck = -evaluation.optimism if METRICS[objective].more_is_better else evaluation.optimism
    steps = f"search luck {_change(luck, score)}"
    if objective in evaluation.bag_gain:
        steps += f", averaging {_change(evaluation.bag_gain[objective], score)}"
        steps += " (estimated)" if evaluation.bag_gain_source == "estimated" else ""
    before = f"{chosen} before correction: {own_score(evaluation, number)}"
    return safe(f"Expect {objective} {interval(score)} on new rows. ({before}; {steps}.)")


def _change(change: float, score: Interval) -> str:
    """A change of a score, rounded as the score is."""
    rounded = round(change, max(decimals_of([score]), 0)) + 0.0  # no -0.0
    return f"{'+' if rounded > 0 else ''}{number(rounded)}"


def _baseline_line(evaluation: Evaluation, baseline: Baseline) -> Text:
    styles = {"beaten": "green", "level": "", "not beaten": "bold yellow"}
    name, gain, score = baseline_label(baseline.name, evaluation.task), baseline.difference, baseline.metrics
    words = {"beaten": "better", "level": "not measurably better", "not beaten": "worse"}
    objective = evaluation.objective
    theirs = f" ({objective} {interval(score[objective])})" if objective in score else ""
    text = f"The model is {words[baseline.verdict]} than {name}{theirs}: gain {interval(gain)}."
    return safe(text, styles[baseline.verdict])


def _files(folder: Path) -> list[Text]:
    contents = (
        ("report.html", "the report"),
        ("evaluation.json", "all numbers"),
        ("findings.json", "what was found in the data"),
        ("model", "the model"),
    )
    lines = [safe(folder / name).append(f"  {text}", "dim") for name, text in contents]
    return [*lines, safe(f"next: autoft predict {shlex.quote(str(folder))} NEW.csv -o predictions.csv")]

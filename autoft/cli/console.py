"""What the command line shows: progress, findings, the final table.

Names and cells are strangers' data: everything goes through :func:`safe`, which makes control characters visible
and never reads markup.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from autoft.cli.doctor import Fact
from autoft.cli.recipes import ShippedRecipe
from autoft.errors import printable
from autoft.formatting import number
from autoft.records import Baseline, DecisionCosts, Evaluation, Finding, Interval, Progress, Severity, Task

if TYPE_CHECKING:
    from autoft.data.repair import Change
    from autoft.pipeline.forecast import Forecast, StageTimes

STYLES: Mapping[Severity, str] = {"error": "bold red", "warning": "yellow", "info": "dim"}
#: More findings than this (errors excepted) are only counted.
MOST_SHOWN = 30


def safe(value: object, style: str = "") -> Text:
    """Text for rich that shows `value` as it is: no markup, no terminal escapes."""
    return Text(printable(value), style=style)


def interval(value: Interval) -> str:
    """An interval's value and limits: ``0.857 [0.841, 0.871]``."""
    return f"{number(value.value)} [{number(value.low)}, {number(value.high)}]"


def counted(number: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "trial"), counted(1200, "trial")
    ('1 trial', '1,200 trials')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as minutes and seconds.

    >>> duration(65.4)
    '1:05'
    """
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def describe(progress: Progress, waited: float = 0.0) -> str:
    """One step as a line: stage, trial, its score, the best one, the time left.

    Args:
        progress: The step.
        waited: Seconds since the step was reported, taken off the time left.
    """
    parts = [progress.stage]
    if progress.trial is not None:
        of = f" of {progress.trials}" if progress.trials else ""
        parts.append(f"trial {progress.trial + 1}{of}")
    if progress.score is not None:
        parts.append(f"score {number(progress.score)}")
    if progress.best is not None:
        parts.append(f"best {number(progress.best)}")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left - waited)} left")
    if progress.message:
        parts.append(progress.message)
    return " | ".join(parts)


class ProgressScreen:
    """Shows a run's progress: a live line on a terminal, otherwise one plain line per trial and stage.

    Use as a context manager and hand it to ``fit(progress=...)``.
    """

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._clock = clock
        self._last = Progress(stage="starting")
        self._since = clock()
        self._silent: Progress | None = None
        self._live = Live(get_renderable=self._line, console=self._console, transient=True, refresh_per_second=2)

    def __enter__(self) -> ProgressScreen:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        self._flush()

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        previous, self._last, self._since = self._last, progress, self._clock()
        if self._console.is_terminal:
            self._live.refresh()
            return
        # A trial that begins and one that failed look alike; only what stays without a score gets a line of its own.
        if (previous.stage, previous.trial) != (progress.stage, progress.trial):
            self._flush()
        if progress.trial is not None and progress.score is None:
            self._silent = progress
            return
        self._silent = None
        self._print(progress)

    def _flush(self) -> None:
        if self._silent is not None:
            self._print(self._silent)
        self._silent = None

    def _print(self, progress: Progress) -> None:
        self._console.print(safe(describe(progress)), soft_wrap=True)

    def _line(self) -> Text:
        line = safe(describe(self._last, self._clock() - self._since))
        line.truncate(self._console.width, overflow="ellipsis")
        return line


def show_findings(findings: Iterable[Finding], console: Console | None = None) -> None:
    """Print findings as a table, errors first; beyond a screenful warnings and notes are only counted."""
    console = console or Console(highlight=False)
    findings = tuple(findings)
    for severity, style in STYLES.items():
        chosen = [finding for finding in findings if finding.severity == severity]
        if not chosen:
            continue
        shown = chosen if severity == "error" else chosen[:MOST_SHOWN]
        title = counted(len(chosen), "note" if severity == "info" else severity)
        table = Table(title=title, title_style=style, title_justify="left")
        for heading in ("column", "found", "fix"):
            table.add_column(heading, overflow="fold")
        for finding in shown:
            column = safe("(table)" if finding.column is None else finding.column, style)
            table.add_row(column, safe(finding.found), safe(finding.fix))
        console.print(table)
        if len(shown) < len(chosen):
            console.print(safe(f"... and {len(chosen) - len(shown):,} more"))


def show_evaluation(evaluation: Evaluation, folder: Path, console: Console | None = None) -> None:
    """Print the end of a run: held-out metrics, optimism, baselines, overfitting, where the files are."""
    console = console or Console(highlight=False)
    if evaluation.interrupted:
        console.print(safe("The search was interrupted; these are the results until then.", "yellow"))
    if evaluation.best.cut_short:
        console.print(safe(f"The training of the best trial was cut short: {evaluation.best.reason}.", "yellow"))
    console.print(_heading(evaluation), soft_wrap=True)
    console.print(_metrics_table(evaluation))
    lines = [_optimism(evaluation), *map(_baseline_line(evaluation), evaluation.baselines)]
    if evaluation.finish.threshold != 0.5:
        positive, threshold = evaluation.target.positive, number(evaluation.finish.threshold)
        lines.append(safe(f"A row counts as '{positive}' from a probability of {threshold} on."))
    lines += [safe(line, "yellow") for line in _weak_line(evaluation)]
    if evaluation.spending is not None:
        lines.append(_spending(evaluation.spending, evaluation.task))
    for line in (*lines, safe(evaluation.overfitting), Text(), *_files(folder)):
        # Into a file or pipe each sentence goes as one line, so that it can be searched.
        console.print(line, soft_wrap=not console.is_terminal)


def _weak_line(evaluation: Evaluation) -> list[str]:
    """The weakest slice, where the search found one."""
    weak = evaluation.slices.weak if evaluation.slices else None
    if weak is None or not weak.found:
        return []
    worst, more = weak.found[0], len(weak.found) - 1
    where = " and ".join(f"{column} = {group}" for column, group in worst.conditions)
    others = f"; {counted(more, 'more weak slice')} in the report" if more else ""
    return [
        f"Weakest on the {counted(worst.rows, 'row')} with {where}: {weak.metric} {interval(worst.loss)}, elsewhere "
        f"{number(worst.elsewhere)}{others}."
    ]


def _spending(spending: DecisionCosts, task: Task) -> Text:
    """What decisions cost, beside the cheapest simple rule."""
    deployed, best = spending.deployed, spending.best
    half = "threshold 0.5" if task == "binary" else "the most probable class"
    rule = f"always '{best.label}'" if best.rule == "always" else half
    return safe(
        f"Decisions cost {number(deployed.value)} per 1,000 rows ({number(deployed.low)} to {number(deployed.high)}); "
        f"the cheapest simple rule, {rule}, costs {number(best.cost.value)} (saved: {number(best.saved.value)}, "
        f"{number(best.saved.low)} to {number(best.saved.high)})."
    )


def _metrics_table(evaluation: Evaluation) -> Table:
    table = Table()
    table.add_column("held-out metric")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for name, value in evaluation.held_out.items():
        if name.startswith("macro_") and evaluation.task == "multiclass":
            continue  # the same numbers as precision, recall and f1
        chosen = name == evaluation.objective
        label = safe(f"{name} (objective)" if chosen else name, "bold" if chosen else "")
        table.add_row(label, number(value.value), f"{number(value.low)} to {number(value.high)}")
    return table


def _heading(evaluation: Evaluation) -> Text:
    failed = sum(trial.status == "failed" for trial in evaluation.trials)
    trials = counted(len(evaluation.trials), "trial") + (f" ({failed:,} failed)" if failed else "")
    name = f"{evaluation.target.name} ({evaluation.task})"
    return safe(f"{name}: {evaluation.rows:,} rows, {trials}, strategy {evaluation.strategy}", "bold")


def _optimism(evaluation: Evaluation) -> Text:
    chosen = f"the blend of {len(evaluation.blend)} trials" if len(evaluation.blend) > 1 else "the best trial"
    naive = f"The naive {evaluation.objective} of {chosen}, {number(evaluation.validation)}, "
    held_out = evaluation.held_out.get(evaluation.objective)
    expect = f"; expect {interval(held_out)} on new rows." if held_out else "."
    gain = evaluation.bag_gain.get(evaluation.objective)
    bag = "" if gain is None else f"; the mean of the folds' networks moves it by {number(gain)}"
    if evaluation.optimism > 0:
        return safe(f"{naive}flatters by {number(evaluation.optimism)}{bag}{expect}")
    return safe(f"{naive}does not flatter (optimism {number(evaluation.optimism)}){bag}{expect}")


def _baseline_line(evaluation: Evaluation) -> Callable[[Baseline], Text]:
    verbs = {"beaten": "beats", "level": "is level with", "not beaten": "does not beat"}
    styles = {"beaten": "green", "level": "", "not beaten": "bold yellow"}

    def line(baseline: Baseline) -> Text:
        score = baseline.metrics.get(evaluation.objective)
        theirs = f" ({evaluation.objective} {interval(score)})" if score else ""
        difference = f"gain {interval(baseline.difference)}"
        name = baseline.name.replace("_", " ")
        text = f"The network {verbs[baseline.verdict]} {name}{theirs}; {difference}."
        return safe(text, styles[baseline.verdict])

    return line


def _files(folder: Path) -> list[Text]:
    contents = (
        ("report.html", "the report"),
        ("evaluation.json", "all numbers"),
        ("findings.json", "what was found in the data"),
        ("model", "the model"),
    )
    lines = [safe(folder / name).append(f"  {text}", "dim") for name, text in contents]
    return [*lines, safe(f"next: autoft predict {shlex.quote(str(folder))} NEW.csv -o predictions.csv")]


def show_recipes(folder: Path, recipes: Iterable[ShippedRecipe], console: Console | None = None) -> None:
    """Print the recipes at hand and how to run one."""
    console = console or Console(highlight=False)
    table = Table(title=safe(f"recipes in {folder}"), title_justify="left")
    for heading in ("recipe", "task", "rows", "what it is about"):
        table.add_column(heading, justify="right" if heading == "rows" else "left", overflow="fold")
    for recipe in recipes:
        rows = "-" if recipe.rows is None else f"{recipe.rows:,}"
        table.add_row(safe(recipe.name), safe(recipe.task), rows, safe(recipe.text))
    console.print(table)
    console.print(safe(f"run one: autoft fit {folder / 'NAME.yaml'}", "dim"), soft_wrap=True)


def show_diagnosis(facts: Iterable[Fact], console: Console | None = None) -> None:
    """Print the doctor's lines; what needs attention stands out."""
    console = console or Console(highlight=False)
    grid = Table.grid(padding=(0, 2))
    for fact in facts:
        grid.add_row(safe(fact.name), safe(fact.text, "bold yellow" if fact.bad else ""))
    console.print(grid)


def show_plan(plan: Forecast, console: Console | None = None) -> None:
    """Print what a run would do and cost: the data, the stack, the space, the time, the memory."""
    console = console or Console(highlight=False)
    console.print(safe(f"{plan.name}: {plan.target} ({plan.task}), to improve {plan.objective}", "bold"))
    grid = Table.grid(padding=(0, 2))
    for name, text in (*_planned_data(plan), *_planned_time(plan)):
        grid.add_row(safe(name, "dim"), safe(text))
    console.print(grid)
    warnings = sum(finding.severity == "warning" for finding in plan.findings)
    if warnings:
        console.print(safe(f"{counted(warnings, 'warning')} about the data: autoft check shows them", "yellow"))
    if plan.too_short:
        text = f"{plan.minutes:g} min are short for even one trial; a run would try the default configuration only"
        console.print(safe(text, "yellow"), soft_wrap=True)


def _planned_data(plan: Forecast) -> list[tuple[str, str]]:
    left_out = f", {len(plan.left_out):,} left out ({_few(plan.left_out)})" if plan.left_out else ""
    rows_left_out = f" ({plan.rows_left_out:,} without a target left out)" if plan.rows_left_out else ""
    embedded = f" and {counted(plan.embedded, 'embedded column')}" if plan.embedded else ""
    pairs = f" and {counted(plan.pairs, 'pair')} of folds" if plan.pairs else ""
    too_dear = "a trial would take too many of the minutes"
    trained = f"each member learns from {plan.train_rows:,} rows and is judged on {plan.held_out_rows:,}"
    return [
        ("rows", f"{plan.rows:,}{rows_left_out}"),
        ("columns", f"{len(plan.used):,} used{left_out}"),
        ("inputs", f"{plan.inputs:,}{embedded}"),
        ("stack", f"{counted(plan.members, 'member')}: {counted(plan.folds, 'fold')}{pairs}; {trained}"),
        ("strategy", plan.strategy),
        *((f"space: {name}", words) for name, words in plan.space.items()),
        *([("left out", f"{', '.join(plan.too_dear)}: {too_dear}")] if plan.too_dear else []),
        ("shapes", f"{plan.shapes:,} different ones in that space, for {plan.programs:,} programs, each traced once"),
    ]


def _planned_time(plan: Forecast) -> list[tuple[str, str]]:
    typical, most = plan.typical, plan.most
    parts = {**typical.before, "search": typical.search, **typical.after}
    trials, whole = f"{plan.trials:,}", f"{_spent(typical.seconds)}; at most {_spent(most.seconds)}"
    if plan.minutes is not None:
        # What stops the search is then the clock: with more epochs there are fewer trials, not more seconds.
        limit = f"at most {plan.trials:,}, in {plan.minutes:g} min"
        trials = f"{typical.trials:,}, or {most.trials:,} with all epochs ({limit})"
        whole = f"{_spent(typical.seconds)} of {plan.minutes:g} min"
    return [
        ("epochs", f"typically {typical.epochs:,}, at most {most.epochs:,}"),
        ("a trial", _trial(typical)),
        ("  with all epochs", _trial(most)),
        ("trials", trials),
        ("the run", whole),
        *((f"  {name}", _spent(seconds)) for name, seconds in parts.items()),
        ("memory", f"about {plan.memory / 1e6:,.0f} MB beyond what the libraries take"),
    ]


def _trial(forecast: StageTimes) -> str:
    """Seconds of the default trial and the range over the space."""
    trial = forecast.trial
    return f"{_spent(trial.default)} ({_spent(trial.low)} to {_spent(trial.high)} over the space)"


def _spent(seconds: float) -> str:
    """A prediction, with no more digits than it deserves."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def _few(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5:,} more" if len(names) > 5 else shown


def show_changes(changes: Sequence[Change], *, offered: bool, console: Console | None = None) -> None:
    """A table of repairs: those that were made, or that could be accepted."""
    console = console or Console(highlight=False)
    if not changes:
        console.print("nothing to repair" if offered else "nothing was repaired")
        return
    table = Table(title="could be accepted, all together" if offered else "repaired", title_justify="left")
    for name in ("code", "column", "what", "example"):
        table.add_column(name, overflow="fold")
    for change in changes:
        example = f"{change.examples[0][0]!r} -> {change.examples[0][1]!r}" if change.examples else ""
        what = {"drop-column": "column left out", "drop-rows": f"{counted(change.count, 'row')} left out"}.get(
            change.action, f"{counted(change.count, 'cell')} changed"
        )
        table.add_row(safe(change.code), safe("" if change.column is None else change.column), what, safe(example))
    console.print(table)
    if offered:
        codes = ",".join(dict.fromkeys(change.code for change in changes))
        console.print(Text(f"accept them with: --accept {codes}", overflow="fold"))

"""``autoft plan``: what a training would do and cost, without training."""

from __future__ import annotations

import argparse
import json

from rich.console import Console
from rich.table import Table

from autoft.cli.console import SCREEN, print_json, safe, show_all
from autoft.cli.exit_status import FAILED
from autoft.cli.source import read_source
from autoft.formatting import counted
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.forecast import Forecast, StageTimes, forecast


def run(options: argparse.Namespace) -> int | None:
    """Forecast a run; errors in the data are shown instead."""
    recipe, data = read_source(options)
    described = inspect_table(recipe, data, enforce=False)
    if any(finding.severity == "error" for finding in described.findings):
        if options.json:
            print_json(described.findings)
        elif not options.quiet:
            show_all(described.findings)
        return FAILED
    plan = forecast(recipe, described)
    if options.json:
        print(json.dumps(plan.to_dict(), indent=2))
    elif not options.quiet:
        show_plan(plan)
    return None


def show_plan(plan: Forecast, console: Console = SCREEN) -> None:
    """Print what a run would do and cost."""
    console.print(safe(f"{plan.name}: {plan.target} ({plan.task}), to improve {plan.objective}", "bold"))
    grid = Table.grid(padding=(0, 2))
    for name, text in (_summary(plan), *_planned_data(plan), *_planned_time(plan)):
        grid.add_row(safe(name, "dim"), safe(text))
    console.print(grid)
    warnings = sum(finding.severity == "warning" for finding in plan.findings)
    if warnings:
        console.print(safe(f"{counted(warnings, 'warning')} about the data: autoft check shows them", "yellow"))
    if plan.too_short:
        text = f"{plan.minutes:g} min are short for even one trial, with which a run takes about "
        text += f"{_spent(plan.typical.seconds)}; it would try the default configuration only, for a few seconds"
        console.print(safe(text, "yellow"), soft_wrap=True)


def _summary(plan: Forecast) -> tuple[str, str]:
    """First line: seconds, trials and epochs of the run."""
    typical, limit = plan.typical, "" if plan.minutes is None else f" of {plan.minutes:g} min"
    trials = f"about {counted(typical.trials, 'trial')} of {counted(typical.epochs, 'epoch')}"
    return "the run", f"about {_spent(typical.seconds)}{limit}, {trials}"


def _planned_data(plan: Forecast) -> list[tuple[str, str]]:
    dropped = f", {len(plan.left_out):,} not used ({_some(plan.left_out)})" if plan.left_out else ""
    rows_left_out = f" ({plan.rows_left_out:,} without a target dropped)" if plan.rows_left_out else ""
    embedded = f" and {counted(plan.embedded, 'embedded column')}" if plan.embedded else ""
    pairs = f" and {counted(plan.pairs, 'pair')} of folds" if plan.pairs else ""
    programs = counted(plan.programs, "program")
    too_long = "a trial would take too many of the minutes"
    trained = f"each is trained on {plan.train_rows:,} rows and scored on {plan.held_out_rows:,}"
    return [
        ("rows", f"{plan.rows:,}{rows_left_out}"),
        ("columns", f"{len(plan.used):,} used{dropped}"),
        ("inputs", f"{plan.inputs:,}{embedded}"),
        *([("by the answers", f"also encoded: {_some(plan.by_target)}")] if plan.by_target else []),
        ("models", f"{plan.members:,} in a trial, for {counted(plan.folds, 'fold')}{pairs}; {trained}"),
        ("strategy", plan.strategy),
        *((f"space: {name}", words) for name, words in plan.space.items()),
        *([("not searched", f"{', '.join(plan.too_expensive)}: {too_long}")] if plan.too_expensive else []),
        *([("compiled", f"{programs} for {plan.shapes:,} sizes of networks in that space")] if plan.programs else []),
    ]


def _some(names: tuple[str, ...]) -> str:
    """The first five names, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")


def _planned_time(plan: Forecast) -> list[tuple[str, str]]:
    typical, most = plan.typical, plan.most
    parts = {**typical.before, "search": typical.search, **typical.after}
    trials, whole = f"{typical.trials:,}", f"{_spent(typical.seconds)}; with all epochs {_spent(most.seconds)}"
    if plan.minutes is not None:
        # What stops the search is then the clock: with more epochs there are fewer trials, not more seconds.
        limit = "" if plan.trials is None else f" (at most {plan.trials:,})"
        trials = f"{typical.trials:,}; with all epochs {most.trials:,}{limit}"
        whole = _spent(typical.seconds)
    return [
        ("epochs", f"typically {typical.epochs:,}, at most {most.epochs:,}"),
        ("a trial", _trial(typical)),
        ("  with all epochs", _trial(most)),
        ("trials", trials),
        ("time", whole),
        *((f"  {name}", _spent(seconds)) for name, seconds in parts.items()),
        ("memory", f"about {plan.memory / 1e6:,.0f} MB beyond what the libraries take"),
    ]


def _trial(times: StageTimes) -> str:
    trial = times.trial
    return f"{_spent(trial.default)} ({_spent(trial.low)} to {_spent(trial.high)}, by configuration)"


def _spent(seconds: float) -> str:
    """A prediction, with no more digits than it deserves."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"

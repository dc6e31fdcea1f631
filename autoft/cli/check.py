"""``autoft check``: problems in the data, without training; or a table beside the one of a trained model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from autoft.cli.console import SCREEN, print_json, safe, show_all
from autoft.cli.exit_status import FAILED, REFUSED, status
from autoft.cli.source import read_source
from autoft.formatting import counted
from autoft.serving.monitor import ColumnComparison, TableComparison, TableMonitor
from autoft.tuner import check


def run(options: argparse.Namespace) -> int:
    if options.against is not None:
        return against(options)
    recipe, data = read_source(options)
    findings = check(recipe, data)
    if options.json:
        print_json(findings)
    elif not options.quiet:
        show_all(findings)
    return status(findings, options.strict, errors=FAILED)


def against(options: argparse.Namespace) -> int:
    """``autoft check DATA --against RUN``: a table beside the one that a model was trained on; loads no model."""
    if Path(options.source).suffix.lower() in (".yaml", ".yml"):
        options.usage_error("--against compares a table, not a recipe")
    options.failed = REFUSED
    monitor = TableMonitor.load(options.against)
    monitor.private |= options.private
    seen = monitor.compare(options.source)
    if options.json:
        target = None if seen.target is None else seen.target.to_dict()
        print_json(seen.findings, rows=seen.rows, columns=[line.to_dict() for line in seen.columns], target=target)
    elif not options.quiet:
        show_compared(seen)
        show_all(seen.findings)
    return status(seen.findings, options.strict, errors=REFUSED)


def show_compared(seen: TableComparison, console: Console = SCREEN) -> None:
    """Print how far each column of a table is from the training table's; the last line may be the target."""
    table = Table(
        title=f"{counted(seen.rows, 'row')} beside the training table",
        caption="JS: Jensen-Shannon divergence in bits; max: largest change of a share (docs/schema.md)",
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("column", overflow="fold")
    # Numbers stay on one line, so that all the width that there is goes to the names.
    for heading in ("distance", "limit", "unseen", "out of\nrange", "empty", "empty in\ntraining"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in seen.columns:
        table.add_row(*_line(line, line.column))
    if seen.target is not None:
        table.add_section()
        table.add_row(*_line(seen.target, f"{seen.target.column} (target)"))
    console.print(table)


def _line(line: ColumnComparison, name: str) -> list[Any]:
    shift = line.shift
    if shift is None:
        return [safe(name), "-", "", _share(line.unseen), _share(line.outside), "", ""]
    short = {"Jensen-Shannon": "JS", "infinity norm": "max"}
    distance = "" if shift.distance is None else f"{short[shift.measure]} {shift.distance:.3f}"
    return [
        safe(name, "yellow" if shift.drifted or shift.emptier else ""),
        safe(distance, "yellow" if shift.drifted else ""),
        f"{shift.limit:.3f}" if shift.limit < 1 else "few rows",
        _share(line.unseen),
        _share(line.outside),
        safe(_share(shift.missing), "yellow" if shift.emptier else ""),
        _share(shift.missing_before),
    ]


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"

"""``autoft check``: problems in the data, without training; or a table beside the one of a trained model."""

from __future__ import annotations

import argparse
from pathlib import Path

from autoft.cli.console import print_json, show_all
from autoft.cli.console_schema import show_compared
from autoft.cli.exit_status import FAILED, REFUSED, status
from autoft.cli.source import read_source
from autoft.serving.monitor import TableMonitor
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

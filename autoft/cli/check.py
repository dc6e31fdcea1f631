"""Findings on the command line: as a table or JSON, as an exit status, and about a table beside a trained model's."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autoft.records import Finding

#: Exit status in pipelines (``check --against``, ``--strict``).
CLEAN, WARNED, REFUSED = 0, 1, 2


def against(options: argparse.Namespace) -> int:
    """``autoft check DATA --against RUN``: a table beside the one that a model was trained on; loads no model."""
    if Path(options.source).suffix.lower() in (".yaml", ".yml"):
        options.usage_error("--against compares a table, not a recipe")
    from autoft.serving.monitor import TableMonitor

    options.failed = REFUSED
    seen = TableMonitor.load(options.against).compare(options.source)
    if options.json:
        target = None if seen.target is None else seen.target.to_dict()
        print_json(seen.findings, rows=seen.rows, columns=[line.to_dict() for line in seen.columns], target=target)
    elif not options.quiet:
        from autoft.cli.console_schema import show_compared

        show_compared(seen)
        show_all(seen.findings)
    return status(seen.findings, options.strict, errors=REFUSED)


def status(findings: Sequence[Finding], strict: bool, *, errors: int) -> int:
    """The exit status that findings ask for; `errors` is the one for errors."""
    if has_errors(findings):
        return errors
    return WARNED if strict and any(finding.severity == "warning" for finding in findings) else CLEAN


def has_errors(findings: Sequence[Finding]) -> bool:
    """Whether any finding is an error."""
    return any(finding.severity == "error" for finding in findings)


def show_all(findings: Sequence[Finding]) -> None:
    """Print findings and how many of each severity there are."""
    from autoft.cli.console import counted, show_findings

    show_findings(findings)
    kinds = (("error", "error"), ("warning", "warning"), ("info", "note"))
    print(", ".join(counted(sum(finding.severity == kind for finding in findings), noun) for kind, noun in kinds))


def print_json(findings: Sequence[Finding], **more: Any) -> None:
    """Print findings, and what else there is, as JSON."""
    import json
    from dataclasses import asdict

    print(json.dumps({**more, "findings": [asdict(finding) for finding in findings]}, indent=2))

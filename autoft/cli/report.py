"""``autoft report``: write the report of a run again."""

from __future__ import annotations

import argparse

from autoft.tuner import load


def run(options: argparse.Namespace) -> None:
    out = options.out or options.model / "report.html"
    load(options.model).report(out)
    if not options.quiet:
        print(f"report written to {out}")

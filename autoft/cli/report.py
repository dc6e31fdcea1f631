"""``autoft report``: write the report of a run again."""

from __future__ import annotations

import argparse

from autoft.tuner import load


def run(options: argparse.Namespace) -> None:
    if options.out is None and (options.model / "manifest.json").is_file():
        options.usage_error("-o is required with a saved model, which nothing is written into")
    out = options.out or options.model / "report.html"
    load(options.model).report(out)
    if not options.quiet:
        print(f"report written to {out}")

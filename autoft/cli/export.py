"""``autoft export``: write a trained model in a format of other programs."""

from __future__ import annotations

import argparse

from autoft.errors import printable
from autoft.serving.export import export
from autoft.training import backend


def run(options: argparse.Namespace) -> None:
    backend.prepare()
    export(options.model, options.path, options.format)
    if not options.quiet:
        print(printable(f"model exported to {options.path} (format {options.format})"))

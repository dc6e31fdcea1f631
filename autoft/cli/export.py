"""``autoft export``: write a trained model in a format of other programs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument("model", metavar="RUN", type=Path, help="run folder or saved model")
    parser.add_argument("path", metavar="PATH", type=Path, help="file or folder to write; it must not exist")
    parser.add_argument(
        "--format", metavar="NAME", default="tf_saved_model", help="keras or tf_saved_model (the default)"
    )


def run(options: argparse.Namespace) -> int:
    """Export the model."""
    from autoft.errors import printable
    from autoft.serving.export import export
    from autoft.training import backend

    backend.prepare()
    export(options.model, options.path, options.format)
    if not options.quiet:
        print(printable(f"model exported to {options.path} (format {options.format})"))
    return 0

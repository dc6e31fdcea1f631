"""``autoft review``: the hints that a finished run suggests, for an expert to accept or strike."""

from __future__ import annotations

import argparse
from pathlib import Path

from autoft.cli.console import SCREEN, safe, text_table
from autoft.errors import FileError
from autoft.files import write_atomic
from autoft.formatting import counted
from autoft.pipeline import review
from autoft.pipeline.review import Review


def run(options: argparse.Namespace) -> None:
    """Write the proposals, all of them behind ``# ``, and show them; trains and loads nothing."""
    if options.out is None and (options.model / "manifest.json").is_file():
        options.usage_error("-o is required with a saved model, which nothing is written into")
    out: Path = options.out or options.model / "hints.yaml"
    if out.is_dir():
        raise FileError(f"'{out}'", "be a file", "it is a folder", "add the name of a YAML file")
    found = review.read(options.model)
    if out.exists() and not options.force:
        fix = "choose another name with -o, or add --force"
        raise FileError(f"'{out}'", "be free", "a file is there, and people may have edited it", fix)
    write_atomic(out, review.to_yaml(found, options.model))
    if not options.quiet:
        _show(found, out)


def _show(found: Review, out: Path) -> None:
    if found.proposals:
        table = text_table(counted(len(found.proposals), "proposal"), "column", "hint", "because")
        for one in found.proposals:
            value = one.values[one.field]
            said = ", ".join(value) if isinstance(value, list) else str(value)
            label = f" (of {one.values['label']})" if "label" in one.values else ""
            evidence = one.evidence.removeprefix(f"{one.field}: ")
            table.add_row(safe(one.column), safe(f"{one.field}: {said}{label}"), safe(evidence))
        SCREEN.print(table)
    else:
        SCREEN.print("the data show nothing clearly enough for a proposal")
    if found.hinted:
        SCREEN.print(safe(f"{counted(len(found.hinted), 'column')} with hints in the recipe: left as they are"))
    SCREEN.print(safe(f"written to {out}; nothing in it is in force until you remove the '# ' before it"))

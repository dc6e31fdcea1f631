"""``autoft clean``: repair what is wrong with a table, where the user accepts it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.text import Text

from autoft.cli.console import SCREEN, safe, text_table
from autoft.data import clean
from autoft.data.repair import Change
from autoft.formatting import counted


def run(options: argparse.Namespace) -> None:
    if options.accept is None:
        changes = clean.offer(options.data, target=options.target)
    elif options.out is None:
        options.usage_error("-o is required with --accept")
    else:
        changes = clean.clean(options.data, options.out, clean.codes(options.accept), target=options.target)
    if not options.quiet:
        show_changes(changes, offered=options.accept is None)
        if options.accept is not None:
            print(f"table written to {options.out}, log to {clean.log_path(options.out)}")


def show_changes(changes: Sequence[Change], *, offered: bool) -> None:
    """A table of repairs: those that were made, or that could be accepted."""
    if not changes:
        SCREEN.print("nothing to repair" if offered else "nothing was repaired")
        return
    title = "could be accepted, all together" if offered else "repaired"
    table = text_table(title, "code", "column", "what", "example")
    for change in changes:
        example = f"{change.examples[0][0]!r} -> {change.examples[0][1]!r}" if change.examples else ""
        whole = {"drop-column": "column dropped", "drop-rows": f"{counted(change.count, 'row')} dropped"}
        what = whole.get(change.action, f"{counted(change.count, 'cell')} changed")
        table.add_row(safe(change.code), safe("" if change.column is None else change.column), what, safe(example))
    SCREEN.print(table)
    if offered:
        codes = ",".join(dict.fromkeys(change.code for change in changes))
        SCREEN.print(Text(f"accept them with: --accept {codes}", overflow="fold"))

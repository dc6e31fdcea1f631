"""``autoft predict``: predictions for the rows of a table."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from autoft.cli.console import show_findings
from autoft.cli.exit_status import FAILED, REFUSED, status
from autoft.data.sources.files import FORMATS, PACKINGS
from autoft.data.table import read_file
from autoft.errors import FileError, RecipeError, quoted
from autoft.files import prepare_folder, refuse_other, taken_back, write_atomic
from autoft.formatting import counted, nearest
from autoft.serving.csv import changed, guarded, to_csv
from autoft.tuner import load


def run(options: argparse.Namespace) -> int:
    if os.path.realpath(options.out) == os.path.realpath(options.data):
        raise FileError(f"'{options.out}'", "not be the table itself", "DATA and -o name one file", "choose another -o")
    ending = options.out.suffix.lower()
    if ending in {*FORMATS, *PACKINGS, ".xls", ".ods", ".json"} - {".csv", ".txt"}:
        must, fix = "be named as what it is, a CSV file", "choose a name that ends in .csv"
        raise FileError(f"'{options.out}'", must, f"it ends in '{ending}'", fix)
    refuse_other(options.out, _has_predictions, "a file of predictions")
    options.failed = REFUSED if options.strict else FAILED
    with taken_back(options.out.parent):
        prepare_folder(options.out.parent)  # now rather than when all rows are answered
        kept = kept_cells(options.data, options.keep)
        tuner = load(options.model, private=options.private)
        predicted, proba = tuner.predict_with_proba(options.data)
        classes = tuple(getattr(tuner, "classes_", ()))
        text = to_csv(predicted, classes, proba if options.proba else None, kept=kept, raw=options.raw)
        write_atomic(options.out, text)
    if not options.quiet:
        show_findings(tuner.predict_findings_)
        print(f"{counted(len(predicted), 'prediction')} written to {options.out}")
        for name, cells in () if options.raw else [*kept.items(), ("prediction", predicted.tolist())]:
            _say_guarded(name, cells)
    return status(tuner.predict_findings_, options.strict, errors=REFUSED)


def _has_predictions(path: Path) -> bool:
    """Whether a file has the column that every file of predictions has."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        beginning = file.read(2**20)
    try:
        return "prediction" in next(csv.reader(StringIO(beginning, newline="")), [])
    except csv.Error:
        return False


def kept_cells(path: str, names: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Columns of a table as they stand in its file: the cells of a CSV file are texts.

    Raises:
        TableError: If the table cannot be read.
        RecipeError: If it has no such column, or predictions have one of that name.
    """
    if not names:
        return {}
    frame, _, texts = read_file(path)
    known = [str(name) for name in frame.columns]
    for name in names:
        if name not in known:
            fix = nearest(name, known) or "correct the name"
            raise RecipeError(f"--keep {quoted(name)}", "name a column of the table", "there is no such column", fix)
        if name == "prediction" or name.startswith("probability_"):
            found, fix = "the predictions have columns of such names", "rename it in the table"
            raise RecipeError(f"--keep {quoted(name)}", "be another name than the predictions' own", found, fix)
    columns = {name: frame.iloc[:, known.index(name)] for name in names}
    return {name: c.tolist() if texts else [*c.astype(object).where(c.notna(), None)] for name, c in columns.items()}


def _say_guarded(name: str, cells: Sequence[Any]) -> None:
    number, first = changed([name, *cells])
    if number:
        subject = f"{counted(number, 'cell')} of column {quoted(name)} would run as formulas in a spreadsheet"
        now = f"got an apostrophe in front ({quoted(first)} became {quoted(guarded(first))})"
        print(f"autoft: {subject} and {now}; --raw writes them as they are", file=sys.stderr)

"""``autoft predict``: predictions for the rows of a table."""

from __future__ import annotations

import argparse
import os

from autoft.cli.console import show_findings
from autoft.cli.exit_status import FAILED, REFUSED, status
from autoft.errors import FileError
from autoft.files import prepare_folder, write_atomic
from autoft.formatting import counted
from autoft.serving.csv import to_csv
from autoft.tuner import load


def run(options: argparse.Namespace) -> int:
    if os.path.realpath(options.out) == os.path.realpath(options.data):
        raise FileError(f"'{options.out}'", "not be the table itself", "DATA and -o name one file", "choose another -o")
    if options.out.is_dir():
        raise FileError(f"'{options.out}'", "be a file", "it is a folder", "add the name of a CSV file")
    prepare_folder(options.out.parent)  # now rather than when all rows are answered
    options.failed = REFUSED if options.strict else FAILED
    tuner = load(options.model, private=options.private)
    predicted, proba = tuner.predict_with_proba(options.data)
    classes = tuple(getattr(tuner, "classes_", ()))
    write_atomic(options.out, to_csv(predicted, classes, proba if options.proba else None, raw=options.raw))
    if not options.quiet:
        show_findings(tuner.predict_findings_)
        print(f"{counted(len(predicted), 'prediction')} written to {options.out}")
    return status(tuner.predict_findings_, options.strict, errors=REFUSED)

"""Arguments of the commands. Nothing heavy is imported, so that ``autoft --help`` answers at once."""

from __future__ import annotations

import argparse
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

from autoft.records.columns import Task
from autoft.records.scores import Strategy
from autoft.registry import registry_of

_PRIVATE = "show no cell that fewer than ten rows hold, in messages, report or files"
_EPILOG = """exit status: 0 done, 1 an error that the message explains, 2 wrong usage,
3 fit was interrupted and its results until then are saved, 130 interrupted before that, or twice;
in pipelines (check --against, and predict with --strict): 0 clean, 1 warnings with --strict, 2 errors

examples:
  autoft fit recipes/churn.yaml
  autoft plan data.csv --target y --minutes 5
  autoft fit data.csv --target y --minutes 5
  autoft predict runs/churn new_customers.csv -o predictions.csv
"""


class _Command(argparse.ArgumentParser):
    """A command. Its help lists the names of a registry, which is not imported before somebody asks for that help."""

    #: Kind of the registry (`autoft.registry.PLACES`); empty for none.
    registry = ""

    def format_help(self) -> str:
        if self.registry:
            self.epilog = f"{self.registry}s: {', '.join(registry_of(self.registry).names())}"
        return super().format_help()


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `command` is the module of `autoft.cli` that runs what was asked for."""
    # The global options may stand before or after the command; SUPPRESS keeps the second from undoing the first.
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    about, raw = "Tune a Keras model for a table, with honest scores.", argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="autoft", description=about, epilog=_EPILOG, formatter_class=raw)
    parser.add_argument("--version", action="version", version=f"autoft {version('autoft')}", help="print the version")
    for one in (shared, parser):
        one.add_argument("--quiet", "-q", action="store_true", help="print errors only")
        one.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="command", parser_class=_Command)
    command = partial(_add_command, commands, shared)
    fit = command("fit", "train a model from a recipe or a table")
    _add_changes(fit)
    fit.add_argument("--out", metavar="DIR", type=Path, help="run folder (default: runs/NAME; NAME-2 for another run)")
    there = fit.add_mutually_exclusive_group()
    resume = "go on with the trials in the folder; objective, evaluation and report may be others"
    there.add_argument("--resume", action="store_true", help=resume)
    there.add_argument("--overwrite", action="store_true", help="replace another run in the folder")
    predict = command("predict", "predict the rows of a table with a trained model")
    predict.add_argument("model", metavar="RUN", type=Path, help="run folder")
    predict.add_argument("data", metavar="DATA", help="file of a table (CSV, Parquet, ...)")
    predict.add_argument("-o", "--out", metavar="FILE", type=Path, required=True, help="CSV file to write")
    proba = argparse.BooleanOptionalAction
    predict.add_argument("--proba", action=proba, default=True, help="with the probability of every class")
    keep = "column of DATA to write in front of the predictions, such as one that names the rows; may be repeated"
    predict.add_argument("--keep", metavar="COLUMN", action="append", default=[], help=keep)
    text = "write texts as they are, even where a spreadsheet would run them as formulas"
    predict.add_argument("--raw", action="store_true", help=text)
    check = command("check", "look for problems in the data, without training")
    _add_source(check)
    check.add_argument("--against", metavar="RUN", type=Path, help="compare with the training table of a model")
    check.add_argument("--json", action="store_true", help="print what was found as JSON")
    predict.add_argument("--private", action="store_true", help=_PRIVATE)
    for one in (predict, check):
        one.add_argument("--strict", action="store_true", help="for pipelines: warnings too make the exit status 1")
    _add_schema(command("schema", "show, infer and edit a schema"), shared)
    clean = command("clean", "repair a table; you choose the repairs")
    clean.add_argument("data", metavar="DATA", help="file of a table (CSV, Parquet, ...)")
    clean.add_argument("-o", "--out", metavar="FILE", type=Path, help="CSV file to write, its log beside it")
    clean.add_argument("--accept", metavar="CODE,...", help="repairs to make; without it, possible repairs are listed")
    clean.add_argument("--target", metavar="COLUMN", help="column to predict, which stays as it is")
    plan = command("plan", "show what a training would do and cost, without training")
    _add_changes(plan)
    plan.add_argument("--json", action="store_true", help="print the plan as JSON")
    report = command("report", "write the report of a run again")
    report.add_argument("model", metavar="RUN", type=Path, help="run folder")
    report.add_argument("-o", "--out", metavar="FILE", type=Path, help="HTML file (default: RUN/report.html)")
    export = command("export", "write a trained model in a format of other programs")
    export.add_argument("model", metavar="RUN", type=Path, help="run folder or saved model")
    export.add_argument("path", metavar="PATH", type=Path, help="file or folder to write; it must not exist")
    export.add_argument("--format", metavar="NAME", default="tf_saved_model", help="see below (default: %(default)s)")
    export.registry = "exporter"
    review = command("review", "propose hints that a finished run suggests; you accept or delete them")
    review.add_argument("model", metavar="RUN", type=Path, help="folder of a finished run")
    review.add_argument("-o", "--out", metavar="FILE", type=Path, help="YAML file to write (default: RUN/hints.yaml)")
    review.add_argument("--force", action="store_true", help="overwrite the file, which people may have edited")
    command("recipes", "list the recipes at hand")
    command("doctor", "show versions and what works on this machine")
    return parser


def _add_command(commands: Any, shared: argparse.ArgumentParser, name: str, text: str) -> _Command:
    about = f"{text[0].upper()}{text[1:]}."
    made: _Command = commands.add_parser(name, help=text, description=about, parents=[shared])
    made.set_defaults(usage_error=made.error)
    return made


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="RECIPE_OR_DATA", help="a recipe (.yaml) or a table (CSV, Parquet, ...)")
    parser.add_argument("--target", metavar="COLUMN", help="column to predict; required with a table")
    parser.add_argument("--private", action="store_true", help=_PRIVATE)
    words = "a word that means a missing cell, in place of NA, None, null ...; may be given several times"
    parser.add_argument("--missing", metavar="WORD", action="append", help=words)
    sign = "sign before decimals where numbers such as 1,234 do not say it themselves"
    parser.add_argument("--decimal", metavar="SIGN", choices=(".", ","), help=sign)


def _add_changes(parser: argparse.ArgumentParser) -> None:
    _add_source(parser)
    parser.add_argument("--minutes", metavar="N", type=float, help="time limit of the run, in minutes")
    parser.add_argument(
        "--trials",
        metavar="N",
        type=int,
        help="largest number of trials (30, unless --minutes)",
    )
    kinds = "kinds of models to search, with commas between; networks is all but boosted trees"
    parser.add_argument("--families", metavar="NAMES", type=lambda names: names.split(","), help=kinds)
    parser.add_argument("--seed", metavar="N", type=int, help="random seed")
    parser.add_argument("--objective", metavar="METRIC", help="metric to improve, such as roc_auc or rmse")
    parser.add_argument("--task", choices=("auto", *get_args(Task)), help="kind of problem")
    parser.add_argument("--folds", metavar="N", type=int, help="number of blocks of rows, each held out once")
    parser.add_argument("--positive", metavar="LABEL", help="the positive class of a binary task, as in a recipe")
    parser.add_argument("--strategy", choices=get_args(Strategy), help="how scores are corrected for the search")
    rows = "auto uses a time or a group that is beyond doubt; independent divides rows at random"
    parser.add_argument("--rows", choices=("auto", "independent"), help=rows)


def _add_schema(parser: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="schema_command")
    command = partial(_add_command, commands, shared)

    def edit(name: str, text: str) -> _Command:
        made = command(name, text)
        made.add_argument("file", metavar="FILE", type=Path, help="schema in TFDV's text format; it is rewritten")
        made.add_argument("column", metavar="COLUMN")
        return made

    engine = "auto (what is installed), or one of the schema engines below (default: %(default)s)"
    show = command("show", "print a schema as a table")
    show.add_argument("file", metavar="FILE_OR_RUN", type=Path, help="schema file, run folder or saved model")
    infer = command("infer", "write the schema that fits a table")
    infer.add_argument("data", metavar="DATA", help="file of a table (CSV, Parquet, ...)")
    infer.add_argument("-o", "--out", metavar="FILE", type=Path, required=True, help="schema file to write")
    infer.add_argument("--target", metavar="COLUMN", help="column to predict; not expected in tables to predict")
    infer.add_argument("--engine", metavar="NAME", default="auto", help=engine)
    infer.registry = "schema engine"
    hints = command("edit-hints", "list the commands that would make a schema accept a table")
    hints.add_argument("file", metavar="FILE", type=Path, help="schema in TFDV's text format")
    hints.add_argument("data", metavar="DATA", help="file of a table (CSV, Parquet, ...)")
    hints.add_argument("--serving", action="store_true", help="the table is one to predict, without the target")
    hints.add_argument("--engine", metavar="NAME", default="auto", help=engine)
    hints.registry = "schema engine"
    share = edit("allow-missing", "let cells of a column be empty")
    share.add_argument("share", metavar="SHARE", type=float, help="largest share of empty cells, 0 to 1")
    widen = edit("widen", "let a column hold smaller and larger numbers")
    widen.add_argument("low", metavar="LOW", type=float, help="smallest number")
    widen.add_argument("high", metavar="HIGH", type=float, help="largest number")
    accept = edit("accept", "let a column hold more categories")
    accept.add_argument("values", metavar="VALUE", nargs="+", help="category, written as in the table")
    edit("not-in-serving", "need a column to train, but not to predict")

"""The command line: ``autoft fit | predict | check | schema | clean | plan | report | review | recipes | doctor``.

It is thin: each command calls one function of the Python API. Nothing heavy is imported before the command is known,
so that ``autoft --help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from autoft.cli.check import REFUSED, against, has_errors, print_json, show_all, status
from autoft.errors import AutoFTError, FileError
from autoft.records import Strategy, Task

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe

OK, FAILED, INTERRUPTED = 0, 1, 130
#: Options of `fit` and `plan` that change a value of the recipe of the same name.
CHANGES = ("target", "task", "objective", "trials", "minutes", "seed", "folds", "positive", "strategy")

_EPILOG = """exit status: 0 done, 1 an error that the message explains, 2 wrong usage, 130 interrupted;
in pipelines (check --against, and predict with --strict): 0 clean, 1 warnings with --strict, 2 errors

examples:
  autoft fit recipes/churn.yaml
  autoft plan data.csv --target y --minutes 5
  autoft fit data.csv --target y --minutes 5
  autoft predict runs/churn new_customers.csv -o predictions.csv
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Words after ``autoft``; those of the process if None.

    Returns:
        The exit status: 0 done, 1 an explained error, 130 interrupted. Wrong usage exits with 2.
    """
    options = _parser().parse_args(arguments)
    # TensorFlow's start-up notes, some of which call themselves errors (cuFFT), would bury what autoft says.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning, module="google")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A name that the terminal's encoding lacks is shown escaped, not a reason to stop.
            stream.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options)
        return status
    except AutoFTError as error:
        if options.debug:
            raise
        print(f"autoft: {error}", file=sys.stderr)
        failed: int = getattr(options, "failed", FAILED)
        return failed
    except KeyboardInterrupt:
        print("autoft: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, a pager) has gone; Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _parser() -> argparse.ArgumentParser:
    # The global options may stand before or after the command; SUPPRESS keeps the second from undoing the first.
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--quiet", "-q", action="store_true", help="print errors only")
    shared.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser = argparse.ArgumentParser(
        prog="autoft",
        description="Tune a Keras model for a table, with numbers that stay true.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    parser.add_argument("--quiet", "-q", action="store_true", help="print errors only")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", parents=[shared])
        made.set_defaults(run=run, usage_error=made.error)
        return made

    _add_fit(command("fit", _fit, "train a model from a recipe or a table"))
    predict = command("predict", _predict, "predict the rows of a table with a trained model")
    predict.add_argument("model", metavar="RUN", type=Path, help="run folder")
    predict.add_argument("data", metavar="DATA", help="CSV or Parquet file")
    predict.add_argument("-o", "--out", metavar="FILE", type=Path, required=True, help="CSV file to write")
    predict.add_argument(
        "--proba", action=argparse.BooleanOptionalAction, default=True, help="with the probability of every class"
    )
    predict.add_argument(
        "--raw",
        action="store_true",
        help="write texts as they are, even where a spreadsheet would run them as formulas",
    )
    _add_strict(predict)
    check = command("check", _check, "look for problems in the data, without training")
    _add_source(check)
    check.add_argument("--against", metavar="RUN", type=Path, help="compare the table with the one of a trained model")
    check.add_argument("--json", action="store_true", help="print what was found as JSON")
    _add_strict(check)
    _add_schema(command("schema", lambda options: OK, "show, infer and edit a schema"))
    _add_clean(command("clean", _clean, "repair what is wrong with a table, where you accept it"))
    plan = command("plan", _plan, "show what a training would do and cost, without training")
    _add_changes(plan)
    plan.add_argument("--json", action="store_true", help="print the plan as JSON")
    report = command("report", _report, "write the report of a run again")
    report.add_argument("model", metavar="RUN", type=Path, help="run folder")
    report.add_argument("-o", "--out", metavar="FILE", type=Path, help="HTML file (default: RUN/report.html)")
    _add_review(command("review", _review, "propose hints that a finished run suggests, for you to accept or strike"))
    command("recipes", _recipes, "list the recipes at hand")
    command("doctor", _doctor, "show versions and what works on this machine")
    return parser


def _add_strict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strict", action="store_true", help="for pipelines: warnings too make the exit status 1")


def _add_schema(parser: argparse.ArgumentParser) -> None:
    from autoft.cli.schema import add_commands

    add_commands(parser)


def _add_review(parser: argparse.ArgumentParser) -> None:
    from autoft.cli.review import add_arguments

    add_arguments(parser)


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="RECIPE_OR_DATA", help="a recipe (.yaml) or a table (CSV, Parquet)")
    parser.add_argument("--target", metavar="COLUMN", help="column to predict; required with a table")


def _add_clean(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", metavar="DATA", help="CSV or Parquet file")
    parser.add_argument("-o", "--out", metavar="FILE", type=Path, help="CSV file to write, its log beside it")
    parser.add_argument("--accept", metavar="CODE,...", help="what to repair; left out, lists what could be")
    parser.add_argument("--target", metavar="COLUMN", help="column to predict, which stays as it is")


def _add_fit(parser: argparse.ArgumentParser) -> None:
    _add_changes(parser)
    parser.add_argument("--out", metavar="DIR", type=Path, help="run folder (default: runs/NAME)")


def _add_changes(parser: argparse.ArgumentParser) -> None:
    _add_source(parser)
    parser.add_argument("--minutes", metavar="N", type=float, help="most minutes that the run may take")
    parser.add_argument("--trials", metavar="N", type=int, help="most trials")
    parser.add_argument("--seed", metavar="N", type=int, help="everything random follows from it")
    parser.add_argument("--objective", metavar="METRIC", help="metric to improve, such as roc_auc or rmse")
    parser.add_argument("--task", choices=("auto", *get_args(Task)), help="kind of problem")
    parser.add_argument("--folds", metavar="N", type=int, help="number of blocks of rows, each held out once")
    parser.add_argument("--positive", metavar="LABEL", help="the positive class of a binary task, as in a recipe")
    parser.add_argument("--strategy", choices=get_args(Strategy), help="how the choice of the best trial is paid for")


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"autoft {version('autoft')}")
        parser.exit()


def _source(options: argparse.Namespace) -> tuple[Recipe, Path | None]:
    """The recipe that the command names or implies, and the table where it names one."""
    from autoft.recipe.recipe import Recipe, read_recipe
    from autoft.recipe.yaml import scalar

    changes = {name: getattr(options, name, None) for name in CHANGES}
    if changes["positive"]:
        changes["positive"] = scalar(changes["positive"])
    elif changes["positive"] is not None:
        options.usage_error("--positive must name a label, but it is empty")
    path = Path(options.source)
    if path.suffix.lower() in (".yaml", ".yml"):
        return read_recipe(path).with_changes(**changes), None
    if options.target is None:
        options.usage_error("--target is required with a table")
    stem = path.name.partition(".")[0]
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", stem)[:64].strip("_-") or "run"
    return Recipe(name=name).with_changes(**changes), path


def _fit(options: argparse.Namespace) -> int:
    from autoft.cli.console import ProgressScreen, show_evaluation, show_findings

    recipe, data = _source(options)
    directory = options.out or Path("runs") / recipe.name
    from autoft.tuner import AutoFineTuner

    tuner = AutoFineTuner(recipe=recipe, directory=directory)
    if options.quiet:
        tuner.fit(data)
        return OK
    with ProgressScreen() as screen:
        tuner.fit(data, progress=screen)
    show_findings(finding for finding in tuner.findings_ if finding.severity != "info")
    show_evaluation(tuner.evaluation_, Path(tuner.directory_))
    return OK


def _predict(options: argparse.Namespace) -> int:
    from autoft.files import prepare_folder, write_atomic
    from autoft.serving.csv import to_csv
    from autoft.tuner import load

    if os.path.realpath(options.out) == os.path.realpath(options.data):
        raise FileError(f"'{options.out}'", "not be the table itself", "DATA and -o name one file", "choose another -o")
    if options.out.is_dir():
        raise FileError(f"'{options.out}'", "be a file", "it is a folder", "add the name of a CSV file")
    prepare_folder(options.out.parent)  # now rather than when all rows are answered
    options.failed = REFUSED if options.strict else FAILED
    tuner = load(options.model)
    predicted, proba = tuner.predict_with_proba(options.data)
    classes = tuple(getattr(tuner, "classes_", ()))
    write_atomic(options.out, to_csv(predicted, classes, proba if options.proba else None, raw=options.raw))
    if not options.quiet:
        from autoft.cli.console import counted, show_findings

        show_findings(tuner.predict_findings_)
        print(f"{counted(len(predicted), 'prediction')} written to {options.out}")
    return status(tuner.predict_findings_, options.strict, errors=REFUSED)


def _check(options: argparse.Namespace) -> int:
    if options.against is not None:
        return against(options)
    recipe, data = _source(options)
    from autoft.tuner import check

    findings = check(recipe, data)
    if options.json:
        print_json(findings)
    elif not options.quiet:
        show_all(findings)
    return status(findings, options.strict, errors=FAILED)


def _clean(options: argparse.Namespace) -> int:
    from autoft.data import clean

    if options.accept is None:
        changes = clean.offer(options.data, target=options.target)
    elif options.out is None:
        options.usage_error("-o is required with --accept")
    else:
        changes = clean.clean(options.data, options.out, clean.codes(options.accept), target=options.target)
    if not options.quiet:
        from autoft.cli.console import show_changes

        show_changes(changes, offered=options.accept is None)
        if options.accept is not None:
            print(f"table written to {options.out}, log to {clean.log_path(options.out)}")
    return OK


def _plan(options: argparse.Namespace) -> int:
    recipe, data = _source(options)
    import json
    from dataclasses import asdict

    from autoft.pipeline.describe import inspect_table
    from autoft.pipeline.forecast import forecast

    inspected = inspect_table(recipe, data, enforce=False)
    if has_errors(inspected.findings):
        if options.json:
            print(json.dumps({"findings": [asdict(finding) for finding in inspected.findings]}, indent=2))
        elif not options.quiet:
            show_all(inspected.findings)
        return FAILED
    plan = forecast(recipe, inspected)
    if options.json:
        print(json.dumps(plan.to_dict(), indent=2))
    elif not options.quiet:
        from autoft.cli.console import show_plan

        show_plan(plan)
    return OK


def _report(options: argparse.Namespace) -> int:
    from autoft.tuner import load

    out = options.out or options.model / "report.html"
    load(options.model).report(out)
    if not options.quiet:
        print(f"report written to {out}")
    return OK


def _review(options: argparse.Namespace) -> int:
    from autoft.cli.review import run

    return run(options)


def _recipes(options: argparse.Namespace) -> int:
    from autoft.cli.console import show_recipes
    from autoft.cli.recipes import recipe_folder, shipped_recipes

    folder = recipe_folder()
    show_recipes(folder, shipped_recipes(folder))
    return OK


def _doctor(options: argparse.Namespace) -> int:
    from autoft.cli.console import show_diagnosis
    from autoft.cli.doctor import diagnose

    show_diagnosis(diagnose())
    return OK

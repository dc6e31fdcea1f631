"""``autoft schema``: show, infer and edit the schema that tables are held to.

Nothing heavy is imported before a command is known. All but ``infer`` and ``edit-hints`` work on the file alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autoft.errors import FileError, SchemaError


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands below ``autoft schema`` to its parser."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--quiet", "-q", action="store_true", help="print errors only")
    shared.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", parents=[shared])
        made.set_defaults(run=run, usage_error=made.error)
        return made

    def edit(name: str, text: str) -> argparse.ArgumentParser:
        made = command(name, _edit, text)
        made.set_defaults(edit=name)
        made.add_argument("file", metavar="FILE", type=Path, help="schema in TFDV's text format; it is rewritten")
        made.add_argument("column", metavar="COLUMN")
        return made

    show = command("show", _show, "print a schema as a table")
    show.add_argument("file", metavar="FILE_OR_RUN", type=Path, help="schema file, run folder or saved model")
    infer = command("infer", _infer, "write the schema that fits a table")
    infer.add_argument("data", metavar="DATA", help="CSV or Parquet file")
    infer.add_argument("-o", "--out", metavar="FILE", type=Path, required=True, help="schema file to write")
    infer.add_argument("--target", metavar="COLUMN", help="column to predict; not expected in tables to predict")
    infer.add_argument("--engine", metavar="NAME", default="auto", help="what infers it: auto, tfdv or portable")
    hints = command("edit-hints", _hints, "list the commands that would make a schema accept a table")
    hints.add_argument("file", metavar="FILE", type=Path, help="schema in TFDV's text format")
    hints.add_argument("data", metavar="DATA", help="CSV or Parquet file")
    hints.add_argument("--serving", action="store_true", help="the table is one to predict, without the target")
    hints.add_argument("--engine", metavar="NAME", default="auto", help="what checks the table (likewise)")
    share = edit("allow-missing", "let cells of a column be empty")
    share.add_argument("share", metavar="SHARE", type=float, help="largest share of empty cells, 0 to 1")
    widen = edit("widen", "let a column hold smaller and larger numbers")
    widen.add_argument("low", metavar="LOW", type=float, help="smallest number")
    widen.add_argument("high", metavar="HIGH", type=float, help="largest number")
    accept = edit("accept", "let a column hold more categories")
    accept.add_argument("values", metavar="VALUE", nargs="+", help="category, written as in the table")
    edit("not-in-serving", "need a column to train, but not to predict")


def _show(options: argparse.Namespace) -> int:
    from autoft.cli.console_schema import show_schema

    path = _schema_file(options.file)
    _, schema = _read(path)
    if not options.quiet:
        show_schema(schema, str(path))
    return 0


def _schema_file(path: Path) -> Path:
    """The schema itself, or that of a run folder or a saved model."""
    if not path.is_dir():
        return path
    from autoft.serving.artifact import find

    for folder in (path, find(path)):
        if (folder / "schema.pbtxt").is_file():
            return folder / "schema.pbtxt"
    found, fix = "the model was trained without one", "train it with 'schema: {engine: auto}'"
    raise SchemaError(f"'{path}'", "hold a schema", found, fix)


def _read(path: Path) -> tuple[str, Any]:
    """The text of a schema and the message."""
    from autoft.schema.portable.messages import Schema
    from autoft.schema.proto_engine import parsed, read_text

    text = read_text(path)
    return text, parsed(text, Schema(), f"'{path}'")


def _infer(options: argparse.Namespace) -> int:
    from autoft.data.columns import infer_columns
    from autoft.data.table import read

    if options.out.exists():
        fix = "choose another name, or edit it ('autoft schema edit-hints' lists how)"
        raise FileError(f"'{options.out}'", "be free", "a file is there, and people may have edited it", fix)
    frame = read(options.data).frame
    if options.target is not None and options.target not in frame.columns:
        raise SchemaError(f"Column '{options.target}'", "be in the table to be the target", "it is not", "correct it")
    columns, _ = infer_columns(frame, target=options.target)
    engine = _engine(options.engine)
    engine.write(engine.infer(engine.statistics(frame, columns), target=options.target), options.out)
    if not options.quiet:
        print(f"schema of {len(columns):,} columns written to {options.out} (engine {engine.name})")
    return 0


def _engine(name: str) -> Any:
    from autoft.schema.engines import choose

    engine = choose(name)
    if engine is None:
        raise SchemaError("Argument --engine", "name a schema engine", f"it is '{name}'", "leave it out, or write auto")
    return engine


def _hints(options: argparse.Namespace) -> int:
    from autoft.cli.console_schema import show_hints
    from autoft.data.columns import infer_columns
    from autoft.data.table import read
    from autoft.schema.edit_hints import hints

    engine = _engine(options.engine)
    schema: Any = engine.read(options.file)
    frame = read(options.data).frame
    if options.serving:
        absent = [feature.name for feature in schema.feature if "SERVING" in feature.not_in_environment]
        frame = frame.drop(columns=absent, errors="ignore")
    statistics: Any = engine.statistics(frame, infer_columns(frame)[0])
    found = engine.validate(statistics, schema, environment="SERVING" if options.serving else "TRAINING")
    if not options.quiet:
        show_hints(hints(found, statistics.proto, schema, str(options.file), serving=options.serving))
    return 0


def _edit(options: argparse.Namespace) -> int:
    from autoft.files import write_atomic
    from autoft.schema import edit
    from autoft.schema.splice import spliced

    text, before = _read(options.file)
    edits: dict[str, Callable[[], Any]] = {
        "allow-missing": lambda: edit.allow_missing(before, options.column, options.share),
        "widen": lambda: edit.widen(before, options.column, options.low, options.high),
        "accept": lambda: edit.accept(before, options.column, options.values),
        "not-in-serving": lambda: edit.not_in_serving(before, options.column),
    }
    after = edits[options.edit]()
    if after != before:
        write_atomic(options.file, spliced(text, before, after))
    if not options.quiet:
        from autoft.errors import printable

        done = "rewritten" if after != before else "left as it is, since it allows that already"
        print(printable(f"{options.file} is {done}"))
    return 0

"""``autoft schema``: show, infer and edit the schema that tables are held to.

All but ``infer`` and ``edit-hints`` work on the file alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from autoft.cli.console import SCREEN, safe, text_table
from autoft.data.columns import infer_columns
from autoft.data.table import read
from autoft.errors import FileError, SchemaError, printable
from autoft.files import write_atomic
from autoft.formatting import counted
from autoft.schema import edit
from autoft.schema.adaptation import name_of
from autoft.schema.edit import EditHint, domain_of, hints
from autoft.schema.engines import choose
from autoft.schema.portable.messages import Schema
from autoft.schema.proto_engine import parse_schema, read_text
from autoft.schema.splice import splice
from autoft.serving.artifact import find

#: Categories that are shown of a list.
_SHOWN = 8


def run(options: argparse.Namespace) -> None:
    commands = {"show": _show, "infer": _infer, "edit-hints": _hints}
    commands.get(options.schema_command, _edit)(options)


def _show(options: argparse.Namespace) -> None:
    path = _schema_file(options.file)
    _, schema = _read(path)
    if not options.quiet:
        show_schema(schema, str(path))


def _schema_file(path: Path) -> Path:
    """The schema itself, or that of a run folder or a saved model."""
    if not path.is_dir():
        return _existing(path)
    for schema in (path / "schema.pbtxt", find(path) / "schema.pbtxt"):
        if schema.is_file():
            return schema
    found, fix = "the model was trained without one", "train it with 'schema: {engine: auto}'"
    raise SchemaError(f"'{path}'", "hold a schema", found, fix)


def _existing(path: Path) -> Path:
    if not path.exists():
        must = "be a schema file, a run folder or a saved model"
        raise SchemaError(f"'{path}'", must, "it does not exist", "correct the path")
    return path


def _read(path: Path) -> tuple[str, Any]:
    """The text of a schema and the message."""
    text = read_text(_existing(path))
    return text, parse_schema(text, Schema(), f"'{path}'")


def _infer(options: argparse.Namespace) -> None:
    if options.out.exists():
        fix = "choose another name, or edit it ('autoft schema edit-hints' lists how)"
        raise FileError(f"'{options.out}'", "be free", "a file is there, and people may have edited it", fix)
    frame = read(options.data, target=options.target).frame
    if options.target is not None and options.target not in frame.columns:
        raise SchemaError(f"Column '{options.target}'", "be in the table to be the target", "it is not", "correct it")
    columns, _ = infer_columns(frame, target=options.target)
    engine = _engine(options.engine, len(columns))
    engine.write(engine.infer(engine.statistics(frame, columns), target=options.target), options.out)
    if not options.quiet:
        print(f"schema of {len(columns):,} columns written to {options.out} (engine {engine.name})")


def _engine(name: str, columns: int = 0) -> Any:
    engine = choose(name, columns)
    if engine is None:
        raise SchemaError("Argument --engine", "name a schema engine", f"it is '{name}'", "leave it out, or write auto")
    return engine


def _hints(options: argparse.Namespace) -> None:
    engine = _engine(options.engine)
    schema = engine.read(_existing(options.file))
    frame = read(options.data).frame
    if options.serving:
        absent = [feature.name for feature in schema.feature if "SERVING" in feature.not_in_environment]
        frame = frame.drop(columns=absent, errors="ignore")
    statistics = engine.statistics(frame, infer_columns(frame)[0])
    found = engine.validate(statistics, schema, environment="SERVING" if options.serving else "TRAINING")
    if not options.quiet:
        show_hints(hints(found, statistics.proto, schema, str(options.file), serving=options.serving))


def _edit(options: argparse.Namespace) -> None:
    text, before = _read(options.file)
    edits: dict[str, Callable[[], Any]] = {
        "allow-missing": lambda: edit.allow_missing(before, options.column, options.share),
        "widen": lambda: edit.widen(before, options.column, options.low, options.high),
        "accept": lambda: edit.accept(before, options.column, options.values),
        "not-in-serving": lambda: edit.not_in_serving(before, options.column),
    }
    after = edits[options.schema_command]()
    if after != before:
        write_atomic(options.file, splice(text, before, after))
    if not options.quiet:
        done = "rewritten" if after != before else "left as it is, since it allows that already"
        print(printable(f"{options.file} is {done}"))


def show_schema(schema: Any, source: str) -> None:
    """Print a ``Schema`` as a table: a line for each column."""
    title = safe(f"{source}: {counted(len(schema.feature), 'column')}")
    table = text_table(title, "column", "type", "kind", "empty cells", "values", "not in")
    for feature in schema.feature:
        cells = (
            name_of(feature, "type") if feature.HasField("type") else "",
            ", ".join(feature.annotation.tag),
            _presence(feature),
            _values(schema, feature),
            ", ".join(feature.not_in_environment).lower(),
        )
        table.add_row(safe(feature.name), *map(safe, cells))
    SCREEN.print(table)


def _presence(feature: Any) -> str:
    if name_of(feature, "lifecycle_stage") in ("PLANNED", "ALPHA", "DEPRECATED", "DEBUG_ONLY", "DISABLED"):
        return f"not checked ({name_of(feature, 'lifecycle_stage').lower().replace('_', ' ')})"
    if not feature.HasField("presence"):
        return "any, may be absent"
    if feature.presence.min_fraction <= 0:
        return "not all" if feature.presence.min_count else "any, may be absent"
    return "none" if feature.presence.min_fraction >= 1 else f"up to {1 - feature.presence.min_fraction:.4g}"


def _values(schema: Any, feature: Any) -> str:
    domain = domain_of(schema, feature)
    if domain is not None:
        more = f" and {len(domain.value) - _SHOWN:,} more" if len(domain.value) > _SHOWN else ""
        return ", ".join(domain.value[:_SHOWN]) + more
    for field in ("int_domain", "float_domain"):
        if feature.HasField(field):
            limits = getattr(feature, field)
            low, high = (f"{getattr(limits, end):.12g}" if limits.HasField(end) else "" for end in ("min", "max"))
            return f"{low} to {high}" if low and high else f"from {low} on" if low else f"up to {high}" if high else ""
    if feature.HasField("bool_domain"):
        return f"{feature.bool_domain.false_value or '0'} or {feature.bool_domain.true_value or '1'}"
    return ""


def show_hints(hints: Sequence[EditHint]) -> None:
    """Print what a table has and a schema does not allow, and the command that would accept it."""
    for hint in hints:
        SCREEN.print(safe(f"# {hint.finding.where} {hint.finding.found}"), soft_wrap=True)
        SCREEN.print(safe(hint.command or "# no command accepts this"), soft_wrap=True)
    if not hints:
        SCREEN.print("the table fits the schema")

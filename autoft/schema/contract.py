"""The contract: a schema written at the first training, enforced at later ones and at prediction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autoft.data import date_formats, number_findings
from autoft.data.audit.column_quality import infinite_cells, unreadable_cells
from autoft.data.cells import Distinct
from autoft.data.convert import convert
from autoft.errors import SchemaError
from autoft.records.columns import Column
from autoft.records.findings import Finding
from autoft.schema import edit
from autoft.schema.engine import Engine
from autoft.schema.reference import without_rare_values

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Schema of a training table, and the findings about the table; without an engine there is no schema.

    Attributes:
        schema: The engine's schema object.
        text: The schema as text.
        statistics: The table's statistics as `Engine.dump_statistics` writes them.
    """

    schema: Any
    text: str
    findings: tuple[Finding, ...]
    statistics: bytes = b""


class RefusedError(SchemaError):
    """A table was refused: `findings` are all the reasons, and the message lists them."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings, alike = findings, dict[tuple[Any, ...], list[str]]()
        for one in findings:
            alike.setdefault((one.column is None, one.must, one.found, one.fix), []).append(one.where)
        errors = [SchemaError(_each(places), *parts) for (_, *parts), places in alike.items()]
        if len(errors) == 1:
            super().__init__(errors[0].where, errors[0].must, errors[0].found, errors[0].fix)
            return
        sentences = [str(error) for error in errors]
        listed = "; ".join(f"({number}) {sentence}" for number, sentence in enumerate(sentences, 1))
        super().__init__("The table", "pass all checks", f"{len(errors)} failed: {listed}", "see each of them")
        lines = "\n".join(f"  {number}. {sentence}" for number, sentence in enumerate(sentences, 1))
        self.args = (f"The table must pass all checks, but {len(errors)} failed:\n{lines}",)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.findings,)


def _each(places: list[str]) -> str:
    """One subject for what holds of each of some columns."""
    if len(places) == 1:
        return places[0]
    return f"Each of the {len(places)} columns {', '.join(place.removeprefix('Column ') for place in places)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractOptions:
    """What a recipe says of a schema.

    Attributes:
        path: The schema file; None infers a schema.
        write: Whether a file that does not exist is written. It must not be for a table that is refused: that schema
            would bind the corrected one.
        private: Whether values that fewer than ten rows hold are left out of an inferred schema and of the statistics.
        ranges: Known ranges of numeric columns, for a schema that is inferred.
    """

    target: str
    path: Path | None = None
    write: bool = False
    private: bool = False
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def contract(
    frame: pd.DataFrame, columns: tuple[Column, ...], engine: Engine | None, options: ContractOptions
) -> Contract:
    """Hold a training table to its schema file, or infer the schema and write the file; without an engine nothing.

    Raises:
        SchemaError: If the file exists and holds no schema.
        FileError: If the file cannot be written.
    """
    if engine is None:
        return Contract(schema=None, text="", findings=_unchecked(options.path))
    statistics = engine.statistics(frame, columns)
    shown = without_rare_values(statistics, convert(frame, columns)) if options.private else statistics
    kept, path = engine.dump_statistics(shown), options.path
    if path is not None and path.exists():
        schema = engine.read(path)
        findings = engine.validate(statistics, schema, environment="TRAINING")
        findings += _target_in_serving(frame, columns, engine, schema, options.target)
        text = engine.to_text(schema)
        return Contract(schema=schema, text=text, findings=findings, statistics=kept)
    schema = engine.infer(statistics, target=options.target)
    if options.private:
        schema = edit.without_rare_values(schema, statistics)
    for name, (low, high) in options.ranges.items():
        schema = edit.bounded(schema, name, low, high)
    if path is not None and options.write:
        engine.write(schema, path)
    return Contract(schema=schema, text=engine.to_text(schema), findings=(), statistics=kept)


def serving(
    frame: pd.DataFrame, columns: tuple[Column, ...], engine: Engine | None, schema: Any, previous: Any = None
) -> tuple[Finding, ...]:
    """Findings about a table to predict, where the target is not expected; `previous` are the training statistics."""
    findings: tuple[Finding, ...] = ()
    if engine is not None:
        findings += engine.validate(engine.statistics(frame, columns), schema, environment="SERVING", previous=previous)
    used = [column for column in columns if column.used and column.name in frame.columns]
    converted = convert(frame, used)
    # Of a column of two values the engine says again which cells hold neither.
    twice = {column.name for column in used if converted.bad.get(column.id)}
    findings = tuple(f for f in findings if not (f.code.startswith("tfdv:BOOL_TYPE") and f.column in twice))
    refused = {line.column for line in findings if line.severity == "error"}
    for column in used:
        found = unreadable_cells(column, converted, len(frame))
        if found and column.kind == "date":
            found = _swapped(found, date_formats.other_order(Distinct.of(frame[column.name]), column.date_format))
        if column.kind == "numeric":
            found = [*found, *number_findings.written_otherwise(column, Distinct.of(frame[column.name]))]
        if column.name in refused:  # once is enough
            found = [replace(line, severity="warning") for line in found]
        findings += (*found, *infinite_cells(column, converted, len(frame)))
    return findings


def _swapped(found: list[Finding], other: str | None) -> list[Finding]:
    """An error if all dates of a column have day and month the other way round: those that can be read are wrong."""
    if other is None:
        return found
    fix = "write them as in the training, or as YYYY-MM-DD"
    return [
        replace(f, severity="error", found=f"{f.found}; all of them fit the format '{other}'", fix=fix) for f in found
    ]


def refuse(findings: Iterable[Finding]) -> None:
    """Raise a RefusedError with a four-part sentence for each finding that is an error; nothing if none is."""
    errors = tuple(line for line in findings if line.severity == "error")
    if errors:
        raise RefusedError(errors)


def _unchecked(schema_path: Path | None) -> tuple[Finding, ...]:
    if schema_path is None or not schema_path.exists():
        return ()
    found = f"was not compared with the schema '{schema_path}', as no schema engine is in use"
    fix = "choose an engine (schema: engine:), or ignore this"
    return (Finding("schema-not-enforced", "warning", None, f"fit the schema '{schema_path}'", found, fix),)


def _target_in_serving(
    frame: pd.DataFrame, columns: tuple[Column, ...], engine: Engine, schema: Any, target: str
) -> tuple[Finding, ...]:
    """An error if the schema would ask for the target in every table to predict."""
    features = frame.drop(columns=target, errors="ignore").head(1)
    engine_findings = engine.validate(engine.statistics(features, columns), schema, environment="SERVING")
    if all(line.column != target for line in engine_findings):
        return ()
    must = "be absent from the schema's environment SERVING, as it is the target"
    found = "is required there by the schema, so that no table could be predicted"
    fix = f"add 'not_in_environment: \"SERVING\"' to feature '{target}' in the schema file, or delete the file"
    return (Finding("schema-target", "error", target, must, found, fix),)

"""Base of the engines that use TensorFlow Metadata's messages: statistics, schemas, findings, files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from google.protobuf import text_format
from google.protobuf.message import DecodeError

from autoft.data.convert import convert
from autoft.data.typed import Typed, typed
from autoft.errors import SchemaError
from autoft.files import write_atomic
from autoft.records.columns import Column
from autoft.records.findings import Finding
from autoft.schema import adaptation, anomalies, reference
from autoft.schema.engine import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStatistics:
    """Statistics of one table: `proto` is a ``DatasetFeatureStatisticsList`` of one data set, which is named after the
    engine that made it; `unreadable` are numeric columns without an empty cell, some of whose cells are infinite or no
    numbers."""

    proto: Any
    columns: tuple[Column, ...]
    unreadable: frozenset[str]

    @property
    def engine(self) -> str:
        """Name of the engine that made them."""
        return str(self.proto.datasets[0].name)


class ProtoEngine(ABC):
    """Base class of engines whose schema and statistics are messages of TensorFlow Metadata."""

    name: str
    needs: tuple[str, ...] = ()
    install = ""
    #: Name of the engine in findings that quote it.
    title: str

    @abstractmethod
    def _generate(self, table: Typed) -> Any:
        """``DatasetFeatureStatisticsList`` of the columns."""

    @abstractmethod
    def _infer(self, proto: Any, largest_domain: int) -> Any:
        """``Schema`` that fits the statistics, without shapes."""

    @abstractmethod
    def _validate(self, proto: Any, schema: Any, environment: str, previous: Any) -> Any:
        """``Anomalies``; `previous` is None or the statistics that drift is measured from."""

    @abstractmethod
    def _messages(self) -> tuple[Any, Any]:
        """The classes ``Schema`` and ``DatasetFeatureStatisticsList``."""

    def statistics(self, frame: pd.DataFrame, columns: tuple[Column, ...]) -> TableStatistics:
        """One feature per column under the user's own name, with the counts that `autoft.schema.drift` compares."""
        converted = convert(frame, columns)
        table = typed(frame, columns, converted)
        proto = self._generate(table)
        proto.datasets[0].name = self.name
        reference.add_references(proto, columns, converted)
        return TableStatistics(proto=proto, columns=columns, unreadable=table.unreadable)

    def infer(self, statistics: TableStatistics, *, target: str | None) -> Any:
        """A ``Schema``: types, presence, categories, and two environments that differ in the target. Each feature is
        tagged with its kind, and dates whose day could be the month with their format, too. Columns that the network
        does not use may be absent; categories are listed only where they are few and frequent, never for identifiers,
        texts and dates."""
        schema = self._infer(statistics.proto, adaptation.MAX_DOMAIN)
        rows = int(statistics.proto.datasets[0].num_examples)
        return adaptation.adapt_schema(schema, statistics.columns, rows, target=target)

    def validate(
        self,
        statistics: TableStatistics,
        schema: Any,
        *,
        environment: Environment,
        previous: TableStatistics | None = None,
    ) -> tuple[Finding, ...]:
        """The engine's anomalies as findings; see `autoft.schema.anomalies` for their severity. If `previous` is of
        another engine, a finding says that it was not compared."""
        compared: Any = None
        more: tuple[Finding, ...] = ()
        if previous is not None and any(feature.HasField("drift_comparator") for feature in schema.feature):
            if previous.engine == self.name:
                compared = adaptation.whole_numbers_as_floats(previous.proto, schema)
            else:
                more = (self._not_compared(previous),)
        proto = adaptation.whole_numbers_as_floats(statistics.proto, schema)
        result = self._validate(proto, schema, environment, compared)
        found = anomalies.findings(
            result, statistics.proto, schema, environment, unreadable=statistics.unreadable, engine=self.title
        )
        return (*found, *more, *adaptation.other_dates(schema, statistics.columns))

    def _not_compared(self, previous: TableStatistics) -> Finding:
        must = "be compared with the training table where the schema limits drift (drift_comparator)"
        found = "was not compared with the training table by the schema's limits of drift (drift_comparator): "
        found += f"the statistics are of engine '{self.name}', those of the training table of '{previous.engine}'"
        fix = f"run it where engine '{previous.engine}' is installed; autoft's own comparison is made all the same"
        return Finding("drift-not-compared", "warning", None, must, found, fix)

    def read(self, path: Path) -> Any:
        """The schema in a text file that TFDV or `write` wrote and people may have edited."""
        return self.from_text(read_text(path), f"'{path}'")

    def write(self, schema: Any, path: Path) -> None:
        """Write what ``tfdv.write_schema_text`` writes, atomically."""
        write_atomic(path, self.to_text(schema))

    def to_text(self, schema: Any) -> str:
        """The schema in protobuf's text format, as in every TFDV ``schema.pbtxt``."""
        return str(text_format.MessageToString(schema))

    def from_text(self, text: str, source: str) -> Any:
        """The schema in `text`; a schema of foreign origin without environments gets the two of autoft."""
        schema = parse_schema(text, self._messages()[0](), source)
        for environment in ("TRAINING", "SERVING"):
            if environment not in schema.default_environment:
                schema.default_environment.append(environment)
        return schema

    def dump_statistics(self, statistics: TableStatistics) -> bytes:
        """Statistics as ``tfdv.load_stats_binary`` reads them, without the texts of identifiers and running text."""
        kept = reference.without_private_texts(statistics.proto, statistics.columns)
        return bytes(kept.SerializeToString(deterministic=True))

    def load_statistics(self, data: bytes, source: str) -> TableStatistics:
        """The inverse of `dump_statistics`."""
        proto = self._messages()[1]()
        try:
            proto.ParseFromString(data)
        except DecodeError as error:
            raise _no_statistics(source, "it is no protobuf message") from error
        if len(proto.datasets) != 1:
            raise _no_statistics(source, f"it has {len(proto.datasets):,} data sets")
        return TableStatistics(proto=proto, columns=(), unreadable=frozenset())


def read_text(path: Path) -> str:
    """The text of a schema file. Raises SchemaError."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        found = "it does not exist" if isinstance(error, FileNotFoundError) else f"the system says: {error.strerror}"
        must, fix = "be a schema file, a run folder or a saved model", "check the path and its permissions"
        raise SchemaError(f"'{path}'", must, found, fix) from error
    except UnicodeDecodeError as error:
        raise no_schema(f"'{path}'", "it is not UTF-8 text") from error


def parse_schema(text: str, schema: Any, source: str) -> Any:
    """The empty message `schema`, filled from its text. Raises SchemaError if it is none or has no column."""
    try:
        text_format.Parse(text, schema)
    except text_format.ParseError as error:
        raise no_schema(source, f"line {error}") from error
    except RecursionError as error:
        raise no_schema(source, "it is nested too deeply") from error
    if not schema.feature:
        raise no_schema(source, "it describes no column")
    return schema


def no_schema(source: str, found: str) -> SchemaError:
    """Error for a text that is no schema."""
    fix = "restore the file, or delete it to have the schema inferred again from the training table"
    return SchemaError(f"Schema {source}", "be readable in TFDV's text format", found, fix)


def _no_statistics(source: str, found: str) -> SchemaError:
    fix = "copy the model again, or run 'autoft fit' again (finished trials are kept)"
    return SchemaError(f"Statistics {source}", "be those of one table", found, fix)

"""TensorFlow Data Validation as a schema engine: statistics, inferred schema, anomalies as findings."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from autoft.errors import SchemaError
from autoft.files import write_atomic
from autoft.records import USED_KINDS, Column, Finding, Kind
from autoft.schema.anomalies import finding_of
from autoft.schema.arrow import record_batch

if TYPE_CHECKING:
    import pandas as pd

    from autoft.schema.engine import Environment

#: Largest number of categories that a schema lists, and the fewest rows that each needs on average: a rare
#: category says little about which others exist, so a new one is then no anomaly.
MAX_DOMAIN = 100
ROWS_PER_CATEGORY = 5
UNUSED_KINDS = frozenset(get_args(Kind)).difference(USED_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """TFDV's statistics of one table.

    Attributes:
        proto: A ``DatasetFeatureStatisticsList``.
        columns: What autoft knows about the columns.
        unreadable: Numeric columns without an empty cell, some of whose cells are infinite or no numbers.
    """

    proto: Any
    columns: tuple[Column, ...]
    unreadable: frozenset[str]


class TFDV:
    """The engine that runs TensorFlow Data Validation in memory, without a Beam pipeline."""

    name = "tfdv"

    def statistics(self, frame: pd.DataFrame, columns: tuple[Column, ...]) -> Statistics:
        """TFDV's statistics of the frame, one feature per column under the user's own name."""
        batch, unreadable = record_batch(frame, columns)
        with _quiet():
            from tensorflow_data_validation import StatsOptions
            from tensorflow_data_validation.statistics import stats_impl

            proto = stats_impl.generate_statistics_in_memory(batch, StatsOptions())
        return Statistics(proto=proto, columns=columns, unreadable=unreadable)

    def infer(self, statistics: Statistics, *, target: str | None) -> Any:
        """A ``Schema`` proto: types, presence, categories, and two environments that differ in the target.

        Each feature is tagged with its kind. Columns that the network does not use may be absent; categories
        are listed only where they are few and frequent, never for identifiers, texts and dates.
        """
        with _quiet():
            import tensorflow_data_validation as tfdv

            schema = tfdv.infer_schema(statistics.proto, infer_feature_shape=False, max_string_domain_size=MAX_DOMAIN)
        rows = statistics.proto.datasets[0].num_examples
        known = {column.name: column for column in statistics.columns}
        schema.default_environment.extend(["TRAINING", "SERVING"])
        for feature in schema.feature:
            if feature.name == target:
                feature.not_in_environment.append("SERVING")
            if (column := known.get(feature.name)) is not None:
                _relax(feature, column, rows, is_target=feature.name == target)
        used = {feature.domain for feature in schema.feature}
        for position in reversed(range(len(schema.string_domain))):
            if schema.string_domain[position].name not in used:
                del schema.string_domain[position]
        return schema

    def validate(self, statistics: Statistics, schema: Any, *, environment: Environment) -> tuple[Finding, ...]:
        """TFDV's anomalies as findings; see `autoft.schema.anomalies` for their severity."""
        with _quiet():
            import tensorflow_data_validation as tfdv

            proto = _whole_numbers_as_floats(statistics.proto, schema)
            result = tfdv.validate_statistics(proto, schema, environment=environment)
        if result.data_missing:
            return (finding_of("DATA_MISSING", "Data missing", "the table has no rows", environment=environment),)
        return tuple(_findings(result, statistics, schema, environment))

    def read(self, path: Path) -> Any:
        """The schema in a text file that TFDV (or `write`) wrote and people may have edited."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise _no_schema(f"'{path}'", str(reason)) from error
        return self.from_text(text, f"'{path}'")

    def write(self, schema: Any, path: Path) -> None:
        """Write what ``tfdv.write_schema_text`` writes, atomically."""
        write_atomic(path, self.to_text(schema))

    def to_text(self, schema: Any) -> str:
        """The schema in protobuf's text format, as in every TFDV ``schema.pbtxt``."""
        from google.protobuf import text_format

        return str(text_format.MessageToString(schema))

    def from_text(self, text: str, source: str) -> Any:
        """The schema in `text`; a schema of foreign origin without environments gets the two of autoft."""
        from google.protobuf import text_format
        from tensorflow_metadata.proto.v0 import schema_pb2

        try:
            schema = text_format.Parse(text, schema_pb2.Schema())
        except text_format.ParseError as error:
            raise _no_schema(source, f"line {error}") from error
        if not schema.feature:
            raise _no_schema(source, "it describes no column")
        for environment in ("TRAINING", "SERVING"):
            if environment not in schema.default_environment:
                schema.default_environment.append(environment)
        return schema


def _no_schema(source: str, found: str) -> SchemaError:
    fix = "restore the file, or delete it to have the schema inferred again from the training table"
    return SchemaError(f"Schema {source}", "be readable in TFDV's text format", found, fix)


def _relax(feature: Any, column: Column, rows: int, *, is_target: bool) -> None:
    """Take from an inferred feature what the next honest table may break, and tag it with its kind."""
    from tensorflow_metadata.proto.v0 import schema_pb2

    feature.annotation.tag.append(column.kind)
    if column.kind != "boolean":
        feature.ClearField("bool_domain")  # numbers that happen to be 0 and 1
    if is_target:
        return
    if not column.used:
        feature.ClearField("presence")
    if column.kind == "empty":
        # The type of a column without values is unknown; TFDV does not validate planned features.
        feature.lifecycle_stage = schema_pb2.PLANNED
    frequent = (rows - column.missing) >= ROWS_PER_CATEGORY * column.distinct
    if column.kind != "boolean" and not (column.kind == "categorical" and frequent):
        feature.ClearField("domain")


def _whole_numbers_as_floats(proto: Any, schema: Any) -> Any:
    """Statistics in which a column that may hold fractions, but happens to hold none, is no anomaly."""
    from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

    floats = {feature.name for feature in schema.feature if feature.type == schema_pb2.FLOAT}
    copy = statistics_pb2.DatasetFeatureStatisticsList()
    copy.CopyFrom(proto)
    for feature in copy.datasets[0].features:
        if feature.type == statistics_pb2.FeatureNameStatistics.INT and feature.path.step[0] in floats:
            feature.type = statistics_pb2.FeatureNameStatistics.FLOAT
    return copy


def _findings(result: Any, statistics: Statistics, schema: Any, environment: Environment) -> Iterator[Finding]:
    """One finding per reason of every anomaly, in the order of the schema; new columns last."""
    from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

    type_name = anomalies_pb2.AnomalyInfo.Type.Name
    for reason in result.dataset_anomaly_info.reason:
        yield finding_of(type_name(reason.type), reason.short_description, reason.description, environment=environment)
    order = {feature.name: position for position, feature in enumerate(schema.feature)}
    features = {feature.name: feature for feature in schema.feature}
    got = {
        feature.path.step[0]: statistics_pb2.FeatureNameStatistics.Type.Name(feature.type)
        for feature in statistics.proto.datasets[0].features
    }
    by_name = {info.path.step[0]: info for info in result.anomaly_info.values()}
    for name in sorted(by_name, key=lambda name: (order.get(name, len(order)), name)):
        feature = features.get(name)
        for reason in by_name[name].reason:
            anomaly = type_name(reason.type)
            if anomaly == "FEATURE_TYPE_LOW_FRACTION_PRESENT" and name in statistics.unreadable:
                continue  # No cell is empty; autoft's own findings count those that are odd.
            yield finding_of(
                anomaly,
                reason.short_description,
                reason.description,
                environment=environment,
                column=name,
                expected="" if feature is None else schema_pb2.FeatureType.Name(feature.type),
                got=got.get(name, ""),
                used=feature is None or UNUSED_KINDS.isdisjoint(feature.annotation.tag),
            )


_QUIETLY = threading.RLock()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep TensorFlow's, Beam's and TFDV's remarks about themselves off the screen.

    The first import prints to stdout, to stderr (C++ logs, which read their level once), through logging and
    through warnings; infinite values make numpy warn inside TFDV. What is changed belongs to the whole process, so
    one thread at a time changes it and puts it back.
    """
    with _QUIETLY:
        yield from _silenced()


def _silenced() -> Iterator[None]:
    level = os.environ.get("TF_CPP_MIN_LOG_LEVEL")
    disabled = logging.root.manager.disable
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    logging.disable(max(disabled, logging.WARNING))
    try:
        screen = io.StringIO()
        with warnings.catch_warnings(), contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        if level is None:
            del os.environ["TF_CPP_MIN_LOG_LEVEL"]
        else:
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = level

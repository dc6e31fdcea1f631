"""TFDV itself: statistics of a case's tables, and its anomalies."""

from __future__ import annotations

from typing import Any

from google.protobuf import text_format

from autoft.data.typed import record_batch
from tests.schema.parity.cases import Case, columns
from tests.schema.parity.recorded import TABLES


def statistics(case: Case) -> dict[str, Any]:
    """TFDV's statistics of the tables of a case, by `TABLES`."""
    from tensorflow_data_validation import StatsOptions
    from tensorflow_data_validation.statistics import stats_impl

    tables = {name: getattr(case, name) for name in TABLES}
    return {
        name: stats_impl.generate_statistics_in_memory(record_batch(columns(table)), StatsOptions())
        for name, table in tables.items()
        if table is not None
    }


def anomalies(case: Case, of: dict[str, Any]) -> Any:
    """TFDV's anomalies of a case, from statistics of TensorFlow Metadata's own classes."""
    import tensorflow_data_validation as tfdv
    from tensorflow_metadata.proto.v0 import schema_pb2

    schema = text_format.Parse(case.schema, schema_pb2.Schema())
    return tfdv.validate_statistics(of["table"], schema, case.environment, of.get("previous"))

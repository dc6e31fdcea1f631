"""The portable schema engine, for any Python and without TensorFlow."""

from __future__ import annotations

from typing import Any

from autoft.data.typed import Typed
from autoft.schema.portable import generate_statistics, infer_schema, validate_statistics
from autoft.schema.portable.messages import DatasetFeatureStatisticsList, Schema
from autoft.schema.proto_engine import ProtoEngine


class Portable(ProtoEngine):
    """`autoft.schema.portable` on the same columns that TFDV gets."""

    name = "portable"
    title = "portable engine"

    def _generate(self, table: Typed) -> Any:
        return generate_statistics(table)

    def _infer(self, proto: Any, largest_domain: int) -> Any:
        return infer_schema(proto, max_string_domain_size=largest_domain)

    def _validate(self, proto: Any, schema: Any, environment: str, previous: Any) -> Any:
        return validate_statistics(proto, schema, environment=environment, previous_statistics=previous)

    def _messages(self) -> tuple[Any, Any]:
        return Schema, DatasetFeatureStatisticsList

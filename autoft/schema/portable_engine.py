"""The portable engine: TFDV's verbs on any Python, without TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autoft.schema.proto_engine import ProtoEngine
from autoft.schema.typed import Typed

if TYPE_CHECKING:
    import pandas as pd


class Portable(ProtoEngine):
    """The engine that comes with autoft (`autoft.schema.portable`)."""

    name = "portable"
    voice = "portable engine"

    def _generate(self, table: Typed) -> Any:
        from autoft.schema.portable import generate_statistics

        return generate_statistics(as_frame(table))

    def _infer(self, proto: Any, largest_domain: int) -> Any:
        from autoft.schema.portable import infer_schema

        return infer_schema(proto, infer_feature_shape=False, max_string_domain_size=largest_domain)

    def _validate(self, proto: Any, schema: Any, environment: str, previous: Any) -> Any:
        from autoft.schema.portable import validate_statistics

        return validate_statistics(proto, schema, environment=environment, previous_statistics=previous)

    def _messages(self) -> tuple[Any, Any]:
        from autoft.schema.messages import DatasetFeatureStatisticsList, Schema

        return Schema, DatasetFeatureStatisticsList


def as_frame(table: Typed) -> pd.DataFrame:
    """Typed columns as the portable verbs take them: whole numbers with gaps as ``Int64``, gaps in texts as None."""
    import pandas as pd

    columns: list[Any] = []
    for cells in table.cells.values():
        gaps = cells.missing.any() and cells.values.dtype.kind == "i"
        columns.append(pd.arrays.IntegerArray(cells.values, cells.missing) if gaps else cells.values)
    frame = pd.DataFrame(dict(enumerate(columns)), index=range(table.rows))
    frame.columns = pd.Index(list(table.cells), dtype=object)
    return frame

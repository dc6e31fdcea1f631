"""TFDV's verbs and messages on every Python, with numpy, pandas and any protobuf from 4.25 on.

>>> import pandas as pd
>>> statistics = generate_statistics(pd.DataFrame({"age": [31, 47, 28], "city": ["Rome", "Oslo", None]}))
>>> print(to_text(infer_schema(statistics).feature[1]))
name: "city"
value_count {
  min: 1
  max: 1
}
type: BYTES
domain: "city"
presence {
  min_count: 1
}

Modules, from ground to roof:

messages    TensorFlow Metadata's messages (statistics, schema, anomalies) beside any protobuf from 4.25 on
files       Schemas and statistics in the files that TFDV reads and writes: text, binary, and TFRecord
statistics  Statistics of tables in TFDV's messages, with numpy and pandas only
validate    Statistics held to a schema: TFDV's anomalies, found with numpy alone
infer       The schema that fits a table's statistics: TFDV's ``infer_schema``
update      A schema made to fit later statistics, too: TFDV's ``update_schema``
"""

from autoft.schema.portable.files import (
    load_schema_text,
    load_statistics,
    load_stats_binary,
    load_stats_text,
    to_text,
    write_schema_text,
    write_stats_binary,
    write_stats_text,
    write_stats_tfrecord,
)
from autoft.schema.portable.infer import infer_schema
from autoft.schema.portable.messages import anomaly_type_name
from autoft.schema.portable.statistics import generate_statistics
from autoft.schema.portable.update import update_schema
from autoft.schema.portable.validate import validate_statistics

__all__ = [
    "anomaly_type_name",
    "generate_statistics",
    "infer_schema",
    "load_schema_text",
    "load_statistics",
    "load_stats_binary",
    "load_stats_text",
    "to_text",
    "update_schema",
    "validate_statistics",
    "write_schema_text",
    "write_stats_binary",
    "write_stats_text",
    "write_stats_tfrecord",
]

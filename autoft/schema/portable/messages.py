"""TensorFlow Metadata's messages (statistics, schema, anomalies) beside any protobuf from 4.25 on.

The generated code of the package ``tensorflow_metadata`` wants the protobuf that it was generated for: its release
1.21.0 cannot be imported beside protobuf 5.29, which is the pair that Colab has. Here the same messages are built
from their description (``metadata.binpb``) in a pool of their own, so that neither the version nor the presence of
that package matters. Bytes and text are the same, whoever made the message.

The messages are TensorFlow Metadata's: copyright The TensorFlow Authors, Apache License 2.0.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import enum_type_wrapper

_PACKAGE = "tensorflow.metadata.v0"
#: Made by `tests.schema.test_messages.describe` beside tensorflow_metadata 1.21.0, which has all that older ones have.
DESCRIPTION = Path(__file__).with_name("metadata.binpb")


@cache
def _pool() -> Any:
    """A private pool: in the default one these messages would collide with tensorflow_metadata's own."""
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTION.read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def _message(name: str) -> Any:
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def _enum(name: str) -> Any:
    return enum_type_wrapper.EnumTypeWrapper(_pool().FindEnumTypeByName(f"{_PACKAGE}.{name}"))


def path_step(column: str) -> str:
    """A column's name as a step of a path: in quotes where it could be taken for several steps.

    >>> path_step("city"), path_step("a.b"), path_step("it's")
    ('city', "'a.b'", "'it''s'")
    """
    return column if column and not set(column) & set(".()'") else "'" + column.replace("'", "''") + "'"


Schema = _message("Schema")
Feature = _message("Feature")
StringDomain = _message("StringDomain")
DatasetFeatureStatisticsList = _message("DatasetFeatureStatisticsList")
DatasetFeatureStatistics = _message("DatasetFeatureStatistics")
FeatureNameStatistics = _message("FeatureNameStatistics")
Histogram = _message("Histogram")
RankHistogram = _message("RankHistogram")
Anomalies = _message("Anomalies")
AnomalyInfo = _message("AnomalyInfo")

#: Enumerations, with ``Name(number)`` and ``Value(name)`` as in generated code; the schema's types (``INT``,
#: ``BYTES`` ...) and those of statistics (``INT``, ``STRING`` ...) are two different ones.
FeatureType = _enum("FeatureType")
LifecycleStage = _enum("LifecycleStage")
StatisticsType = _enum("FeatureNameStatistics.Type")
AnomalyType = _enum("AnomalyInfo.Type")

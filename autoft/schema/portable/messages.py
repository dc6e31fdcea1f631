"""TensorFlow Metadata's messages (statistics, schema, anomalies) beside any protobuf from 4.25 on.

The generated code of the package ``tensorflow_metadata`` wants the protobuf that it was generated for: its release
1.21.0 cannot be imported beside protobuf 5.29, which is the pair that Colab has. Here the same messages are built
from their description (``metadata.binpb``) in a pool of their own, so that neither the version nor the presence of
that package matters. Bytes and text are the same, whoever made the message; `own` and `like` take one to the other.

The messages are TensorFlow Metadata's: copyright The TensorFlow Authors, Apache License 2.0.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import enum_type_wrapper

_PACKAGE = "tensorflow.metadata.v0"
#: Made beside tensorflow_metadata 1.21.0, whose messages have everything that older releases have:
#: ``python -c "from autoft.schema.portable import messages as m; m.DESCRIPTION.write_bytes(m.describe())"``
DESCRIPTION = Path(__file__).with_name("metadata.binpb")


def describe() -> bytes:
    """The description of the messages, taken from the package ``tensorflow_metadata``.

    Returns:
        A serialized ``FileDescriptorSet`` with the files that the messages need, dependencies first.

    Raises:
        ImportError: If that package is missing or does not fit the installed protobuf.
    """
    from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

    files: dict[str, bytes] = {}

    def add(file: Any) -> None:
        for needed in file.dependencies:
            add(needed)
        files.setdefault(file.name, file.serialized_pb)

    add(anomalies_pb2.DESCRIPTOR)
    add(statistics_pb2.DESCRIPTOR)
    described = descriptor_pb2.FileDescriptorSet()
    for content in files.values():
        described.file.add().MergeFromString(content)
    return bytes(described.SerializeToString(deterministic=True))


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


ColumnPath = _message("Path")
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


def like(message: Any, kind: Any) -> Any:
    """The message as one of the class `kind`, which is the same message by another's description of it.

    >>> like(Schema(default_environment=["TRAINING"]), Schema).default_environment
    ['TRAINING']
    """
    if isinstance(message, kind):
        return message
    if message.DESCRIPTOR.full_name != kind.DESCRIPTOR.full_name:
        raise TypeError(f"Expected a {kind.DESCRIPTOR.full_name}. Received: a {message.DESCRIPTOR.full_name}")
    return kind.FromString(message.SerializeToString())


def own(message: Any) -> Any:
    """Another's message of TensorFlow Metadata as one of this module; the message itself if it already is.

    Raises:
        TypeError: If it is no message of TensorFlow Metadata.
    """
    name = getattr(getattr(message, "DESCRIPTOR", None), "full_name", "")
    if not name.startswith(_PACKAGE + "."):
        raise TypeError(f"Expected a message of {_PACKAGE}. Received: {type(message).__name__} {name}".rstrip())
    return like(message, _message(name.removeprefix(_PACKAGE + ".")))

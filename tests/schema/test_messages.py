"""TensorFlow Metadata's messages without that package: same bytes, same text, no clash with the package itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, text_format

from autoft.schema.portable import messages

SCHEMA = """feature {
  name: "café"
  type: BYTES
  domain: "drinks"
  presence {
    min_fraction: 1.0
    min_count: 1
  }
  lifecycle_stage: PRODUCTION
}
string_domain {
  name: "drinks"
  value: "tea"
}
default_environment: "TRAINING"
"""


def describe() -> bytes:
    """A serialized ``FileDescriptorSet`` of the package ``tensorflow_metadata``, as in `messages.DESCRIPTION`."""
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


def described() -> descriptor_pb2.FileDescriptorSet:
    return descriptor_pb2.FileDescriptorSet.FromString(messages.DESCRIPTION.read_bytes())


def fields(file_set: descriptor_pb2.FileDescriptorSet) -> set[tuple[object, ...]]:
    """Every field with its number and type, and every enumeration's value."""
    found: set[tuple[object, ...]] = set()

    def visit(prefix: str, message: descriptor_pb2.DescriptorProto) -> None:
        name = f"{prefix}.{message.name}"
        found.update((name, f.name, f.number, f.type, f.label, f.type_name) for f in message.field)
        for enum in message.enum_type:
            found.update((name, enum.name, value.name, value.number) for value in enum.value)
        for nested in message.nested_type:
            visit(name, nested)

    for file in file_set.file:
        for message in file.message_type:
            visit(file.package, message)
        for enum in file.enum_type:
            found.update((file.package, enum.name, value.name, value.number) for value in enum.value)
    return found


def test_the_description_needs_nothing_else():
    files = described().file
    known = set()
    for file in files:
        assert known.issuperset(file.dependency), file.name
        known.add(file.name)
    assert "google/protobuf/any.proto" in known


def test_text_and_bytes_return():
    schema = text_format.Parse(SCHEMA, messages.Schema())
    assert schema.feature[0].name == "café"
    assert text_format.MessageToString(schema, as_utf8=True) == SCHEMA
    assert messages.Schema.FromString(schema.SerializeToString()) == schema


def test_numbers_have_names():
    assert messages.AnomalyType.Name(messages.AnomalyType.Value("SCHEMA_MISSING_COLUMN")) == "SCHEMA_MISSING_COLUMN"
    assert messages.AnomalyType.Name(messages.AnomalyInfo.ENUM_TYPE_UNEXPECTED_STRING_VALUES).startswith("ENUM_TYPE")
    assert messages.FeatureType.Name(1) == "BYTES"
    assert messages.StatisticsType.Name(2) == "STRING"
    with pytest.raises(ValueError, match="9999"):
        messages.AnomalyType.Name(9999)


def test_no_tensorflow_is_imported():
    code = (
        "import sys; import autoft.schema.portable.messages; "
        "sys.exit(any(name.startswith(('tensorflow', 'pandas', 'sklearn')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestBesideTensorFlowMetadata:
    @pytest.fixture(autouse=True)
    def theirs(self):
        # Its generated code raises other errors than ImportError beside a protobuf that it does not fit.
        try:
            from tensorflow_metadata.proto.v0 import schema_pb2
        except Exception as error:  # noqa: BLE001
            pytest.skip(f"tensorflow_metadata cannot be imported: {error}")
        return schema_pb2

    def test_their_messages_have_the_same_bytes(self, theirs):
        schema, mine = text_format.Parse(SCHEMA, theirs.Schema()), text_format.Parse(SCHEMA, messages.Schema())
        assert schema.SerializeToString(deterministic=True) == mine.SerializeToString(deterministic=True)
        assert theirs.Schema.FromString(mine.SerializeToString()) == schema

    def test_the_description_has_everything_that_the_package_has(self):
        installed = descriptor_pb2.FileDescriptorSet.FromString(describe())
        missing = fields(installed) - fields(described())
        assert not missing
        assert len(fields(installed)) > 300

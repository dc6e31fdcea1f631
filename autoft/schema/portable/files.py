"""Schemas and statistics in the files that TFDV reads and writes: text, binary, and TFRecord."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from autoft.errors import SchemaError
from autoft.files import write_atomic
from autoft.schema.portable import messages

_FIX = "restore the file, or make it again from the table"


_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def to_text(message: Any) -> str:
    """The message in protobuf's text format, with letters of all alphabets as they are and control characters escaped.

    >>> to_text(messages.Schema(default_environment=["TRAINING"]))
    'default_environment: "TRAINING"\\n'
    """
    from google.protobuf import text_format

    # Protobuf before 5 writes NUL and its like as they are; every version reads them escaped.
    return _CONTROL.sub(lambda found: f"\\{ord(found[0]):03o}", text_format.MessageToString(message, as_utf8=True))


def write_schema_text(schema: Any, path: str | Path) -> None:
    """Write a ``Schema`` as text, whole or not at all. Raises FileError if that is impossible."""
    write_atomic(Path(path), to_text(messages.own(schema)))


def load_schema_text(path: str | Path) -> Any:
    """The ``Schema`` in a text file. Raises SchemaError if it cannot be read."""
    return _from_text(_read(Path(path)), messages.Schema, Path(path))


def write_stats_text(statistics: Any, path: str | Path) -> None:
    """Write a ``DatasetFeatureStatisticsList`` as text. Raises FileError if that is impossible."""
    write_atomic(Path(path), to_text(messages.own(statistics)))


def load_stats_text(path: str | Path) -> Any:
    """The ``DatasetFeatureStatisticsList`` in a text file. Raises SchemaError if it cannot be read."""
    return _from_text(_read(Path(path)), messages.DatasetFeatureStatisticsList, Path(path))


def write_stats_binary(statistics: Any, path: str | Path) -> None:
    """Write a ``DatasetFeatureStatisticsList`` as bytes, for TFDV's ``load_stats_binary``."""
    write_atomic(Path(path), messages.own(statistics).SerializeToString(deterministic=True))


def load_stats_binary(path: str | Path) -> Any:
    """The ``DatasetFeatureStatisticsList`` in a binary file. Raises SchemaError if it cannot be read."""
    return _from_bytes(_read(Path(path)), Path(path))


def write_stats_tfrecord(statistics: Any, path: str | Path) -> None:
    """Write a ``DatasetFeatureStatisticsList`` as one TFRecord, for TFDV's ``load_statistics``."""
    content = messages.own(statistics).SerializeToString(deterministic=True)
    length = struct.pack("<Q", len(content))
    sums = [struct.pack("<I", _masked_crc(part)) for part in (length, content)]
    write_atomic(Path(path), length + sums[0] + content + sums[1])


def load_statistics(path: str | Path) -> Any:
    """The ``DatasetFeatureStatisticsList`` in a file that TFDV wrote: a TFRecord file of one record, or text.

    Raises:
        SchemaError: If the file cannot be read, or is damaged.
    """
    content = _read(Path(path))
    if len(content) < 12 or struct.unpack("<I", content[8:12])[0] != _masked_crc(content[:8]):
        return _from_text(content, messages.DatasetFeatureStatisticsList, Path(path))
    records = list(_records(content, Path(path)))
    if len(records) != 1:
        raise _unreadable(Path(path), f"it holds {len(records):,} records instead of one")
    return _from_bytes(records[0], Path(path))


def _records(content: bytes, path: Path) -> Iterator[bytes]:
    position = 0
    while position < len(content):
        head = content[position : position + 12]
        size = struct.unpack("<Q", head[:8])[0] if len(head) == 12 else len(content)
        record = content[position + 12 : position + 12 + size]
        tail = content[position + 12 + size : position + 16 + size]
        if len(tail) < 4 or struct.unpack("<I", tail)[0] != _masked_crc(record):
            raise _unreadable(path, f"the record at byte {position:,} is damaged or cut off")
        yield record
        position += 16 + size


@cache
def _table() -> tuple[int, ...]:
    """The remainders of CRC-32C (Castagnoli), which the standard library does not have."""
    remainders = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        remainders = np.where(remainders & 1, (remainders >> 1) ^ np.uint32(0x82F63B78), remainders >> 1)
    return tuple(remainders.tolist())


def _masked_crc(content: bytes) -> int:
    """The checksum of a TFRecord: CRC-32C, rotated and shifted so that a checksum of checksums is no fixed point.

    >>> hex(_masked_crc(b""))
    '0xa282ead8'
    """
    table, crc = _table(), 0xFFFFFFFF
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from error


def _from_text(content: bytes, kind: Any, path: Path) -> Any:
    from google.protobuf import text_format

    try:
        return text_format.Parse(content.decode(), kind())
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is not UTF-8 text") from error
    except text_format.ParseError as error:
        raise _unreadable(path, f"line {error}") from error


def _from_bytes(content: bytes, path: Path) -> Any:
    from google.protobuf.message import DecodeError

    try:
        return messages.DatasetFeatureStatisticsList.FromString(content)
    except DecodeError as error:
        raise _unreadable(path, "its bytes are no statistics") from error


def _unreadable(path: Path, found: str) -> SchemaError:
    return SchemaError(f"File '{path}'", "be readable in the format of TFDV", found, _FIX)

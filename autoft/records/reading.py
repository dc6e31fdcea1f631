"""Records from plain data: what was written as JSON, with every value of the type that its record declares."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

#: Most bytes and most values of a JSON file: 20,000 columns with 60 categories each are below both. A few megabytes of
#: brackets or commas could otherwise become gigabytes of lists.
MAX_BYTES = 64 * 2**20
MAX_VALUES = 3_000_000


def parse_json(data: bytes, *, finite: bool = False) -> Any:
    """Plain data from the bytes of a JSON file, whose size is looked at before anything is made of it. Raises a
    ValueError if it is no JSON, not UTF-8, nested too deeply, or larger than autoft writes, or if it must be `finite`
    and holds NaN or infinities, which Python writes and JSON does not have.

    >>> parse_json(b'{"value": 1}')
    {'value': 1}
    >>> parse_json(b"[" * 5_000_000)
    Traceback (most recent call last):
    ...
    ValueError: it holds more than 3,000,000 values
    """
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
    if sum(data.count(sign) for sign in (b",", b"[", b"{")) > MAX_VALUES:
        raise ValueError(f"it holds more than {MAX_VALUES:,} values")
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse if finite else None)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"it holds {constant}")


def read_json(path: Path) -> Any:
    """Plain data from a JSON file; raises ValueError as `parse_json` does, and OSError."""
    with open(path, "rb") as file:
        return parse_json(file.read(MAX_BYTES + 1))


def read_record(kind: Any, values: Any) -> Any:
    """The record that plain data (as JSON has them) describe; `kind` is its class, or a type made of records. A null
    where the record declares a number is NaN, which JSON does not have. Raises a ValueError that names the first part
    that is missing or of another type.

    >>> from autoft.records.scores import Interval
    >>> read_record(Interval, {"value": 0.5, "low": 0, "high": None})
    Interval(value=0.5, low=0.0, high=nan)
    >>> read_record(tuple[Interval, ...], [{"value": 0.5, "low": "?"}])
    Traceback (most recent call last):
    ...
    ValueError: 0.low: Input should be a valid number
    """
    from pydantic import ValidationError

    try:
        text = json.dumps(values)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    try:
        return _adapter(kind).validate_json(text, strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False)
    undefined = [one["loc"] for one in details if one["type"] == "float_type" and one["input"] is None]
    if len(undefined) < len(details):
        first = next(one for one in details if one["loc"] not in undefined)
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    return _adapter(kind).validate_json(_with_nan(text, undefined), strict=True)


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _with_nan(text: str, places: Iterable[tuple[Any, ...]]) -> str:
    values = json.loads(text)
    for *path, last in places:
        part = values
        for key in path:
            part = part[key]
        part[last] = math.nan
    return json.dumps(values)

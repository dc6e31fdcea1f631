"""Records from plain data: what was written as JSON, with every value of the type that its record declares."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from functools import cache
from typing import Any


def read_record(kind: Any, values: Any) -> Any:
    """The record that plain data (as JSON has them) describe; `kind` is its class, or a type made of records.

    A null where the record declares a number is NaN, which JSON does not have.

    Raises:
        ValueError: If a part is missing or of another type; it names the first such part.

    >>> from autoft.records.scores import Interval
    >>> read_record(Interval, {"value": 0.5, "low": 0, "high": None})
    Interval(value=0.5, low=0.0, high=nan)
    >>> read_record(tuple[Interval, ...], [{"value": 0.5, "low": "?"}])
    Traceback (most recent call last):
    ...
    ValueError: 0.low: Input should be a valid number
    """
    from pydantic import ValidationError

    text = json.dumps(values)
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

"""The entry `slices` of evaluation.json, read back (format: docs/evaluation.md)."""

from __future__ import annotations

from typing import Any

from autoft.slicing import Slices


def read_slices(found: Any) -> Slices | None:
    """The records that plain data describe.

    Raises:
        TypeError: If a part is missing or of another form.
    """
    if found is None:
        return None
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Slices).validate_python(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise TypeError(f"slices: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error

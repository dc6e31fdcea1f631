"""Numbers outside their range, NaN and infinities, and texts that should be numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from autoft.schema.portable.validate.reasons import Reason
from autoft.schema.portable.validate.view import View

_INT = re.compile(r"[ \t\n\v\f\r]*([+-]?)0*([0-9]{1,19})[ \t\n\v\f\r]*")
_FLOAT = re.compile(
    r"[ \t\n\v\f\r]*([+-]?)(?:(inf(?:inity)?)|(nan(?:\(\w*\))?)"
    r"|(0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?[0-9]+)?)"
    r"|((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?))[ \t\n\v\f\r]*",
    re.IGNORECASE | re.ASCII,
)


def whole(text: str) -> int | None:
    """A text as a 64-bit integer, None if it is none."""
    match = _INT.fullmatch(text)
    value = int(match[1] + match[2]) if match else None
    return value if value is not None and -(2**63) <= value < 2**63 else None


def real(text: str) -> float | None:
    """A text as a number of 32 bits, as C reads it; None if it is none.

    >>> real("0x10"), real("1_0"), real("-Infinity")
    (16.0, None, -inf)
    """
    match = _FLOAT.fullmatch(text)
    if match is None:
        return None
    sign, infinite, nan, hexadecimal, decimal = match.groups()
    if infinite or nan:
        return math.nan if nan else float(sign + "inf")
    try:
        value = float.fromhex(hexadecimal) if hexadecimal else float(decimal)
    except OverflowError:
        value = math.inf
    return _single(-value if sign == "-" else value)


def _single(value: float) -> float:
    """Schemas hold the limits of fractions with 32 bits, so values are compared with 32 bits."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def integers(feature: Any, view: View) -> Iterator[Reason]:
    """Whole numbers, or texts that stand for them, outside ``int_domain``."""
    if view.type not in ("INT", "STRING"):
        return
    if view.numbers is None:
        values = {text: whole(text) for text in view.texts}
    else:
        ends = (view.numbers.min, view.numbers.max)
        values = {f"{end:.6f}": int(end) if -(2.0**63) <= end < 2.0**63 else None for end in ends}
    odd = next((text for text, value in values.items() if value is None), None)
    if odd is not None:
        if view.type == "INT":
            told = f'Integer had values that were not valid Int64, such as "{odd}".'
            yield Reason("DOMAIN_INVALID_FOR_TYPE", "Invalid values", told)
        else:
            told = f'String values that were not ints were found, such as "{odd}".'
            yield Reason("INT_TYPE_NOT_INT_STRING", "Invalid values", told)
        return
    seen, limits = [value for value in values.values() if value is not None], feature.int_domain
    if seen and limits.HasField("min") and min(seen) < limits.min:
        yield _outside("INT_TYPE_SMALL_INT", f"Unexpectedly small value: {min(seen)}.")
    if seen and limits.HasField("max") and max(seen) > limits.max:
        yield _outside("INT_TYPE_BIG_INT", f"Unexpectedly large value: {max(seen)}.")


def floats(feature: Any, view: View) -> Iterator[Reason]:
    """Numbers, or texts that stand for them, outside ``float_domain``."""
    limits, nan = feature.float_domain, False
    if view.type == "FLOAT" and view.numbers is not None:
        seen = [_single(view.numbers.min), _single(view.numbers.max)]
        nan = any(histogram.num_nan for histogram in view.numbers.histograms)
    elif view.type == "STRING":
        values = {text: real(text) for text in view.texts}
        odd = next((text for text, value in values.items() if value is None), None)
        if odd is not None:
            told = f'String values that were not floats were found, such as "{odd}".'
            yield Reason("FLOAT_TYPE_STRING_NOT_FLOAT", "Invalid values", told)
            return
        seen = [value for value in values.values() if value is not None]
        nan = any(math.isnan(value) for value in seen)
    else:
        return
    seen = [value for value in seen if not math.isnan(value)]
    if limits.disallow_nan and nan:
        yield Reason("FLOAT_TYPE_HAS_NAN", "Invalid values", "Float feature has NaN values.")
    digits = "(upto six significant digits)"
    if seen and limits.HasField("min") and (low := min(seen)) < limits.min:
        yield _outside("FLOAT_TYPE_SMALL_FLOAT", f"Unexpectedly low values: {low:g}<{limits.min:g}{digits}")
    if seen and limits.HasField("max") and (high := max(seen)) > limits.max:
        yield _outside("FLOAT_TYPE_BIG_FLOAT", f"Unexpectedly high value: {high:g}>{limits.max:g}{digits}")
    if limits.disallow_inf and any(math.isinf(value) for value in seen):
        yield Reason("FLOAT_TYPE_HAS_INF", "Invalid values", "Float feature has Inf values.")


def _outside(kind: str, told: str) -> Reason:
    return Reason(kind, "Out-of-range values", told)

"""Values outside a column's domain: numbers, categories, truth values, number of distinct values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autoft.schema.portable.messages import Histogram
from autoft.schema.portable.validate.view import Reason, View

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


#: Domains that columns of mere bytes may have.
_OF_BYTES = frozenset({"natural_language_domain", "image_domain", "url_domain", "struct_domain"})


def domain(feature: Any, view: View, schema: Any) -> Iterator[Reason]:
    """Values outside the domain of a column, whatever its declared type."""
    kind = feature.WhichOneof("domain_info")
    if kind is None:
        return
    if view.type == "BYTES" and kind not in _OF_BYTES:
        told = f"Data is marked as BYTES with incompatible domain_info: {kind}"
        yield Reason("DOMAIN_INVALID_FOR_TYPE", "Invalid domain type", told)
    elif kind == "domain":
        known = next(each for each in schema.string_domain if each.name == feature.domain)
        yield from _categories(feature, known, view)
    elif kind in _CHECKS:
        yield from _CHECKS[kind](feature, view)


def unique(feature: Any, view: View) -> Iterator[Reason]:
    """More or fewer different values than the schema allows; an absent limit counts as 0, as in TFDV."""
    if not feature.HasField("unique_constraints"):
        return
    if view.stats.WhichOneof("stats") != "string_stats":
        told = (
            "UniqueConstraints specified for the feature, but unique values were not counted (i.e., feature is not "
            "string or categorical)."
        )
        yield Reason("FEATURE_TYPE_NO_UNIQUE", "No unique values", told)
        return
    count, limits = view.stats.string_stats.unique, feature.unique_constraints
    if count < limits.min:
        told = f"Expected at least {limits.min} unique values but found only {count}."
        yield Reason("FEATURE_TYPE_LOW_UNIQUE", "Low number of unique values", told)
    if count > limits.max:
        told = f"Expected no more than {limits.max} unique values but found {count}."
        yield Reason("FEATURE_TYPE_HIGH_UNIQUE", "High number of unique values", told)


def _categories(feature: Any, known: Any, view: View) -> Iterator[Reason]:
    allowed, total = set(known.value), view.present
    odd = {text: count for text, count in view.texts.items() if text not in allowed}
    mass = feature.distribution_constraints.min_domain_mass
    if not (odd and mass == 1) and sum(odd.values()) / total <= 1 - mass:
        return
    shares = {text: count / total for text, count in odd.items()}
    listed = ", ".join(f"{text} ({'<1' if x < 0.01 else f'~{int(100 * x)}'}%)" for text, x in shares.items())
    told = f"Examples contain values missing from the schema: {listed}. "
    yield Reason("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "Unexpected string values", told)


def _truths(feature: Any, view: View) -> Iterator[Reason]:
    words = feature.bool_domain
    if view.type == "STRING":
        allowed = sorted({getattr(words, side) for side in ("true_value", "false_value") if words.HasField(side)})
        for text in view.texts:
            if text not in allowed:
                quoted = ", ".join(f'"{word}"' for word in allowed)
                told = f'Saw unexpected value "{text}" instead of {{{quoted}}}.'
                yield _not_boolean("BOOL_TYPE_UNEXPECTED_STRING", told)
                return
    elif (numbers := view.numbers) is None:
        return
    elif view.type == "INT" and (numbers.min < 0 or numbers.max > 1):
        side, odd = ("SMALL", numbers.min) if numbers.min < 0 else ("BIG", numbers.max)
        told = f"Integers (such as {odd:.15g}) not in {{0, 1}}: converting to an integer."
        yield _not_boolean(f"BOOL_TYPE_{side}_INT", told)
    elif view.type == "FLOAT":
        odds = ["NaN"] if any(histogram.num_nan for histogram in numbers.histograms) else []
        odds += [f"{value:g}" for value in (numbers.min, numbers.max) if value not in (0, 1)]
        if odds:
            told = f"Floats (such as {odds[0]}) not in {{0, 1}}: converting to float_domain."
            yield _not_boolean("BOOL_TYPE_UNEXPECTED_FLOAT", told)
        elif _between_truths(view):
            told = "Float values falling between 0 and 1: converting to float_domain."
            yield _not_boolean("BOOL_TYPE_UNEXPECTED_FLOAT", told)


def _between_truths(view: View) -> bool:
    """Whether a whole quantile bucket lies between the two: few fractions among many truth values stay unseen."""
    histogram = view.histogram(Histogram.QUANTILES)
    buckets = [] if histogram is None else histogram.buckets
    return any(bucket.sample_count > 0 and bucket.low_value > 0 and bucket.high_value < 1 for bucket in buckets)


def _not_boolean(kind: str, told: str) -> Reason:
    return Reason(kind, "Non-boolean values", told)


_CHECKS: Mapping[str, Callable[[Any, View], Iterator[Reason]]] = {
    "string_domain": lambda feature, view: _categories(feature, feature.string_domain, view),
    "bool_domain": _truths,
    "int_domain": integers,
    "float_domain": floats,
}

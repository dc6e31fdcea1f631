"""The inferred kind of a column, and findings about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft.data.audit import charts
from autoft.data.audit.findings import first_cell, share_evidence
from autoft.data.audit.placeholders import years as in_years
from autoft.data.cells import Distinct, Floats
from autoft.data.table import number_text
from autoft.errors import SchemaError, cell, quoted
from autoft.formatting import counted
from autoft.records.arrays import EXACT
from autoft.records.columns import Column, Kind
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class Inferred:
    """The kind of a column, why, and what else is known of it."""

    kind: Kind
    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def ruled_out(name: str, must: str, found: str, distinct: Distinct) -> SchemaError:
    """The error for a declared kind that the values of a column do not allow."""
    example = cell(distinct.texts[0])
    return SchemaError(f"Column {quoted(name)}", must, f"{found} (first: {example})", "correct its kind or its values")


Mask = NDArray[np.bool_]

#: Values that are listed with a finding.
_SHOWN = 5
#: How a user overrules a kind.
DECLARE = "declare its kind under data.columns"


def of_kind(column: Column, rows: int) -> list[Finding]:
    """What is said of a column for its kind alone: why the network cannot use it, or that its words are used, which
    only the user knows to be right."""
    severity: Severity = "info"
    code, must, fix, evidence = f"{column.kind}-dropped", "vary", "it was left out", None
    if column.kind == "empty":
        must, found = "have values", "is empty: all its cells are missing"
    elif column.kind == "constant":
        found = "is constant: all its cells are equal"
    elif column.kind == "identifier":
        severity, filled = "warning", rows - column.missing
        evidence = share_evidence(filled - column.distinct, filled, "repeated", "distinct")
        must, found = "describe rows rather than name them", f"looks like an identifier ({column.why})"
        fix += f"; {DECLARE} to use it"
    elif column.kind == "text":
        code, must = "text-words", "hold texts whose words say something about the target"
        found = f"is read as running text ({column.why})"
        fix = f"its most frequent words become inputs; {DECLARE} if these are categories or name rows"
    else:
        return []
    return [Finding(code, severity, column.name, must, found, fix, evidence)]


def mixed(name: str, cells: Distinct, wrong: Mask, must: str, fix: str) -> Finding:
    """Some values are not what the others are."""
    count, total = cells.rows(wrong), int(cells.counts.sum())
    found = f"has {count:,} of {total:,} values that differ from the others ({first_cell(cells.first(wrong))})"
    common = sorted(np.flatnonzero(wrong), key=lambda i: -cells.counts[i])
    evidence = share_evidence(count, total, "others", "as most")
    evidence = replace(evidence, head=("other value", "rows"), examples=_examples(cells, common))
    return Finding("mixed-types", "warning", name, must, found, fix, evidence)


def date_range(name: str, cells: Distinct, times: Floats, far: Mask, years: tuple[int, int]) -> Finding:
    """Some dates are outside the usual years; `times` are the values in seconds since 1970."""
    usual = in_years(cells.spread(np.where(far, np.nan, times), np.nan))
    drawn = charts.histogram(usual, x_label="year", marks=in_years(times[far][: charts.MARKS]).tolist())
    counts = {"outside": cells.rows(far), "dates": cells.rows(~np.isnan(times))}
    examples = _examples(cells, np.flatnonzero(far))
    evidence = Evidence(counts=counts, head=("date", "rows"), examples=examples, sketch=drawn)
    found = f"has {counted(cells.rows(far), 'value')} outside the years {years[0]} to {years[1]}"
    found += f" ({first_cell(cells.first(far))})"
    fix = "check them; if they stand for missing dates, leave the cells empty"
    return Finding("date-range", "warning", name, f"have dates from {years[0]} to {years[1]}", found, fix, evidence)


def _examples(cells: Distinct, positions: Iterable[int]) -> tuple[tuple[str, int], ...]:
    return tuple((cells.texts[i][:40], int(cells.counts[i])) for i in list(positions)[:_SHOWN])


def percent(share: float) -> str:
    """A share in per cent, with decimals where the rounded number would claim all or nothing."""
    return f"{share:.0%}" if share in (0, 1) or 0.005 <= share < 0.995 else f"{share:.2%}"


#: A whole number that float64 may not hold exactly; beyond 400 digits it is infinite anyway.
_LONG = re.compile(r"\s*+[+-]?[0-9]{16,400}+(?:\.0*+)?\s*+")
#: Share of different whole numbers that must stay different for a column to be numeric,
MOST_KEPT = 0.9
#: and as inputs of a network, for nothing to be said: of heavy tails some of the largest merge, which does not matter.
HALF_KEPT = 0.5
#: Range of integers that programs count and number things with, beyond those that float64 tells apart.
_LARGEST = 2**64


def kept(distinct: Distinct) -> tuple[int, int]:
    """How many different numbers a column has, and how many of them are different as float64.

    >>> import pandas as pd
    >>> kept(Distinct.of(pd.Series(["9007199254740993", "9007199254740992", "5"], dtype=object)))
    (3, 2)
    """
    numbers = distinct.numbers
    finite = numbers[np.isfinite(numbers)]
    apart = len(np.unique(finite))
    if distinct.values.dtype != object or not (np.abs(finite) >= EXACT).any():
        return apart, apart
    pairs = [
        (text, number) for text, number in zip(distinct.texts, numbers.tolist(), strict=True) if np.isfinite(number)
    ]
    exact = {int(text.partition(".")[0]) if _LONG.fullmatch(text) else number for text, number in pairs}
    return len(exact), apart


def long_integers(name: str, distinct: Distinct) -> tuple[Finding, ...]:
    """What a numeric column loses on its way to the network, or has lost before; at most one finding."""
    must = "have whole numbers that can be told apart, or be no number"
    values, apart = kept(distinct)
    fix = "if they name something, declare it categorical under data.columns; as numbers their last digits do not count"
    if apart < values:
        found = f"has {values:,} different numbers, of which only {apart:,} differ within the 15 digits of a float"
        return (Finding("long-integers", "warning", name, must, found, fix),)
    numbers = distinct.numbers
    finite = np.isfinite(numbers)
    whole = numbers[finite]
    if not len(whole) or not (whole == np.round(whole)).all():
        return ()
    if _digits_lost(distinct, finite):
        found = f"has {counted(apart, 'different number')} beyond 2**53 that come as floats, without their last digits"
        fix = "if they name something, read the column as text or whole numbers (pandas: dtype='Int64')"
        return (Finding("long-integers", "info", name, must, found, fix),)
    seen = _as_inputs(np.repeat(whole, distinct.counts[finite]))
    if seen >= HALF_KEPT * apart:
        return ()
    found = f"has {apart:,} different whole numbers, of which the network could tell only {seen:,} apart"
    return (Finding("long-integers", "warning", name, must, found, fix),)


def _digits_lost(distinct: Distinct, finite: NDArray[np.bool_]) -> bool:
    """Whether most are floats of sixteen digits in the range of integers: amounts are hardly known so exactly."""
    sizes = np.abs(np.where(finite, distinct.numbers, 0.0))
    long = finite & (sizes > EXACT) & (sizes < _LARGEST)
    if distinct.share(long) < MOST_KEPT:
        return False
    digits = [len(number_text(size).partition("e")[0].replace(".", "").strip("0")) for size in sizes[long].tolist()]
    exact = distinct.matches(_LONG)[long] if distinct.values.dtype == object else np.zeros(len(digits), dtype=bool)
    return bool(np.mean((np.array(digits) >= 16) & ~exact) > HALF_KEPT)


def _as_inputs(numbers: NDArray[np.float64]) -> int:
    """How many different float32 numbers they are at the scale of their middle half, as the network gets them."""
    low, middle, high = np.quantile(numbers, [0.25, 0.5, 0.75])
    spread = (high - low) or np.ptp(numbers) or 1.0
    return len(np.unique(((numbers - middle) / spread).astype(np.float32)))

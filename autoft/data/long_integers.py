"""Long integers: whole numbers that the floats between table and network cannot tell apart."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from autoft.data.cells import Distinct
from autoft.data.table import number_text
from autoft.formatting import counted
from autoft.records.arrays import EXACT
from autoft.records.findings import Finding

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


def findings(name: str, distinct: Distinct) -> tuple[Finding, ...]:
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

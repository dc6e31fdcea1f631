"""Checks of the target of a regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.data.audit import charts
from autoft.data.audit.findings import finding, first, of, parted
from autoft.data.audit.placeholders import sampled
from autoft.data.cells import Distinct
from autoft.data.table import quoted
from autoft.records import Finding
from autoft.records.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd

#: Skewness (third standardised moment) beyond which a few rows dominate a squared error; the exponential
#: distribution has 2.
SKEWED = 3.0
#: A pile at an end has this share of the rows, this many times as many as any other value, of at least so many values.
PILE, PILE_TIMES, MANY_VALUES = 0.01, 3, 50


def numbers(labels: pd.Series[Any]) -> NDArray[np.float64]:
    """The target as float64; NaN where it is missing or no number."""
    seen = Distinct.of(labels)
    return seen.spread(seen.numbers, np.nan)


def check(labels: pd.Series[Any]) -> tuple[NDArray[np.bool_], list[Finding]]:
    """Which rows have a finite target, and findings about the values."""
    name, values = str(labels.name), numbers(labels)
    finite = np.isfinite(values)
    findings = []
    texts = np.flatnonzero(np.isnan(values) & labels.notna().to_numpy())
    if len(texts):
        example = quoted(labels.iloc[texts[0]])
        found = f"{of(len(texts), len(values), 'values')} are not (first: row {texts[0] + 1:,}, {example})"
        fix = "correct them, or set task: multiclass if they are classes"
        evidence = parted(len(texts), len(values), "no numbers", "numbers", rows=first(texts))
        findings.append(finding("target-not-numeric", "error", name, "be numeric for regression", found, fix, evidence))
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        found = f"{of(len(infinite), len(values), 'values')} are infinite (first: row {infinite[0] + 1:,})"
        fix = "correct them or remove their rows"
        evidence = parted(len(infinite), len(values), "infinite", "others", rows=first(infinite))
        must = "be finite, as it is the target"
        findings.append(finding("target-infinite", "error", name, must, found, fix, evidence))
    if finite.any():
        findings += _spread(name, values[finite])
    return finite, findings


def _spread(name: str, values: NDArray[np.float64]) -> list[Finding]:
    if values.min() == values.max():
        found, fix = f"all {len(values):,} rows have {values[0]:g}", "choose another target"
        return [finding("target-constant", "error", name, "have different values", found, fix)]
    return capped(name, values) + _tail(name, values)


def capped(name: str, values: NDArray[np.float64]) -> list[Finding]:
    """A pile of rows at the largest value, or at a smallest one that is not zero: what lies beyond was cut off."""
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < MANY_VALUES:
        return []
    piles = []
    for end, side in ((0, "smallest"), (-1, "largest")):
        usual = int(np.delete(counts, end).max())
        if counts[end] >= max(PILE * len(values), PILE_TIMES * usual) and (end == -1 or distinct[0] != 0):
            piles.append((float(distinct[end]), int(counts[end]), side, usual))
    findings = []
    for value, rows, side, usual in piles:
        found = f"{of(rows, len(values), 'rows')} have the {side}, {value:g}; no other value has more than {usual:,}"
        fix = (
            "if it is a limit, the model learns the limit: leave those rows out, or read answers near it as 'or beyond'"
        )
        evidence = Evidence(
            counts={"rows": rows, "most frequent other value": usual},
            sketch=charts.histogram(sampled(values), x_label=name, marks=[value]),
        )
        findings.append(finding("target-capped", "warning", name, "go on beyond its ends", found, fix, evidence))
    return findings


def _tail(name: str, values: NDArray[np.float64]) -> list[Finding]:
    # Scaled before the powers are taken: 1e200 cubed is infinite.
    scaled = (values - values.mean()) / np.abs(values - values.mean()).max()
    skewness = float(np.mean(scaled**3) / np.mean(scaled**2) ** 1.5)
    if abs(skewness) <= SKEWED:
        return []
    extreme, half = (values.max() if skewness > 0 else values.min()), np.median(values)
    found = f"a few are far out (skewness {skewness:.1f}; the median is {half:g}, the most extreme value {extreme:g})"
    fix = "check that those are real; compare mae with rmse, or predict the logarithm"
    evidence = Evidence(
        counts={"skewness": round(skewness, 3), "median": float(half), "most extreme": float(extreme)},
        sketch=charts.histogram(sampled(values), x_label=name, marks=[float(extreme)]),
    )
    return [finding("target-heavy-tail", "info", name, "have values of one order of size", found, fix, evidence)]

"""What `infer_columns` has to say about columns, as findings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autoft.data.audit import charts
from autoft.data.audit.findings import parted
from autoft.data.audit.placeholders import years as in_years
from autoft.data.cells import Distinct, Floats
from autoft.data.table import quoted
from autoft.records import Column, Finding, Severity
from autoft.records.evidence import Evidence

Mask = NDArray[np.bool_]

#: Values that are listed with a finding.
_SHOWN = 5
#: How a user overrules a kind.
DECLARE = "declare its kind under data.columns"


def unused(column: Column, rows: int) -> Finding:
    """Why a column of a kind that the network cannot use does not become an input."""
    must, found, fix = {
        "empty": ("have values", f"all its {rows:,} cells are missing", "autoft leaves it out"),
        "constant": ("vary", f"all its {rows:,} cells are equal", "autoft leaves it out"),
        "identifier": ("describe rows rather than name them", column.why, f"autoft leaves it out; {DECLARE} to use it"),
    }[column.kind]
    severity: Severity = "info" if column.kind in ("empty", "constant") else "warning"
    filled = rows - column.missing
    evidence = parted(filled - column.distinct, filled, "repeated", "distinct") if column.kind == "identifier" else None
    return Finding(
        code=f"{column.kind}-dropped",
        severity=severity,
        column=column.name,
        must=must,
        found=found,
        fix=fix,
        evidence=evidence,
    )


def running_text(column: Column) -> Finding:
    """A column is used by its words, which only the user can know to be right."""
    return Finding(
        code="text-words",
        severity="info",
        column=column.name,
        must="hold texts whose words say something about the target",
        found=f"it is read as running text ({column.why})",
        fix=f"autoft uses its most frequent words; {DECLARE} if these are categories or name rows",
    )


def mixed(name: str, seen: Distinct, wrong: Mask, must: str, fix: str) -> Finding:
    """Some values are not what the others are."""
    count, total = seen.rows(wrong), int(seen.counts.sum())
    found = f"{count:,} of {total:,} values differ ({_first(seen, wrong)})"
    common = sorted(np.flatnonzero(wrong), key=lambda i: -seen.counts[i])[:_SHOWN]
    evidence = replace(
        parted(count, total, "others", "as most"),
        head=("other value", "rows"),
        examples=tuple((seen.texts[i][:40], int(seen.counts[i])) for i in common),
    )
    return Finding(
        code="mixed-types", severity="warning", column=name, must=must, found=found, fix=fix, evidence=evidence
    )


def number_format(name: str, seen: Distinct, formatted: Mask) -> Finding:
    """Numbers are written so that reading them would be guessing."""
    return Finding(
        code="number-format",
        severity="warning",
        column=name,
        must="hold plain numbers such as 1234.5 to be numeric",
        found=f"{_count(seen.rows(formatted), 'has', 'have')} separators or signs ({_first(seen, formatted)})",
        fix="it is used as a category; remove thousands separators and signs, and use a decimal point",
    )


def ambiguous_date(name: str, example: str) -> Finding:
    """Day and month cannot be told apart."""
    return Finding(
        code="ambiguous-date",
        severity="warning",
        column=name,
        must="say which part of a date is the day",
        found=f"every date can be read both ways, as in {quoted(example)}",
        fix="autoft reads day/month/year; write dates as YYYY-MM-DD",
    )


def short_years(name: str, seen: Distinct, short: Mask) -> Finding:
    """Nobody but the user knows which century is meant."""
    return Finding(
        code="date-format",
        severity="warning",
        column=name,
        must="have years of four digits to be a date",
        found=f"{_count(seen.rows(short), 'has', 'have')} two ({_first(seen, short)})",
        fix="it is used as a category; write dates as YYYY-MM-DD",
    )


def date_range(name: str, seen: Distinct, times: Floats, far: Mask, years: tuple[int, int]) -> Finding:
    """Some dates can hardly be meant; `times` are the values in seconds since 1970."""
    usual = in_years(seen.spread(np.where(far, np.nan, times), np.nan))
    evidence = Evidence(
        counts={"outside": seen.rows(far), "dates": seen.rows(~np.isnan(times))},
        head=("date", "rows"),
        examples=tuple((seen.texts[i][:40], int(seen.counts[i])) for i in np.flatnonzero(far)[:_SHOWN]),
        sketch=charts.histogram(usual, x_label="year", marks=in_years(times[far][: charts.MARKS]).tolist()),
    )
    return Finding(
        code="date-range",
        severity="warning",
        column=name,
        must=f"have dates from {years[0]} to {years[1]}",
        found=f"{_count(seen.rows(far), 'is', 'are')} outside ({_first(seen, far)})",
        fix="check them; if they stand for missing dates, leave the cells empty",
        evidence=evidence,
    )


def percent(share: float) -> str:
    """A share in per cent, with decimals where the rounded number would claim all or nothing."""
    return f"{share:.0%}" if share in (0, 1) or 0.005 <= share < 0.995 else f"{share:.2%}"


def _first(seen: Distinct, mask: Mask) -> str:
    row, text = seen.first(mask)
    return f"first: row {row:,}, {quoted(text)}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} value{'' if number == 1 else 's'} {one if number == 1 else many}"

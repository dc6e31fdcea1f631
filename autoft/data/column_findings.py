"""The inferred kind of a column, and findings about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft.data.audit import charts
from autoft.data.audit.findings import first_cell, share_evidence
from autoft.data.audit.placeholders import years as in_years
from autoft.data.cells import Distinct, Floats
from autoft.errors import SchemaError, quoted
from autoft.formatting import counted
from autoft.records.columns import Column, Kind
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding


@dataclass(frozen=True, slots=True)
class Inferred:
    """The kind of a column, why, and what else is known of it."""

    kind: Kind
    why: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def ruled_out(name: str, must: str, found: str, distinct: Distinct) -> SchemaError:
    """The error for a declared kind that the values of a column do not allow."""
    example = quoted(distinct.texts[0])
    return SchemaError(f"Column {quoted(name)}", must, f"{found} (first: {example})", "correct its kind or its values")


Mask = NDArray[np.bool_]

#: Values that are listed with a finding.
_SHOWN = 5
#: How a user overrules a kind.
DECLARE = "declare its kind under data.columns"


def unused(column: Column, rows: int) -> Finding:
    """Why a column of a kind that the network cannot use does not become an input."""
    if column.kind == "empty":
        found = "is empty: all its cells are missing"
        return Finding("empty-dropped", "info", column.name, "have values", found, "it was left out")
    if column.kind == "constant":
        found = "is constant: all its cells are equal"
        return Finding("constant-dropped", "info", column.name, "vary", found, "it was left out")
    filled = rows - column.missing
    evidence = share_evidence(filled - column.distinct, filled, "repeated", "distinct")
    must, found = "describe rows rather than name them", f"looks like an identifier ({column.why})"
    fix = f"it was left out; {DECLARE} to use it"
    return Finding("identifier-dropped", "warning", column.name, must, found, fix, evidence)


def running_text(column: Column) -> Finding:
    """A column of texts is used by its words; only the user knows whether that is right."""
    must, found = "hold texts whose words say something about the target", f"is read as running text ({column.why})"
    fix = f"its most frequent words become inputs; {DECLARE} if these are categories or name rows"
    return Finding("text-words", "info", column.name, must, found, fix)


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

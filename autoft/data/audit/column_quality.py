"""Checks of the columns that become inputs: their cells, their categories, and copies among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.data.audit import charts, dates, personal, placeholders, spellings, units
from autoft.data.audit import redundant_columns as other_words
from autoft.data.audit.findings import finding, of, parted
from autoft.data.audit.redundant_columns import some_rows, together
from autoft.data.table import quoted
from autoft.records import Column, Finding, Kind, Severity
from autoft.records.evidence import Evidence

if TYPE_CHECKING:
    from autoft.data.audit.row_hashes import Keys
    from autoft.data.convert import Converted

MANY_MISSING = 0.3
MANY_RARE = 0.5
#: A column is nearly constant if all but this share of its cells, or all but so few, are equal.
OTHERS, FEW_OTHERS, MIN_FILLED = 0.001, 5, 100


def check(features: tuple[Column, ...], converted: Converted, hashes: Keys) -> list[Finding]:
    """Findings about each feature, in the order of the table, then about pairs of them.

    Args:
        features: The columns that become inputs.
        converted: Their values.
        hashes: Those of their rows.
    """
    findings: list[Finding] = []
    for column in features:
        values = converted.values[column.id]
        findings += missing(column, len(values))
        findings += infinite(column, converted, len(values))
        findings += _CHECKS[column.kind](column, values, hashes)
    equal = copies(features, converted)
    told = frozenset(line.column for line in equal if line.column is not None)
    return findings + equal + other_words.check(features, converted, hashes, told)


def _numbers(column: Column, values: NDArray[Any], _: Keys) -> list[Finding]:
    found = placeholders.number_findings(column.name, values)
    return found + quasi_constant(column.name, values) + units.check(column.name, values)


def _dates(column: Column, values: NDArray[Any], _: Keys) -> list[Finding]:
    found = placeholders.date_findings(column.name, values) + quasi_constant(column.name, values)
    return found + dates.check(column.name, values)


def _categories(column: Column, values: NDArray[Any], hashes: Keys) -> list[Finding]:
    counts = _counts(*hashes.texts[column.id])
    found = rare_categories(column, counts) + quasi_constant(column.name, values)
    found += spellings.check(column.name, counts) + placeholders.word_findings(column.name, counts)
    return found + personal.check(column.name, counts)


def _texts(column: Column, values: NDArray[Any], _: Keys) -> list[Finding]:
    import pandas as pd

    return personal.check(column.name, _counts(*pd.factorize(placeholders.sampled(values))))


#: What is looked for in a column, by its kind; other kinds are no inputs.
_CHECKS: Mapping[Kind, Callable[[Column, NDArray[Any], Keys], list[Finding]]] = {
    "numeric": _numbers,
    "boolean": lambda column, values, _: quasi_constant(column.name, values),
    "date": _dates,
    "categorical": _categories,
    "text": _texts,
}


def _counts(codes: NDArray[Any], distinct: NDArray[Any]) -> dict[str, int]:
    """Rows by category, the most frequent first, then in sorted order."""
    rows = np.bincount(codes[codes >= 0], minlength=len(distinct)).tolist()
    texts = distinct.tolist()
    order = sorted(sorted(range(len(texts)), key=texts.__getitem__), key=rows.__getitem__, reverse=True)
    return {texts[i]: rows[i] for i in order}


def nearly_constant(values: NDArray[Any]) -> tuple[Any, int, int] | None:
    """The value that all cells but a few have, how many have it, and how many are filled; None if there is none.

    >>> nearly_constant(np.array([0.0] * 998 + [1.0, np.nan]))
    (0.0, 998, 999)
    """
    import pandas as pd

    # Most cells are equal only if a few drawn at random are.
    some, _ = pd.factorize(placeholders.sampled(values, 1_000))
    if not len(some) or np.bincount(some[some >= 0], minlength=1).max() < 0.9 * (some >= 0).sum():
        return None
    codes, distinct = pd.factorize(values)
    counts = np.bincount(codes[codes >= 0], minlength=1)
    filled, same = int(counts.sum()), int(counts.max())
    others = filled - same
    if filled < MIN_FILLED or not others or others > max(OTHERS * filled, min(FEW_OTHERS, 0.01 * filled)):
        return None
    value = distinct[int(counts.argmax())]
    return (float(value) if isinstance(value, float) else value), same, filled


def quasi_constant(name: str, values: NDArray[Any]) -> list[Finding]:
    """A column in which hardly a cell differs: too few to learn what they mean."""
    found = nearly_constant(values)
    if found is None:
        return []
    _, same, filled = found
    text = f"all but {of(filled - same, filled, 'values')} are equal"
    fix = "accept quasi-constant to leave it out, or add it to data.drop; so few rows teach nothing"
    evidence = Evidence(
        counts={"equal": same, "others": filled - same},
        sketch=charts.bars({"most frequent value": same, "all others": filled - same}, marked=["all others"]),
    )
    return [finding("quasi-constant", "warning", name, "vary", text, fix, evidence)]


def missing(column: Column, rows: int) -> list[Finding]:
    """Empty cells of one column."""
    count = column.missing
    if not count:
        return []
    many = count > MANY_MISSING * rows
    must = f"be filled in at least {1 - MANY_MISSING:.0%} of the rows" if many else "be filled in every row"
    fix = "check the source, or add it to data.drop; " if many else "none needed; "
    fix += "autoft fills them in and tells the network which they were"
    severity: Severity = "warning" if many else "info"
    found, evidence = f"{of(count, rows, 'cells')} are empty", parted(count, rows, "empty", "filled")
    return [finding("missing-values", severity, column.name, must, found, fix, evidence)]


def unreadable(column: Column, converted: Converted, rows: int) -> list[Finding]:
    """Cells that do not fit the kind of their column.

    Not part of the audit: in a training table the inference of the kinds has told of them.
    """
    count = converted.bad.get(column.id, 0)
    if not count:
        return []
    row, text = converted.first_bad[column.id]
    found = f"{of(count, rows, 'cells')} do not (first: row {row:,}, {quoted(text)})"
    must = {"numeric": "hold numbers", "date": "hold dates", "boolean": "hold the two values of the training table"}
    fix = "correct them; they count as missing"
    return [finding("unreadable-values", "warning", column.name, must[column.kind], found, fix)]


def infinite(column: Column, converted: Converted, rows: int) -> list[Finding]:
    """Infinite numbers, which often come from a division by zero."""
    count = converted.infinite.get(column.id, 0)
    if not count:
        return []
    found = f"{of(count, rows, 'values')} are infinite"
    fix = "look for a division by zero in the source; they count as missing"
    evidence = parted(count, rows, "infinite", "others")
    return [finding("infinite-values", "warning", column.name, "be finite", found, fix, evidence)]


def rare_categories(column: Column, counts: Mapping[str, int]) -> list[Finding]:
    """A categorical column most of whose categories appear once: nothing can be learned from those."""
    once, filled = sum(rows == 1 for rows in counts.values()), sum(counts.values())
    if once <= MANY_RARE * filled:
        return []
    found = f"{of(once, filled, 'rows')} have a category of their own"
    fix = "group the categories, or add the column to data.drop; autoft treats rare ones as unknown"
    evidence = parted(once, filled, "rows of their own category", "others")
    return [finding("rare-categories", "warning", column.name, "have categories that come back", found, fix, evidence)]


def copies(features: tuple[Column, ...], converted: Converted) -> list[Finding]:
    """Columns with equal values in every row."""
    import pandas as pd

    def alike(columns: Iterable[Column], rows: int) -> Iterator[list[Column]]:
        groups: dict[bytes, list[Column]] = defaultdict(list)
        for column in columns:
            groups[pd.util.hash_array(some_rows(converted.values[column.id], rows)).tobytes()].append(column)
        return (group for group in groups.values() if len(group) > 1)

    # What is equal in all rows is so in a few: only such columns are looked at in full.
    likely = [column for group in alike(features, other_words.SCREENED) for column in group]
    findings = []
    for first, *others in alike(likely, len(converted.values[features[0].id]) if features else 0):
        for other in others:
            found = f"it equals column {quoted(first.name)} in every row"
            fix = "add one of the two to data.drop: a copy adds nothing and splits the importance"
            one, same = converted.values[first.id], converted.values[other.id]
            evidence = Evidence(counts={"rows": len(one)}, sketch=together(first.name, one, other.name, same))
            must = "differ from other columns"
            findings.append(finding("identical-columns", "warning", other.name, must, found, fix, evidence))
    return findings

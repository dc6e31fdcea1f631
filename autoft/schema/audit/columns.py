"""Checks of the columns that become inputs: missing, infinite and unreadable cells, copies, rare categories."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from autoft.records import Column, Finding, Severity
from autoft.schema.audit.words import finding, of
from autoft.table import quoted

if TYPE_CHECKING:
    import pandas as pd

    from autoft.schema.convert import Converted

MANY_MISSING = 0.3
MANY_RARE = 0.5


def check(frame: pd.DataFrame, features: tuple[Column, ...], converted: Converted) -> list[Finding]:
    """Findings about each feature, in the order of the table, then about pairs of them."""
    findings: list[Finding] = []
    for column in features:
        findings += missing(column, frame[column.name])
        findings += infinite(column, converted, len(frame))
        if column.kind == "categorical":
            findings += rare_categories(column, converted.values[column.id])
    return findings + copies(features, converted)


def missing(column: Column, cells: pd.Series[Any]) -> list[Finding]:
    """Empty cells of one column."""
    count = int(cells.isna().sum())
    if not count:
        return []
    many = count > MANY_MISSING * len(cells)
    must = f"be filled in at least {1 - MANY_MISSING:.0%} of the rows" if many else "be filled in every row"
    fix = "check the source, or add it to data.drop; " if many else "none needed; "
    fix += "autoft fills them in and tells the network which they were"
    severity: Severity = "warning" if many else "info"
    return [finding("missing-values", severity, column.name, must, f"{of(count, len(cells), 'cells')} are empty", fix)]


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
    return [finding("infinite-values", "warning", column.name, "be finite", found, fix)]


def rare_categories(column: Column, values: NDArray[Any]) -> list[Finding]:
    """A categorical column most of whose categories appear once: nothing can be learned from those."""
    import pandas as pd

    counts = pd.Series(values).value_counts()
    once, filled = int((counts == 1).sum()), int(counts.sum())
    if once <= MANY_RARE * filled:
        return []
    found = f"{of(once, filled, 'rows')} have a category of their own"
    fix = "group the categories, or add the column to data.drop; autoft treats rare ones as unknown"
    return [finding("rare-categories", "warning", column.name, "have categories that come back", found, fix)]


def copies(features: tuple[Column, ...], converted: Converted) -> list[Finding]:
    """Columns with equal values in every row."""
    import pandas as pd

    groups = defaultdict(list)
    for column in features:
        groups[pd.util.hash_array(converted.values[column.id]).tobytes()].append(column)
    findings = []
    for first, *others in groups.values():
        for other in others:
            found = f"it equals column {quoted(first.name)} in every row"
            fix = "add one of the two to data.drop: a copy adds nothing and splits the importance"
            findings.append(
                finding("identical-columns", "warning", other.name, "differ from other columns", found, fix)
            )
    return findings

"""Checks of the rows: is there a target, are there enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autoft.data.audit.findings import finding, first, of, parted
from autoft.data.table import quoted
from autoft.records import Column, Finding, Severity

if TYPE_CHECKING:
    import pandas as pd

MIN_ROWS = 20
#: Kinds that do not become inputs, as a person would call such a column.
_READ_AS = {"identifier": "an identifier", "constant": "constant", "empty": "empty"}
ROWS_PER_FOLD = 10


def missing_target(labels: pd.Series[Any], *, drop: bool) -> list[Finding]:
    """Cells of the target without a value: an error, or a warning if such rows are dropped."""
    missing = np.flatnonzero(labels.isna())
    if not len(missing):
        return []
    found = f"{of(len(missing), len(labels), 'cells')} are empty (first: row {missing[0] + 1:,})"
    fix = "rows without a target were left out" if drop else "fill them in, or set schema.drop_missing_target: true"
    must = "have a value in every row, as it is the target"
    severity: Severity = "warning" if drop else "error"
    evidence = parted(len(missing), len(labels), "empty", "filled", rows=first(missing))
    return [finding("target-missing-values", severity, str(labels.name), must, found, fix, evidence)]


def too_few(rows: int, *, folds: int) -> list[Finding]:
    """Fewer rows with a target than a model or its evaluation needs."""
    if rows >= max(MIN_ROWS, ROWS_PER_FOLD * folds):
        return []
    if rows < MIN_ROWS:
        must = f"have at least {MIN_ROWS} rows with a target"
        return [finding("too-few-rows", "error", None, must, f"it has {rows}", "collect more rows")]
    must = f"have at least {ROWS_PER_FOLD} rows with a target for each of {folds} folds"
    fix = "collect more rows; autoft uses fewer folds, and the intervals are wide"
    return [finding("few-rows", "warning", None, must, f"it has {rows}", fix)]


def shape(rows: int, features: tuple[Column, ...], unused: tuple[Column, ...]) -> list[Finding]:
    """No feature, one feature, or more features than rows."""
    count = len(features)
    if count == 0:
        reasons = "; ".join(f"{quoted(column.name)} is {_READ_AS[column.kind]}: {column.why}" for column in unused[:5])
        more = f"; and {len(unused) - 5:,} more" if len(unused) > 5 else ""
        found = f"none can be used as an input ({reasons}{more})" if unused else "it has no other column"
        fix = "add columns, or declare the kind of existing ones under data.columns" if unused else "add columns"
        return [finding("no-features", "error", None, "have a usable column beside the target", found, fix)]
    if count == 1:
        found, fix = f"only {quoted(features[0].name)} can be used as an input", "add columns if you have them"
        return [finding("single-feature", "info", None, "have several columns beside the target", found, fix)]
    if count >= rows:
        found, fix = f"it has {count:,} for {rows:,} rows", "collect rows or drop columns: overfitting is likely"
        return [finding("wider-than-rows", "warning", None, "have fewer columns than rows", found, fix)]
    return []

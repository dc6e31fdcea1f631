"""Checks of the rows: is there a target, are there enough, do they repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.records import Column, Finding, Severity
from autoft.schema.audit.words import finding, of
from autoft.table import quoted

if TYPE_CHECKING:
    import pandas as pd

    from autoft.schema.convert import Converted

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
    return [finding("target-missing-values", severity, str(labels.name), must, found, fix)]


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


def repeated(features: tuple[Column, ...], converted: Converted, labels: pd.Series[Any]) -> list[Finding]:
    """Rows equal in all features: with the same target they repeat, with another they contradict."""
    if not features:
        return []
    import pandas as pd

    filled = labels.notna().to_numpy()
    keys = row_keys(features, converted)[filled]
    pairs = pd.DataFrame({"key": keys, "label": labels[filled].to_numpy()})
    findings = []
    count = int(pairs.duplicated().sum())
    if count:
        found = f"{of(count, len(pairs), 'rows')} repeat an earlier one in every used column and the target"
        fix = "remove them if a case was recorded twice; autoft keeps equal rows in the same fold"
        findings.append(finding("duplicate-rows", "warning", None, "hold each case once", found, fix))
    conflicting = int((pairs.groupby("key")["label"].transform("nunique") > 1).sum())
    if conflicting:
        found = f"{of(conflicting, len(pairs), 'rows')} equal another one in every used column, but not in the target"
        fix = "add a column that tells them apart, or correct them; no model can get all of them right"
        findings.append(finding("conflicting-rows", "warning", None, "have one target for equal rows", found, fix))
    return findings


def row_keys(features: tuple[Column, ...], converted: Converted) -> NDArray[Any]:
    """One 64-bit hash per row of the features' values; missing cells are equal to one another."""
    import pandas as pd

    table = pd.DataFrame({column.id: converted.values[column.id] for column in features})
    return np.asarray(pd.util.hash_pandas_object(table, index=False))

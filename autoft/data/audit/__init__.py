"""autoft's own findings about a training table, before anything is trained: pure functions of the table.

Modules, from ground to roof:

charts             Small pictures for findings: from arrays of any length to the few numbers of a `Chart`
row_hashes         Hashes of rows: one pass over the values answers which rows are equal and which are nearly so
stump              A regression tree over one ordered column, and the scores of what it predicts, in numpy alone
findings           Shared words of the checks
duplicates         Rows that equal others in all features: with the same target they repeat, with another they co...
near_duplicates    Rows that equal another one but for rounding, or but for one column: often one case that was r...
odd_rows           Rows that are unlike all others although no single value of them need be: an isolation forest
outliers           Values far from all others in a column of numbers
pair_leaks         Two columns that together give the target away, though neither of them does alone
personal           Columns that name persons: no model should know them, and none learns from them
placeholders       Values that stand for "unknown": -1, 999, 9999-12-31, "?", and constants that lie far from all...
redundant_columns  Columns that say the same in other words: recodings of one another, and numbers in the same order
row_counts         Checks of the rows: is there a target, are there enough
spellings          One category under several spellings: they differ in case, blanks or accents, and are the same...
target_classes     Checks of the classes of a binary or multiclass target
dates              Dates that lie far from all others: typing errors of the year, mostly
late_columns       Columns that are too good: perhaps known only after the answer is
target_values      Checks of the target of a regression
units              Numbers in two units: some rows hold inches where the others hold centimetres
column_quality     Checks of the columns that become inputs: their cells, their categories, and copies among them
drift_over_rows    Columns that order the rows in time: dates along which the target changes, and columns that ri...
hidden_groups      Columns whose values name what rows belong to (a patient, a machine): rows of one value are alike
leaks              Columns that give the answer away: one alone, or two together, predict the target of rows they...
row_order          Whether the target depends on the place of a row in the file: sorted files, and files in the o...
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from autoft.data.audit import column_quality as by_column
from autoft.data.audit import (
    drift_over_rows,
    duplicates,
    hidden_groups,
    leaks,
    outliers,
    row_counts,
    row_order,
    target_classes,
    target_values,
)
from autoft.data.audit import near_duplicates as near
from autoft.data.audit.row_hashes import keys
from autoft.records import Column, Finding, Task

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from autoft.data.convert import Converted

__all__ = ["audit", "suggest"]


def suggest(name: str, options: Iterable[object]) -> str:
    """A clause with the nearest of `options`, or an empty text if none is near.

    >>> suggest("churn", ["Churn", "tenure"])
    "perhaps 'Churn' is meant"
    """
    by_folded = {str(option).casefold(): str(option) for option in options}
    near = get_close_matches(str(name).casefold(), by_folded, n=3, cutoff=0.6)
    return f"perhaps {' or '.join(repr(by_folded[option]) for option in near)} is meant" if near else ""


def audit(
    frame: pd.DataFrame,
    columns: tuple[Column, ...],
    converted: Converted,
    *,
    target: str,
    task: Task,
    allow_leak: tuple[str, ...] = (),
    drop_missing_target: bool = False,
    folds: int = 5,
    positive: Any = None,
    grouped: bool = False,
    timed: bool = False,
) -> tuple[Finding, ...]:
    """All findings about a training table; those of severity ``error`` forbid training.

    Nothing is changed: the table is the caller's, and what happens to a column is the plan's affair.

    Args:
        frame: The canonical table, target included.
        columns: Its columns; whether the target is among them makes no difference.
        converted: Their values as `autoft.data.convert.convert` gives them.
        target: Name of the column to predict.
        task: Kind of problem.
        allow_leak: Columns that may predict the target perfectly.
        drop_missing_target: Whether rows without a target are left out instead of refused.
        folds: Number of blocks wanted for cross-validation.
        positive: For binary tasks the class whose precision and recall matter, None if it is not chosen.
        grouped, timed: Whether the recipe names a group or a time already, so that none needs to be suggested.
    """
    if target not in frame.columns:
        return (_absent(target, frame.columns),)
    labels = frame[target]
    present = labels.notna()
    features = tuple(column for column in columns if column.name != target and column.used)
    findings = row_counts.missing_target(labels, drop=drop_missing_target)
    findings += row_counts.too_few(int(present.sum()), folds=folds)
    if task == "regression":
        usable, about_target = target_values.check(labels)
        present &= usable
        findings += about_target
    else:
        findings += target_classes.check(labels[present], folds=folds, positive=positive)
    unused = tuple(column for column in columns if column.name != target and not column.used)
    findings += row_counts.shape(len(frame), features, unused)
    hashes, usable = keys(features, converted), present.to_numpy()
    findings += duplicates.check(features, converted, hashes, labels, folds=folds, task=task)
    findings += near.check(features, converted, hashes, grouped=grouped)
    findings += by_column.check(features, converted, hashes)
    findings += outliers.check(features, converted)
    findings += leaks.check(labels, usable, features, converted, task=task, keys=hashes.exact, allow=allow_leak)
    if not grouped:
        findings += hidden_groups.check(labels, usable, (*features, *unused), converted, task=task)
    over_time = [] if timed else drift_over_rows.check(labels, usable, features, converted, task=task)
    findings += over_time + row_order.check(labels, usable, task=task, explained=timed or bool(over_time))
    return tuple(findings)


def _absent(target: str, names: Iterable[object]) -> Finding:
    near = suggest(target, names)
    return Finding(
        code="target-absent",
        severity="error",
        column=target,
        must="be in the table, as it is the target",
        found="it is not",
        fix=near or f"choose one of {', '.join(repr(str(name)) for name in list(names)[:20])}",
    )

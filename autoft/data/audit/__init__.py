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

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autoft.data.audit import (
    column_quality,
    dates,
    duplicates,
    hidden_groups,
    leaks,
    near_duplicates,
    outliers,
    personal,
    placeholders,
    redundant_columns,
    row_order,
    spellings,
    target_quality,
    units,
)
from autoft.data.audit.checks import CHECKS, DEFAULTS, AuditOptions, Check, TableView, check, run_checks
from autoft.formatting import nearest
from autoft.records import Column, Finding, Task, finding

if TYPE_CHECKING:
    import pandas as pd

    from autoft.data.convert import Converted

__all__ = ["CHECKS", "OWN", "AuditOptions", "Check", "TableView", "audit", "check", "finding", "run_checks"]

#: autoft's own checks in the order of their findings; those of other packages follow.
OWN: tuple[Check, ...] = (
    target_quality.missing_target,
    target_quality.too_few_rows,
    target_quality.target_values,
    target_quality.target_classes,
    column_quality.number_of_inputs,
    duplicates.duplicates,
    near_duplicates.near_duplicates,
    column_quality.missing,
    column_quality.infinite,
    column_quality.rare_categories,
    placeholders.placeholder_numbers,
    placeholders.placeholder_dates,
    column_quality.quasi_constant,
    units.mixed_units,
    dates.far_dates,
    spellings.spellings,
    placeholders.placeholder_words,
    personal.personal_data,
    redundant_columns.redundant_columns,
    outliers.outlying_values,
    leaks.leaks,
    hidden_groups.hidden_groups,
    row_order.row_order,
)


def audit(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    converted: Converted,
    *,
    target: str,
    task: Task,
    options: AuditOptions = DEFAULTS,
) -> tuple[Finding, ...]:
    """All findings about a training table; those of severity ``error`` forbid training. Nothing is changed.

    Args:
        frame: The canonical table, target included.
        columns: Its columns; whether the target is among them makes no difference.
        converted: Their values as `autoft.data.convert.convert` gives them.
        target: Name of the column to predict.
        task: Kind of problem.
        options: What the recipe says.

    Raises:
        SetupError: If a check of an installed package fails.
    """
    if target not in frame.columns:
        names = [str(name) for name in frame.columns]
        fix = nearest(target, names) or f"choose one of {', '.join(map(repr, names[:20]))}"
        must = "be in the table, as it is the target"
        return (finding("target-absent", "error", target, must, "is not in the table", fix),)
    view = TableView.of(frame, columns, converted, target=target, task=task, options=options)
    return tuple(run_checks(view, (*OWN, *(one for one in CHECKS if one not in OWN))))

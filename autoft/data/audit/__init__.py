"""Audit: autoft's own checks of a training table, before anything is trained.

Modules, from ground to roof:

charts             Charts for findings, made from arrays of any length
predictors         Predictors: a sample of rows with the columns that may give the target away, and their scores
sampling           Samples of rows and of values, drawn with a fixed seed
stump              Regression tree over one ordered column, and the scores of its predictions, in numpy alone
findings           Wording and evidence that several findings share
pair_leaks         Pair leaks: two columns that together give the target away, though neither of them does alone
row_hashes         Hashes of rows, by which equal and nearly equal rows are found in one pass over the values
checks             Audit checks: the view of a table that they get, and their registry
odd_rows           Odd rows: unlike all others although no single value of them need be, found by an isolation fo...
column_quality     Columns that become inputs: their number, missing and infinite cells, rare categories, hardly ...
duplicates         Duplicate rows: equal in all features; with the same target they repeat, with another one they...
hidden_groups      Hidden groups: columns whose values name what rows belong to (a patient, a machine), so that t...
near_duplicates    Near duplicates: rows that equal another one but for rounding or one column, often one case re...
outliers           Outliers: numbers far from all others of their column
personal           Personal data: columns with names and addresses of persons, which no model should learn
placeholders       Placeholders for "unknown": -1, 999, 9999-12-31, "?", and constants far from all other values
redundant_columns  Redundant columns: copies and recodings of one another, and numbers in the same order
row_order          Order of the rows: columns that order them in time, sorted files, and files in the order of time
spellings          Spellings: categories that are one word but for case, blanks or accents
target_quality     Target: missing cells, number of rows, classes, and values of a regression
units              Mixed units: some rows hold inches where the others hold centimetres
dates              Far dates: mostly typing errors of the year
late_columns       Late columns: so good that they may be known only after the answer is
leaks              Target leaks: columns that, alone or in pairs, predict the target of rows they were not fitted on
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

__all__ = ["CHECKS", "OWN", "AuditOptions", "Check", "Finding", "TableView", "audit", "check", "finding", "run_checks"]

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

"""Audit: autoft's own checks of a training table, before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from autoft.data.audit import (
    column_quality,
    duplicates,
    leaks,
    outliers,
    personal,
    placeholders,
    redundant_columns,
    row_structure,
    spellings,
    target_quality,
    units,
)
from autoft.data.audit.checks import CHECKS, DEFAULTS, AuditOptions, Check, TableView, check, run_checks
from autoft.data.convert import Converted
from autoft.formatting import nearest
from autoft.records.arrays import Array
from autoft.records.columns import Column, Task
from autoft.records.findings import MOST_ALIKE, Finding, gathered

__all__ = ["CHECKS", "OWN", "AuditOptions", "Check", "Finding", "TableView", "audit", "check", "run_checks"]

#: autoft's own checks in the order of their findings; those of other packages follow.
OWN: tuple[Check, ...] = (
    target_quality.missing_target,
    target_quality.too_few_rows,
    target_quality.target_values,
    target_quality.target_classes,
    spellings.target_spellings,
    column_quality.number_of_inputs,
    duplicates.duplicates,
    duplicates.near_duplicates,
    column_quality.missing,
    column_quality.infinite,
    column_quality.rare_categories,
    column_quality.unknown_categories,
    placeholders.placeholder_numbers,
    placeholders.placeholder_dates,
    column_quality.quasi_constant,
    units.mixed_units,
    placeholders.far_dates,
    spellings.spellings,
    placeholders.placeholder_words,
    personal.personal_data,
    redundant_columns.redundant_columns,
    redundant_columns.sums,
    outliers.outlying_values,
    leaks.leaks,
    row_structure.hidden_groups,
    row_structure.row_order,
)


def audit(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    converted: Converted,
    *,
    target: str,
    task: Task,
    names: Array | None = None,
    options: AuditOptions = DEFAULTS,
) -> tuple[Finding, ...]:
    """All findings about a training table; those of severity ``error`` forbid training. Nothing is changed. `names`
    ``[n]`` are hashes of the cells that the recipe leaves out of the frame, by which rows may be told apart. Raises a
    SetupError if a check of an installed package fails."""
    if target not in frame.columns:
        every = [str(name) for name in frame.columns]
        fix = nearest(target, every) or f"choose one of {', '.join(map(repr, every[:20]))}"
        must = "be in the table, as it is the target"
        return (Finding("target-absent", "error", target, must, "is not in the table", fix),)
    view = TableView.of(frame, columns, converted, target=target, task=task, names=names, options=options)
    found = run_checks(view, (*OWN, *(one for one in CHECKS if one not in OWN)))
    return tuple(gathered(found, MOST_ALIKE))

"""Inputs of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from autoft.records import Column, Evaluation, Finding, PlanLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """Everything that the report tells.

    Attributes:
        evaluation: The scores, trials, folds and baselines.
        findings: What was found in the data.
        plan: What preprocessing does to each column.
        columns: How each column is understood.
        schema_engine: Which engine checked the table against its schema.
        schema_text: The schema file.
        recipe_text: The recipe that does the same run again.
        space: Each hyperparameter and its range in words.
        notes: What the recipe says about the domain, one sentence each.
        hints: What the recipe says of single columns.
    """

    evaluation: Evaluation
    findings: tuple[Finding, ...]
    plan: tuple[PlanLine, ...]
    columns: tuple[Column, ...]
    schema_engine: str
    schema_text: str
    recipe_text: str
    space: tuple[tuple[str, str], ...]
    title: str
    notes: tuple[str, ...] = ()
    hints: Mapping[str, ReportHint] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHint:
    """What the recipe says of a column, as far as a picture shows it; of a ratio also what it is made of."""

    effect: Literal["increasing", "decreasing"] | None = None
    label: str | None = None
    unit: str | None = None
    parts: tuple[str, str] | None = None

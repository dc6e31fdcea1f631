"""Inputs of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from autoft.records.columns import Column, PlanLine
from autoft.records.evaluation import Evaluation
from autoft.records.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """Everything that the report shows; `space` is each hyperparameter and its range in words."""

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

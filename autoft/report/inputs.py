"""Inputs of a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from autoft.records.columns import Column, PlanLine
from autoft.records.evaluation import Evaluation
from autoft.records.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a run says of its cells, by the user's names.

    Attributes:
        deciles: Of numeric columns eleven quantiles, from the least to the largest value.
        categories: Of categorical columns with few categories all of them.
    """

    deciles: dict[str, list[float]] = field(default_factory=dict)
    categories: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The content of ``context.json``: `engine` checked the schema, `space` is each hyperparameter in words."""

    plan: tuple[PlanLine, ...]
    columns: tuple[Column, ...]
    space: tuple[tuple[str, str], ...]
    engine: str
    title: str
    notes: tuple[str, ...] = ()
    hints: dict[str, ReportHint] = field(default_factory=dict)
    profile: Profile = field(default_factory=Profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs(RunContext):
    """Everything that the report shows."""

    evaluation: Evaluation
    findings: tuple[Finding, ...]
    schema_text: str
    recipe_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHint:
    """What the recipe says of a column, as far as a picture shows it; of a ratio also what it is made of."""

    effect: Literal["increasing", "decreasing"] | None = None
    label: str | None = None
    unit: str | None = None
    parts: tuple[str, str] | None = None

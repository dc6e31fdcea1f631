"""What a run folder or a saved model says about itself, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autoft.errors import ArtifactError
from autoft.records import Column, Evaluation, Finding, PlanLine

if TYPE_CHECKING:
    from autoft.report.build import ReportInputs


def read_evaluation(folder: Path) -> Evaluation:
    """The evaluation of a run or a saved model."""
    from autoft.evaluate.document import from_document

    return from_document(_json(_place(folder, "evaluation.json")))


def read_findings(folder: Path) -> tuple[Finding, ...]:
    """The findings of a run or a saved model."""
    return tuple(Finding(**f) for f in _json(_place(folder, "findings.json")))


def report_inputs(folder: Path, evaluation: Evaluation, findings: tuple[Finding, ...]) -> ReportInputs:
    """Everything that a report tells, from the files of a run or a saved model."""
    from autoft.report.build import ReportInputs

    context = _json(_place(folder, "context.json"))
    schema = _place(folder, "schema.pbtxt")
    columns = [Column(**{**c, "false": tuple(c["false"]), "true": tuple(c["true"])}) for c in context["columns"]]
    return ReportInputs(
        evaluation=evaluation,
        findings=findings,
        plan=tuple(PlanLine(**line) for line in context["plan"]),
        columns=tuple(columns),
        schema_engine=context["engine"],
        schema_text=schema.read_text(encoding="utf-8") if schema.is_file() else "",
        recipe_text=_place(folder, "recipe.yaml").read_text(encoding="utf-8"),
        space=tuple((name, words) for name, words in context["space"]),
        title=context["title"],
        notes=tuple(context["notes"]),
    )


def _place(folder: Path, name: str) -> Path:
    """A run's file; where a crash came before it was written, the copy that the model has."""
    copy = folder / "model" / name
    return copy if copy.is_file() and not (folder / name).is_file() else folder / name


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        found = "it is missing" if not path.exists() else "it cannot be read"
        raise ArtifactError(
            f"'{path}'", "be as autoft wrote it", found, "run 'autoft fit' again (finished trials are kept)"
        ) from error

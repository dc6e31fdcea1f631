"""What a run folder or a saved model says about itself, read back: files that anybody may have changed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from autoft.errors import ArtifactError, AutoFTError
from autoft.records import Column, Evaluation, Finding, PlanLine, Task
from autoft.report.curves import Told

if TYPE_CHECKING:
    from autoft.report.build import ReportInputs


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
class _Context:
    """The content of ``context.json``."""

    plan: tuple[PlanLine, ...]
    columns: tuple[Column, ...]
    space: tuple[tuple[str, str], ...]
    engine: str
    title: str
    notes: tuple[str, ...]
    profile: Profile = field(default_factory=Profile)
    hints: dict[str, Told] = field(default_factory=dict)


def read_evaluation(folder: Path) -> Evaluation:
    """The evaluation of a run or a saved model.

    Raises:
        AutoFTError: If it is missing or not what autoft writes; so for the other functions here.
    """
    from autoft.evaluate.document import from_document
    from autoft.evaluate.metrics import METRICS

    path = folder / "evaluation.json"
    with _believed(path):
        evaluation = from_document(_mapping(json.loads(path.read_text(encoding="utf-8"))))
        _mapping(evaluation.seconds), _mapping(evaluation.environment)
        if evaluation.task not in get_args(Task) or not {evaluation.objective} <= METRICS.keys() & evaluation.held_out:
            raise ValueError(f"{evaluation.task}, {evaluation.objective}")
    return evaluation


def read_findings(folder: Path) -> tuple[Finding, ...]:
    """The findings of a run or a saved model."""
    found: tuple[Finding, ...] = _records(folder / "findings.json", tuple[Finding, ...])
    return found


def report_inputs(folder: Path, evaluation: Evaluation, findings: tuple[Finding, ...]) -> ReportInputs:
    """Everything that a report tells, from the files of a run or a saved model."""
    from autoft.report.build import ReportInputs

    context: _Context = _records(folder / "context.json", _Context)
    return ReportInputs(
        evaluation=evaluation,
        findings=findings,
        plan=context.plan,
        columns=context.columns,
        schema_engine=context.engine,
        schema_text=_text(folder / "schema.pbtxt") if (folder / "schema.pbtxt").is_file() else "",
        recipe_text=_text(folder / "recipe.yaml"),
        space=context.space,
        title=context.title,
        notes=context.notes,
        hints=context.hints,
    )


def read_profile(folder: Path) -> tuple[tuple[Column, ...], Profile]:
    """The columns of a run or a saved model, and what it says of their cells (nothing in older runs)."""
    context: _Context = _records(folder / "context.json", _Context)
    return context.columns, context.profile


def _records(path: Path, kind: Any) -> Any:
    """The content of a JSON file as records, every value of the type that the record declares."""
    from pydantic import TypeAdapter

    with _believed(path):
        return TypeAdapter(kind).validate_json(path.read_bytes())


def _text(path: Path) -> str:
    with _believed(path):
        return path.read_text(encoding="utf-8")


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(type(value).__name__)
    return value


@contextlib.contextmanager
def _believed(path: Path) -> Iterator[None]:
    """Turn whatever a missing or changed file causes into one error about that file."""
    try:
        yield
    except AutoFTError:
        raise
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        found = "it is missing" if not path.exists() else "it cannot be read"
        raise ArtifactError(
            f"'{path}'", "be as autoft wrote it", found, "run 'autoft fit' again (finished trials are kept)"
        ) from error

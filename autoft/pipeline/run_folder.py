"""The key of a run: whether results that lie in a folder are those of this very problem."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autoft import files
from autoft.pipeline.context import Context
from autoft.pipeline.dataset import Dataset
from autoft.records import Progress
from autoft.search.journal import Journal, difference, read

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe

import contextlib
import json

from autoft.errors import ArtifactError, AutoFTError, SetupError
from autoft.records import Column, Evaluation, Finding, PlanLine
from autoft.records.reading import read_record
from autoft.report.inputs import ReportHint

if TYPE_CHECKING:
    from autoft.report.inputs import ReportInputs

from dataclasses import asdict
from typing import TYPE_CHECKING

from autoft.preprocessing.layout import InputLayout
from autoft.records.hints import Hints

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe


def fingerprint_parts(recipe: Recipe, dataset: Dataset, version: str) -> dict[str, str]:
    """The key of a run: what a trial's result depends on. Trials, minutes and space are not in it.

    Of the objective only the loss that is trained for it is.
    """
    from autoft import files

    settings = {
        "seed": recipe.seed,
        "epochs": recipe.search.epochs,
        "patience": recipe.search.patience,
        "pruning": recipe.search.pruning,
        "task": dataset.target.task,
        "drop_missing_target": recipe.schema_.drop_missing_target,
        **_preprocessing(recipe, dataset.plan),
        **recipe.evaluate.model_dump(include={"group", "time", "strategy", "holdout"}),
        "folds": dataset.split.k,
    }
    # Only where they are used, so that runs from before they existed go on.
    if recipe.data.weight is not None:
        settings["weight"] = recipe.data.weight
    if dataset.trained_quantile is not None:
        settings["quantile"] = dataset.trained_quantile
    if dataset.description.hints != Hints():
        settings["hints"] = asdict(dataset.description.hints)
    layout = [[c.name, c.kind] for c in (*dataset.features, *dataset.description.columns)]
    return {
        "autoft": version,
        "data": dataset.description.table.fingerprint[:16],
        "columns": files.fingerprint(files.canonical_json(layout).encode())[:16],
        "settings": files.fingerprint(files.canonical_json(settings).encode())[:16],
    }


def _preprocessing(recipe: Recipe, plan: InputLayout) -> dict[str, Any]:
    """What a trial's result owes to preprocessing; what came later is in it only where it is used."""
    settings = recipe.preprocess.model_dump()
    if recipe.preprocess.numeric.scale == "robust":
        settings["numeric"].pop("scale")
    for later in ("accept", "encoders"):
        if not settings[later]:
            settings.pop(later)
    words = [[text.id, text.slots] for text in plan.texts]
    if plan.orders:
        settings["orders"] = {column: list(order) for column, order in plan.orders.items()}
    return settings | ({"words": words} if words else {}) | ({"elapsed": len(plan.elapsed)} if plan.elapsed else {})


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
    hints: dict[str, ReportHint] = field(default_factory=dict)


def read_evaluation(folder: Path) -> Evaluation:
    """The evaluation of a run or a saved model.

    Raises:
        AutoFTError: If it is missing or not what autoft writes; so for the other functions here.
    """
    from autoft.evaluation.document import from_document
    from autoft.evaluation.metrics import METRICS

    path = folder / "evaluation.json"
    with _believed(path):
        evaluation = from_document(json.loads(path.read_text(encoding="utf-8")))
        if evaluation.objective not in evaluation.held_out:
            raise ValueError(evaluation.objective)
    if evaluation.objective not in METRICS:
        where, fix = f"The objective '{evaluation.objective}' of {path}", "install the package that brings it"
        raise SetupError(where, "be a metric that is registered", "there is none of this name", fix)
    return evaluation


def read_findings(folder: Path) -> tuple[Finding, ...]:
    """The findings of a run or a saved model."""
    found: tuple[Finding, ...] = _records(folder / "findings.json", tuple[Finding, ...])
    return found


def report_inputs(folder: Path, evaluation: Evaluation, findings: tuple[Finding, ...]) -> ReportInputs:
    """Everything that a report tells, from the files of a run or a saved model."""
    from autoft.report.inputs import ReportInputs

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
    """The columns of a run or a saved model, and what it says of their cells."""
    context: _Context = _records(folder / "context.json", _Context)
    return context.columns, context.profile


def _records(path: Path, kind: Any) -> Any:
    """The content of a JSON file as records, every value of the type that the record declares."""
    with _believed(path):
        return read_record(kind, json.loads(path.read_bytes()))


def _text(path: Path) -> str:
    with _believed(path):
        return path.read_text(encoding="utf-8")


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


#: What a run writes into its folder, the journal last.
_FILES = (
    *("model", "trials", "report.html", "evaluation.json", "findings.json", "context.json", "recipe.yaml"),
    *("schema.pbtxt", "journal.torn", "journal.jsonl"),
)


def open_journal(context: Context, dataset: Dataset) -> Journal:
    """The run's journal; results of another run (other data or settings) in the folder are set aside first."""
    folder, tell = context.folder, context.tell
    key = fingerprint_parts(context.recipe, dataset, version("autoft"))
    path = folder / "journal.jsonl"
    contents = read(path)
    if contents.key != key and (contents.facts or contents.damaged_lines):
        aside = _set_aside(folder)
        changed = difference(contents.key or {}, key)
        tell(Progress(stage="reading", message=f"the folder held another run ({changed}); it is now in {aside.name}"))
    journal = Journal(path, key)
    if journal.contents.damaged_lines:
        lines = ", ".join(map(str, journal.contents.damaged_lines))
        tell(Progress(stage="reading", message=f"journal line {lines} is damaged; what it said is trained again"))
    context.watch.earlier = sum(float(line["seconds"]) for line in journal.contents.trials().values())
    if journal.contents.torn_bytes:
        message = "the journal's last line was torn; it is in journal.torn, and its trial is trained again"
        tell(Progress(stage="reading", message=message))
    return journal


def _set_aside(folder: Path) -> Path:
    """Move another run's files, and nothing else, into a folder of their own.

    The journal goes last: a crash on the way is made good by the next run.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = itertools.chain([f"earlier-{stamp}"], (f"earlier-{stamp}-{n}" for n in itertools.count(2)))
    aside = next(folder / name for name in names if not (folder / name).exists())
    with files.writing(folder):
        aside.mkdir()
        for name in _FILES:
            if (folder / name).exists():
                (folder / name).rename(aside / name)
    return aside

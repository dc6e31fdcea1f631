"""The run folder: the key of its run, and what is read back from its files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autoft import files
from autoft.errors import ArtifactError, AutoFTError, SetupError
from autoft.evaluation.document import from_document, to_document
from autoft.evaluation.metrics import METRICS
from autoft.pipeline.dataset import Dataset
from autoft.preprocessing.layout import InputLayout
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Column
from autoft.records.evaluation import Evaluation
from autoft.records.findings import Finding
from autoft.records.hints import Hints
from autoft.records.reading import read_json, read_record
from autoft.report.inputs import Profile, ReportInputs, RunContext

#: Files of a saved model that its report is made from, besides the evaluation and the findings.
REPORT_FILES = ("context.json", "schema.pbtxt", "recipe.yaml")


def journal_key(recipe: Recipe, dataset: Dataset) -> dict[str, str]:
    """The key of a run's journal: what a trial's result depends on. Trials, minutes and space are not in it."""
    columns = [[c.name, c.kind] for c in (*dataset.features, *dataset.description.columns)]
    settings = key_settings(recipe, dataset)
    return {
        "autoft": version("autoft"),
        "data": dataset.description.table.fingerprint[:16],
        "columns": files.fingerprint(files.canonical_json(columns).encode())[:16],
        "settings": files.fingerprint(files.canonical_json(settings).encode())[:16],
    }


def key_settings(recipe: Recipe, dataset: Dataset) -> dict[str, Any]:
    """The settings that a trial's result depends on; of the objective only the loss that is trained for it."""
    settings = {
        "seed": recipe.seed,
        "epochs": recipe.search.epochs,
        "patience": recipe.search.patience,
        "pruning": recipe.search.pruning,
        "task": dataset.target.task,
        "drop_missing_target": recipe.schema_.drop_missing_target,
        **_preprocessing(recipe, dataset.layout),
        **recipe.evaluate.model_dump(include={"strategy", "holdout"}),
        "group": dataset.description.rows.group,
        "time": " ".join(dataset.description.rows.time) or None,
        "folds": dataset.split.k,
    }
    # Only where they are used, so that runs from before they existed go on.
    if dataset.split.windows:
        settings |= recipe.evaluate.model_dump(include={"windows", "gap", "horizon"})
    if recipe.evaluate.copies != "together":
        settings["copies"] = recipe.evaluate.copies
    if recipe.data.weight is not None:
        settings["weight"] = recipe.data.weight
    if dataset.trained_quantile is not None:
        settings["quantile"] = dataset.trained_quantile
    if recipe.report.private:  # rare categories and words are unknown
        settings["private"] = True
    if dataset.description.hints != Hints():
        settings["hints"] = asdict(dataset.description.hints)
    return settings


def _preprocessing(recipe: Recipe, layout: InputLayout) -> dict[str, Any]:
    """What a trial's result owes to preprocessing; what came later is in it only where it is used."""
    settings = recipe.preprocess.model_dump()
    if recipe.preprocess.numeric.scale == "robust":
        settings["numeric"].pop("scale")
    for later in ("accept", "encoders"):
        if not settings[later]:
            settings.pop(later)
    words = [[text.id, text.slots] for text in layout.texts]
    if layout.combined:
        settings["combined"] = list(layout.combined)
    if layout.orders:
        settings["orders"] = {column: list(order) for column, order in layout.orders.items()}
    return settings | ({"words": words} if words else {}) | ({"elapsed": len(layout.elapsed)} if layout.elapsed else {})


def read_evaluation(folder: Path) -> Evaluation:
    """The evaluation of a run or a saved model.

    Raises:
        AutoFTError: If it is missing or not what autoft writes; so for the other functions here.
    """
    path = folder / "evaluation.json"
    with _believed(path):
        evaluation = from_document(read_json(path))
        if evaluation.objective not in evaluation.held_out:
            raise ValueError(evaluation.objective)
    if evaluation.objective not in METRICS:
        where, fix = f"The objective '{evaluation.objective}' of {path}", "install the package that brings it"
        raise SetupError(where, "be a metric that is registered", "there is none of this name", fix)
    return evaluation


def read_scores(model: Path, run_folder: Path | None) -> Evaluation:
    """The evaluation of a saved model; in its run folder that of the whole run, if it is of this model."""
    saved = read_evaluation(model)
    if run_folder is not None and (run_folder / "evaluation.json").is_file():
        whole = read_evaluation(run_folder)
        if to_document(replace(whole, seconds=saved.seconds)) == to_document(saved):  # else a kill came between the two
            return whole
    return saved


def read_findings(folder: Path) -> tuple[Finding, ...]:
    """The findings of a run or a saved model."""
    found: tuple[Finding, ...] = _records(folder / "findings.json", tuple[Finding, ...])
    return found


def report_inputs(folder: Path, evaluation: Evaluation, findings: tuple[Finding, ...]) -> ReportInputs:
    """Everything that a report shows, from the files of a run or a saved model."""
    context: RunContext = _records(folder / "context.json", RunContext)
    return ReportInputs(
        **{own.name: getattr(context, own.name) for own in fields(context)},
        evaluation=evaluation,
        findings=findings,
        schema_text=_text(folder / "schema.pbtxt") if (folder / "schema.pbtxt").is_file() else "",
        recipe_text=_text(folder / "recipe.yaml"),
    )


def read_profile(folder: Path) -> tuple[tuple[Column, ...], Profile]:
    """The columns of a run or a saved model, and what it says of their cells."""
    context: RunContext = _records(folder / "context.json", RunContext)
    return context.columns, context.profile


def _records(path: Path, kind: Any) -> Any:
    """The content of a JSON file as records, every value of the type that the record declares."""
    with _believed(path):
        return read_record(kind, read_json(path))


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
        fix = "run 'autoft fit' again (finished trials are kept)"
        raise ArtifactError(f"'{path}'", "be as autoft wrote it", found, fix) from error

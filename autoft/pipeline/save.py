"""Saving: the model, and the files that say what it is."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from autoft import files
from autoft.data.privacy import Privacy, coarse, coarse_range, presentable
from autoft.errors import HIDDEN, printable
from autoft.evaluation.document import to_document
from autoft.evaluation.partial_dependence import profile
from autoft.knowledge.describe import hinted_lines
from autoft.networks.families.own import name_of
from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.describe import privacy_of
from autoft.pipeline.effects import recipe_notes
from autoft.pipeline.results import FittedModel, SearchResult
from autoft.preprocessing.layout import describe_layout
from autoft.recipe.recipe import Recipe
from autoft.records.evaluation import Evaluation
from autoft.records.split import HOLDOUT
from autoft.serving import artifact
from autoft.serving.card import card
from autoft.serving.predictor import model_inputs

#: Rows by which the saved model is compared with the one in memory.
_PROBE_ROWS = 32


def save(dataset: Dataset, found: SearchResult, evaluation: Evaluation, run: Run) -> FittedModel:
    """Write model, scores, findings, schema and recipe into the run folder."""
    privacy = privacy_of(run.recipe, dataset.description.table)
    findings = presentable((*dataset.findings, *run.findings), privacy)
    evaluation = _presented(evaluation, privacy)
    with run.timed("saving"):
        run.tell("saving", "saving the model and checking that it reads back the same")
        texts = _texts(run.recipe, dataset, found, privacy)
        if run.model is not None:
            note = f"# The networks come from a Python function, {printable(name_of(run.model))}: no recipe holds it."
            texts["recipe.yaml"] = f"{note}\n{texts['recipe.yaml']}"
        texts["findings.json"] = _json([finding.document() for finding in findings])
        model, meta = found.deployed.raw_model(), _meta(run.recipe, dataset, found)
        evaluation = replace(evaluation, seconds=dict(run.seconds))
        extra: dict[str, str | bytes] = {**texts, "evaluation.json": _json(to_document(evaluation))}
        extra["README.md"] = card(meta)
        if dataset.description.contract.statistics:
            extra["statistics.pb"] = dataset.description.contract.statistics
        few = {column: cells[:_PROBE_ROWS] for column, cells in dataset.description.converted.values.items()}
        meta = artifact.save(run.folder / "model", model, meta, extra, model_inputs(model, meta, few))
    total, interrupted = round(sum(run.seconds.values()), 2), evaluation.interrupted or bool(run.interrupt)
    evaluation = replace(evaluation, seconds={**run.seconds, "total": total}, interrupted=interrupted)
    for name, text in {**texts, "evaluation.json": _json(to_document(evaluation))}.items():
        files.write_atomic(run.folder / name, text)
    return FittedModel(model=model, meta=meta, evaluation=evaluation, findings=findings)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _presented(evaluation: Evaluation, privacy: Privacy | None) -> Evaluation:
    """The evaluation without cells of too few rows in curves of columns and true values."""
    if privacy is None:
        return evaluation
    dependence = tuple(privacy.curve(curve) for curve in evaluation.dependence)
    curves = dict(evaluation.curves)
    if "residuals" in curves:
        curves["residuals"] = {k: {**one, "y": [*coarse(one["y"])]} for k, one in curves["residuals"].items()}
    return replace(evaluation, dependence=dependence, curves=curves)


def _texts(recipe: Recipe, dataset: Dataset, found: SearchResult, privacy: Privacy | None) -> dict[str, str]:
    """What a run says about itself besides the scores, by file name; enough to write the report again."""
    parts = {ratio.name: ratio.of for ratio in recipe.knowledge.ratios}
    used = np.flatnonzero(dataset.split.blocks != HOLDOUT)
    features, columns = dataset.features, dataset.description.columns
    seen = profile(dataset.layout, features, dataset.encoded, used)
    if privacy is not None:
        features, columns = (tuple(map(privacy.column, some)) for some in (features, columns))
        shown = {name: tuple(map(privacy.word, texts)) for name, texts in seen["categories"].items()}
        seen["categories"] = {name: [*texts] for name, texts in shown.items() if HIDDEN not in texts}
        seen["deciles"] = {name: [*coarse(numbers)] for name, numbers in seen["deciles"].items()}
    lines = describe_layout(found.deployed.plan, features, found.deployed.statistics.combinations)
    context = {
        "plan": [asdict(line) for line in hinted_lines(lines, recipe.knowledge, columns)],
        "columns": [asdict(c) for c in columns],
        "space": [[d.name, d.words()] for d in found.space],
        "engine": dataset.description.engine.name if dataset.description.engine else "",
        "title": recipe.report.title or f"{recipe.name}: {dataset.target.name}",
        "notes": list(recipe_notes(recipe, dataset)),
        "hints": {
            name: {
                "effect": hint.effect,
                "label": None if hint.label is None else str(hint.label),
                "unit": hint.unit,
                "parts": parts.get(name),
            }
            for name, hint in recipe.knowledge.features.items()
        },
        "profile": seen,
    }
    schema = dataset.description.contract.text
    texts = {"recipe.yaml": recipe.to_yaml(), "context.json": _json(context)}
    return {**texts, "schema.pbtxt": schema} if schema else texts


def _meta(recipe: Recipe, dataset: Dataset, found: SearchResult) -> artifact.Meta:
    layout, ranges = dataset.layout, {}
    for column in dataset.features:
        if column.kind == "numeric":
            values = dataset.description.converted.values[column.id]
            known = values[np.isfinite(values)]
            if len(known):
                low, high = float(known.min()), float(known.max())
                ranges[column.id] = coarse_range(low, high) if recipe.report.private else (low, high)
    # Columns that divide rows or groups, or are not to be used.
    unused = {*recipe.knowledge.unused, dataset.description.rows.group}
    engine = dataset.description.engine
    return artifact.Meta(
        columns=dataset.features,
        target=dataset.target,
        version=version("autoft"),
        engine=engine.name if engine else "",
        ranges=ranges,
        vocabularies={c.id: c.vocabulary for c in layout.categories} | dict(layout.orders),
        words=found.deployed.words,
        encoders={own.id: own.encoder for own in layout.custom},
        threshold=found.selection.rule.threshold,
        matrix=found.selection.rule.matrix,
        repairs=dataset.description.repairs,
        missing=recipe.data.missing,
        words_apart=dataset.description.table.words_apart,
        unused=tuple(c.name for c in dataset.description.columns if c.name in unused),
        private=recipe.report.private,
    )

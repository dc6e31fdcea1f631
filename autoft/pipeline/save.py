"""Saving: the model, and the files that say what it is."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from autoft import files
from autoft.data.privacy import HIDDEN, Privacy, presentable
from autoft.errors import printable
from autoft.evaluation.document import from_document, to_document
from autoft.evaluation.partial_dependence import profile
from autoft.knowledge.describe import hinted_lines
from autoft.networks.families.own import name_of
from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.describe import privacy_of
from autoft.pipeline.effects import recipe_notes
from autoft.pipeline.results import FittedModel, SearchResult
from autoft.preprocessing.describe import describe_layout
from autoft.recipe.recipe import Recipe
from autoft.records.evaluation import Evaluation
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
        texts["findings.json"] = _json([asdict(finding) for finding in findings])
        model, meta = found.ensemble.raw_model(), _meta(run.recipe, dataset, found)
        evaluation = replace(evaluation, seconds=dict(run.seconds))
        extra: dict[str, str | bytes] = {**texts, "evaluation.json": _json(to_document(evaluation))}
        extra["README.md"] = card(meta)
        if dataset.description.contract.statistics:
            extra["statistics.pb"] = dataset.description.contract.statistics
        few = {column: cells[:_PROBE_ROWS] for column, cells in dataset.description.converted.values.items()}
        meta = artifact.save(run.folder / "model", model, meta, extra, model_inputs(model, meta, few))
    evaluation = replace(evaluation, seconds={**run.seconds, "total": round(sum(run.seconds.values()), 2)})
    for name, text in {**texts, "evaluation.json": _json(to_document(evaluation))}.items():
        files.write_atomic(run.folder / name, text)
    return FittedModel(model=model, meta=meta, evaluation=evaluation, findings=findings)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _presented(evaluation: Evaluation, privacy: Privacy | None) -> Evaluation:
    """The evaluation without cells of too few rows: in slices, and in curves of columns."""
    if privacy is None:
        return evaluation
    document = to_document(evaluation)
    document["slices"] = privacy.data(document["slices"])
    for curve in document["best"]["dependence"]:
        curve.update(grid=privacy.data(curve["grid"]), cells=privacy.data(curve["cells"]))
    return from_document(document)


def _texts(recipe: Recipe, dataset: Dataset, found: SearchResult, privacy: Privacy | None) -> dict[str, str]:
    """What a run says about itself besides the scores, by file name; enough to write the report again."""
    parts = {ratio.name: ratio.of for ratio in recipe.knowledge.ratios}
    used = np.flatnonzero(dataset.split.blocks >= 0)
    described = describe_layout(dataset.layout, dataset.features)
    lines = hinted_lines(described, recipe.knowledge, dataset.description.columns)
    columns, seen = dataset.description.columns, profile(dataset.layout, dataset.features, dataset.encoded, used)
    if privacy is not None:
        lines = tuple(replace(line, text=privacy.text(line.text, line.column)) for line in lines)
        columns, shown = tuple(map(privacy.column, columns)), privacy.data(seen["categories"])
        seen["categories"] = {name: texts for name, texts in shown.items() if HIDDEN not in texts}
    context = {
        "plan": [asdict(line) for line in lines],
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
                ranges[column.id] = (float(known.min()), float(known.max()))
    # Columns that divide rows or groups, or are not to be used.
    unused = {*recipe.knowledge.unused, recipe.evaluate.group}
    engine = dataset.description.engine
    return artifact.Meta(
        columns=dataset.features,
        target=dataset.target,
        version=version("autoft"),
        engine=engine.name if engine else "",
        ranges=ranges,
        vocabularies={c.id: c.vocabulary for c in layout.categories} | dict(layout.orders),
        words=found.ensemble.words,
        encoders={own.id: own.encoder for own in layout.custom},
        threshold=found.selection.rule.threshold,
        matrix=found.selection.rule.matrix,
        repairs=dataset.description.repairs,
        missing=recipe.data.missing,
        words_apart=dataset.description.table.words_apart,
        unused=tuple(c.name for c in dataset.description.columns if c.name in unused),
        private=recipe.report.private,
    )

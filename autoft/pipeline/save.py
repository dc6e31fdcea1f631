"""What a run leaves behind: the model and the files that say what it is."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from autoft import files
from autoft.knowledge.describe import told_lines
from autoft.pipeline import effects
from autoft.pipeline.context import Context
from autoft.pipeline.dataset import Dataset, SearchResult
from autoft.pipeline.notes import notes
from autoft.preprocessing.describe import describe_layout
from autoft.records import Evaluation, Progress
from autoft.serving import artifact
from autoft.serving.inputs import model_inputs

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe

#: Rows whose answers the saved model must repeat.
_PROBED = 32


def write(
    context: Context, dataset: Dataset, searched: SearchResult, evaluation: Evaluation
) -> tuple[Any, artifact.Meta, Evaluation]:
    """Model, scores, findings, schema, recipe; returns the raw model, its meta data and the evaluation."""
    from autoft.evaluation.document import to_document

    folder, watch, tell = context.folder, context.watch, context.tell
    with watch.stage("saving"):
        tell(Progress(stage="saving", message="saving the model and checking that it reads back the same"))
        texts = _texts(context.recipe, dataset, searched)
        effects.prove(searched.bag, dataset)
        model, meta = searched.bag.raw_model(), _meta(context.recipe, dataset, searched)
        scores = {"evaluation.json": _json(to_document(evaluation))}
        extra: dict[str, str | bytes] = {**texts, **scores}
        if dataset.description.contract.statistics:
            extra["statistics.pb"] = dataset.description.contract.statistics
        few = {column: cells[:_PROBED] for column, cells in dataset.description.converted.values.items()}
        artifact.save(folder / "model", model, meta, extra, model_inputs(model, meta, few))
    total = round(sum(watch.seconds.values()), 2)
    evaluation = replace(evaluation, seconds={**watch.seconds, "total": total})
    for name, text in {**texts, "evaluation.json": _json(to_document(evaluation))}.items():
        files.write_atomic(folder / name, text)
    tell(Progress(stage="report", message="writing the report"))
    return model, meta, evaluation


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _texts(recipe: Recipe, dataset: Dataset, searched: SearchResult) -> dict[str, str]:
    """What a run says about itself besides the scores, by file name; enough to write the report again."""
    from autoft.evaluation import partial_dependence

    parts = {ratio.name: ratio.of for ratio in recipe.knowledge.ratios}
    used = np.flatnonzero(dataset.split.blocks >= 0)
    lines = told_lines(describe_layout(dataset.plan, dataset.features), recipe.knowledge, dataset.description.columns)
    context = {
        "plan": [asdict(line) for line in lines],
        "columns": [asdict(c) for c in dataset.description.columns],
        "space": [[d.name, d.words()] for d in searched.space],
        "engine": dataset.description.engine.name if dataset.description.engine else "",
        "title": recipe.report.title or f"{recipe.name}: {dataset.target.name}",
        "notes": list(notes(recipe, dataset)),
        "hints": {
            name: {
                "effect": hint.effect,
                "label": None if hint.label is None else str(hint.label),
                "unit": hint.unit,
                "parts": parts.get(name),
            }
            for name, hint in recipe.knowledge.features.items()
        },
        "profile": partial_dependence.profile(dataset.plan, dataset.features, dataset.encoded, used),
    }
    schema = dataset.description.contract.text
    return {
        "findings.json": _json([asdict(f) for f in dataset.findings]),
        "recipe.yaml": recipe.to_yaml(),
        "context.json": _json(context),
    } | ({"schema.pbtxt": schema} if schema else {})


def _meta(recipe: Recipe, dataset: Dataset, searched: SearchResult) -> artifact.Meta:
    ranges = {}
    for column in dataset.features:
        if column.kind == "numeric":
            values = dataset.description.converted.values[column.id]
            known = values[np.isfinite(values)]
            if len(known):
                ranges[column.id] = (float(known.min()), float(known.max()))
    engine = dataset.description.engine
    return artifact.Meta(
        columns=dataset.features,
        target=dataset.target,
        version=version("autoft"),
        engine=engine.name if engine else "",
        ranges=ranges,
        vocabularies={c.id: c.vocabulary for c in dataset.plan.categories} | dict(dataset.plan.orders),
        words=searched.bag.words,
        encoders={own.id: own.encoder for own in dataset.plan.custom},
        threshold=searched.finish.threshold,
        matrix=searched.finish.matrix,
        repairs=dataset.description.repairs,
        unused=tuple(c.name for c in dataset.description.columns if c.name in _no_inputs(recipe)),
    )


def _no_inputs(recipe: Recipe) -> tuple[str, ...]:
    """Columns that divide rows or groups, or are not to be used."""
    group = recipe.evaluate.group
    return (*recipe.knowledge.unused, *(() if group is None else (group,)))

"""The key of a run: whether results that lie in a folder are those of this very problem."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from autoft.knowledge.hints import Hints
from autoft.prepare import Prepared
from autoft.preprocess.plan import Plan

if TYPE_CHECKING:
    from autoft.recipe import Recipe


def fingerprint_parts(recipe: Recipe, prepared: Prepared, version: str) -> dict[str, str]:
    """The key of a run: what a trial's result depends on. Trials, minutes and space are not in it.

    Of the objective only the loss that is trained for it is.
    """
    from autoft import files

    settings = {
        "seed": recipe.seed,
        "epochs": recipe.search.epochs,
        "patience": recipe.search.patience,
        "pruning": recipe.search.pruning,
        "task": prepared.target.task,
        "drop_missing_target": recipe.schema_.drop_missing_target,
        **_preprocessing(recipe, prepared.plan),
        **recipe.evaluate.model_dump(include={"group", "time", "strategy", "holdout"}),
        "folds": prepared.split.k,
    }
    # Only where they are used, so that runs from before they existed go on.
    if recipe.data.weight is not None:
        settings["weight"] = recipe.data.weight
    if prepared.trained_quantile is not None:
        settings["quantile"] = prepared.trained_quantile
    if prepared.inspected.hints != Hints():
        settings["hints"] = asdict(prepared.inspected.hints)
    layout = [[c.name, c.kind] for c in (*prepared.features, *prepared.inspected.columns)]
    return {
        "autoft": version,
        "data": prepared.inspected.table.fingerprint[:16],
        "columns": files.fingerprint(files.canonical_json(layout).encode())[:16],
        "settings": files.fingerprint(files.canonical_json(settings).encode())[:16],
    }


def _preprocessing(recipe: Recipe, plan: Plan) -> dict[str, Any]:
    """What a trial's result owes to preprocessing; what came later is in it only where it is used."""
    settings = recipe.preprocess.model_dump()
    if recipe.preprocess.numeric.scale == "robust":
        settings["numeric"].pop("scale")
    if not recipe.preprocess.accept:
        settings.pop("accept")
    words = [[text.id, text.slots] for text in plan.texts]
    if plan.orders:
        settings["orders"] = {column: list(order) for column, order in plan.orders.items()}
    return settings | ({"words": words} if words else {}) | ({"elapsed": len(plan.elapsed)} if plan.elapsed else {})

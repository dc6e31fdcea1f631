"""Notes: what the user told autoft about the domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoft.knowledge import decisions
from autoft.knowledge import slices as slices_module
from autoft.knowledge.describe import hint_notes
from autoft.pipeline import effects
from autoft.pipeline.dataset import Dataset

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe


def notes(recipe: Recipe, dataset: Dataset) -> tuple[str, ...]:
    """What the user told autoft about the domain."""
    told = []
    if recipe.data.positive is not None:
        told.append(f"The positive class is '{dataset.target.positive}'.")
    told += decisions.notes(recipe.knowledge)
    told += [f"Column '{name}' is {kind}." for name, kind in recipe.data.columns.items()]
    told += [f"Column '{name}' is not to be used." for name in recipe.data.drop]
    told += [f"Column '{name}' may predict the target almost perfectly." for name in recipe.schema_.allow_leak]
    told += hint_notes(recipe.knowledge)
    if recipe.preprocess.accept:
        told.append(f"Repairs are accepted of: {', '.join(recipe.preprocess.accept)}.")
    if recipe.data.weight:
        told.append(f"Rows count by their '{recipe.data.weight}'.")
    if recipe.evaluate.quantile is not None:
        told.append(f"Predictions are to be the {recipe.evaluate.quantile:g} quantile.")
    if recipe.evaluate.group:
        told.append(f"Rows with the same '{recipe.evaluate.group}' belong together.")
    if recipe.evaluate.time:
        told.append(f"Rows are ordered in time by '{recipe.evaluate.time}'.")
    told += slices_module.notes(recipe)
    return (*told, *effects.notes(recipe, dataset))

"""Notes: what the user told autoft about the domain."""

from __future__ import annotations

from autoft.knowledge import decisions, slices
from autoft.knowledge.describe import hint_notes
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.effects import effect_notes
from autoft.recipe.recipe import Recipe


def recipe_notes(recipe: Recipe, dataset: Dataset) -> tuple[str, ...]:
    """One sentence for each thing that the recipe says about the domain."""
    notes = []
    if recipe.data.positive is not None:
        notes.append(f"The positive class is '{dataset.target.positive}'.")
    notes += decisions.notes(recipe.knowledge)
    notes += [f"Column '{name}' is {kind}." for name, kind in recipe.data.columns.items()]
    notes += [f"Column '{name}' is not to be used." for name in recipe.data.drop]
    notes += [f"Column '{name}' may predict the target almost perfectly." for name in recipe.schema_.allow_leak]
    notes += hint_notes(recipe.knowledge)
    if recipe.preprocess.accept:
        notes.append(f"Repairs are accepted of: {', '.join(recipe.preprocess.accept)}.")
    if recipe.data.weight:
        notes.append(f"Rows count by their '{recipe.data.weight}'.")
    if recipe.evaluate.quantile is not None:
        notes.append(f"Predictions are to be the {recipe.evaluate.quantile:g} quantile.")
    if recipe.evaluate.group:
        notes.append(f"Rows with the same '{recipe.evaluate.group}' belong together.")
    if recipe.evaluate.time:
        notes.append(f"Rows are ordered in time by '{recipe.evaluate.time}'.")
    notes += slices.notes(recipe)
    return (*notes, *effect_notes(recipe, dataset))

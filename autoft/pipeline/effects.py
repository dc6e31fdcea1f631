"""Effects in a run, besides the networks: search space, calibration, notes, proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from autoft.pipeline.dataset import Dataset
from autoft.recipe.recipe import Recipe
from autoft.records.hints import Hints
from autoft.search.space import Choice, Dimension


def restrict_space(dimensions: Sequence[Dimension], hints: Hints) -> tuple[Dimension, ...]:
    """A space without networks that cannot keep to effects.

    The activation is fixed: it is the mixed one (`networks.activations`). One hidden layer is too few to come close to
    every monotone function (`docs/knowledge.md`): deeper ones are kept where there are any.
    """
    if not hints.effects:
        return tuple(dimensions)
    return tuple(_deep(d) if d.name == "depth" else d for d in dimensions if d.name != "activation")


def _deep(dimension: Dimension) -> Dimension:
    if not isinstance(dimension, Choice):
        return dimension
    kept = tuple(value for value in dimension.values if not isinstance(value, int) or value > 1) or dimension.values
    return replace(dimension, values=kept, default=dimension.default if dimension.default in kept else kept[0])


def calibration_allowed(recipe: Recipe, dataset: Dataset) -> Literal["auto", "none"]:
    """Whether answers are calibrated: as the recipe says, but not with effects on one of more than two classes.

    A temperature moves the probability of one class by how the others share the rest among them, so that it could fall
    where it should rise. Between two classes any calibration keeps the order of answers.
    """
    if dataset.description.hints.effects and dataset.target.task == "multiclass":
        return "none"
    return recipe.evaluate.calibration


def effect_notes(recipe: Recipe, dataset: Dataset) -> tuple[str, ...]:
    """What effects change elsewhere, in words."""
    if not dataset.description.hints.effects:
        return ()
    bends = "Hidden units bend both ways, and RealMLP has half waves of columns with an effect (see docs/knowledge.md)."
    if calibration_allowed(recipe, dataset) == recipe.evaluate.calibration:
        return (bends,)
    return bends, "Probabilities are not calibrated: with more than two classes that could break an effect."

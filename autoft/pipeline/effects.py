"""Consequences of effects for the space, the calibration and the notes of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from autoft.errors import RecipeError
from autoft.knowledge import variants
from autoft.networks.family import FAMILIES
from autoft.pipeline.dataset import Dataset
from autoft.recipe.recipe import Recipe
from autoft.records.hints import Hints
from autoft.search.space import Choice, Dimension, Value


def restrict_space(dimensions: Sequence[Dimension], hints: Hints) -> tuple[Dimension, ...]:
    """A space without networks that cannot have the hints.

    Families whose weights hints cannot bound are not in it. Where there are effects, neither is the activation, which
    is the mixed one (`networks.activations`). One hidden layer is too few to come close to every monotone function
    (`docs/knowledge.md`): deeper ones are kept where there are any.

    Raises:
        RecipeError: If no family is left.
    """
    if variants.names(hints):
        dimensions = [_bounded(d) if d.name == "architecture" and isinstance(d, Choice) else d for d in dimensions]
    if not hints.effects:
        return tuple(dimensions)
    return tuple(
        _deep(d) if d.name == "depth" and isinstance(d, Choice) else d for d in dimensions if d.name != "activation"
    )


def _bounded(architectures: Choice) -> Choice:
    kept = tuple(name for name in architectures.values if FAMILIES[str(name)].bounded)
    if not kept:
        must = "hold a network whose weights hints can bound, as the recipe has such hints (section 'knowledge')"
        found = f"it holds {', '.join(map(str, architectures.values))}"
        fix = f"add {next(family.name for family in FAMILIES if family.bounded)}, or remove the hints"
        raise RecipeError("'search.space.architecture'", must, found, fix)
    return keep_values(architectures, kept)


def _deep(depths: Choice) -> Choice:
    return keep_values(depths, tuple(value for value in depths.values if not isinstance(value, int) or value > 1))


def keep_values(dimension: Choice, kept: tuple[Value, ...]) -> Choice:
    """A dimension with these of its values; unchanged without any."""
    if not kept:
        return dimension
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
    """What hints change elsewhere, in words."""
    hints, found = dataset.description.hints, []
    chosen = recipe.search.space.architecture or tuple(f.name for f in FAMILIES if f.traits.searched)
    unbounded = [name for name in chosen if not FAMILIES[name].bounded]
    if unbounded and variants.names(hints):
        found.append(f"Not searched, as hints cannot bound its weights: {', '.join(unbounded)}.")
    if hints.effects:
        found.append(
            "Hidden units bend both ways, and RealMLP has half waves of columns with an effect (see docs/knowledge.md)."
        )
    if hints.effects and calibration_allowed(recipe, dataset) != recipe.evaluate.calibration:
        found.append("Probabilities are not calibrated: with more than two classes that could break an effect.")
    return tuple(found)

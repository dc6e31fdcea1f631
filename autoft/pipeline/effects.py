"""Consequences of effects for the space and the calibration, and notes on what the user has told autoft."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from autoft.errors import RecipeError
from autoft.knowledge import decisions, slices, variants
from autoft.knowledge.describe import hint_notes
from autoft.networks.family import FAMILIES
from autoft.pipeline.dataset import Dataset
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Task
from autoft.records.dimensions import Choice, Dimension, Value
from autoft.records.hints import Hints
from autoft.records.problem import SelectionRule
from autoft.search.space import searched_families


def restrict_space(
    dimensions: Sequence[Dimension], hints: Hints, task: Task, quantile: float | None = None
) -> tuple[Dimension, ...]:
    """A space without networks that cannot have the hints.

    Families that cannot keep the hints (`Family.refusal`) are not in it. Where there are effects, neither is the
    activation, which is the mixed one (`networks.layers.stacked`). One hidden layer is too few to come close to every
    monotone function (`docs/knowledge.md`): deeper ones are kept where there are any.

    Raises:
        RecipeError: If no family is left.
    """
    if variants.names(hints):
        refused = refused_families(hints, task, quantile)
        for dimension in dimensions:
            if dimension.name == "architecture" and isinstance(dimension, Choice):
                _check_left(dimension, refused)
        dimensions = without_architectures(dimensions, refused)
    if not hints.effects:
        return tuple(dimensions)
    return tuple(
        keep_values(d, tuple(value for value in d.values if not isinstance(value, int) or value > 1))
        if d.name == "depth" and isinstance(d, Choice)
        else d
        for d in dimensions
        if d.name != "activation"
    )


def refused_families(hints: Hints, task: Task, quantile: float | None) -> dict[str, str]:
    """Why families cannot keep the hints, by name; of those that can, nothing."""
    found = {family.name: family.refusal(hints, task, quantile) for family in FAMILIES}
    return {name: reason for name, reason in found.items() if reason}


def _check_left(architectures: Choice, refused: Mapping[str, str]) -> None:
    if all(name in refused for name in architectures.values):
        must = "hold a model that can keep the recipe's hints (section 'knowledge')"
        found = f"it holds {', '.join(f'{name} ({refused[str(name)]})' for name in architectures.values)}"
        fix = f"add {next(family.name for family in FAMILIES if family.name not in refused)}, or remove the hints"
        where = "The list of models to search ('search.families' or 'search.space.architecture')"
        raise RecipeError(where, must, found, fix)


def without_architectures(dimensions: Sequence[Dimension], gone: Collection[Any]) -> tuple[Dimension, ...]:
    """A space without the architectures in `gone`, and without the dimensions that only these have."""
    kept = [
        keep_values(d, tuple(value for value in d.values if value not in gone))
        if d.name == "architecture" and isinstance(d, Choice)
        else d
        for d in dimensions
    ]
    left = {value for d in kept if d.name == "architecture" and isinstance(d, Choice) for value in d.values}
    return tuple(d for d in kept if all(name != "architecture" or left & {*values} for name, values in d.when))


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


def selection_rule(recipe: Recipe, dataset: Dataset) -> SelectionRule:
    """How many trials a blend may have, and whether it is calibrated."""
    return SelectionRule(members=recipe.search.blend, calibration=calibration_allowed(recipe, dataset))


def effect_notes(recipe: Recipe, dataset: Dataset) -> tuple[str, ...]:
    """What hints change elsewhere, in words."""
    hints, found = dataset.description.hints, []
    chosen = recipe.search.architectures() or searched_families()
    if variants.names(hints):
        refused = refused_families(hints, dataset.target.task, dataset.trained_quantile)
        found += [f"Not searched: {name}, as {refused[name]}." for name in chosen if name in refused]
    if hints.effects:
        found.append(
            "Hidden units bend both ways, and RealMLP has half waves of columns with an effect (see docs/knowledge.md)."
        )
    if hints.effects and calibration_allowed(recipe, dataset) != recipe.evaluate.calibration:
        found.append("Probabilities are not calibrated: with more than two classes that could break an effect.")
    return tuple(found)


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
    rows = dataset.description.rows
    if rows.group:
        notes.append(f"Rows with the same '{rows.group}' belong together.")
    if rows.time:
        names = "', '".join(rows.time)
        notes.append(f"Rows are ordered in time by '{names}'.")
    if dataset.split.windows:
        notes.append("Each held-out stretch of time is predicted by a model that learned from rows before it alone.")
    if dataset.refit:
        notes.append("The chosen configurations are trained again on all rows, as far as time allows.")
    if rows:
        whose = "a later stretch of time" if rows.time else "other groups"
        notes.append(f"Intervals are those of the score on {whose}, as many rows as a block has.")
    notes += slices.notes(recipe)
    return (*notes, *effect_notes(recipe, dataset))

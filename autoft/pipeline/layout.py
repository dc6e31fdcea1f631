"""Layout of the network's inputs for a described table."""

from __future__ import annotations

from autoft.evaluation.folds import largest_stack
from autoft.pipeline.dataset import TableDescription
from autoft.pipeline.encoder_choice import chosen_encoders
from autoft.preprocessing.layout import InputLayout, LayoutOptions, make_layout
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Column


def lay_out_inputs(recipe: Recipe, description: TableDescription) -> tuple[tuple[Column, ...], InputLayout]:
    """The feature columns of a table with a target, and what happens to each."""
    assert description.target is not None
    unused = (description.target.name, recipe.evaluate.group, *recipe.knowledge.unused)
    features = tuple(c for c in description.columns if c.name not in unused)
    options = LayoutOptions(
        outliers=recipe.preprocess.numeric.outliers,
        scale=recipe.preprocess.numeric.scale,
        max_categories=recipe.preprocess.categorical.max_categories,
        embed_above=recipe.preprocess.categorical.embed_above,
        members=largest_stack(recipe.evaluate.folds, recipe.evaluate.strategy),
        encoders=chosen_encoders(recipe, features, description.hints),
    )
    return features, make_layout(features, description.converted.values, options, description.hints)

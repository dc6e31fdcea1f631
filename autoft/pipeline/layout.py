"""Layout of the network's inputs for a described table."""

from __future__ import annotations

from autoft.evaluation.folds import largest_stack
from autoft.pipeline.dataset import TableDescription
from autoft.preprocessing.layout import InputLayout, make_plan
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Column


def make_layout(recipe: Recipe, description: TableDescription) -> tuple[tuple[Column, ...], InputLayout]:
    """The feature columns of a table with a target, and what happens to each."""
    assert description.target is not None
    unused = (description.target.name, recipe.evaluate.group, *recipe.knowledge.unused)
    features = tuple(c for c in description.columns if c.name not in unused)
    layout = make_plan(
        features,
        description.converted.values,
        outliers=recipe.preprocess.numeric.outliers,
        max_categories=recipe.preprocess.categorical.max_categories,
        embed_above=recipe.preprocess.categorical.embed_above,
        scale=recipe.preprocess.numeric.scale,
        members=largest_stack(recipe.evaluate.folds, recipe.evaluate.strategy),
        hints=description.hints,
    )
    return features, layout

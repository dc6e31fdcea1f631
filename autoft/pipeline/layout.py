"""Layout of the network's inputs for a described table, with the encoders that the recipe chooses."""

from __future__ import annotations

from collections.abc import Sequence

from autoft.data.privacy import LEAST
from autoft.evaluation.folds import largest_stack
from autoft.pipeline.dataset import TableDescription
from autoft.preprocessing.encoders.base import ENCODERS, ColumnEncoder
from autoft.preprocessing.layout import InputLayout, LayoutOptions, make_layout
from autoft.recipe.messages import Mistake, nearest_or_all
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Column
from autoft.records.hints import Hints


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
        fewest_rows=LEAST if recipe.report.private else 1,
        members=largest_stack(recipe.evaluate.folds, recipe.evaluate.strategy),
        encoders=chosen_encoders(recipe, features, description.hints),
    )
    return features, make_layout(features, description.converted.values, options, description.hints)


def chosen_encoders(recipe: Recipe, columns: Sequence[Column], hints: Hints) -> dict[str, str]:
    """Names of encoders by column id.

    Raises:
        RecipeError: If a column is no input, is of a kind that the encoder does not take, or has a hint that it cannot
            respect.
    """
    by_name, found, mistakes = {column.name: column for column in columns}, {}, []
    for name, chosen in recipe.preprocess.encoders.items():
        path = ("preprocess", "encoders", name)
        if name not in by_name:
            must, wrong = "be a column that is an input", "there is no such input"
            mistakes.append(Mistake(path=path, must=must, found=wrong, fix=nearest_or_all(name, list(by_name))))
            continue
        column, encoder = by_name[name], ENCODERS[chosen]
        found[column.id] = chosen
        if column.kind not in encoder.kinds:
            must = f"be {' or '.join(sorted(encoder.kinds))}, as encoder '{chosen}' takes no other columns"
            fix = "choose another encoder, or set the column's kind under data: columns:"
            mistakes.append(Mistake(path=path, must=must, found=f"the column is {column.kind}", fix=fix))
        elif hint := _ignored(column, encoder, hints):
            fix = "remove the hint, or the encoder"
            mistakes.append(Mistake(path=path, must=f"respect the column's {hint}", found="it cannot", fix=fix))
    recipe.refuse(mistakes)
    return found


def _ignored(column: Column, encoder: ColumnEncoder, hints: Hints) -> str:
    """The hint that an encoder has no use for, or an empty text."""
    if column.order:
        return "order"
    if column.id in hints.logs:
        return "scale"
    if any(column.id in (ratio.numerator, ratio.denominator) for ratio in hints.ratios):
        return "part in a ratio"
    moves = set(encoder.directions(column)) & {1, -1}
    return "effect" if not moves and any(effect.column == column.id for effect in hints.effects) else ""

"""Binding of a recipe's knowledge to a table."""

from __future__ import annotations

from collections.abc import Sequence

from autoft.data.convert import Converted
from autoft.data.repair import Repair
from autoft.knowledge.compile import HintTable
from autoft.knowledge.slices import problems
from autoft.recipe.knowledge import Knowledge
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Column, Target
from autoft.records.hints import Hints


def bind_knowledge(
    recipe: Recipe, columns: tuple[Column, ...], converted: Converted, target: Target | None, repairs: Sequence[Repair]
) -> tuple[Hints, tuple[Column, ...]]:
    """Hints about the inputs, and the columns with the orders that are known.

    Args:
        columns, converted: The table without what the recipe drops.
        target: The column to predict, None where the table lacks it.

    Raises:
        RecipeError: With all that is wrong with it, and the lines.
    """
    if target is None or recipe.knowledge == Knowledge():
        return Hints(), columns
    group = recipe.evaluate.group
    table = HintTable(
        knowledge=recipe.knowledge,
        columns=columns,
        values=converted.values,
        target=target,
        taken={target.name: "the target"} | ({} if group is None else {group: "the group"}),
        absent=_absent(recipe, repairs),
        embed_above=recipe.preprocess.categorical.embed_above,
    )
    recipe.refuse([*table.problems(), *problems(recipe, columns, target.name)])
    return table.hints(), table.ordered_columns()


def _absent(recipe: Recipe, repairs: Sequence[Repair]) -> dict[str, tuple[str, str]]:
    fix = "set its kind under data: columns:"
    dropped = ((one.column, one.code) for one in repairs if one.action == "drop-column" and one.column)
    absent = {name: (f"preprocess: accept: {code} drops '{name}'", fix) for name, code in dropped}
    absent |= {name: (f"data: drop: names '{name}'", "remove one of them") for name in recipe.data.drop}
    if recipe.data.weight:
        absent[recipe.data.weight] = (f"'{recipe.data.weight}' is the weight of the rows", "name another column")
    return absent

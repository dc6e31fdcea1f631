"""Declared slices: groups of rows that a recipe asks to score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autoft.recipe.messages import Mistake, absent_column
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Column

Limits = tuple[float, ...] | None


def declared(recipe: Recipe) -> Iterator[tuple[tuple[str | int, ...], str, Limits]]:
    """Place in the recipe, column and limits of every declared slice."""
    for place, part in enumerate(recipe.knowledge.slices):
        at = ("knowledge", "slices", place)
        if isinstance(part, str):
            yield at, part, None
        else:
            for name, limits in part.items():
                yield (*at, name), name, limits


def audited(recipe: Recipe) -> tuple[str, ...]:
    """Columns whose groups are compared (``use: audit``)."""
    return tuple(name for name, hint in recipe.knowledge.features.items() if hint.use == "audit")


def problems(recipe: Recipe, columns: Sequence[Column], target: str) -> list[Mistake]:
    """Slices that the table does not have; `columns` are those that the recipe does not drop."""
    known = {column.name: column for column in columns}
    mistakes = []
    for at, name, limits in declared(recipe):
        if name == target:
            fix = "name another column; the scores of each class are in the report anyway"
            mistakes.append(Mistake(at, "not be the target", f"it is '{name}'", fix))
        elif name not in known:
            mistakes.append(_absent(recipe, at, name, list(known)))
        elif limits is not None and known[name].kind != "numeric":
            found = f"'{name}' is understood as {known[name].kind} ({known[name].why})"
            fix = "write the name alone, or set its kind to numeric under data: columns:"
            mistakes.append(Mistake(at, "be limits of a column of numbers", found, fix))
    return mistakes


def _absent(recipe: Recipe, at: tuple[str | int, ...], name: str, names: list[str]) -> Mistake:
    if name in recipe.data.drop:
        fix = "remove it from data: drop: and write 'use: audit' or 'use: never' under knowledge: features:"
        return Mistake(at, "be a column that stays in the table", "data: drop: names it", fix)
    if name == recipe.data.weight:
        return Mistake(at, "not be the weight of the rows", f"it is '{name}'", "name another column")
    return absent_column(at, name, names)


def notes(recipe: Recipe) -> list[str]:
    """What the recipe asks of declared slices, for the report."""
    asked = dict.fromkeys(name for _, name, _ in declared(recipe))
    return [f"Scores are wanted by group of {', '.join(repr(name) for name in asked)}."] if asked else []


def slice_limits(recipe: Recipe) -> dict[str, tuple[float, ...]]:
    return {name: given for _, name, given in declared(recipe) if given is not None}

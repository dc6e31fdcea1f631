"""Hints that fix how a column is read (orders, logarithmic scales): the same rows, read as if these were not known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from autoft.pipeline import prepare
from autoft.pipeline.dataset import Dataset, TableDescription

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe

#: Why an order is not put to the test where a wanted interaction has the column.
CROSSED = "its categories would make another interaction, too"


def names(dataset: Dataset) -> tuple[str, ...]:
    """Names of these hints by column id, those that cannot be tested among them (`crossed`)."""
    logs = dataset.description.hints.logs
    return (*(f"{column}: order" for column in dataset.plan.orders), *(f"{column}: scale" for column in logs))


def crossed(dataset: Dataset) -> tuple[str, ...]:
    """Names of orders of columns that take part in a wanted interaction: it would be another one without them."""
    joined = {column for pair in dataset.description.hints.crosses for column in pair}
    return tuple(f"{column}: order" for column in dataset.plan.orders if column in joined)


def without(recipe: Recipe, dataset: Dataset, off: Collection[str]) -> Dataset:
    """The same rows, divided as they are, read without some of these hints: categories one by one, numbers as they are.

    Args:
        recipe, dataset: The run.
        off: Names of the hints.
    """
    description = dataset.description
    columns = tuple(replace(c, order=()) if f"{c.id}: order" in off else c for c in description.columns)
    logs = tuple(column for column in description.hints.logs if f"{column}: scale" not in off)
    description = replace(description, columns=columns, hints=replace(description.hints, logs=logs))
    return _read_anew(recipe, dataset, description)


def plain(recipe: Recipe, dataset: Dataset) -> Dataset:
    """The same rows, divided as they are, read as if nothing were known."""
    description = dataset.description
    columns = tuple(replace(column, order=()) for column in description.columns)
    # Effects stay, to be switched off by name: whoever trains with effects has other activations.
    hints = replace(description.hints, logs=(), ratios=(), crosses=())
    return _read_anew(recipe, dataset, replace(description, columns=columns, hints=hints))


def _read_anew(recipe: Recipe, dataset: Dataset, description: TableDescription) -> Dataset:
    from autoft.preprocessing.encode import encode

    features, plan = prepare.layout(recipe, description)
    encoded = encode(plan, description.converted.values, len(dataset.y))
    return replace(dataset, description=description, features=features, plan=plan, encoded=encoded)

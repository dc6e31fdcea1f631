"""Hints that fix how a column is read (orders, logarithmic scales), and the same rows read without them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from autoft.pipeline.dataset import Dataset, TableDescription
from autoft.pipeline.layout import lay_out_inputs
from autoft.preprocessing.encode import encode
from autoft.recipe.recipe import Recipe

#: Why an order is not tested where a wanted interaction has the column.
CROSSED = "its categories would make another interaction, too"


def reading_hints(dataset: Dataset) -> tuple[str, ...]:
    """Names of these hints by column id, those that cannot be tested among them (`crossed_orders`)."""
    logs = dataset.description.hints.logs
    return (*(f"{column}: order" for column in dataset.layout.orders), *(f"{column}: scale" for column in logs))


def crossed_orders(dataset: Dataset) -> tuple[str, ...]:
    """Names of orders of columns that take part in a wanted interaction: it would be another one without them."""
    joined = {column for pair in dataset.description.hints.crosses for column in pair}
    return tuple(f"{column}: order" for column in dataset.layout.orders if column in joined)


def read_without(recipe: Recipe, dataset: Dataset, off: Collection[str]) -> Dataset:
    """The same rows, divided as they are, read without some hints: categories one by one, numbers as they are."""
    description = dataset.description
    columns = tuple(replace(c, order=()) if f"{c.id}: order" in off else c for c in description.columns)
    logs = tuple(column for column in description.hints.logs if f"{column}: scale" not in off)
    description = replace(description, columns=columns, hints=replace(description.hints, logs=logs))
    return _read_again(recipe, dataset, description)


def read_plainly(recipe: Recipe, dataset: Dataset) -> Dataset:
    """The same rows, divided as they are, read as if nothing were known."""
    description = dataset.description
    columns = tuple(replace(column, order=()) for column in description.columns)
    # Effects stay, to be switched off by name: networks that train with effects have other activations.
    hints = replace(description.hints, logs=(), ratios=(), crosses=())
    return _read_again(recipe, dataset, replace(description, columns=columns, hints=hints))


def _read_again(recipe: Recipe, dataset: Dataset, description: TableDescription) -> Dataset:
    features, layout = lay_out_inputs(recipe, description)
    encoded = encode(layout, description.converted.values, len(dataset.y))
    return replace(dataset, description=description, features=features, layout=layout, encoded=encoded)

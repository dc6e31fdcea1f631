"""Hints that fix how a column is read (orders, logarithmic scales): the same rows, read as if these were not known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from autoft.pipeline import prepare
from autoft.pipeline.dataset import Inspected, Prepared

if TYPE_CHECKING:
    from autoft.recipe.recipe import Recipe

#: Why an order is not put to the test where a wanted interaction has the column.
CROSSED = "its categories would make another interaction, too"


def names(prepared: Prepared) -> tuple[str, ...]:
    """Names of these hints by column id, those that cannot be tested among them (`crossed`)."""
    logs = prepared.inspected.hints.logs
    return (*(f"{column}: order" for column in prepared.plan.orders), *(f"{column}: scale" for column in logs))


def crossed(prepared: Prepared) -> tuple[str, ...]:
    """Names of orders of columns that take part in a wanted interaction: it would be another one without them."""
    joined = {column for pair in prepared.inspected.hints.crosses for column in pair}
    return tuple(f"{column}: order" for column in prepared.plan.orders if column in joined)


def without(recipe: Recipe, prepared: Prepared, off: Collection[str]) -> Prepared:
    """The same rows, divided as they are, read without some of these hints: categories one by one, numbers as they are.

    Args:
        recipe, prepared: The run.
        off: Names of the hints.
    """
    inspected = prepared.inspected
    columns = tuple(replace(c, order=()) if f"{c.id}: order" in off else c for c in inspected.columns)
    logs = tuple(column for column in inspected.hints.logs if f"{column}: scale" not in off)
    inspected = replace(inspected, columns=columns, hints=replace(inspected.hints, logs=logs))
    return _read_anew(recipe, prepared, inspected)


def plain(recipe: Recipe, prepared: Prepared) -> Prepared:
    """The same rows, divided as they are, read as if nothing were known."""
    inspected = prepared.inspected
    columns = tuple(replace(column, order=()) for column in inspected.columns)
    # Effects stay, to be switched off by name: whoever trains with effects has other activations.
    hints = replace(inspected.hints, logs=(), ratios=(), crosses=())
    return _read_anew(recipe, prepared, replace(inspected, columns=columns, hints=hints))


def _read_anew(recipe: Recipe, prepared: Prepared, inspected: Inspected) -> Prepared:
    from autoft.preprocessing.encode import encode

    features, plan = prepare.layout(recipe, inspected)
    encoded = encode(plan, inspected.converted.values, len(prepared.y))
    return replace(prepared, inspected=inspected, features=features, plan=plan, encoded=encoded)

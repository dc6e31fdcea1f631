"""Kinds of values that the sections of a recipe are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict

from autoft.recipe.messages import broken_rule


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise broken_rule("", "hold every value once", "one is repeated", "remove the repetition")
    return values


def rising(pair: tuple[float, float]) -> tuple[float, float]:
    if not pair[0] < pair[1]:
        fix = "write [low, high] with low < high; what is searched cannot be fixed to one value"
        raise broken_rule("", "rise from low to high", f"it is [{pair[0]:g}, {pair[1]:g}]", fix)
    return pair


Text = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Text, ...], Strict(False), AfterValidator(distinct)]


class RecipeSection(BaseModel):
    """Unknown keys and converted types are errors; only a list becomes a tuple and a whole number a float."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

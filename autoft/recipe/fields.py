"""Types of the values in the sections of a recipe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, field_validator
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from autoft.recipe.messages import HALF, broken_rule
from autoft.registry import registry_of


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise broken_rule("", "hold every value once", "one is repeated", "remove the repetition")
    return values


def rising(pair: tuple[float, float]) -> tuple[float, float]:
    if not pair[0] < pair[1]:
        fix = "write [low, high] with low < high; what is searched cannot be fixed to one value"
        raise broken_rule("", "rise from low to high", f"it is [{pair[0]:g}, {pair[1]:g}]", fix)
    return pair


@dataclass(frozen=True, slots=True)
class OneOf:
    """A name in the registry of a kind (`autoft.registry.PLACES`), or one that the recipe itself knows, listed first or
    last: ``Annotated[str, OneOf("schema engine", first=("auto",), last=("none",))]``.

    The registry's room is imported only where a recipe gives another name than those of the recipe itself, and for
    the JSON Schema.
    """

    kind: str
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        return (*self.first, *registry_of(self.kind).names(), *self.last)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._valid)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"enum": list(self.names()), "type": "string"}

    def _valid(self, value: Any) -> str:
        if isinstance(value, str) and (value in (*self.first, *self.last) or value in self.names()):
            return value
        raise PydanticKnownError("literal_error", {"expected": ", ".join(f"'{name}'" for name in self.names())})


T = TypeVar("T")

#: Half of a character of UTF-16, which no file can hold.
SURROGATE = re.compile("[\ud800-\udfff]")

# Lists become tuples, so that a frozen recipe is frozen to the bottom; nothing else is converted.
Text = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Text, ...], Strict(False), AfterValidator(distinct)]
Choices = Annotated[tuple[T, ...], Strict(False), Field(min_length=1), AfterValidator(distinct)]
Between = Annotated[tuple[T, T], Strict(False), AfterValidator(rising)]


class RecipeSection(BaseModel):
    """A part of a recipe: frozen, and strict about keys and types.

    An unknown key is an error. Values are not converted, except a list to a tuple and a whole number to a float. The
    text under a field is its description in the JSON Schema.
    """

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @field_validator("*")
    @classmethod
    def _encodable(cls, value: Any) -> Any:
        if any(SURROGATE.search(text) for text in _texts(value)):
            raise broken_rule("", HALF[0], "there is half a character (a surrogate)", HALF[1])
        return value


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value; sections in it look after themselves."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list | dict):
        for part in (*value, *value.values()) if isinstance(value, dict) else value:
            yield from _texts(part)

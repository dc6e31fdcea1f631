"""Kinds of values that the sections of a recipe are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict
from pydantic_core import PydanticKnownError, core_schema

from autoft.recipe.messages import broken_rule
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


Text = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Text, ...], Strict(False), AfterValidator(distinct)]


@dataclass(frozen=True, slots=True)
class Registered:
    """Marks a name out of a registry: ``Annotated[str, Registered("metric", ("auto",))]``.

    The choices are read when a recipe is: names that an installed package registers are valid, too.

    Attributes:
        kind: Of thing, as `autoft.registry.PLACES` has it.
        more: Further names, which stand first.
    """

    kind: str
    more: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """All valid names."""
        return (*self.more, *registry_of(self.kind).names())

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._valid, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"enum": list(self.names()), "type": "string"}

    def _valid(self, value: Any) -> Any:
        names = self.names()
        if value not in names:
            raise PydanticKnownError("literal_error", {"expected": ", ".join(f"'{name}'" for name in names)})
        return value


class RecipeSection(BaseModel):
    """Unknown keys and converted types are errors; only a list becomes a tuple and a whole number a float."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

"""Hints about the inputs, checked against the table and given by column id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """With all else equal, an output never moves the other way.

    Attributes:
        column: Id of the column, or of the ratio.
        sign: 1 if the output never falls where the column rises, -1 if it never rises.
        output: Position of the class whose probability is meant; None for a regression's number. Of two classes it
            is always the second, whose logit the networks give (a hint about the first has its sign turned).
    """

    column: str
    sign: Literal[1, -1]
    output: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioInput:
    """A quotient that is an input: `id` is ``r000`` ... in the order of the recipe, the others are column ids."""

    id: str
    name: str
    numerator: str
    denominator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """All hints that inputs and networks are built by; empty without a section `knowledge`.

    Attributes:
        effects: Monotone constraints; all of them about the same output.
        logs: Numeric columns whose scale is logarithmic.
        crosses: Pairs of columns whose product is an input.
        apart: Pairs that no network lets meet.
        importance: By column (or ratio): declared importance.
        unread: Blocks of the dense encoding that no network reads: inputs that a hint has made, where it is tested.
    """

    effects: tuple[Effect, ...] = ()
    logs: tuple[str, ...] = ()
    ratios: tuple[RatioInput, ...] = ()
    crosses: tuple[tuple[str, str], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    importance: Mapping[str, Literal["high", "low"]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

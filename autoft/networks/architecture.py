"""Architecture: sizes of a network, and the encoded columns that it reads."""

from __future__ import annotations

from dataclasses import dataclass

from autoft.networks.forest import ForestSize
from autoft.preprocessing.layout import InputLayout, blocks, combination_blocks

#: The activation of monotone networks (`layers.stacked.mixed`).
MIXED = "mixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """Sizes that a program is compiled for; everything else about a trial is a variable in it.

    Attributes:
        width, depth: Units of each hidden layer, and number of hidden layers; 0 where the family has none.
        embedding: Length of the vectors of embedded categories, 0 where there are none.
        bins: Of the piecewise-linear encoding of numbers, 0 where numbers enter as they are.
        merged: Whether the multipliers of TabM-mini's first layer go into its kernel (`ensemble.EnsembleFirst`).
        forest: Sizes of boosted trees; None for networks.
    """

    kind: str
    width: int = 0
    depth: int = 0
    activation: str = "linear"
    embedding: int = 0
    bins: int = 0
    ensemble: int = 1
    merged: bool = False
    forest: ForestSize | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a network reads.

    Attributes:
        dense: Width of the dense encoding (may be 0).
        numbers: Positions in it of numbers with many values (numbers, dates and times between them, ratios,
            combinations).
        embedded: Slots of each embedded column.
        gaps: Positions of numbers that can be missing, and of the 0/1 inputs that say where they are.
        one_hot: First position and width of each one-hot block.
    """

    dense: int
    numbers: tuple[int, ...]
    embedded: tuple[int, ...]
    gaps: tuple[tuple[int, int], ...] = ()
    one_hot: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, plan: InputLayout) -> Inputs:
        starts, dense = {}, 0
        for name, width in blocks(plan):
            starts[name] = dense
            dense += width
        return cls(
            dense=dense,
            numbers=(*plan.continuous, *(starts[name] for name, _ in combination_blocks(plan))),
            embedded=tuple(category.slots for category in plan.embedded),
            gaps=tuple((starts[name], starts[f"missing {name}"]) for name in plan.indicated),
            one_hot=tuple((starts[own.id], own.width) for own in plan.one_hot),
        )

"""Bounds on weights from hints: the networks that effects and separations allow.

A hidden unit is *bound* or *free*. Bound units may read columns with an effect, with the effect's sign, and pass on
what they know to bound units and to the logits, never with a negative weight. Free units read all other columns, are
ordinary units among themselves, and may raise or lower whatever comes after them. So what leads from a constrained
column to the answer has the effect's sign throughout, and nothing else of the network is constrained. Columns that must
not meet stand in different towers: groups of hidden units without weights between them, which the logits add up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from autoft.knowledge import variants
from autoft.knowledge.interactions import towers
from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.family import FAMILIES
from autoft.networks.weight_bounds import BoundLayout, WeightBounds
from autoft.preprocessing.encoders.base import Direction
from autoft.preprocessing.layout import DATE_PARTS, InputLayout, blocks
from autoft.records.arrays import Array
from autoft.records.hints import Hints

#: Share of each tower's hidden units that are free, where a network has effects.
FREE = 0.5
#: Declared importance as a factor of the penalties.
PENALTY = {"high": 0.1, "low": 10.0}


def reads(block: str, plan: InputLayout, hints: Hints) -> dict[str, Direction]:
    """The columns (and ratios) that a block of the dense encoding is made of, and how it moves with them.

    A block that is not known here, but names columns, is taken to move with them in no certain direction.

    Args:
        block: Its name (`autoft.preprocessing.layout.blocks`), or the id of an embedded column.

    Raises:
        LookupError: If it names no column: a new kind of block must be added here, or effects would pass it by.
    """
    for own in plan.custom:
        if block in dict(own.blocks):
            return {own.id: dict(own.blocks)[block]}
    unordered = {c.id for c in plan.categories} | {text.id for text in plan.texts}
    quotients = {ratio.id: (ratio.numerator, ratio.denominator) for ratio in hints.ratios}
    known = {*plan.numbers, *(own.id for own in plan.custom), *unordered, *quotients}
    known |= {*(effect.column for effect in hints.effects), *hints.importance}
    first, *rest = block.split()

    def parts(name: str, direction: Direction) -> dict[str, Direction]:
        own: dict[str, Direction] = {name: 0 if name in unordered else direction}
        # A quotient rises with its numerator only where the denominator is positive, and it can be missing where
        # neither of the two is: there is no saying.
        return own | dict.fromkeys(quotients.get(name, ()), 0)

    if block in known:
        return parts(block, 1)
    if not _named(block, known):
        raise LookupError(f"block {block!r} of the dense encoding names no column")
    if first == "missing":
        return {k: v for name in rest for k, v in parts(name, "missing").items()}
    if rest[:1] == ["after"]:
        return {first: 1, rest[1]: -1}
    if first in DATE_PARTS:
        return dict.fromkeys(rest, 0)
    return {k: 0 for name in _named(block, known) for k in parts(name, 0)}


def _named(block: str, known: set[str]) -> list[str]:
    return [name for name in re.split(r"\W+", block) if name in known]


def weight_bounds(hints: Hints, plan: InputLayout, architecture: Architecture, outputs: int) -> WeightBounds:
    """Bounds and penalties of a network's weights; a weight that is not named is free.

    Raises:
        RecipeError: If columns must be kept apart in too many ways.
        ValueError: If the network's family has no bounds.
    """
    if not variants.names(hints) and not hints.unread:
        return WeightBounds(low={}, high={}, penalty={})
    family = FAMILIES[architecture.kind]
    owners = list(_owners(plan, Inputs.of(plan), family.vectors(architecture), architecture.embedding))
    layout = _layout(hints, plan, architecture, owners, outputs)
    found = family.monotone_weights(layout, architecture) if layout.bound or not layout.allowed.all() else {}
    if found is None:
        raise ValueError(f"the network family '{family.name}' has no bounds: effects must not reach it")
    first = "hidden_0/kernel" if architecture.depth else "logits/kernel"
    penalty = {first: _penalties(hints, plan, owners)} if hints.importance else {}
    low, high = {name: b.low for name, b in found.items()}, {name: b.high for name, b in found.items()}
    return WeightBounds(low=low, high=high, penalty=penalty)


def input_layout(hints: Hints, plan: InputLayout, outputs: int) -> BoundLayout:
    """What hints ask of the dense inputs and, behind them, the codes of embedded columns, for a model without kernels:
    signs, columns that must not be read, and which may meet (`BoundLayout.allowed`)."""
    architecture, inputs = Architecture(kind="linear", embedding=1), Inputs.of(plan)
    return _layout(hints, plan, architecture, list(_owners(plan, inputs, 0, 1)), outputs)


def _layout(
    hints: Hints, plan: InputLayout, architecture: Architecture, owners: list[str], outputs: int
) -> BoundLayout:
    """Which inputs of the first layer belong to which columns, and which hidden units read them."""
    columns = {owner: reads(owner, plan, hints) for owner in dict.fromkeys(owners)}
    wanted = {effect.column: effect.sign for effect in hints.effects}
    asked = {
        owner: {wanted[c] * d for c, d in own.items() if c in wanted and d != "missing"}
        for owner, own in columns.items()
    }
    constrained = np.array([bool(asked[owner]) for owner in owners], bool)
    sets = towers(hints.apart)
    named = frozenset().union(*sets)
    may = {o: [o not in hints.unread and named & own.keys() <= tower for tower in sets] for o, own in columns.items()}
    groups = np.array_split(np.arange(architecture.width), len(sets))
    bound = bool(constrained.any())
    share = FREE if bound and not constrained.all() else float(not bound)
    each = FAMILIES[architecture.kind].vectors(architecture)
    return BoundLayout(
        constrained=constrained,
        signs=np.array([min(asked[o]) if len(asked[o]) == 1 else 0 for o in owners], int),
        allowed=np.array([may[owner] for owner in owners], bool),
        tower=np.repeat(np.arange(len(sets)), [len(group) for group in groups]),
        free=np.concatenate([np.arange(len(group)) < round(share * len(group)) for group in groups]),
        target=_output_signs(hints, outputs),
        vectors=each * len(Inputs.of(plan).numbers),
    )


def _penalties(hints: Hints, plan: InputLayout, owners: list[str]) -> Array:
    """``[in, 1]`` factors of the penalties by declared importance."""
    each = {column: PENALTY[importance] for column, importance in hints.importance.items()}
    factors = {o: float(np.prod([each.get(c, 1.0) for c in reads(o, plan, hints)])) for o in dict.fromkeys(owners)}
    return np.array([[factors[owner]] for owner in owners], np.float32)


def _owners(plan: InputLayout, inputs: Inputs, each: int, embedding: int) -> Iterator[str]:
    """Name of the block (or embedded column) of each input of the first layer, in the order of a network's features."""
    dense = [name for name, size in blocks(plan) for _ in range(size)]
    for position in inputs.numbers:
        yield from [dense[position]] * each
    yield from dense
    for category in plan.embedded:
        yield from [category.id] * embedding


def _output_signs(hints: Hints, outputs: int) -> Array:
    """``[outputs]``: the logit that effects are about rises, all others fall."""
    about = hints.effects[0].output if hints.effects else None
    if outputs == 1 or about is None:
        return np.ones(outputs, int)
    return np.where(np.arange(outputs) == about, 1, -1)

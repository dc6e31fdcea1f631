"""From hints to bounds on weights: the networks that they allow.

A hidden unit is *bound* or *free*. Bound units may read columns with an effect, with the effect's sign, and pass on
what they know to bound units and to the logits, never with a negative weight. Free units read all other columns, are
ordinary units among themselves, and may raise or lower whatever comes after them. So what leads from a constrained
column to the answer has the effect's sign throughout, and nothing else of the network is constrained. Columns that must
not meet stand in different towers: groups of hidden units without weights between them, which the logits add up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from autoft.knowledge import variants
from autoft.knowledge.towers import towers
from autoft.networks.architecture import ENSEMBLES, Architecture, Inputs
from autoft.networks.families import realmlp, tabm
from autoft.preprocessing.encoders import Direction
from autoft.preprocessing.layout import DATE_PARTS, InputLayout, blocks
from autoft.records.arrays import Array
from autoft.records.hints import Hints

#: Share of each tower's hidden units that are free, where a network has effects to obey.
FREE = 0.5

#: Declared importance as a factor of the penalties.
PENALTY = {"high": 0.1, "low": 10.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What hints ask of the weights of a network, by name, each ``[in, out]`` or what broadcasts to it.

    Attributes:
        low, high: Smallest and largest value.
        penalty: Multiplies L2 and weight decay.
    """

    low: Mapping[str, Array]
    high: Mapping[str, Array]
    penalty: Mapping[str, Array]


def reads(block: str, plan: InputLayout, hints: Hints) -> dict[str, Direction]:
    """The columns (and ratios) that a block of the dense encoding is made of, and how it moves with them.

    A block that is not known here, but names columns, is taken to move with them in no certain direction.

    Args:
        block: Its name (`autoft.preprocessing.statistics.blocks`), or the id of an embedded column.
        plan: The layout.
        hints: With the ratios that are blocks.

    Raises:
        LookupError: If it names no column: a new kind of block has to be told of here, or effects would pass it by.
    """
    for own in plan.custom:
        if block in dict(own.blocks):
            return {own.id: dict(own.blocks)[block]}
    unordered = {c.id for c in plan.categories} | {text.id for text in plan.texts}
    quotients = {ratio.id: (ratio.numerator, ratio.denominator) for ratio in hints.ratios}
    known = {
        *plan.numbers,
        *(own.id for own in plan.custom),
        *unordered,
        *quotients,
        *(e.column for e in hints.effects),
        *hints.importance,
    }
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


def rules(hints: Hints, plan: InputLayout, architecture: Architecture, outputs: int) -> Rules:
    """Bounds and penalties of a network's weights; what is not named is free.

    Args:
        hints: What is to hold.
        plan: The layout of its inputs.
        architecture: Of the network.
        outputs: Logits.

    Raises:
        RecipeError: If columns must be kept apart in too many ways.
    """
    if not variants.names(hints) and not hints.unread:
        return Rules(low={}, high={}, penalty={})
    layout = _Layout(hints, plan, architecture)
    found: dict[str, _Box] = {}
    if layout.bound:
        found |= _multipliers(layout, architecture)
    if layout.bound or layout.parted:
        found |= _kernels(layout, architecture, hints, outputs)
    first = "hidden_0/kernel" if architecture.depth else "logits/kernel"
    penalty = {first: layout.penalties} if hints.importance else {}
    return Rules(low={n: b.low for n, b in found.items()}, high={n: b.high for n, b in found.items()}, penalty=penalty)


class _Box:
    """Bounds ``[in, out]`` of one weight."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.low = np.full(shape, -np.inf, np.float32)
        self.high = np.full(shape, np.inf, np.float32)

    def sign(self, where: Array, sign: Array | int) -> None:
        """At some places (broadcast) the sign that is allowed, 0 for none."""
        where, sign = np.broadcast_arrays(where, np.asarray(sign), self.low)[:2]
        self.low[where & (sign >= 0)] = 0.0
        self.high[where & (sign <= 0)] = 0.0


class _Layout:
    """Which inputs of the first layer belong to which columns, and which hidden units read them.

    Attributes:
        owners: Name of the block of each input.
        bound: Whether any input is constrained.
        constrained: ``[in]``, by an effect.
        signs: ``[in]``, the sign that weights of constrained inputs must have, 0 where they must vanish.
        tower: ``[width]`` of each hidden unit.
        free: ``[width]``, which are free.
        parted: Whether some inputs are kept out of some tower.
        allowed: ``[in, towers]``, which towers may read an input.
        penalties: ``[in, 1]`` factors of the penalties.
        vectors: How many inputs are vectors of numbers, which stand first.
    """

    def __init__(self, hints: Hints, plan: InputLayout, architecture: Architecture) -> None:
        inputs, each = Inputs.of(plan), _each(architecture)
        self.owners, width = list(_owners(plan, inputs, each, architecture.embedding)), architecture.width
        self.vectors = each * len(inputs.numbers)
        columns = {owner: reads(owner, plan, hints) for owner in dict.fromkeys(self.owners)}
        wanted = {effect.column: effect.sign for effect in hints.effects}
        asked = {
            owner: {wanted[c] * d for c, d in own.items() if c in wanted and d != "missing"}
            for owner, own in columns.items()
        }
        self.constrained = np.array([bool(asked[owner]) for owner in self.owners], bool)
        self.signs = np.array([min(asked[o]) if len(asked[o]) == 1 else 0 for o in self.owners], int)
        self.bound = bool(self.constrained.any())
        sets = towers(hints.apart)
        named = frozenset().union(*sets)
        may = {
            o: [o not in hints.unread and named & own.keys() <= tower for tower in sets] for o, own in columns.items()
        }
        self.allowed = np.array([may[owner] for owner in self.owners], bool)
        self.parted = not self.allowed.all()
        groups = np.array_split(np.arange(width), len(sets))
        self.tower = np.repeat(np.arange(len(sets)), [len(group) for group in groups])
        share = FREE if self.bound and not self.constrained.all() else float(not self.bound)
        self.free = np.concatenate([np.arange(len(group)) < round(share * len(group)) for group in groups])
        factors = {
            o: float(np.prod([PENALTY[hints.importance[c]] for c in own if c in hints.importance]))
            for o, own in columns.items()
        }
        self.penalties = np.array([[factors[owner]] for owner in self.owners], np.float32)


def _each(architecture: Architecture) -> int:
    """Inputs of the first layer that a number gives, besides its value."""
    if architecture.kind == "realmlp":
        return realmlp.DIM + 1
    return tabm.DIM if architecture.kind in ENSEMBLES and architecture.bins else architecture.bins


def _owners(plan: InputLayout, inputs: Inputs, each: int, embedding: int) -> Iterator[str]:
    """Name of the block (or embedded column) of each input of the first layer, in the order of `joined` features."""
    dense = [name for name, size in blocks(plan) for _ in range(size)]
    for position in inputs.numbers:
        yield from [dense[position]] * each
    yield from dense
    for category in plan.embedded:
        yield from [category.id] * embedding


def _kernels(layout: _Layout, architecture: Architecture, hints: Hints, outputs: int) -> dict[str, _Box]:
    """Bounds of kernels, from the first layer to the logits."""
    rows, signs = layout.constrained[:, None], layout.signs[:, None]
    target = _output_signs(hints, outputs)[None, :]
    if not architecture.depth:
        box = _Box((len(layout.owners), outputs))
        box.sign(rows, signs * target)
        box.sign(~layout.allowed.any(axis=1)[:, None], 0)
        return {"logits/kernel": box}
    width, free, tower = architecture.width, layout.free, layout.tower
    first = _Box((len(layout.owners), width))
    first.sign(rows & ~free, signs)
    first.sign(rows & free, 0)
    first.sign(~layout.allowed[:, tower], 0)
    found = {"hidden_0/kernel": first}
    for layer in range(1, architecture.depth):
        box = _Box((width, width))
        box.sign(~free[:, None] & ~free, 1)
        box.sign(~free[:, None] & free, 0)
        box.sign(tower[:, None] != tower, 0)
        found[f"hidden_{layer}/kernel"] = box
    if layout.bound:
        logits = _Box((architecture.ensemble * width, outputs))
        logits.sign(np.tile(~free, architecture.ensemble)[:, None], target)
        found["logits/kernel"] = logits
    return found


def _output_signs(hints: Hints, outputs: int) -> Array:
    """``[outputs]``: the logit that effects are about rises, all others fall."""
    about = hints.effects[0].output if hints.effects else None
    if outputs == 1 or about is None:
        return np.ones(outputs, int)
    return np.where(np.arange(outputs) == about, 1, -1)


def _multipliers(layout: _Layout, architecture: Architecture) -> dict[str, _Box]:
    """Bounds of what multiplies inputs and units: nothing may turn the sign of what a constrained column is worth."""
    if architecture.kind == "realmlp":
        return _of_realmlp(layout, architecture)
    if architecture.kind not in ENSEMBLES:
        return {}
    networks, width, found = architecture.ensemble, architecture.width, {}
    if architecture.bins:
        numbers = layout.constrained[: layout.vectors].reshape(-1, tabm.DIM)[:, 0]
        for name, rows in (("slope", numbers), ("bend", np.repeat(numbers, architecture.bins))):
            box = found[f"vectors/{name}"] = _Box((len(rows), tabm.DIM))
            box.sign(rows[:, None], 1)
    first = "view/into" if architecture.kind == "tabm" else "hidden_0/into"
    boxes = [(first, layout.constrained)]
    if architecture.kind == "tabm":
        boxes += [(f"hidden_{layer}/into", ~layout.free) for layer in range(1, architecture.depth)]
        boxes += [(f"hidden_{layer}/out", ~layout.free) for layer in range(architecture.depth)]
    for name, columns in boxes:
        box = found[name] = _Box((networks, len(columns) if name == first else width))
        box.sign(columns[None, :], 1)
    return found


def _of_realmlp(layout: _Layout, architecture: Architecture) -> dict[str, _Box]:
    """Of its waves, which rise half a wave where no weight is negative (`realmlp.half_waves`), of its scale of inputs,
    and of how much units bend: ``x + a (f(x) - x)`` never falls where a is at most 1."""
    scale = _Box((1, len(layout.owners)))
    scale.sign(layout.constrained[None, :], 1)
    found = {"front/scale": scale}
    numbers = layout.constrained[: layout.vectors].reshape(-1, realmlp.DIM + 1)[:, 0]
    if numbers.any():
        frequency = found["waves/frequency"] = _Box((len(numbers), realmlp.WAVES))
        frequency.sign(numbers[:, None], 1)
        mix = found["waves/mix"] = _Box((len(numbers) * realmlp.WAVES, realmlp.DIM))
        mix.sign(np.repeat(numbers, realmlp.WAVES)[:, None], 1)
    for layer in range(architecture.depth):
        share = found[f"bend_{layer}/share"] = _Box((1, architecture.width))
        share.high[:] = 1.0
    return found

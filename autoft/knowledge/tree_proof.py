"""Proof of effects from boosted trees: every split is looked at, so that what is found holds for every row.

Two rows that differ in a column part where a node looks at something that moves with it. If no leaf below the child
with the lower values is better than any leaf below the other, in each such node, then the answer never moves the wrong
way, however far the column moves, and neither does a sum of trees.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autoft.knowledge.bounds import reads
from autoft.knowledge.proof import Proof, broken
from autoft.networks.architecture import Inputs
from autoft.networks.boosting import TreeInputs
from autoft.networks.forest import CODE, MISSING, Splits, splits_of
from autoft.preprocessing.encoders.base import Direction
from autoft.preprocessing.layout import InputLayout, blocks
from autoft.records.arrays import Array
from autoft.records.hints import Effect, Hints

_KNOWN = {f"forest/{name}" for name in ("nodes", "roots", "values", "baseline", "sets")}


def prove_trees(hints: Hints, plan: InputLayout, weights: Mapping[str, Array]) -> Proof:
    """Check from the weights of a forest that effects and separations hold, missing cells aside.

    Args:
        weights: By name, as `forest_weights` makes them. The trees' features are the columns of `TreeInputs`.

    Raises:
        TrainingError: If trees allow what a hint forbids, there are weights of unknown layers, or an effect is declared
            and there are several classes, of which no constraint on trees says how they move together.
    """
    first = next(iter([effect.column for effect in hints.effects] or [column for column, _ in hints.apart]), "")
    splits = _checked(weights, first)
    every = [name for name, size in blocks(plan) for _ in range(size)] + [own.id for own in plan.embedded]
    names = [every[position] for position in TreeInputs.of(Inputs.of(plan)).positions]
    if splits.feature[splits.inner].max(initial=0) >= len(names):
        raise broken(first, "be read from known inputs", f"trees read more than the {len(names)} that there are")
    found = {name: reads(name, plan, hints) for name in dict.fromkeys(names)}

    def directions(column: str) -> list[Direction | None]:
        return [found[name].get(column) for name in names]

    outputs = weights["forest/baseline"].shape[1]
    steepest = {}
    for effect in hints.effects:
        if outputs > 1:
            raise broken(effect.column, "act on one answer", f"trees answer for {outputs} classes")
        steepest[effect.column] = _steepest(splits, weights["forest/values"], effect, directions(effect.column))
    for one, other in hints.apart:
        tested = [_on_the_way(splits, [d is not None for d in directions(c)]) for c in (one, other)]
        if (tested[0] & tested[1]).any():
            raise broken(one, f"not act on column '{other}'", "a tree looks at both on the way to a leaf")
    effects = tuple(effect.column for effect in hints.effects)
    members = len(weights["forest/baseline"])
    return Proof(effects=effects, apart=tuple(hints.apart), networks=members, steepest=steepest)


def _checked(weights: Mapping[str, Array], first: str) -> Splits:
    strange = sorted(weights.keys() - _KNOWN)
    if strange:
        raise broken(first, "be proved by known layers", f"{strange[0]} is unknown")
    try:
        return splits_of(weights)
    except ValueError as error:
        raise broken(first, "be read by trees that end", str(error)) from error


def _steepest(splits: Splits, values: Array, effect: Effect, directions: list[Direction | None]) -> float:
    """The largest step with a column. Raises a TrainingError if one goes the wrong way."""
    # "missing" and what has nothing to do with the column are free.
    signs = np.array([d if isinstance(d, int) else 0 for d in directions])[splits.feature]
    uncertain = np.array([isinstance(d, int) and d == 0 for d in directions])[splits.feature]
    if (splits.inner & (uncertain | ((signs != 0) & (splits.kind == CODE)))).any():
        raise broken(effect.column, "be read in a certain direction", "a tree looks at an input that has none")
    member, node = np.nonzero(splits.inner & (signs != 0) & (splits.kind != MISSING))
    low, high = _leaves(splits, np.asarray(values, np.float64))
    left = splits.left[member, node]
    rising = effect.sign * signs[member, node] > 0
    worse, better = np.where(rising, left, left + 1), np.where(rising, left + 1, left)
    if not (high[member, worse] <= low[member, better]).all():
        raise broken(effect.column, "never move the answer the wrong way", "leaves of a tree stand in the other order")
    return float((high[member, better] - low[member, worse]).max(initial=0.0))


def _leaves(splits: Splits, values: Array) -> tuple[Array, Array]:
    """The lowest and the highest leaf below each node ``[S, nodes]``."""
    low = np.where(splits.inner, np.inf, values)
    high = np.where(splits.inner, -np.inf, values)
    for nodes in reversed(_levels(splits)):
        left = (nodes[0], splits.left[nodes])
        right = (nodes[0], left[1] + 1)
        low[nodes] = np.minimum(low[left], low[right])
        high[nodes] = np.maximum(high[left], high[right])
    return low, high


def _on_the_way(splits: Splits, looked_at: list[bool]) -> Array:
    """``[S, nodes]``: whether a node, or any before it, looks at one of some features."""
    seen = splits.inner & np.array(looked_at)[splits.feature]
    for nodes in _levels(splits):
        for side in (0, 1):
            np.logical_or.at(seen, (nodes[0], splits.left[nodes] + side), seen[nodes])
    return np.asarray(seen)


def _levels(splits: Splits) -> list[tuple[Array, ...]]:
    """Splits as members and nodes, in an order in which parents come before children: children have higher numbers."""
    level = np.zeros(splits.inner.shape, int)
    while True:
        member, node = np.nonzero(splits.inner)
        deeper = level.copy()
        for side in (0, 1):
            np.maximum.at(deeper, (member, splits.left[member, node] + side), level[member, node] + 1)
        if (deeper == level).all():
            break
        level = deeper
    return [np.nonzero(splits.inner & (level == depth)) for depth in range(level.max(initial=0))]

"""Weight bounds: limits that hints set to the weights of a network, and first weights within them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autoft.networks.architecture import Architecture
from autoft.records.arrays import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightBounds:
    """What hints ask of the weights of a network, by name, each ``[in, out]`` or what broadcasts to it: smallest and
    largest value, and a factor of L2 and weight decay."""

    low: Mapping[str, Array]
    high: Mapping[str, Array]
    penalty: Mapping[str, Array]


class Bounds:
    """Bounds ``low`` and ``high`` of one weight, infinite at first.

    >>> bounds = Bounds((2, 1))
    >>> bounds.sign(np.array([[True], [False]]), 1)
    >>> bounds.low.tolist()
    [[0.0], [-inf]]
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.low = np.full(shape, -np.inf, np.float32)
        self.high = np.full(shape, np.inf, np.float32)

    def sign(self, where: Array, sign: Array | int) -> None:
        """Allow one sign at some places (both broadcast): 1, -1, or 0 for neither."""
        where, sign = np.broadcast_arrays(where, np.asarray(sign), self.low)[:2]
        self.low[where & (sign >= 0)] = 0.0
        self.high[where & (sign <= 0)] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundLayout:
    """Inputs of the first layer and hidden units under hints (`autoft.knowledge.bounds`).

    Attributes:
        constrained: ``[in]``, whether an effect is about the input.
        signs: ``[in]``, the sign that weights of constrained inputs must have, 0 where they must vanish.
        allowed: ``[in, towers]``, which towers may read an input.
        tower: ``[width]`` of each hidden unit.
        free: ``[width]``, units that read no constrained input; the others are bound.
        target: ``[outputs]``, 1 for logits that rise with the effects, -1 for those that fall.
        vectors: Number of inputs that are vectors of numbers, which stand first.
    """

    constrained: Array
    signs: Array
    allowed: Array
    tower: Array
    free: Array
    target: Array
    vectors: int

    @property
    def bound(self) -> bool:
        """Whether any input is constrained."""
        return bool(self.constrained.any())

    def kernels(self, architecture: Architecture) -> dict[str, Bounds]:
        """Bounds of ``hidden_0/kernel`` to ``logits/kernel``."""
        rows, signs, target = self.constrained[:, None], self.signs[:, None], self.target[None, :]
        if not architecture.depth:
            bounds = Bounds((len(rows), target.size))
            bounds.sign(rows, signs * target)
            bounds.sign(~self.allowed.any(axis=1)[:, None], 0)
            return {"logits/kernel": bounds}
        width, free, tower = architecture.width, self.free, self.tower
        first = Bounds((len(rows), width))
        first.sign(rows & ~free, signs)
        first.sign(rows & free, 0)
        first.sign(~self.allowed[:, tower], 0)
        found = {"hidden_0/kernel": first}
        for layer in range(1, architecture.depth):
            bounds = Bounds((width, width))
            bounds.sign(~free[:, None] & ~free, 1)
            bounds.sign(~free[:, None] & free, 0)
            bounds.sign(tower[:, None] != tower, 0)
            found[f"hidden_{layer}/kernel"] = bounds
        if self.bound:
            logits = Bounds((architecture.ensemble * width, target.size))
            logits.sign(np.tile(~free, architecture.ensemble)[:, None], target)
            found["logits/kernel"] = logits
        return found

    def numbers(self, each: int) -> Array:
        """``[f]``, whether each number is constrained; `each` inputs belong to one."""
        return np.asarray(self.constrained[: self.vectors].reshape(-1, each)[:, 0])


def within(weights: Mapping[str, Array], bounds: WeightBounds) -> dict[str, Array]:
    """First weights within bounds: cut off, not turned around, and no unit becomes weaker for it.

    Units whose weights all have one sign are much alike, and learn worse (docs/knowledge.md); a weight at its bound may
    leave it with the first step.
    """
    return dict(weights) | {name: folded(weights[name], low, bounds.high[name]) for name, low in bounds.low.items()}


def folded(weights: Array, low: Array, high: Array) -> Array:
    """Weights ``[S, in, out]`` within bounds; what is left of a unit is scaled to its old norm, where they allow it."""
    allowed = np.clip(weights, low, high).astype(np.float32)
    before, after = (np.sqrt(np.square(w).sum(axis=1, keepdims=True)) for w in (weights, allowed))
    scaled = allowed * np.where(after > 0, before / np.maximum(after, 1e-30), 1.0)
    return np.asarray(np.clip(scaled, low, high), dtype=np.float32)


def bound_units(bounds: WeightBounds) -> Array:
    """``[width]``, the units of the first hidden layer that read a column by weights of one sign; none without bounds
    of that layer."""
    low, high = (side.get("hidden_0/kernel", np.zeros((1, 0))) for side in (bounds.low, bounds.high))
    return np.asarray(((low == 0) != (high == 0)).any(axis=0))

"""Initial state: what first weights are made from, of each member its own training rows."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from autoft.networks.architecture import Inputs
from autoft.preprocessing.bins import begin_and_factor, bin_edges
from autoft.records.arrays import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialState:
    """What first weights are made from; of each of S members its own training rows, and no other row.

    Attributes:
        blocks, categories: Name and width of each block of the dense encoding; id and slots of each embedded column.
        dense, slots: ``[S, m, dense]``, ``[S, m, e]``: some training rows of each member, encoded.
        numbers: ``[S, q, f]``: the columns at ``inputs.numbers`` of more of them, for quantiles.
        bias: ``[S, outputs]`` log odds or log shares of the classes in the training rows, 0 for regression.
    """

    inputs: Inputs
    blocks: tuple[tuple[str, int], ...]
    categories: tuple[tuple[str, int], ...]
    dense: Array
    slots: Array
    numbers: Array
    outputs: int
    bias: Array
    seed: int
    _edges: dict[int, tuple[Array, Array]] = field(default_factory=dict)

    @property
    def members(self) -> int:
        return len(self.bias)

    def generators(self, name: str) -> list[np.random.Generator]:
        """A generator for each member, keyed by what it is for: one weight more elsewhere moves none of it."""
        key = zlib.crc32(name.encode())
        return [np.random.default_rng([self.seed, s, key]) for s in range(self.members)]

    def normal(self, name: str, shape: tuple[int, ...]) -> Array:
        """Standard normal numbers ``[S, *shape]``, float32."""
        drawn = [rng.standard_normal(shape) for rng in self.generators(name)]
        return np.asarray(np.stack(drawn), dtype=np.float32)

    def uniform(self, name: str, shape: tuple[int, ...], limit: float | Array = 1.0) -> Array:
        """Numbers between -limit and limit ``[S, *shape]``, float32."""
        drawn = [rng.uniform(-1.0, 1.0, shape) for rng in self.generators(name)]
        return np.asarray(np.stack(drawn) * limit, dtype=np.float32)

    def vectors(self, weights: Mapping[str, Array]) -> list[Array]:
        """Of each embedded column the vectors that the training rows have by some first weights, ``[S, m, dim]``."""
        members = np.arange(self.members)[:, None]
        return [weights[f"embedding/table_{j}"][members, self.slots[:, :, j]] for j in range(self.slots.shape[2])]

    def edges(self, bins: int) -> tuple[Array, Array]:
        """Where each bin of each number begins, and one over its width: both ``[S, f, bins]`` (`bin_edges`)."""
        if bins not in self._edges:
            found = [[begin_and_factor(bin_edges(x, bins), bins) for x in own.T] for own in self.numbers]
            both = np.array(found, dtype=np.float32)  # [S, f, 2, bins]
            self._edges[bins] = both[:, :, 0], both[:, :, 1]
        return self._edges[bins]


def bend_among_rows(
    start: InitialState, weights: dict[str, Array], x: Array, units: Mapping[str, Array], *, ntk: bool = False
) -> None:
    """Move the bends of mixed activations to where the rows are, in place, from the first layer to the last.

    Under weights of one sign, sums of inputs lie far from zero, all on one side: half of the mixed activations would be
    straight lines on every row, and the others dead. So each unit's bias moves its bend to one of the member's own
    training rows, drawn at random, and its kernel is scaled to unit variance (Mishkin and Matas, "All you need is a
    good init", ICLR 2016, arXiv 1511.06422).

    Args:
        x: ``[S, m, in]``, what the first of the layers multiplies.
        units: By layer ``[width]``, the units that are moved.
        ntk: Whether the layers are `stacked.NTKDense`.
    """
    for layer, moved in units.items():
        kernel, bias = f"{layer}/kernel", f"{layer}/bias"
        sums = x @ weights[kernel] / np.float32(np.sqrt(x.shape[2]) if ntk else 1.0)
        spread = sums.std(axis=1, keepdims=True)
        factor = np.where(moved & (spread > 1e-6), 1.0 / np.maximum(spread, 1e-6), 1.0)
        weights[kernel], sums = (weights[kernel] * factor).astype(np.float32), sums * factor
        generators = start.generators(f"bend {layer.removeprefix('hidden_')}")
        rows = np.stack([rng.integers(0, x.shape[1], len(moved)) for rng in generators])
        bends = np.where(moved, np.take_along_axis(sums, rows[:, None], axis=1), -weights[bias])
        weights[bias] = np.asarray(-bends, np.float32)
        x = mixed_activation(sums - bends)


def mixed_activation(x: Array) -> Array:
    """`layers.stacked.mixed` of sums ``[S, m, units]``, by numpy."""
    side = 1.0 - 2.0 * (np.arange(x.shape[2]) % 2)
    return np.asarray(side * np.maximum(side * x, 0.0), np.float32)

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

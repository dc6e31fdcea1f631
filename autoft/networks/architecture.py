"""What fixes a network's shape, what it reads, and what its first weights are made from."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from autoft.preprocessing.layout import InputLayout, blocks
from autoft.records.arrays import Array

Kind = Literal["linear", "mlp", "realmlp", "tabm", "tabm-mini"]

#: Those whose members are ensembles.
ENSEMBLES = ("tabm", "tabm-mini")

#: Where the family leaves no choice. RealMLP's authors began with SELU for classes, and came to Mish for all.
_ACTIVATIONS = {"realmlp": "mish", "tabm": "relu", "tabm-mini": "relu"}

#: The activation of monotone networks (`activations.mixed`).
MIXED = "mixed"

#: Members of a TabM by training rows of a fold: its authors' 32 where that is affordable without an accelerator.
_SIZES = ((1_500, 32), (6_000, 16), (10**12, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """What fixes the shape of a program; everything else about a trial is a variable in it.

    Attributes:
        kind: Family of the network.
        width, depth: Units of each hidden layer, and how many there are; none of either make a linear model.
        activation: Of the hidden layers, where the family leaves a choice.
        embedding: Length of the vectors of embedded categories, 0 where there are none.
        bins: Of the piecewise-linear encoding of numbers, 0 where numbers enter as they are.
        ensemble: Networks that share most of their weights inside each member (TabM's k).
        merged: Whether the multipliers of TabM-mini's first layer go into its kernel (`ensemble.EnsembleFirst`).
    """

    kind: Kind = "mlp"
    width: int
    depth: int
    activation: str
    embedding: int
    bins: int = 0
    ensemble: int = 1
    merged: bool = False

    @classmethod
    def linear(cls, embedding: int, bins: int = 0) -> Architecture:
        """The linear model: logistic or softmax regression, or least squares, on the encoded columns.

        With piecewise-linear numbers it is an additive model: a curve for each column.
        """
        return cls(kind="linear", width=0, depth=0, activation="linear", embedding=embedding, bins=bins)

    @classmethod
    def of(cls, params: Mapping[str, Any], inputs: Inputs, rows: int, *, activation: str | None = None) -> Architecture:
        """The part of a trial's hyperparameters that fixes shapes.

        Args:
            params: Of the trial.
            inputs: What there is to read; what it lacks makes no difference to the shape.
            rows: Training rows of a fold: they bound the bins, and a TabM's members.
            activation: Of all hidden layers, whatever trial and family would have (where effects are hinted at).
        """
        kind: Kind = params.get("architecture", "mlp")
        embedding = int(params.get("embedding", 8)) if inputs.embedded else 0
        piecewise = kind in ENSEMBLES or (kind != "realmlp" and params.get("numbers") == "piecewise")
        bins = bins_for(rows) if piecewise and inputs.numbers else 0
        if kind == "linear":
            return cls.linear(embedding, bins)
        return cls(
            kind=kind,
            width=int(params["width"]),
            depth=int(params["depth"]),
            activation=activation or _ACTIVATIONS.get(kind) or str(params["activation"]),
            embedding=embedding,
            bins=bins,
            ensemble=next(k for limit, k in _SIZES if rows < limit) if kind in ENSEMBLES else 1,
            merged=kind == "tabm-mini" and int(params["width"]) <= int(params.get("batch_size", 0)),
        )

    @property
    def windows(self) -> int:
        """Layers that draw random numbers while training (`noise`): embeddings, and each dropout."""
        return 1 + max(self.depth, 1)

    def drawn(self, inputs: Inputs) -> int:
        """Most random numbers that one of them draws for a row."""
        if self.depth:
            return max(self.width * self.ensemble, len(inputs.embedded))
        return inputs.dense + len(inputs.embedded) * max(self.embedding, 1) + len(inputs.numbers) * self.bins


def bins_for(rows: int) -> int:
    """Bins of a piecewise-linear encoding: TabM's authors find 2 to 128 worth searching, and 25 as the median.

    >>> bins_for(200), bins_for(1_000), bins_for(30_000)
    (6, 25, 48)
    """
    return int(np.clip(rows // 40 + (rows < 400), 6, 48))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a network reads.

    Attributes:
        dense: Width of the dense encoding, may be 0.
        numbers: Positions in it of what is a number of many values (numbers, dates and the times between them).
        embedded: Slots of each embedded column.
    """

    dense: int
    numbers: tuple[int, ...]
    embedded: tuple[int, ...]

    @classmethod
    def of(cls, plan: InputLayout) -> Inputs:
        """Of a plan."""
        dense = sum(width for _, width in blocks(plan))
        return cls(dense=dense, numbers=plan.continuous, embedded=tuple(category.slots for category in plan.embedded))


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """How the optimizer treats a weight, beside the trial's own settings.

    Attributes:
        rate: Multiplies the learning rate.
        l2: Multiplies the L2 penalty; 0 for none.
        decay: Multiplies the decoupled weight decay (which is a share of the trial's learning rate).
    """

    rate: float = 1.0
    l2: float = 0.0
    decay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialState:
    """What first weights are made from; of each of S members its own training rows, and no other row.

    Attributes:
        inputs: What the network reads.
        blocks: Name and width of each block of the dense encoding, in order.
        categories: Id and slots of each embedded column.
        dense, slots: ``[S, m, dense]``, ``[S, m, e]``: some training rows of each member, encoded.
        numbers: ``[S, q, f]``: the columns at ``inputs.numbers`` of more of them, for quantiles.
        outputs: Logits.
        bias: ``[S, outputs]`` log odds or log shares of the classes in the training rows, 0 for regression.
        seed: Of the run.
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
        """S."""
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
        tables = (weights[f"embedding/table_{j}"] for j in range(self.slots.shape[2]))
        return [
            np.stack([own[codes] for own, codes in zip(table, self.slots[:, :, j], strict=True)])
            for j, table in enumerate(tables)
        ]

    def edges(self, bins: int) -> tuple[Array, Array]:
        """Where each bin of each number begins, and one over its width: both ``[S, f, bins]`` (`bin_edges`)."""
        from autoft.preprocessing.bins import begin_and_factor, bin_edges

        if bins not in self._edges:
            found = [
                [begin_and_factor(bin_edges(own[:, j], bins), bins) for j in range(own.shape[1])]
                for own in self.numbers
            ]
            both = np.array(found, dtype=np.float32)  # [S, f, 2, bins]
            self._edges[bins] = both[:, :, 0], both[:, :, 1]
        return self._edges[bins]

"""A plan, and training rows that first weights are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.boosting import Boosting
from autoft.networks.family import FAMILIES
from autoft.networks.forest import Tree, forest_size, forest_weights
from autoft.networks.initial_state import InitialState
from autoft.preprocessing.categories import CategoryInput
from autoft.preprocessing.layout import InputLayout, blocks
from autoft.records.arrays import Array

#: Families of networks.
KINDS = tuple(family.name for family in FAMILIES if not isinstance(family, Boosting))


def plan_with(*, first: int = 4, embedded: int = 8, numeric: tuple[str, ...] = ("n", "m")) -> InputLayout:
    categories = (
        CategoryInput(id="t0", vocabulary=("a",), slots=first, embed=False),
        CategoryInput(id="t1", vocabulary=("a",), slots=4, embed=False),
        CategoryInput(id="e0", vocabulary=("a",), slots=embedded, embed=True),
    )
    missing = numeric[:1]
    return InputLayout(
        numeric=numeric,
        boolean=("b",),
        date=("d",),
        indicated=missing,
        categories=categories,
        outliers="clip",
    )


def start_of(plan: InputLayout, *, members: int = 3, rows: int = 64, outputs: int = 2, **changes: Any) -> InitialState:
    """Normal numbers, one-hot columns of 0 and 1, slots of all kinds; other rows for every member."""
    inputs = Inputs.of(plan)
    drawn = [np.random.default_rng([7, s]) for s in range(members)]
    dense = np.stack([rng.normal(size=(rows, inputs.dense)) for rng in drawn]).astype(np.float32)
    slots = np.stack([np.stack([rng.integers(0, size + 2, rows) for size in inputs.embedded], axis=1) for rng in drawn])
    start = InitialState(
        inputs=inputs,
        blocks=blocks(plan),
        categories=tuple((c.id, c.slots) for c in plan.embedded),
        dense=dense,
        slots=slots.astype(np.int32),
        numbers=dense[:, :, list(inputs.numbers)],
        outputs=outputs,
        bias=np.zeros((members, outputs)),
        seed=0,
    )
    return replace(start, **changes)


def small_architecture(kind: str, **changes: Any) -> Architecture:
    """A small architecture of a kind, with piecewise-linear numbers where it can have them."""
    if kind == "linear":
        return replace(Architecture(kind="linear", embedding=4, bins=5), **changes)
    given: dict[str, Any] = {
        "width": 16,
        "depth": 2,
        "activation": "mish" if kind == "realmlp" else "relu",
        "embedding": 4,
        "bins": 0 if kind == "realmlp" else 5,
        "ensemble": 6 if kind.startswith("tabm") else 1,
    }
    return Architecture(kind=kind, **{**given, **changes})


def assigned(network: Any, weights: dict[str, np.ndarray]) -> Any:
    """The network with these weights."""
    for variable in network.variables:
        name = variable.path.split("network/")[-1]
        if name in weights:
            variable.assign(weights[name])
    return network


def given_to(network: Any, start: InitialState) -> dict[str, np.ndarray]:
    """The start's rows as the network's inputs."""
    return {k: getattr(start, k) for k in ("dense", "slots") if k in {i.name for i in network.inputs}}


def forest_network(members: Sequence[tuple[Sequence[Tree], Array]], columns: int) -> Any:
    """A network of a forest alone, from rows ``[S, B, columns]``."""
    import keras

    from autoft.networks.layers.forest import Forest

    weights = forest_weights(members)
    given = keras.Input(batch_shape=(len(members), None, columns))
    layer = Forest(**asdict(forest_size(weights)), name="forest")
    return assigned(keras.Model(given, layer(given), name="network"), weights)

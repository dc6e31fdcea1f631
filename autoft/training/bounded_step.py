"""Bounds and penalties of weights as arrays that an epoch program takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoft.networks.weight_bounds import WeightBounds
from autoft.records.arrays import Array

#: What stands for a weight that is not named.
_NEUTRAL = {"low": -np.inf, "high": np.inf, "penalty": 1.0}
#: Arrays of each extra of a program.
_OF = {"bounds": ("low", "high"), "importance": ("penalty",)}


def bound_arrays(
    names: Sequence[str], bounds: Sequence[WeightBounds], members: int, extras: frozenset[str]
) -> dict[str, list[Array]]:
    """By field of `WeightBounds` that a program with some extras uses, an array ``[1 or S, ...]`` float32 for each
    weight: with 1 where all trials agree."""

    def of(kind: str, name: str) -> Array:
        given = [np.atleast_2d(getattr(trial, kind).get(name, _NEUTRAL[kind])) for trial in bounds]
        each = np.stack(np.broadcast_arrays(*given)).astype(np.float32)
        return each[:1] if (each == each[:1]).all() else np.repeat(each, members, axis=0)

    kinds = [kind for extra, kinds in _OF.items() if extra in extras for kind in kinds]
    return {kind: [of(kind, name) for name in names] for kind in kinds}

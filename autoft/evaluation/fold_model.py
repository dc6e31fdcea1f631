"""Fold models: rows predicted by the fold's network that did not train on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.records.split import Member


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoldModel:
    """The networks of the folds, and the rows that explain them.

    Attributes:
        predict: From m encoded rows, and the number of a member for each, to predictions ``[m, classes]`` or ``[m]``.
        members: The K folds.
    """

    predict: Callable[[Encoded, Array], Array]
    layout: InputLayout
    columns: Sequence[Column]
    encoded: Encoded
    members: Sequence[Member]

    @property
    def held_out(self) -> Array:
        """Positions of the rows that a fold holds out, ascending."""
        return np.sort(np.concatenate([member.held_out for member in self.members]))

    def members_of(self, rows: Array) -> Array:
        """The member that did not train on each row."""
        own = np.full(len(self.encoded), -1)
        for k, member in enumerate(self.members):
            own[member.held_out] = k
        return np.asarray(own[rows])

"""Responses of networks to a column that a hint is about, on rows that they were not trained on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from autoft.pipeline.dataset import Dataset
from autoft.preprocessing import columns_of_rows
from autoft.records.arrays import Array
from autoft.records.hints import Effect
from autoft.records.trials import TrialResult

if TYPE_CHECKING:
    from autoft.training.ensemble import Ensemble
    from autoft.training.trainer import Trainer

#: Rows and values by which is judged which way a network moves.
_ROWS, _GRID = 400, 16


class Response:
    """How far networks that were trained without an effect go its way.

    Args:
        prepared: Of the run.
        stack: What trained the networks.
        without: The networks.
        effect: That they were trained without.
    """

    def __init__(self, dataset: Dataset, stack: Trainer, without: TrialResult, effect: Effect) -> None:
        self._prepared, self._stack, self._without, self._effect = dataset, stack, without, effect
        self._place = columns_of_rows.place(dataset.plan, effect.column)

    def by_member(self, rows: Array | None = None) -> list[float]:
        """Share of each network's movement that goes the declared way, along the values that the rows have.

        Args:
            rows: Positions; None for all. Each is asked of the network that did not train on it, and networks without
                such a row are left out.

        Returns:
            Nothing where the rows have one value.
        """
        from autoft.evaluation.hint_tests import declared_share

        dataset, k = self._prepared, self._prepared.split.k
        own = [m.held_out if rows is None else m.held_out[np.isin(m.held_out, rows)] for m in dataset.members[:k]]
        if self._place is None or not any(map(len, own)):
            return []
        grid = _grid(columns_of_rows.of(dataset.plan, dataset.encoded, self._place)[np.concatenate(own)])
        if len(grid) < 2:
            return []
        return [
            float(declared_share(self._curves(member, some[: _ROWS // k], grid), self._effect.sign))
            for member, some in enumerate(own)
            if len(some)
        ]

    @cached_property
    def _bag(self) -> Ensemble:
        from autoft.training.ensemble import EnsemblePart, build_ensemble

        without = self._without
        part = EnsemblePart(architecture=self._stack.architecture(without.params), weights=without.weights)
        return build_ensemble(self._stack.data, [part], self._prepared.split.k)

    def _curves(self, member: int, rows: Array, grid: Array) -> Array:
        """Answers ``[rows, grid]`` of one member along the values of the column."""
        dataset = self._prepared
        assert self._place is not None
        asked = dataset.encoded.rows(np.repeat(rows, len(grid)))
        changed = columns_of_rows.set_to(dataset.plan, asked, self._place, np.tile(grid, len(rows)))
        found = self._bag.own_answers(changed, np.full(len(changed), member))
        output = found if self._effect.output is None else found[:, self._effect.output]
        return np.asarray(output).reshape(len(rows), len(grid))


def _grid(values: Array) -> Array:
    """Quantiles of a number, ascending."""
    known = values[np.isfinite(values)]
    quantiles = np.quantile(known, np.linspace(0.02, 0.98, _GRID)) if len(known) else known
    return np.asarray(np.unique(quantiles))

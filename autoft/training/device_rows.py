"""The rows of a stack on the device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autoft.networks.architecture import Architecture, Inputs
from autoft.records.arrays import Array
from autoft.training.epoch import ProgramShape, engine
from autoft.training.stack import Stack


class Rows:
    """The rows of a stack on the device, held once for all programs that train on them.

    Inputs are ``[S * n, f]``: row r of member s stands at ``s * n + r``. Use `Rows.data` instead of `data` afterwards:
    where the device is the host, it shares its arrays.
    """

    def __init__(self, data: Stack) -> None:
        device = engine()
        members, n = data.members, len(data.y)
        arrays = {"dense": data.dense, "slots": data.slots}
        self.inputs = {k: device.constant(a.reshape(members * n, -1)) for k, a in arrays.items() if a.shape[2]}
        arrays |= {k: np.asarray(a).reshape(arrays[k].shape) for k, a in self.inputs.items()}
        self.data = replace(data, dense=arrays["dense"], slots=arrays["slots"])
        self.y = device.constant(data.targets().reshape(-1))
        self.shares = None if data.task == "regression" else data.class_shares().astype(np.float32)
        self._offset = np.arange(members, dtype=np.int32)[:, None] * n

    def shape(
        self, architecture: Architecture, batch: int, *, trials: int = 1, extras: frozenset[str] = frozenset()
    ) -> ProgramShape:
        data = self.data
        return ProgramShape(
            architecture=architecture,
            task=data.task,
            outputs=data.outputs,
            inputs=Inputs.of(data.plan),
            members=data.members,
            trials=trials,
            batch=batch,
            steps=max(-(-len(own) // batch) for own in data.train),
            rows=len(data.y),
            extras=extras,
            quantile=data.quantile,
        )

    def positions(self, rows: Array) -> Array:
        """Positions in the flat arrays of row numbers ``[..., S, m]``."""
        return np.asarray(rows + self._offset)

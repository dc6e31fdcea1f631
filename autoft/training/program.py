"""Training program: rows, weights, moments and settings on the device, for some trials of one shape."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autoft.networks import noise
from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.weight_bounds import WeightBounds
from autoft.records.arrays import Array
from autoft.training.epoch import EpochInputs, ProgramShape, compiled, engine, key_of
from autoft.training.stack import PREDICTED_ROWS, Stack
from autoft.training.step import Settings, settings_array

#: The same limit as `PREDICTED_ROWS` for all members together, and the least of one member.
_CHUNK_OF_ALL, _LEAST_CHUNK = 2**17, 256
#: Bounds of a weight that has none.
_NEUTRAL = {"low": -np.inf, "high": np.inf, "penalty": 1.0}
#: Arrays of each extra of a program.
_OF = {"bounds": ("low", "high"), "importance": ("penalty",)}


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


class Program:
    """One training of some trials of the same shape on one set of rows.

    Args:
        chunk: Most rows of each member that are predicted at a time.
        extras: Those of `step.EXTRAS` and `step.HINTED` that a trial uses.
    """

    def __init__(
        self,
        architecture: Architecture,
        batch: int,
        rows: Rows,
        *,
        trials: int = 1,
        chunk: int = PREDICTED_ROWS,
        extras: frozenset[str] = frozenset(),
    ) -> None:
        self.batch, self.trials, self.rows = batch, trials, rows
        self.chunk = min(chunk, max(_LEAST_CHUNK, _CHUNK_OF_ALL // (rows.data.members * trials)))
        self.shape = rows.shape(architecture, batch, trials=trials, extras=extras)
        self.compiled = compiled(key_of(self.shape))
        self._window = batch * self.shape.family.drawn(architecture, self.shape.inputs)
        self._engine = engine()
        self._given: tuple[Any, ...] = (rows.inputs, rows.y)
        if "class_balance" in extras and rows.shares is not None:
            self._given += (self._engine.constant(np.tile(rows.shares, (trials, 1))),)

    @property
    def traces(self) -> int:
        """How often the epoch of this program was traced so far in this process."""
        return self.compiled.traces

    def start(
        self,
        weights: Mapping[str, Array],
        settings: Sequence[Settings],
        *,
        epochs: int = 1,
        seed: int = 0,
        bounds: Sequence[WeightBounds] = (),
    ) -> None:
        """Begin a training: initial weights and a fresh optimizer for every trial.

        Args:
            weights: Initial weights by name: of the members of one trial, with which all trials begin, or of all.
            epochs: Length of the schedules.
            bounds: Of each trial's weights; the first weights lie within them (`Family.bounded_weights`).
        """
        constant = self._engine.constant
        first, fixed = (
            [np.tile(weights[name], (self.trials * self.shape.members // len(weights[name]), 1, 1)) for name in names]
            for names in (self.compiled.names, self.compiled.fixed_names)
        )
        arrays = bound_arrays(self.compiled.names, bounds, self.shape.members, self.shape.extras)
        self._bounds = {name: [constant(array) for array in each] for name, each in arrays.items()}
        steps = np.zeros((len(first[0]), 1, 1), np.float32)
        self._state = [constant(np.stack([w, np.zeros_like(w), np.zeros_like(w)])) for w in first], constant(steps)
        self._fixed = [constant(w) for w in fixed]
        beta_2 = self.shape.family.traits.beta_2
        self._settings = constant(settings_array(settings, self.shape.members, epochs * self.shape.steps, beta_2))
        self._seen: tuple[Array, Array] | None = None
        self._seed = seed % 2**31
        self._noise = noise.table(self._seed, self._window)
        self._table = constant(self._noise)

    def epoch(self, order: Array, weights: Array, number: int = 1, watched: Array | None = None) -> None:
        """Train one epoch.

        Args:
            order, weights: Row numbers and row weights of the batches, ``[steps, members, B]``.
            number: Of the epoch, from 1: it picks the dropout masks.
            watched: Rows whose `logits` will be asked for next; where they are few, the same call answers them.
        """
        constant = self._engine.constant
        layers = self.shape.family.windows(self.shape.architecture)
        starts = noise.windows(self._noise, self._seed, number, steps=len(order), layers=layers, largest=self._window)
        given = EpochInputs(
            fixed=self._fixed,
            settings=self._settings,
            rows=self._given,
            table=self._table,
            bounds=self._bounds,
            steps=(self._positions(order), constant(np.tile(weights, (1, self.trials, 1))), constant(starts)),
        )
        self._seen = None
        if watched is None or watched.shape[1] > self.chunk:
            self._state = self.compiled.epoch(self._state, given)
            return
        self._state, logits = self.compiled.epoch_and_look(self._state, given, self._positions(watched))
        self._seen = watched, np.asarray(logits)

    def logits(self, rows: Array) -> Array:
        """Logits ``[S, m, outputs]`` of all members, each trial's on its members' own rows ``[members, m]``."""
        if self._seen is not None and self._seen[0] is rows:
            return self._seen[1]
        m = rows.shape[1]
        size = -(-m // -(-m // self.chunk))
        # The last piece begins earlier rather than being shorter: another length would be another program.
        starts = [*range(0, m - size, size), m - size]
        positions = (self._positions(rows[:, start : start + size]) for start in starts)
        pieces = [np.asarray(self.compiled.forward(self._state, self._fixed, self.rows.inputs, p)) for p in positions]
        pieces[-1] = pieces[-1][:, size - (m - size * (len(starts) - 1)) :]
        return np.concatenate(pieces, axis=1)

    def weights(self, trial: int = 0) -> dict[str, Array]:
        """A copy of a trial's weights by name, with those that are not trained."""
        own = slice(trial * self.shape.members, (trial + 1) * self.shape.members)
        arrays = [np.asarray(packed)[0, own] for packed in self._state[0]]
        arrays += [np.asarray(array)[own] for array in self._fixed]
        names = [*self.compiled.names, *self.compiled.fixed_names]
        return {name: np.array(array) for name, array in zip(names, arrays, strict=True)}

    def narrowed(self, trials: Sequence[int]) -> Program:
        """A program that goes on with some of the trials, in the order given."""
        kind, extras = self.shape.architecture, self.shape.extras
        few = Program(kind, self.batch, self.rows, trials=len(trials), chunk=self.chunk, extras=extras)
        own = np.concatenate([np.arange(self.shape.members) + t * self.shape.members for t in trials])

        def part(array: Any, axis: int) -> Any:
            return self._engine.constant(np.take(np.asarray(array), own, axis=axis))

        few._state = [part(packed, 1) for packed in self._state[0]], part(self._state[1], 0)
        few._fixed = [part(array, 0) for array in self._fixed]
        few._bounds = {n: [a if len(a) == 1 else part(a, 0) for a in each] for n, each in self._bounds.items()}
        few._settings, few._seen = part(self._settings, 1), None
        few._seed, few._noise, few._table = self._seed, self._noise, self._table
        return few

    def _positions(self, rows: Array) -> Any:
        """Positions of row numbers ``[..., members, m]`` for all trials, which see the same rows, on the device."""
        found = self.rows.positions(rows.astype(np.int32))
        return self._engine.constant(np.tile(found, (*[1] * (found.ndim - 2), self.trials, 1)))


def bound_arrays(
    names: Sequence[str], bounds: Sequence[WeightBounds], members: int, extras: frozenset[str]
) -> dict[str, list[Array]]:
    """Bounds of each weight by those fields of `WeightBounds` that a program with these extras uses.

    Returns:
        Arrays ``[S, ...]`` float32, ``[1, ...]`` where all trials agree.
    """

    def of(kind: str, name: str) -> Array:
        given = [np.atleast_2d(getattr(trial, kind).get(name, _NEUTRAL[kind])) for trial in bounds]
        each = np.stack(np.broadcast_arrays(*given)).astype(np.float32)
        return each[:1] if (each == each[:1]).all() else np.repeat(each, members, axis=0)

    kinds = [kind for extra, kinds in _OF.items() if extra in extras for kind in kinds]
    return {kind: [of(kind, name) for name in names] for kind in kinds}


def return_memory() -> None:
    """Give what the C library keeps of freed memory back to the system, where it can (glibc)."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device has no memory left."""
    return bool(engine().out_of_memory(error))

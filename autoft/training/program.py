"""The stacked epoch program: one compiled function trains all members of all its trials for one epoch.

Programs hold no state. They are kept by what they are compiled for, so that every trial of a kind, in this run or
the next one of the process, runs the program that is already there; what a trial changes is an argument. On
TensorFlow a program takes arrays of any size, unless it is worth compiling for one: widths, batches, members and rows
are then no part of what it is compiled for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from autoft.networks import noise
from autoft.networks.mlp import Architecture, build_mlp, slots_of
from autoft.preprocess.encode import Array
from autoft.records import Task
from autoft.training.data import StackData
from autoft.training.step import SETTINGS, Settings, State, row_losses, settings_arrays, total_loss, update

#: Rows of each member that are predicted at a time: bounds the memory of activations.
CHUNK = 8_192
#: The same for all members together, and the least of one.
_CHUNK_OF_ALL, _LEAST_CHUNK = 2**17, 256

#: Floating-point operations of an epoch above which XLA pays on TensorFlow: it takes an eighth off an epoch, and a
#: second for every size. Decided by `python -m benchmarks.compilation`, not by a clock: equal runs stay equal.
WORTH_XLA = 8e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Everything that fixes the sizes of a program's arrays.

    Attributes:
        architecture: Shape of the network.
        task, outputs: Kind of problem and logits per row.
        dense, embedded: Width of the dense encoding, slots of each embedded column.
        members: Members of one trial (folds, and pairs of blocks).
        trials: Trials side by side; the stack has ``members * trials`` members.
        batch: Rows of a member per step.
        steps: Steps of an epoch.
        rows: Rows of the table.
        extras: Those of `step.EXTRAS` that a trial uses.
    """

    architecture: Architecture
    task: Task
    outputs: int
    dense: int
    embedded: tuple[int, ...]
    members: int
    trials: int
    batch: int
    steps: int
    rows: int
    extras: frozenset[str] = frozenset()

    @property
    def parameters(self) -> int:
        """Weights in the kernels of one member."""
        width, inputs = self.architecture.width, self.dense + len(self.embedded) * self.architecture.embedding
        if not self.architecture.depth:
            return inputs * self.outputs
        return inputs * width + (self.architecture.depth - 1) * width**2 + width * self.outputs

    @property
    def operations(self) -> float:
        """Floating-point operations of one epoch of training: two for each weight and row, three times."""
        return 6.0 * self.parameters * self.steps * self.batch * self.members * self.trials

    @property
    def worth_compiling(self) -> bool:
        """Whether an epoch is long enough for a program of these very sizes."""
        return self.operations >= WORTH_XLA

    def of_any_size(self) -> Shape:
        """What a program for arrays of any size is compiled for: all that remains is its network's make."""
        embedding = min(self.architecture.embedding, 1)
        smallest = replace(self.architecture, width=min(self.architecture.width, 1), embedding=embedding)
        return replace(self, architecture=smallest, members=1, trials=1, batch=1, steps=1, rows=1)


class Rows:
    """The rows of a stack on the device, held once for all programs that train on them.

    Inputs are ``[S * n, f]``: row r of member s stands at ``s * n + r``.

    Args:
        data: The rows. Use `Rows.data` afterwards: its arrays are those on the device, where that is the host.
    """

    def __init__(self, data: StackData) -> None:
        engine = _engine()
        members, n = data.members, len(data.y)
        arrays = {"dense": data.dense, "slots": data.slots}
        self.inputs = {k: engine.constant(a.reshape(members * n, -1)) for k, a in arrays.items() if a.shape[2]}
        arrays |= {k: engine.view(a).reshape(arrays[k].shape) for k, a in self.inputs.items()}
        self.data = replace(data, dense=arrays["dense"], slots=arrays["slots"])
        if data.task == "regression":
            y = (data.y[None] - data.center[:, None]) / data.scale[:, None]
        else:
            y = np.repeat(data.y[None], members, axis=0)
        with np.errstate(over="ignore"):  # a held-out target may be infinite in units of a member's training rows
            y = y.astype(np.int32 if data.task == "multiclass" else np.float32)
        self.y = engine.constant(y.reshape(-1))
        self._offset = np.arange(members, dtype=np.int32)[:, None] * n

    def shape(
        self, architecture: Architecture, batch: int, *, trials: int = 1, extras: frozenset[str] = frozenset()
    ) -> Shape:
        """The shape of some trials on these rows."""
        data = self.data
        return Shape(
            architecture=architecture,
            task=data.task,
            outputs=data.outputs,
            dense=data.dense.shape[2],
            embedded=slots_of(data.plan),
            members=data.members,
            trials=trials,
            batch=batch,
            steps=max(-(-len(own) // batch) for own in data.train),
            rows=len(data.y),
            extras=extras,
        )

    def positions(self, rows: Array) -> Array:
        """Row numbers ``[..., S, m]`` to positions in the flat arrays."""
        return np.asarray(rows + self._offset)


class Compiled:
    """The compiled functions of one shape, or of any size. Stateless, so that any number of trainings may share it."""

    def __init__(self, shape: Shape) -> None:
        self._engine = _engine()
        self.shape, self.traces = shape, 0
        # Weights are arguments: the network's own are there for their names and order.
        self.network = build_mlp(
            shape.architecture, shape.embedded, members=1, dense=shape.dense, outputs=shape.outputs
        )
        self.names = [v.path.split("network/")[-1] for v in self.network.trainable_variables]
        self._decayed = [name.endswith("kernel") for name in self.names]
        self._rates = [v for v in self.network.non_trainable_variables if v.path.endswith("/rate")]
        fast = shape.worth_compiling
        self.epoch = self._engine.compiled(self._epoch, fast=fast)
        self.epoch_and_look = self._engine.compiled(self._epoch_and_look, fast=fast)
        self.forward = self._engine.compiled(self._forward, fast=fast)

    def _epoch(self, state: Any, settings: Any, rows: Any, table: Any, steps: Any) -> Any:
        """One epoch.

        Args:
            state: Weights and moments, packed: few arguments are quick to pass.
            settings: ``[8, S, 1, 1]``.
            rows: ``(inputs, y)`` of `Rows`.
            table: Uniform numbers for the dropout masks.
            steps: Positions and weights ``[steps, S, B]``, beginnings of windows ``[steps, layers]``.
        """
        from keras import ops

        self.traces += 1  # Python code of a compiled function runs only while it is traced
        named = dict(zip(SETTINGS, ops.unstack(settings, len(SETTINGS)), strict=True))

        def step(state: State, now: Any) -> State:
            return self._step(state, named, rows, table, *now)

        return _packed(self._engine.scan(step, _unpacked(state), steps))

    def _epoch_and_look(self, state: Any, settings: Any, rows: Any, table: Any, steps: Any, watched: Any) -> Any:
        """One epoch, and logits of the watched positions ``[S, m]`` after it."""
        state = self._epoch(state, settings, rows, table, steps)
        return state, self._forward(state, rows[0], watched)

    def _step(
        self, state: State, settings: Any, rows: Any, table: Any, positions: Any, weight: Any, starts: Any
    ) -> State:
        from keras import ops

        inputs, y = rows
        batch, truth = _gathered(inputs, positions), ops.take(y, positions, axis=0)

        smoothing = settings["label_smoothing"] if "label_smoothing" in self.shape.extras else None

        def loss(weights: list[Any]) -> Any:
            with noise.drawing(table, ops.unstack(starts, self.shape.architecture.windows)):
                logits = self._logits(weights, batch, training=True, dropout=settings["dropout"])
            losses = row_losses(self.shape.task, logits, truth, smoothing)
            return total_loss(losses, weight)

        gradients = self._engine.gradients(loss, list(state[0]))
        active = ops.cast(ops.sum(weight, axis=1) > 0, "float32")[:, None, None]
        return update(state, gradients, settings, active, decayed=self._decayed, extras=self.shape.extras)

    def _forward(self, state: Any, inputs: Any, positions: Any) -> Any:
        """Logits ``[S, m, outputs]`` of positions ``[S, m]``."""
        return self._logits(_unpacked(state)[0], _gathered(inputs, positions), training=False)

    def _logits(self, weights: Sequence[Any], batch: dict[str, Any], *, training: bool, dropout: Any = None) -> Any:
        """What the network says with these weights, of any number of members and any width."""
        import keras

        scope = keras.StatelessScope()
        for variable, value in zip(self.network.trainable_variables, weights, strict=True):
            scope.add_update((variable, value))
        for rate in self._rates if training else ():
            scope.add_update((rate, dropout))
        with scope:
            return self.network.call(batch, training=training)


def _gathered(inputs: dict[str, Any], positions: Any) -> dict[str, Any]:
    from keras import ops

    return {name: ops.take(array, positions, axis=0) for name, array in inputs.items()}


def _packed(state: State) -> Any:
    """``[3, S, in, out]`` for each weight and its moments, and the steps."""
    from keras import ops

    return [ops.stack(three) for three in zip(*state[:3], strict=True)], state[3]


def _unpacked(packed: Any) -> State:
    from keras import ops

    weights, steps = packed
    first, second, third = map(list, zip(*(ops.unstack(array, 3) for array in weights), strict=True))
    return first, second, third, steps


def key_of(shape: Shape) -> Shape:
    """What the program for a shape is compiled for."""
    return shape if shape.worth_compiling or not _engine().ANY_SIZE else shape.of_any_size()


@lru_cache(maxsize=48)
def compiled(key: Shape) -> Compiled:
    """The program of a key, compiled once per process."""
    return Compiled(key)


class Program:
    """One training of some trials of the same shape on one set of rows.

    Args:
        architecture: Shape of the network.
        batch: Rows of a member per step.
        rows: The rows.
        trials: Trials side by side.
        chunk: Rows of each member that are predicted at a time.
        extras: Those of `step.EXTRAS` that a trial uses.
    """

    def __init__(
        self,
        architecture: Architecture,
        batch: int,
        rows: Rows,
        *,
        trials: int = 1,
        chunk: int = CHUNK,
        extras: frozenset[str] = frozenset(),
    ) -> None:
        self.batch, self.trials, self.rows = batch, trials, rows
        self.chunk = min(chunk, max(_LEAST_CHUNK, _CHUNK_OF_ALL // (rows.data.members * trials)))
        self.shape = rows.shape(architecture, batch, trials=trials, extras=extras)
        self.compiled = compiled(key_of(self.shape))
        self._window = batch * architecture.drawn(self.shape.dense, len(self.shape.embedded))
        self._engine = _engine()

    @property
    def traces(self) -> int:
        """How often the epoch of this program was traced so far in this process."""
        return self.compiled.traces

    def start(
        self, weights: Mapping[str, Array], settings: Sequence[Settings], *, epochs: int = 1, seed: int = 0
    ) -> None:
        """Begin a training: the same initial weights and a fresh optimizer for every trial.

        Args:
            weights: Initial weights of one trial's members, by name.
            settings: Of each trial.
            epochs: Length of the schedules.
            seed: Of the dropout masks.
        """
        constant = self._engine.constant
        first = [np.tile(weights[name], (self.trials, 1, 1)) for name in self.compiled.names]
        steps = np.zeros((len(first[0]), 1, 1), np.float32)
        self._state = [constant(np.stack([w, np.zeros_like(w), np.zeros_like(w)])) for w in first], constant(steps)
        arrays = settings_arrays(settings, self.shape.members, epochs * self.shape.steps)
        self._settings = constant(np.stack([arrays[name] for name in SETTINGS]))
        self._seen: tuple[Array, Array] | None = None
        self._seed = seed % 2**31
        self._noise = noise.table(self._seed, self._window)
        self._table = constant(self._noise)

    def epoch(self, order: Array, weights: Array, number: int = 1, watched: Array | None = None) -> None:
        """Train one epoch.

        Args:
            order, weights: Row numbers and row weights of the batches, ``[steps, members, B]``.
            number: Of the epoch, from 1: it picks the dropout masks.
            watched: Rows whose `logits` will be asked for next: few enough, they are answered in the same call.
        """
        constant = self._engine.constant
        starts = noise.windows(
            self._noise,
            self._seed,
            number,
            steps=len(order),
            layers=self.shape.architecture.windows,
            largest=self._window,
        )
        weights = np.tile(weights, (1, self.trials, 1)) if self.trials > 1 else weights
        steps = (self._positions(order), constant(weights), constant(starts))
        given = (self._state, self._settings, (self.rows.inputs, self.rows.y), self._table, steps)
        self._seen = None
        if watched is None or watched.shape[1] > self.chunk:
            self._state = self.compiled.epoch(*given)
            return
        self._state, logits = self.compiled.epoch_and_look(*given, self._positions(watched.astype(np.int32)))
        self._seen = watched, np.asarray(self._engine.view(logits))

    def logits(self, rows: Array) -> Array:
        """Logits ``[S, m, outputs]`` of all members, each trial's on its members' own rows ``[members, m]``."""
        if self._seen is not None and self._seen[0] is rows:
            return self._seen[1]
        m = rows.shape[1]
        size = -(-m // -(-m // self.chunk))
        # The last piece begins earlier rather than being shorter: another length would be another program.
        starts = [*range(0, m - size, size), m - size]
        pieces = [self._piece(rows[:, start : start + size]) for start in starts]
        pieces[-1] = pieces[-1][:, size - (m - size * (len(starts) - 1)) :]
        return np.concatenate(pieces, axis=1)

    def weights(self, trial: int = 0) -> dict[str, Array]:
        """A trial's trained weights by name, a copy."""
        own = slice(trial * self.shape.members, (trial + 1) * self.shape.members)
        arrays = (self._engine.view(packed)[0, own] for packed in self._state[0])
        return {name: np.array(array) for name, array in zip(self.compiled.names, arrays, strict=True)}

    def narrowed(self, trials: Sequence[int]) -> Program:
        """A program that goes on with some of the trials, in the order given."""
        few = Program(
            self.shape.architecture,
            self.batch,
            self.rows,
            trials=len(trials),
            chunk=self.chunk,
            extras=self.shape.extras,
        )
        own = np.concatenate([np.arange(self.shape.members) + t * self.shape.members for t in trials])

        def part(array: Any, axis: int) -> Any:
            return self._engine.constant(np.take(self._engine.view(array), own, axis=axis))

        few._state = [part(packed, 1) for packed in self._state[0]], part(self._state[1], 0)
        few._settings, few._seen = part(self._settings, 1), None
        few._seed, few._noise, few._table = self._seed, self._noise, self._table
        return few

    def _piece(self, rows: Array) -> Array:
        positions = self._positions(rows.astype(np.int32))
        return np.asarray(self._engine.view(self.compiled.forward(self._state, self.rows.inputs, positions)))

    def _positions(self, rows: Array) -> Any:
        """Positions of row numbers ``[..., members, m]`` for all trials, which see the same rows, on the device."""
        found = self.rows.positions(rows)
        repeats = (*[1] * (found.ndim - 2), self.trials, 1)
        return self._engine.constant(np.tile(found, repeats) if self.trials > 1 else found)


def _engine() -> Any:
    """The module of the backend that Keras runs on."""
    import keras

    if keras.backend.backend() == "jax":
        from autoft.training import jax

        return jax
    from autoft.training import tensorflow

    return tensorflow


def accelerated() -> bool:
    """Whether there is a device that one trial's folds do not fill."""
    return bool(_engine().accelerated())


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device has no memory left."""
    return bool(_engine().out_of_memory(error))

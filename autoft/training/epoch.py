"""The stacked epoch program: one compiled function trains all members of all its trials for one epoch.

Programs hold no state: what differs between trials of a kind is an argument. A program is compiled once, shared by all
such trials, and let go when many others came after it. On TensorFlow it serves arrays of any size (widths, batches,
members, rows); XLA programs (`WORTH_XLA`) are compiled for one size.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from autoft.networks import noise
from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.family import FAMILIES, Family, build_network
from autoft.records.columns import Task
from autoft.training import engine_jax, engine_tensorflow
from autoft.training.step import (
    SETTINGS,
    State,
    UpdateRule,
    class_factors,
    flat_cos,
    logit_losses,
    progress,
    total_loss,
    update,
)

#: Floating-point operations of an epoch above which XLA pays on TensorFlow: epochs become an eighth faster, and every
#: size takes a second to compile. A fixed limit (measured at commit 778b769), not a clock: equal runs stay equal.
WORTH_XLA = 8e9
#: Programs that are kept: each takes 10 to 30 MB, and half a second to build again. A search of one family needs fewer.
MOST_PROGRAMS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramShape:
    """Everything that fixes the sizes of a program's arrays.

    Attributes:
        members: Members of one trial (folds, and pairs of blocks).
        trials: Trials side by side; the stack has ``members * trials`` members.
        quantile: Of the pinball loss that a regression trains; None for the squared error.
    """

    architecture: Architecture
    task: Task
    outputs: int
    inputs: Inputs
    members: int
    trials: int
    batch: int
    steps: int
    rows: int
    extras: frozenset[str] = frozenset()
    quantile: float | None = None

    @property
    def family(self) -> Family:
        return FAMILIES[self.architecture.kind]

    @property
    def parameters(self) -> int:
        """Multiplications for one row in the kernels of one member."""
        return self.family.parameters(self.architecture, self.inputs, self.outputs)

    @property
    def operations(self) -> float:
        """Floating-point operations of an epoch: two for each weight and row, forward once and backward twice."""
        return 6.0 * self.parameters * self.steps * self.batch * self.members * self.trials

    @property
    def worth_compiling(self) -> bool:
        """Whether an epoch is long enough for a program of these very sizes.

        Never for ensembles, whose small matrices XLA multiplies several times slower than TensorFlow, nor for RealMLP,
        on whose waves and activations it gains nothing.
        """
        return self.operations >= WORTH_XLA and self.family.traits.plain

    def of_any_size(self) -> ProgramShape:
        """The shape that all shapes share whose program for arrays of any size is the same."""
        names = {"width": 1, "embedding": 1, "bins": 1, "ensemble": 2}
        small = {name: min(getattr(self.architecture, name), least) for name, least in names.items()}
        smallest = replace(self.architecture, **small)
        return replace(self, architecture=smallest, members=1, trials=1, batch=1, steps=1, rows=1)


class EpochInputs(NamedTuple):
    """What an epoch reads besides weights and moments.

    Attributes:
        fixed: Weights that are not trained.
        settings: ``[11, S, 1, 1]`` (`step.SETTINGS`).
        rows: ``(inputs, y)`` of `Rows`, and with class weights the shares of the classes ``[S, classes]``.
        table: Random numbers of the dropout masks (`networks.noise`).
        bounds: Bounds and penalties of the weights (`networks.weight_bounds`), empty without hints.
        steps: Positions and weights ``[steps, S, B]``; beginnings of windows of the table ``[steps, layers]``.
    """

    fixed: Any
    settings: Any
    rows: Any
    table: Any
    bounds: Any
    steps: Any


class CompiledEpoch:
    """The compiled functions of one shape, or of any size. Stateless, so that any number of trainings may share it."""

    def __init__(self, shape: ProgramShape) -> None:
        self._engine = engine()
        self.shape, self.traces = shape, 0
        # Weights are arguments; those of the network only give names and order.
        self.network = build_network(shape.architecture, shape.inputs, members=1, outputs=shape.outputs)
        still = self.network.non_trainable_variables
        self._rates = [v for v in still if v.path.endswith("/rate")]
        self._fixed = [v for v in still if not v.path.endswith(("/rate", "/seed_generator_state"))]
        self.names = [v.path.split("network/")[-1] for v in self.network.trainable_variables]
        self.fixed_names = [v.path.split("network/")[-1] for v in self._fixed]
        self._factors = tuple(shape.family.factor(name) for name in self.names)
        fast = shape.worth_compiling
        self.epoch = self._engine.compiled(self._epoch, fast=fast)
        self.epoch_and_look = self._engine.compiled(self._epoch_and_look, fast=fast)
        self.forward = self._engine.compiled(self._forward, fast=fast)

    def _epoch(self, state: Any, given: EpochInputs) -> Any:
        """One epoch. The state (weights and moments) is packed, since few arguments are quick to pass."""
        from keras import ops

        self.traces += 1  # Python code of a compiled function runs only while it is traced
        settings = dict(zip(SETTINGS, ops.unstack(given.settings, len(SETTINGS)), strict=True))

        def step(state: State, now: Any) -> State:
            return self._step(state, given, settings, *now)

        return _packed(self._engine.scan(step, _unpacked(state), given.steps))

    def _epoch_and_look(self, state: Any, given: EpochInputs, watched: Any) -> Any:
        """One epoch, and logits of the watched positions ``[S, m]`` after it."""
        state = self._epoch(state, given)
        return state, self._forward(state, given.fixed, given.rows[0], watched)

    def _step(
        self, state: State, given: EpochInputs, settings: Mapping[str, Any], positions: Any, weight: Any, starts: Any
    ) -> State:
        """One step on a batch: positions and weights ``[S, B]`` of its rows, beginnings of windows ``[layers]``."""
        from keras import ops

        inputs, y = given.rows[:2]
        batch, truth = _gathered(inputs, positions), ops.take(y, positions, axis=0)
        smoothing, focal, balance = (
            settings[name] if name in self.shape.extras else None
            for name in ("label_smoothing", "focal", "class_balance")
        )
        factors = None if balance is None else class_factors(given.rows[2], balance, truth)
        cycles, dropout = self.shape.family.traits.schedule == "cycles", settings["dropout"]
        if cycles:
            dropout = dropout * flat_cos(progress(state[3], settings))

        def loss(weights: list[Any]) -> Any:
            with noise.drawing(given.table, ops.unstack(starts, self.shape.family.windows(self.shape.architecture))):
                logits = self._logits(weights, given.fixed, batch, dropout)
            alone = self.shape.architecture.ensemble == 1
            y_rows = truth if alone else ops.expand_dims(truth, 2)
            losses = logit_losses(self.shape.task, logits, y_rows, smoothing, focal=focal, quantile=self.shape.quantile)
            # Each of the k networks learns by its own loss, never by that of their mean.
            losses = losses if alone else ops.mean(losses, axis=2)
            return total_loss(losses if factors is None else losses * factors, weight)

        gradients = self._engine.gradients(loss, list(state[0]))
        active = ops.cast(ops.sum(weight, axis=1) > 0, "float32")[:, None, None]
        rule = UpdateRule(factors=self._factors, extras=self.shape.extras, cycles=cycles)
        return update(state, gradients, settings, active, given.bounds, rule)

    def _forward(self, state: Any, fixed: Any, inputs: Any, positions: Any) -> Any:
        """Logits ``[S, m, outputs]`` of positions ``[S, m]``."""
        logits = self._logits(_unpacked(state)[0], fixed, _gathered(inputs, positions))
        if self.shape.architecture.ensemble == 1:
            return logits
        from autoft.networks.layers.ensemble import mean_logits

        return mean_logits(self.shape.task, logits)

    def _logits(self, weights: Sequence[Any], fixed: Sequence[Any], batch: dict[str, Any], dropout: Any = None) -> Any:
        """The network's logits with these weights, of any number of members and any width; dropout says to train."""
        import keras

        scope = keras.StatelessScope()
        for variable, value in zip(self.network.trainable_variables, weights, strict=True):
            scope.add_update((variable, value))
        for variable, value in zip(self._fixed, fixed, strict=True):
            scope.add_update((variable, value))
        for rate in () if dropout is None else self._rates:
            scope.add_update((rate, dropout))
        with scope:
            return self.network.call(batch, training=dropout is not None)


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


def key_of(shape: ProgramShape) -> ProgramShape:
    """The shape that the program for a shape is compiled for."""
    any_size = engine().ANY_SIZE and shape.family.traits.resizable
    return shape if shape.worth_compiling or not any_size else shape.of_any_size()


@lru_cache(maxsize=MOST_PROGRAMS)
def compiled(key: ProgramShape) -> CompiledEpoch:
    """The program of a key; those used least recently are let go."""
    if compiled.cache_info().currsize == MOST_PROGRAMS:
        gc.collect()  # graphs of TensorFlow are full of circles
    return CompiledEpoch(key)


def engine() -> Any:
    """The module of the backend that Keras runs on."""
    import keras

    return engine_jax if keras.backend.backend() == "jax" else engine_tensorflow

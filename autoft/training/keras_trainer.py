"""Trials of a user's own Keras model: its members train one after another, an epoch each, by ordinary Keras.

Who sees which rows, curves, checkpoints, one number of epochs for all folds and pruning are the same as in
`training.trainer`. There is one Keras model: for each member its variables and its optimizer's get that member's
values, so that the step is traced once a trial.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autoft.errors import AutoFTError, TrainingError, printable
from autoft.knowledge import variants
from autoft.networks.architecture import Inputs
from autoft.networks.families import own
from autoft.networks.families.own import Build, ModelInputs, OwnNetwork
from autoft.preprocessing.layout import blocks
from autoft.records.arrays import Array
from autoft.records.trials import OUT_OF_TIME, TrialResult
from autoft.training.ensemble import NetworkPart
from autoft.training.stack import PREDICTED_ROWS, Stack, padded
from autoft.training.step import logit_losses
from autoft.training.trial_trainer import Ends, OutOfTime, Params, Record, TrialTrainer, row_weights

#: Hyperparameters that autoft adds or uses itself; a build is asked only for those of them that it defines.
BATCH_SIZE, LEARNING_RATE = "batch_size", "learning_rate"


@dataclass(eq=False)
class KerasTrainer(TrialTrainer):
    """Trains trials of a user's own model, which `build` makes from hyperparameters and encoded inputs."""

    build: Build = field(kw_only=True)

    def _train_all(self, params: Sequence[Params], ends: Ends) -> list[TrialResult]:
        return [self._trained(one, ends) for one in params]

    def _trained(self, params: Params, ends: Ends) -> TrialResult:
        """One trial; it has failed too where the build refuses its hyperparameters."""
        began = self.clock()
        try:
            training = self._training(params)
        except Exception as error:  # noqa: BLE001  (a user's function raises anything)
            return TrialResult(params=dict(params), status="failed", reason=_reason(error), seconds=0.0)
        record = Record(self.data, self.folds, ends.limit, self.limits.patience, params, self._sample)
        for epoch in range(1, ends.limit + 1):
            logits = training.epoch(epoch, self._watched)
            record.add(epoch, logits[:, : self._held], logits[:, self._held :], training.weights, ends.prune)
            if not record.ended and ends.out_of_time():
                record.end(f"{OUT_OF_TIME} after epoch {epoch}", training.weights)
            if record.ended:
                break
        record.seconds = self.clock() - began
        return record.outcome(traces=1)

    def answers_after(self, params: Params, epochs: int, horizon: int, out_of_time: OutOfTime) -> list[Array] | None:
        """As of every trainer, but `horizon` is ignored: an own model has its own schedules."""
        training, held_out = self._training(params), padded(self.data.held_out)
        for epoch in range(1, epochs + 1):
            if out_of_time():
                return None
            logits = training.epoch(epoch, held_out if epoch == epochs else None)
        return self.data.held_out_answers(logits)

    def part(self, outcome: TrialResult, share: float) -> NetworkPart:
        return _OwnPart(build=self.build, params=outcome.params, weights=outcome.weights, share=share)

    def _training(self, params: Params) -> _Training:
        return _Training(self, params)


class _Training:
    """One configuration: a compiled Keras model (the first member's), and the variables of all members as arrays."""

    def __init__(self, trainer: KerasTrainer, params: Params) -> None:
        import keras

        data = self._data = trainer.data
        self._seed, networks = trainer.seed, []
        for s in range(data.members):
            with seeded(trainer.seed, s):
                networks.append(network_for(trainer.build, params, data))
        batch = min(int(params[BATCH_SIZE]), data.fewest)
        self._steps = [-(-len(rows) // batch) for rows in data.train]
        self._size = max(-(-len(rows) // steps) for rows, steps in zip(data.train, self._steps, strict=True))
        first = networks[0]
        self._network = first.network
        optimizer = first.optimizer or keras.optimizers.Adam(float(params.get(LEARNING_RATE, 1e-3)))
        # Without XLA on TensorFlow: it would compile for each size of the last batches.
        jit = "auto" if keras.backend.backend() != "tensorflow" else False
        self._network.compile(optimizer, first.loss or _loss(data), jit_compile=jit)
        optimizer.build(self._network.trainable_variables)
        self._variables = [*self._network.variables, *optimizer.variables]
        fresh = _arrays(optimizer.variables)
        self._states = [[*_arrays(one.network.variables), *fresh] for one in networks]
        if any([a.shape for a in state] != [a.shape for a in self._states[0]] for state in self._states):
            found, fix = "a second call with the same values made others", "let only hp decide"
            raise TrainingError(own.function_name(trainer.build), "make weights of the same shapes", found, fix)
        self._inputs = _inputs(data, variants.without(trainer.hints, params.get(variants.WITHOUT, ())).unread)
        self._y = data.targets() if data.task == "multiclass" else data.targets()[:, :, None]
        self._weights = row_weights(data, float(params.get("class_balance", 0.0)))

    def epoch(self, number: int, watched: Array | None) -> Array:
        """Train an epoch of every member; logits ``[S, m, outputs]`` on the rows ``[S, m]`` to look at afterwards."""
        found = []
        for s, rows in enumerate(self._data.train):
            for variable, array in zip(self._variables, self._states[s], strict=True):
                variable.assign(array)
            order = np.random.default_rng([self._seed, s, number]).permutation(rows)
            for part in np.array_split(order, self._steps[s]):
                self._step(s, part)
            self._states[s] = _arrays(self._variables)
            if watched is not None:
                found.append(self._logits(s, watched[s]))
        return np.stack(found) if found else np.zeros((0, 0, 0))

    def _step(self, s: int, part: Array) -> None:
        """A step on some rows, filled up with one of them of weight 0: all steps have one size and one program."""
        rows = np.concatenate([part, np.repeat(part[:1], self._size - len(part))])
        weights = self._weights[s][rows] * np.float32(self._size / len(part))
        weights[len(part) :] = 0.0
        self._network.train_on_batch(self._given(s, rows), self._y[s][rows], sample_weight=weights)

    def weights(self) -> dict[str, Array]:
        """All variables of the network by their place and name, ``[S, ...]`` each."""
        names = [f"{place:03d}_{variable.name}" for place, variable in enumerate(self._network.variables)]
        return {name: np.stack([state[place] for state in self._states]) for place, name in enumerate(names)}

    def _logits(self, s: int, rows: Array) -> Array:
        pieces = [rows[start : start + PREDICTED_ROWS] for start in range(0, len(rows), PREDICTED_ROWS)]
        found = [np.asarray(self._network.predict_on_batch(self._given(s, piece))) for piece in pieces]
        return np.concatenate(found, dtype=np.float32)

    def _given(self, s: int, rows: Array) -> dict[str, Array]:
        return {name: array[s, rows] for name, array in self._inputs.items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _OwnPart:
    """A trial of an own model in the deployed model; `weights` are in the order of its variables."""

    build: Build
    params: Params
    weights: Mapping[str, Array]
    share: float = 1.0

    def network(self, data: Stack, members: int, name: str) -> Any:
        import keras

        from autoft.networks.layers.members import MemberInputs, StackMembers

        kinds = {"dense": (data.dense, "float32"), "slots": (data.slots, "int32")}
        given = {
            key: keras.Input(batch_shape=(members, None, array.shape[2]), dtype=kind, name=key)
            for key, (array, kind) in kinds.items()
            if array.shape[2]
        }
        logits = []
        for s in range(members):
            network = network_for(self.build, self.params, data).network
            for variable, array in zip(network.variables, self.weights.values(), strict=True):
                variable.assign(array[s])
            network.name = f"{name}_member_{s}"
            own_names = {"dense": own.DENSE, "slots": own.SLOTS}
            read = {own_names[key]: MemberInputs(s, name=f"{name}_{key}_{s}")(x) for key, x in given.items()}
            logits.append(network(read))
        return keras.Model(given, StackMembers(name=f"{name}_members")(logits), name=name)


def network_for(build: Build, params: Params, data: Stack) -> OwnNetwork:
    """The network that a function makes of a trial's hyperparameters for some rows.

    Raises:
        TrainingError: If it cannot be trained.
        Exception: Whatever the function raises.
    """
    given = ModelInputs.of(Inputs.of(data.plan), outputs=data.outputs, task=data.task)
    return own.build_network(build, own.hyperparameters(params), given)


@contextmanager
def seeded(*key: int) -> Iterator[None]:
    """Seed what Keras draws within the block; Python's and numpy's generators are put back afterwards.

    Not used for epochs, where a new seed would empty TensorFlow's cache of compiled steps: masks of dropout are drawn
    from states that are variables of the network.
    """
    import keras

    states = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


def _reason(error: Exception) -> str:
    first_line = (str(error).strip().splitlines() or [""])[0][:300]
    return printable(first_line if isinstance(error, AutoFTError) else f"{type(error).__name__}: {first_line}")


def _arrays(variables: Sequence[Any]) -> list[Array]:
    from keras import ops

    return [np.array(ops.convert_to_numpy(variable)) for variable in variables]


def _loss(data: Stack) -> Any:
    """The loss of the task on logits; of a regression on the standardized target."""
    import keras

    if data.task == "binary":
        return keras.losses.BinaryCrossentropy(from_logits=True)
    if data.task == "multiclass":
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if data.quantile is None:
        return keras.losses.MeanSquaredError()
    return lambda y, predicted: logit_losses("regression", predicted, y[..., 0], quantile=data.quantile)


def _inputs(data: Stack, unread: Sequence[str]) -> dict[str, Array]:
    """The dense encoding and the slots, where there are any; columns that must not be read are 0."""
    found = {name: array for name, array in ((own.DENSE, data.dense), (own.SLOTS, data.slots)) if array.shape[2]}
    if unread:
        hidden = np.concatenate([np.full(width, name in unread) for name, width in blocks(data.plan)])
        found[own.DENSE] = np.where(hidden, np.float32(0), data.dense)
    return found

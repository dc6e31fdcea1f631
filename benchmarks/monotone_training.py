"""Monotone constructions of `benchmarks.constructions`: built on autoft's inputs, trained by one loop.

The loop is that of `autoft.training` without dropout and penalties, so that what differs between constructions is the
construction: the same Adam step (`autoft.training.step.update`), the same batches, the same way to compile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import numpy as np

from autoft.knowledge import bounds
from autoft.networks.architecture import MIXED, Architecture
from autoft.networks.families import FAMILIES, build_network, initial_weights
from autoft.networks.family import Factor
from autoft.networks.initial_state import InitialState
from autoft.networks.weight_bounds import WeightBounds
from autoft.preprocessing.bins import begin_and_factor, bin_edges
from autoft.preprocessing.statistics import blocks
from autoft.records.arrays import Array
from autoft.records.hints import Hints
from autoft.training.bounded_step import hinted_arrays
from autoft.training.epoch import engine
from autoft.training.stack import Stack, batches
from autoft.training.step import SETTINGS, Settings, row_losses, settings_arrays, total_loss, update

#: Of all networks of units.
WIDTH, DEPTH = 64, 2
#: Of the lattices: bins of a curve, how many lattices there are (they have as many weights as the networks), and
#: columns of each.
BINS, LATTICES, COLUMNS = 10, 256, 4
#: How steep Nolte's networks may be, in standard deviations of the target (or in log odds) by unit of an input.
STEEPNESS = (0.5, 2.0)
#: Learning rates to choose between.
RATES = (3e-3, 1e-2)
#: Rows that are answered at a time.
_CHUNK = 2_048


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Construction:
    """A network of S members and how it is kept monotone.

    Attributes:
        network: A Keras model, ``dense [S, B, in]`` -> logits ``[S, B, 1]``.
        weights: First weights by name, those included that are not trained.
        rules: Bounds on weights, if it is kept by those.
        project: By names of weights: what is done with them after every step, if it is kept by a projection.
        variants: Other values of weights that are not trained, to choose among; named by a number.
    """

    network: Any
    weights: Mapping[str, Array]
    rules: WeightBounds = field(default_factory=lambda: WeightBounds(low={}, high={}, penalty={}))
    project: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    variants: Mapping[float, Mapping[str, Array]] = field(default_factory=lambda: {0.0: {}})

    @property
    def parameters(self) -> int:
        """Weights of one member that are trained, without those that bounds hold at zero."""
        names = [_name(v) for v in self.network.trainable_variables]
        held = sum(int(((low == 0) & (self.rules.high[name] == 0)).sum()) for name, low in self.rules.low.items())
        return int(sum(self.weights[name][0].size for name in names)) - held


def build(side: str, data: Stack, start: InitialState, hints: Hints) -> Construction:
    """The construction of a name (`benchmarks.constructions`)."""
    share = {"all_bound": 0.0, "absolute": 0.0}.get(side, bounds.FREE)
    with patch.object(bounds, "FREE", share):
        return _BUILDERS[side](data, start, hints)


def directions(data: Stack, hints: Hints) -> Array:
    """``[in]``: 1 and -1 for inputs that the answer must rise or fall with, 0 for the others."""
    found = bounds.weight_bounds(hints, data.plan, Architecture(kind="linear"), 1)
    low, high = (np.asarray(of["logits/kernel"])[:, 0] == 0 for of in (found.low, found.high))
    assert not (low & high).any(), "no input of these tables moves with a constrained column in an unknown direction"
    return np.asarray(low.astype(int) - high.astype(int))


def _bounded(data: Stack, start: InitialState, hints: Hints) -> Construction:
    """autoft's own: an ordinary perceptron with bounds on its weights."""
    architecture = _architecture(MIXED if hints.effects else "relu")
    network = build_network(architecture, start.inputs, members=start.members, outputs=1)
    own = bounds.weight_bounds(hints, data.plan, architecture, 1)
    first = FAMILIES["mlp"].bounded_weights(architecture, start, initial_weights(architecture, start), own)
    return Construction(network=network, weights=first, rules=own)


def _free(data: Stack, start: InitialState, hints: Hints) -> Construction:
    return _bounded(data, start, Hints())


def _absolute(data: Stack, start: InitialState, hints: Hints) -> Construction:
    """The same signs by absolute values."""
    import keras

    from benchmarks.monotone_layers import Absolute

    architecture = _architecture(MIXED)
    own, weights = bounds.weight_bounds(hints, data.plan, architecture, 1), initial_weights(architecture, start)
    names = [f"hidden_{k}" for k in range(DEPTH)] + ["logits"]
    x = dense = _input(start)
    for name in names:
        shape, kernel = weights[f"{name}/kernel"].shape[1:], f"{name}/kernel"
        signs = np.full(shape, np.nan)
        if kernel in own.low:
            low, high = own.low[kernel] == 0, own.high[kernel] == 0
            signs[low | high] = (low.astype(int) - high)[low | high]
        x = Absolute(signs, bend=name != "logits", name=name)(x)
    return Construction(network=keras.Model({"dense": dense}, x, name="network"), weights=weights)


def _lipschitz(data: Stack, start: InitialState, hints: Hints) -> Construction:
    """A network of bounded slope plus the constrained inputs."""
    import keras

    from benchmarks.monotone_layers import Lipschitz, Slope, SortPairs

    weights = dict(initial_weights(_architecture("relu"), start))
    x = dense = _input(start)
    for k in range(DEPTH):
        x = SortPairs(name=f"sort_{k}")(Lipschitz(WIDTH, first=k == 0, name=f"hidden_{k}")(x))
    x = Slope(directions(data, hints), name="slope")([Lipschitz(1, first=False, name="logits")(x), dense])
    weights["slope/bias"], weights["logits/bias"] = weights["logits/bias"], np.zeros((start.members, 1, 1), np.float32)
    slopes = {s: {"slope/steepness": np.full((start.members, 1, 1), s, np.float32)} for s in STEEPNESS}
    network = keras.Model({"dense": dense}, x, name="network")
    return Construction(network=network, weights=weights | slopes[STEEPNESS[0]], variants=slopes)


def _lattice(data: Stack, start: InitialState, hints: Hints) -> Construction:
    """Calibrators, and lattices of random columns."""
    import keras

    from autoft.networks.layers.numbers import PiecewiseLinear
    from benchmarks.monotone_layers import Calibrators, Lattices

    positions: list[int] = []
    owners: list[int] = []
    signs, at = directions(data, hints), 0
    for _, width in blocks(data.plan):
        if width == 1:
            positions.append(at)
        else:
            owners += [len(set(owners))] * width
        at += width
    hot = [k for k in range(start.inputs.dense) if k not in positions]
    dense = _input(start)
    x = PiecewiseLinear(positions, BINS, name="bins")(dense)
    if hot:
        x = keras.layers.Concatenate(name="features")([x, keras.ops.take(dense, hot, axis=-1)])
    curves = Calibrators(signs[positions], BINS, np.array(owners, dtype=int), name="calibrators")
    rng, columns = np.random.default_rng(start.seed), len(positions) + len(set(owners))
    size = min(COLUMNS, columns)
    picks = np.stack([rng.permutation(columns)[:size] for _ in range(LATTICES)])
    rising = np.concatenate([signs[positions] != 0, np.zeros(columns - len(positions), bool)])
    sums = Lattices(picks, rising, name="lattices")
    network = keras.Model({"dense": dense}, sums(curves(x)), name="network")

    def project(weights: dict[str, Any]) -> dict[str, Any]:
        first, rise = curves.projected(weights["calibrators/start"], weights["calibrators/rise"])
        found = {"calibrators/start": first, "calibrators/rise": rise}
        if hot:
            found["calibrators/value"] = keras.ops.clip(weights["calibrators/value"], 0.0, 1.0)
        return {**weights, **found, "lattices/corners": sums.projected(weights["lattices/corners"])}

    edges = [
        [begin_and_factor(bin_edges(data.dense[s, rows, j], BINS), BINS) for j in positions]
        for s, rows in enumerate(data.train)
    ]
    begin, factor = np.moveaxis(np.array(edges, dtype=np.float32), 2, 0)
    falls = signs[positions] < 0
    there = (factor > 0) / np.maximum((factor > 0).sum(axis=2, keepdims=True), 1)  # curves begin straight in quantiles
    # Lattices begin as random linear functions of their columns, which rise where they must.
    slopes = start.normal("lattices", (LATTICES, size)).transpose(0, 2, 1)
    slopes = np.where(rising[picks.T], np.abs(slopes), slopes)
    corner = np.array(np.meshgrid(*[[-0.5, 0.5]] * size, indexing="ij")).reshape(size, -1)
    weights = {
        "bins/begin": begin,
        "bins/factor": factor,
        "calibrators/start": np.repeat(falls.astype(np.float32)[None, None], start.members, axis=0),
        "calibrators/rise": (there * np.where(falls, -1, 1)[:, None]).reshape(start.members, -1, 1),
        "lattices/corners": 0.3 * np.einsum("sdl,dc->scl", slopes, corner),
        "lattices/bias": start.bias[:, None, :],
    }
    if hot:
        weights["calibrators/value"] = 0.5 + 0.5 * start.uniform("calibrators", (len(hot), 1))
    return Construction(
        network=network, weights={name: np.asarray(w, np.float32) for name, w in weights.items()}, project=project
    )


_BUILDERS: Mapping[str, Callable[[Stack, InitialState, Hints], Construction]] = {
    **{"ours": _bounded, "free": _free, "all_bound": _bounded},
    **{"absolute": _absolute, "absolute_halves": _absolute, "lipschitz": _lipschitz, "lattice": _lattice},
}


def _architecture(activation: str) -> Architecture:
    return Architecture(kind="mlp", width=WIDTH, depth=DEPTH, activation=activation, embedding=0)


def _input(start: InitialState) -> Any:
    import keras

    return keras.Input(batch_shape=(start.members, None, start.inputs.dense), name="dense")


def _name(variable: Any) -> str:
    return str(variable.path.split("network/")[-1])


def side_by_side(data: Stack, times: int) -> Stack:
    """Every member so many times, one after the other: for settings that train in one stack."""
    arrays = ("dense", "slots", "center", "scale", "low", "high")
    every: dict[str, Any] = {name: np.repeat(getattr(data, name), times, axis=0) for name in arrays}
    every |= {name: tuple(own for own in getattr(data, name) for _ in range(times)) for name in ("train", "held_out")}
    return replace(data, **every)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """Members after a training.

    Attributes:
        losses: ``[S]``, the lowest on the held-out rows.
        weights: By name, of each member's best epoch.
        epochs: ``[S]``, trained until it had waited long enough.
        spent: CPU seconds of the epochs but for those that compiled something, and how many of single members they are.
    """

    losses: Array
    weights: dict[str, Array]
    epochs: Array
    spent: tuple[float, int]


class Loop:
    """The compiled training of a construction.

    Args:
        construction: What is trained.
        data: Rows of its S members; held-out rows stop the training and are as many for each.
    """

    def __init__(self, construction: Construction, data: Stack) -> None:
        self.own, self.data, self._engine = construction, data, engine()
        self.names = [_name(v) for v in construction.network.trainable_variables]
        self._still = [v for v in construction.network.non_trainable_variables if _name(v) in construction.weights]
        self._extras = frozenset({"bounds"} if construction.rules.low else ())
        self._epoch = self._engine.compiled(self._train, fast=False)
        self._look = self._engine.compiled(self._losses, fast=False)
        self._ask = self._engine.compiled(self._logits, fast=False)
        y = np.repeat(data.y[None].astype(np.float64), data.members, axis=0)
        if data.task == "regression":
            y = (y - data.center[:, None]) / data.scale[:, None]
        self._y = y.astype(np.float32)
        self._rows = [self._engine.constant(data.dense.reshape(-1, data.dense.shape[2]))]
        self._rows.append(self._engine.constant(self._y.reshape(-1)))
        held = np.stack(data.held_out)
        self._held = data.dense[np.arange(len(held))[:, None], held], np.take_along_axis(self._y, held, axis=1)

    def train(
        self, rates: Sequence[float], *, batch: int, epochs: int, patience: int, seed: int, variant: float = 0.0
    ) -> Trained:
        """Train all members, each until its held-out loss has not improved for `patience` epochs.

        Args:
            rates: Learning rate of each member.
            batch: Rows of a step.
            epochs: At most so many.
            patience: Epochs to wait.
            seed: Of the batches.
            variant: Of the construction.
        """
        constant, members = self._engine.constant, len(rates)
        weights = {**self.own.weights, **self.own.variants[variant]}
        arrays = hinted_arrays(self.names, [self.own.rules], members, self._extras)
        if self.own.project:
            weights |= {n: np.asarray(w) for n, w in self.own.project({n: weights[n] for n in self.names}).items()}
        hinted = {kind: [constant(array) for array in each] for kind, each in arrays.items()}
        own = settings_arrays([Settings(learning_rate=rate) for rate in rates], 1, 1)
        running, best = np.arange(members), {name: weights[name].copy() for name in self.names}
        losses, waited, count = np.full(members, np.inf), np.zeros(members, int), np.zeros(members, int)
        first = [np.asarray(weights[name], np.float32) for name in self.names]
        state = [first, [np.zeros_like(w) for w in first], [np.zeros_like(w) for w in first]]
        steps, spent = np.zeros((members, 1, 1), np.float32), [0.0, 0]
        offsets = np.arange(members, dtype=np.int32)[:, None] * len(self.data.y)
        for epoch in range(1, epochs + 1):
            began = time.process_time()
            order, counts = batches(self.data.train, batch, seed=seed, epoch=epoch)
            fixed = [constant(weights[_name(v)][running]) for v in self._still]
            settings = constant(np.stack([own[name][running] for name in SETTINGS]))
            given = ([[constant(w) for w in kind] for kind in state], constant(steps))
            now = (constant((order + offsets)[:, running]), constant(np.ascontiguousarray(counts[:, running])))
            trained, taken = self._epoch(given, fixed, settings, self._rows, hinted, now)
            held = [constant(np.ascontiguousarray(array[running])) for array in self._held]
            seen = np.asarray(self._look(trained[0], fixed, *held), dtype=np.float64)
            state, steps = [[np.asarray(w) for w in kind] for kind in trained], np.asarray(taken)
            if epoch > 1 or variant != next(iter(self.own.variants)):  # those that compile are not counted
                spent = [spent[0] + time.process_time() - began, spent[1] + len(running)]
            better = np.nan_to_num(seen, nan=np.inf) < losses[running]
            for name, array in zip(self.names, state[0], strict=True):
                best[name][running[better]] = array[better]
            losses[running[better]] = seen[better]
            waited[running] = np.where(better, 0, waited[running] + 1)
            count[running] = epoch
            stay = waited[running] < patience
            if not stay.any():
                break
            if not stay.all():
                running = running[stay]
                state, steps = [[w[stay] for w in kind] for kind in state], steps[stay]
        still = {_name(v): weights[_name(v)] for v in self._still}
        return Trained(losses=losses, weights={**best, **still}, epochs=count, spent=(spent[0], int(spent[1])))

    def logits(self, weights: Mapping[str, Array], dense: Array) -> Array:
        """``[S, m, 1]`` of some members on rows ``[S, m, in]``."""
        own = [[self._engine.constant(weights[name]) for name in self.names]]
        own.append([self._engine.constant(weights[_name(v)]) for v in self._still])
        pieces = [np.ascontiguousarray(dense[:, at : at + _CHUNK]) for at in range(0, dense.shape[1], _CHUNK)]
        return np.concatenate([np.asarray(self._ask(*own, self._engine.constant(piece))) for piece in pieces], axis=1)

    def _train(self, state: Any, fixed: Any, settings: Any, rows: Any, hinted: Any, steps: Any) -> Any:
        """One epoch: lists of weights and moments and the steps taken, before and after it."""
        from keras import ops

        named = dict(zip(SETTINGS, ops.unstack(settings, len(SETTINGS)), strict=True))
        factors = [Factor()] * len(self.names)

        def step(state: Any, now: Any) -> Any:
            positions, counts = now
            batch, truth = (ops.take(array, positions, axis=0) for array in rows)

            def loss(weights: list[Any]) -> Any:
                logits = self._logits(weights, fixed, batch)
                return total_loss(row_losses(self.data.task, logits, truth), counts)

            (weights, *moments), taken = state
            gradients = self._engine.gradients(loss, list(weights))
            active = ops.ones_like(taken)
            new = update(
                (weights, *moments, taken),
                gradients,
                named,
                active,
                factors=factors,
                extras=self._extras,
                hinted=hinted,
            )
            weights = new[0]
            if self.own.project:
                projected = self.own.project(dict(zip(self.names, weights, strict=True)))
                weights = [projected[name] for name in self.names]
            return [weights, new[1], new[2]], new[3]

        return self._engine.scan(step, state, steps)

    def _losses(self, weights: Any, fixed: Any, dense: Any, y: Any) -> Any:
        """``[S]`` mean losses of rows ``[S, m]``."""
        from keras import ops

        return ops.mean(row_losses(self.data.task, self._logits(weights, fixed, dense), y), axis=1)

    def _logits(self, weights: Any, fixed: Any, dense: Any) -> Any:
        import keras

        scope = keras.StatelessScope()
        every = [*self.own.network.trainable_variables, *self._still]
        for variable, value in zip(every, [*weights, *fixed], strict=True):
            scope.add_update((variable, value))
        with scope:
            return self.own.network.call({"dense": dense}, training=False)

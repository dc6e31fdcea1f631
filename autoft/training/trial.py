"""One trial: train a configuration on all members, watch the mean held-out curve, keep a few checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.networks.mlp import Architecture, initial_weights
from autoft.preprocess.encode import Array
from autoft.preprocess.fit import blocks
from autoft.search.outcome import OUT_OF_TIME, Outcome
from autoft.training.data import StackData, batches, padded
from autoft.training.losses import answers, row_losses
from autoft.training.tensorflow import Program, Rows


def checkpoint_epochs(epochs: int) -> tuple[int, ...]:
    """Epochs whose held-out predictions are kept: a geometric grid, so that the choice stays a choice among few.

    >>> checkpoint_epochs(20)
    (1, 2, 3, 4, 6, 8, 11, 16, 20)
    """
    grid = {round(2 ** (k / 2)) for k in range(2 * int(math.log2(epochs)) + 1)}
    return tuple(sorted({e for e in grid if e <= epochs} | {epochs}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a trial may train.

    Attributes:
        epochs: At most so many.
        patience: Stop after so many epochs without a better mean held-out loss (or after half as many again as
            the best took, whichever is more).
    """

    epochs: int
    patience: int


class Trainer:
    """Trains trials on one set of rows and keeps the compiled programs for the next trial of the same shape.

    Args:
        data: The rows; the first `folds` members are the folds whose held-out predictions are pooled, any others
            (pairs of blocks, for nested evaluation) ride along.
        folds: Number of folds.
        limits: How long a trial may train.
        seed: Of weights, batch orders and masks.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        data: StackData,
        *,
        folds: int,
        limits: Limits,
        seed: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.data, self.folds, self.limits, self.seed, self.clock = data, folds, limits, seed, clock
        self._programs: dict[tuple[Architecture, int], Program] = {}
        self._rows, self._held_out = Rows(data), padded(data.held_out)
        self._power, self._prior = data.power(), data.prior()
        rng = np.random.default_rng([seed, 1])
        # The train curve is read on as many training rows as there are held-out ones: half the price, same noise.
        # Pairs have no curve, but the stack is asked as a whole: one row each.
        self._sample = tuple(
            np.sort(rng.permutation(rows)[: len(held) if s < folds else 1])
            for s, (rows, held) in enumerate(zip(data.train, data.held_out, strict=True))
        )
        self._sampled = padded(self._sample)

    def train(self, params: Mapping[str, Any], out_of_time: Callable[[], bool], epochs: int | None = None) -> Outcome:
        """Train one configuration.

        Args:
            params: ``width, depth, activation, embedding, batch_size, learning_rate, dropout, l2``.
            out_of_time: Asked after every epoch; when true the trial ends with the epochs it has.
            epochs: Upper limit for this trial alone (Hyperband).

        Returns:
            The outcome; ``failed`` with a reason if it diverged before its first checkpoint.
        """
        began = self.clock()
        program = self._program(params)
        traces = program.traces
        program.start(
            self._initial(program.architecture),
            learning_rate=float(params["learning_rate"]),
            dropout=float(params["dropout"]),
            l2=float(params["l2"]),
            seed=self.seed,
        )
        record = _Record(self.data, self.folds, min(epochs or self.limits.epochs, self.limits.epochs))
        for epoch in range(1, record.limit + 1):
            program.epoch(*batches(self.data.train, program.batch, seed=self.seed, epoch=epoch))
            held_out, train = program.logits(self._held_out), program.logits(self._sampled)
            record.add(epoch, held_out, train, self._sample, program.weights)
            if record.diverged:
                record.reason = f"diverged at epoch {epoch} (learning_rate {float(params['learning_rate']):.3g})"
                break
            if epoch - record.best_seen >= max(self.limits.patience, record.best_seen // 2):
                break
            if epoch < record.limit and out_of_time():
                record.reason = f"{OUT_OF_TIME} after epoch {epoch}"
                break
        record.close(program)
        return record.outcome(params, seconds=self.clock() - began, traces=program.traces - traces)

    def architecture(self, params: Mapping[str, Any]) -> Architecture:
        """The part of a trial's parameters that fixes shapes."""
        return Architecture(
            width=int(params["width"]),
            depth=int(params["depth"]),
            activation=str(params["activation"]),
            # Without embedded columns the dimension changes nothing; one value keeps it from splitting programs.
            embedding=int(params.get("embedding", 8)) if self.data.plan.embedded else 0,
        )

    def _program(self, params: Mapping[str, Any]) -> Program:
        smallest = min(len(rows) for rows in self.data.train)
        key = (self.architecture(params), min(int(params["batch_size"]), max(1, smallest)))
        if key not in self._programs:
            self._programs[key] = Program(*key, self._rows)
        return self._programs[key]

    def _initial(self, architecture: Architecture) -> dict[str, Array]:
        return initial_weights(
            architecture,
            self.data.plan,
            power=self._power,
            blocks=blocks(self.data.plan),
            outputs=self.data.outputs,
            bias=self._prior,
            seed=self.seed,
        )


class _Record:
    """What is seen while a trial trains."""

    def __init__(self, data: StackData, folds: int, limit: int) -> None:
        self.data, self.folds, self.limit = data, folds, limit
        self.checkpoints: dict[int, tuple[Array, float]] = {}
        self.curves: dict[str, list[list[float]]] = {"train": [], "held_out": []}
        self.weights: dict[str, Array] = {}
        self.best_epoch, self.best_seen, self.lowest_seen = 0, 0, math.inf
        self.reason, self.diverged = "", False
        self._grid = frozenset(checkpoint_epochs(limit))
        self._last: tuple[int, Array, float] | None = None

    def add(
        self,
        epoch: int,
        held_out: Array,
        train: Array,
        sample: tuple[Array, ...],
        weights: Callable[[], dict[str, Array]],
    ) -> None:
        """Note the curves after an epoch; at an epoch of the grid keep the predictions too."""
        if not (np.isfinite(held_out).all() and np.isfinite(train).all()):
            self.diverged = True
            return
        curves = {"held_out": self._losses(held_out, self.data.held_out), "train": self._losses(train, sample)}
        loss = float(np.concatenate(curves["held_out"]).mean())
        if not math.isfinite(loss):
            self.diverged = True
            return
        for name, losses in curves.items():
            self.curves[name].append([float(x.mean()) / self._unit(s) for s, x in enumerate(losses)])
        if loss < self.lowest_seen:
            self.lowest_seen, self.best_seen = loss, epoch
        self._last = (epoch, held_out, loss)
        if epoch in self._grid:
            self._keep(epoch, held_out, loss, weights)

    def close(self, program: Program) -> None:
        """A trial that ended between two epochs of the grid keeps its last epoch as a checkpoint too."""
        if self._last and not self.diverged and self._last[0] not in self.checkpoints:
            self._keep(*self._last, program.weights)

    def _keep(self, epoch: int, held_out: Array, loss: float, weights: Callable[[], dict[str, Array]]) -> None:
        if not self.checkpoints or loss < min(known for _, known in self.checkpoints.values()):
            self.best_epoch, self.weights = epoch, weights()
        self.checkpoints[epoch] = (held_out, loss)

    def _losses(self, logits: Array, rows: tuple[Array, ...]) -> list[Array]:
        """Row losses of each fold (pairs are not part of the curve)."""
        data = self.data
        return [row_losses(data.y[own], self._answer(s, logits, own)) for s, own in enumerate(rows[: self.folds])]

    def _answer(self, s: int, logits: Array, own: Array) -> Array:
        """A member's answers in the precision in which they are kept, so that every choice is made on the same."""
        data = self.data
        return answers(logits[s, : len(own)], data.task, data.center[s], data.scale[s])

    def _unit(self, member: int) -> float:
        """Squared errors are shown in units of the target's variance, so 1.0 is the constant model."""
        return float(self.data.scale[member] ** 2)

    def outcome(self, params: Mapping[str, Any], *, seconds: float, traces: int) -> Outcome:
        """The finished record."""
        data, epochs = self.data, tuple(self.checkpoints)
        n = len(data.y)
        wide = () if data.task == "regression" else (2 if data.task == "binary" else data.outputs,)
        kind = np.float64 if data.task == "regression" else np.float32
        pooled = np.full((len(epochs), n, *wide), np.nan, dtype=kind)
        pairs = np.full((len(epochs), data.members - self.folds, n, *wide), np.nan, dtype=kind)
        for c, (logits, _) in enumerate(self.checkpoints.values()):
            for s, own in enumerate(data.held_out):
                answer = self._answer(s, logits, own)
                if s < self.folds:
                    pooled[c, own] = answer
                else:
                    pairs[c, s - self.folds, own] = answer
        return Outcome(
            params=dict(params),
            status="finished" if epochs else "failed",
            epochs=self.best_epoch,
            checkpoints=epochs,
            held_out=pooled,
            pairs=pairs,
            curves=self.curves,
            weights={name: w[: self.folds] for name, w in self.weights.items()},
            reason=self.reason,
            seconds=seconds,
            traces=traces,
        )

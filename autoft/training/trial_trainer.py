"""Trial trainers: what every trainer of trials on one set of rows does, and its record of a trial."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from autoft.evaluation.losses import answers, class_weights, row_losses
from autoft.records.arrays import Array
from autoft.records.hints import Hints
from autoft.records.trials import SAMPLED_ROWS, TrialResult, TrialStatus, checkpoint_epochs
from autoft.search.pruning import Prune
from autoft.training.ensemble import Ensemble, NetworkPart, build_ensemble
from autoft.training.epoch import engine
from autoft.training.stack import Stack, padded

#: Hyperparameters of a trial by name.
Params = Mapping[str, Any]
Weights = Callable[[], dict[str, Array]]


class Record:
    """The record of one trial. Its first members are the folds; the others hold out pairs of blocks.

    Args:
        limit: Its largest number of epochs.
        patience: Epochs without a better mean held-out loss that end it; half the best epoch, where that is more.
        sample: Training rows of each member on which the train curve is read.
    """

    def __init__(
        self, data: Stack, folds: int, limit: int, patience: int, params: Params, sample: tuple[Array, ...]
    ) -> None:
        self.data, self.folds, self.limit, self.params, self.sample = data, folds, limit, params, sample
        self._patience = patience
        self.seconds, self.ended = 0.0, False
        self._checkpoints: dict[int, tuple[Array, float]] = {}
        self._curves: dict[str, list[list[float]]] = {"train": [], "held_out": []}
        self._weights: dict[str, Array] = {}
        self._best_epoch, self._best_seen, self._lowest_seen = 0, 0, math.inf
        self._reason, self._status = "", "finished"
        self._grid = frozenset(checkpoint_epochs(limit))
        self._last: tuple[int, Array, float] | None = None
        balance, rows = float(params.get("class_balance", 0.0)), np.concatenate(data.held_out[:folds])
        weights = None if data.weights is None else data.weights[rows]
        self._classes = class_weights(data.y[rows], balance, weights) if balance else None

    def add(self, epoch: int, held_out: Array, train: Array, weights: Weights, prune: Prune | None) -> None:
        """Record the curves after an epoch, and at a checkpoint epoch the predictions.

        Losses that are not finite end the trial with what it had before. It also ends at its limit, when its patience
        is over, or for the reason that `prune` finds in the mean held-out losses so far.

        Args:
            held_out, train: Logits ``[members, m, outputs]`` on each member's held-out rows and on the sample.
            weights: Called for the members' weights where they are the best so far.
        """
        curves = {"held_out": self._losses(held_out, self.data.held_out), "train": self._losses(train, self.sample)}
        broken = [
            s
            for s in range(len(held_out))
            if not (np.isfinite(held_out[s]).all() and np.isfinite(train[s]).all())
            or any(s < self.folds and not np.isfinite(losses[s]).all() for losses in curves.values())
        ]
        loss = self._mean(np.concatenate(curves["held_out"]), np.concatenate(self.data.held_out[: self.folds]))
        if broken or not math.isfinite(loss):
            rate = self.params.get("learning_rate")
            with_rate = "" if rate is None else f" (learning_rate {float(rate):.3g})"
            self.end(f"diverged at epoch {epoch} in {self._members(broken)}{with_rate}", weights)
            return
        for name, rows in (("held_out", self.data.held_out), ("train", self.sample)):
            self._curves[name].append([self._mean(x, rows[s]) / self._unit(s) for s, x in enumerate(curves[name])])
        if loss < self._lowest_seen:
            self._lowest_seen, self._best_seen = loss, epoch
        self._last = (epoch, held_out, loss)
        if epoch in self._grid:
            self._keep(epoch, held_out, loss, weights)
        if epoch == self.limit or epoch - self._best_seen >= max(self._patience, self._best_seen // 2):
            self.end("", weights)
        elif reason := prune([float(np.mean(losses)) for losses in self._curves["held_out"]]) if prune else "":
            self.end(reason, weights, "pruned")

    def end(self, reason: str, weights: Weights, status: TrialStatus = "finished") -> None:
        """End the trial; its last epoch becomes a checkpoint, unless it diverged."""
        self.ended, self._reason, self._status = True, reason, status
        if self._last and self._last[0] not in self._checkpoints and not reason.startswith("diverged"):
            self._keep(*self._last, weights)

    def outcome(self, *, traces: int) -> TrialResult:
        data, epochs, n = self.data, tuple(self._checkpoints), len(self.data.y)
        wide = () if data.task == "regression" else (2 if data.task == "binary" else data.outputs,)
        kind = np.float64 if data.task == "regression" else np.float32
        pooled = np.full((len(epochs), n, *wide), np.nan, dtype=kind)
        pairs = np.full((len(epochs), data.members - self.folds, n, *wide), np.nan, dtype=kind)
        for c, (logits, _) in enumerate(self._checkpoints.values()):
            for s, (own, answer) in enumerate(zip(data.held_out, data.held_out_answers(logits), strict=True)):
                if s < self.folds:
                    pooled[c, own] = answer
                else:
                    pairs[c, s - self.folds, own] = answer
        return TrialResult(
            params=dict(self.params),
            status=self._status if epochs else "failed",  # type: ignore[arg-type]
            epochs=self._best_epoch,
            checkpoints=epochs,
            held_out=pooled,
            pairs=pairs,
            curves=self._curves,
            weights={name: w[: self.folds] for name, w in self._weights.items()},
            reason=self._reason,
            seconds=self.seconds,
            traces=traces,
            limit=self.limit,
        )

    def _keep(self, epoch: int, held_out: Array, loss: float, weights: Weights) -> None:
        if not self._checkpoints or loss < min(known for _, known in self._checkpoints.values()):
            self._best_epoch, self._weights = epoch, weights()
        self._checkpoints[epoch] = (held_out, loss)

    def _losses(self, logits: Array, rows: tuple[Array, ...]) -> list[Array]:
        """Row losses of each fold, computed together; pairs are not part of the curve."""
        data, own = self.data, rows[: self.folds]
        sizes = [len(r) for r in own]
        flat = np.concatenate([logits[s, :size] for s, size in enumerate(sizes)])
        center, scale, low, high = (
            np.repeat(x[: self.folds], sizes) for x in (data.center, data.scale, data.low, data.high)
        )
        with np.errstate(all="ignore"):  # what has diverged is looked for below
            found = answers(flat, data.task, center, scale, (low, high))
            y = data.y[np.concatenate(own)]
            losses = row_losses(y, found, data.quantile)
        if self._classes is not None:
            losses = losses * self._classes[y]
        return np.split(losses, np.cumsum(sizes)[:-1])

    def _members(self, broken: list[int]) -> str:
        """Members in words; folds are counted from 1."""
        folds = [str(s + 1) for s in broken if s < self.folds]
        if not folds:
            return "a pair of blocks" if broken else "the mean"
        return f"fold{'s' if folds[1:] else ''} {', '.join(folds)}"

    def _mean(self, losses: Array, rows: Array) -> float:
        """Mean loss of some rows, weighted where the rows are."""
        weights = self.data.weights
        return float(losses.mean()) if weights is None else float(np.average(losses, weights=weights[rows]))

    def _unit(self, member: int) -> float:
        """Unit of a fold's curve: the target's variance for squared errors (the constant model has 1), its standard
        deviation for pinball losses."""
        return float(self.data.scale[member] ** (2 if self.data.quantile is None else 1))


def row_weights(data: Stack, balance: float) -> list[Array]:
    """Weights of the rows for each member, ``[n]`` float32 with mean 1 over its training rows."""
    found = []
    for rows in data.train:
        given = np.ones(len(data.y)) if data.weights is None else data.weights / data.weights[rows].mean()
        if balance:
            of_class = class_weights(data.y[rows], balance, given[rows])
            given = given * np.pad(of_class, (0, int(data.y.max()) + 1 - len(of_class)))[data.y]
        found.append(given.astype(np.float32))
    return found


#: Whether trials must end now.
OutOfTime = Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a trial may train: its largest number of epochs, and its patience (`Record`)."""

    epochs: int
    patience: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What ends trials: the time (asked after every epoch), the largest number of epochs, and pruning."""

    out_of_time: OutOfTime
    limit: int
    prune: Prune | None


@dataclass(eq=False)
class TrialTrainer(ABC):
    """Trains trials on one set of rows.

    Attributes:
        data: The rows. The first `folds` members are the folds, whose held-out predictions are pooled; others hold out
            pairs of blocks, for nested evaluation.
        seed: Of weights, batch orders and masks.
        clock: Monotonic seconds.
        hints: About the inputs. A trial does without those that its parameters name under ``without``
            (`knowledge.variants.names`).
    """

    data: Stack
    _: KW_ONLY
    folds: int
    limits: Limits
    seed: int
    clock: Callable[[], float] = time.monotonic
    hints: Hints = field(default_factory=Hints)

    def __post_init__(self) -> None:
        # As many training rows as held-out ones give both curves the same noise. Pairs have no curve: they get one row,
        # because the stack is evaluated in one call.
        data, rng = self.data, np.random.default_rng([self.seed, 1])
        sizes = [min(len(rows), SAMPLED_ROWS) if s < self.folds else 1 for s, rows in enumerate(data.held_out)]
        drawn = zip(data.train, sizes, strict=True)
        self._sample = tuple(np.sort(rng.permutation(rows)[:size]) for rows, size in drawn)
        # Both curves are read in one call: held-out rows first, then the sample of the training rows.
        self._watched = np.concatenate([padded(self.data.held_out), padded(self._sample)], axis=1)
        self._held = max(len(rows) for rows in self.data.held_out)

    @abstractmethod
    def _train_all(self, params: Sequence[Params], ends: Ends) -> list[TrialResult]:
        """Train configurations of one shape."""

    def train_all(
        self, params: Sequence[Params], out_of_time: OutOfTime, epochs: int | None = None, prune: Prune | None = None
    ) -> list[TrialResult]:
        """Train configurations of one shape.

        Args:
            params: Hyperparameters of each.
            out_of_time: Asked after every epoch; when true all end with the epochs they have.
            epochs: Upper limit for these trials alone (Hyperband).
            prune: Asked after every epoch about each trial; a reason ends it as ``pruned``.

        Returns:
            Outcomes in the order of `params`; ``failed`` with a reason where one diverged before its first checkpoint.
        """
        limit = min(epochs or self.limits.epochs, self.limits.epochs)
        return self._train_all(params, Ends(out_of_time=out_of_time, limit=limit, prune=prune))

    @abstractmethod
    def answers_after(self, params: Params, epochs: int, horizon: int, out_of_time: OutOfTime) -> list[Array] | None:
        """Answers of every member on its held-out rows, ``[m, classes]`` or ``[m]``, after some epochs.

        Args:
            horizon: Epochs that the trial could have had: schedules are laid out over them.
            out_of_time: Asked before every epoch; where it is true the answer is None.
        """

    @abstractmethod
    def part(self, outcome: TrialResult, share: float) -> NetworkPart:
        """A trial in the deployed model."""

    def train(
        self, params: Params, out_of_time: OutOfTime, epochs: int | None = None, prune: Prune | None = None
    ) -> TrialResult:
        """Train one configuration (`train_all` of one)."""
        return self.train_all([params], out_of_time, epochs, prune)[0]

    @property
    def accelerated(self) -> bool:
        """Whether there is a device that one trial's folds do not fill."""
        return bool(engine().accelerated())

    def together(self, params: Params) -> int:
        """How many trials of this shape are worth training side by side on this device."""
        return 1

    def rehearse(self, params: Params, enough: Callable[[float], bool]) -> list[float]:
        """Seconds of a configuration's first epoch, tracing included, and of its second unless the first are enough.

        Only the compiled program is kept, for the trial that will use it.
        """
        seconds, began = [], self.clock()

        def out_of_time() -> bool:
            nonlocal began
            seconds.append(self.clock() - began)
            began = self.clock()
            return len(seconds) == 2 or enough(seconds[0])

        self.train(params, out_of_time)
        return seconds or [self.clock() - began]  # a limit of one epoch is never asked about

    def ensemble(self, parts: Sequence[tuple[TrialResult, float]]) -> Ensemble:
        """The deployed model of the folds' networks of some trials, each with its share in the answers."""
        return build_ensemble(self.data, [self.part(*own) for own in parts], self.folds)

"""Records of trials: curves, a few checkpoints with their held-out predictions, and how the trial ended."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autoft.evaluation.losses import answers, class_weights, row_losses
from autoft.records.arrays import Array
from autoft.records.trials import TrialResult, TrialStatus
from autoft.search.pruning import Prune
from autoft.training.stack import Stack


def checkpoint_epochs(epochs: int) -> tuple[int, ...]:
    """Epochs whose held-out predictions are kept: a geometric grid, so that the choice stays a choice among few.

    >>> checkpoint_epochs(20)
    (1, 2, 3, 4, 6, 8, 11, 16, 20)
    """
    grid = {round(2 ** (k / 2)) for k in range(2 * int(math.log2(epochs)) + 1)}
    return tuple(sorted({e for e in grid if e <= epochs} | {epochs}))


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

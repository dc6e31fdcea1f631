"""Trials of boosted trees: the trees of all members grow by the same iterations, an epoch being a few of them.

Who sees which rows, curves, checkpoints, one number of epochs for all folds and pruning are the same as in
`training.trainer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from autoft.evaluation.baselines import ONE_THREAD_ROWS
from autoft.knowledge import variants
from autoft.knowledge.bounds import input_layout
from autoft.networks.architecture import Inputs
from autoft.networks.boosting import PATIENCE, Booster, Boosting, BoostingRows, TreeInputs
from autoft.networks.family import family_of
from autoft.networks.forest import forest_weights
from autoft.records.arrays import Array
from autoft.records.trials import OUT_OF_TIME, TrialResult
from autoft.training.ensemble import EnsemblePart, NetworkPart
from autoft.training.stack import padded
from autoft.training.trial_trainer import (
    Ends,
    OutOfTime,
    Params,
    Record,
    TrialTrainer,
    row_weights,
)

#: Most epochs by which trees grow in one go: growing begins anew each time, for some milliseconds.
_GROWTH = 8
#: Weight of the row that stands for a class which a member's training rows lack.
_ABSENT = 0.01


@dataclass(eq=False)
class TreeTrainer(TrialTrainer):
    """Trains trials of families of boosted trees (`Boosting`)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._inputs = TreeInputs.of(Inputs.of(self.data.plan))

    def _train_all(self, params: Sequence[Params], ends: Ends) -> list[TrialResult]:
        return [self._trained(one, ends) for one in params]

    def _trained(self, params: Params, ends: Ends) -> TrialResult:
        began, each = self.clock(), _family(params).iterations(params)
        boosters = self._boosters(params)
        patience = max(1, round(PATIENCE * self.limits.patience))
        record = Record(self.data, self.folds, ends.limit, patience, params, self._sample)
        done, logits = 0, np.zeros(1, np.float32)
        for growth in _growths(ends.limit):
            # It is asked about every epoch: about those in the midst of a growth before it.
            over = next((epoch for epoch in range(done + 1, growth) if ends.out_of_time()), None)
            epochs = over or growth
            added = [self._added(s, own, done, epochs, each) for s, own in enumerate(boosters)]
            logits = logits[-1] + np.stack(added, axis=1)
            for epoch, stage in enumerate(logits, done + 1):
                record.add(epoch, stage[:, : self._held], stage[:, self._held :], dict, ends.prune)
                if record.ended:
                    break
            done = epochs
            if not record.ended and (over is not None or ends.out_of_time()):
                record.end(f"{OUT_OF_TIME} after epoch {done}", dict)
            if record.ended:
                break
        outcome = record.outcome(traces=0)
        read = [own.trees(outcome.epochs * each) for own in boosters[: self.folds]] if outcome.epochs else []
        return replace(outcome, weights=forest_weights(read) if read else {}, seconds=self.clock() - began)

    def _added(self, member: int, booster: Booster, done: int, epochs: int, each: int) -> Array:
        """What the epochs that a member did not have add to the logits of its watched rows,
        ``[epochs - done, m, outputs]``."""
        with self._threads():
            booster.grow(epochs * each)
            stages = booster.stages(self._x(member, self._watched[member]), done * each)
            return np.stack(list(islice(stages, each - 1, None, each)))

    def answers_after(self, params: Params, epochs: int, horizon: int, out_of_time: OutOfTime) -> list[Array] | None:
        """As of every trainer, but `horizon` is ignored: trees have no schedules."""
        each, held_out, logits = _family(params).iterations(params), padded(self.data.held_out), []
        for member, booster in enumerate(self._boosters(params)):
            if out_of_time():
                return None
            with self._threads():
                booster.grow(epochs * each)
                *_, last = booster.stages(self._x(member, held_out[member]))
            logits.append(last)
        return self.data.held_out_answers(np.stack(logits))

    def part(self, outcome: TrialResult, share: float) -> NetworkPart:
        architecture = _family(outcome.params).size(outcome.weights)
        return EnsemblePart(architecture=architecture, weights=outcome.weights, share=share)

    def _boosters(self, params: Params) -> list[Booster]:
        """Trees of each member, which have not grown yet."""
        data, family = self.data, _family(params)
        layout = input_layout(variants.without(self.hints, params.get(variants.WITHOUT, ())), data.plan, data.outputs)
        own = list(self._inputs.positions)
        constrained, signs, towers = layout.constrained[own], layout.signs[own], layout.allowed[own].T
        hidden = (constrained & (signs == 0)) | ~towers.any(axis=0)
        signs = np.where(constrained, signs, 0) * (int(layout.target[0]) if layout.bound else 1)
        together = tuple(frozenset(np.flatnonzero(own).tolist()) for own in towers) if len(towers) > 1 else None
        weights, targets = row_weights(data, float(params.get("class_balance", 0.0))), data.targets()
        found = []
        for member, rows in enumerate(data.train):
            x, y, counts = self._x(member, rows), targets[member, rows].astype(np.float64), weights[member][rows]
            # scikit-learn refuses numbers that are missing in every row; no tree splits on a constant.
            x[:, hidden | np.isnan(x).all(axis=0)] = 0.0
            if data.task != "regression":  # a class that no training row has must have a logit all the same
                absent = np.setdiff1d(np.arange(max(data.outputs, 2)), y)
                x = np.concatenate([x, np.repeat(x[:1], len(absent), axis=0)])
                y, counts = np.concatenate([y, absent]), np.concatenate([counts, np.full(len(absent), _ABSENT)])
            job = BoostingRows(
                x=x,
                y=y,
                weights=None if (counts == 1.0).all() else counts.astype(np.float64),
                task=data.task,
                outputs=data.outputs,
                quantile=data.quantile,
                categorical=self._inputs.categorical,
                signs=signs,
                together=together,
                seed=int(np.random.SeedSequence([self.seed, member, 7]).generate_state(1)[0]),
            )
            found.append(family.booster(params, job))
        return found

    def _x(self, member: int, rows: Array) -> Array:
        return self._inputs.columns(self.data.dense[member][rows], self.data.slots[member][rows])

    @contextmanager
    def _threads(self) -> Iterator[None]:
        """OpenMP's threads wait in a loop, which on a busy machine costs more than they gain on few rows."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1 if self.data.fewest < ONE_THREAD_ROWS else None):
            yield


def _family(params: Params) -> Boosting:
    family = family_of(params)
    assert isinstance(family, Boosting)
    return family


def _growths(limit: int) -> list[int]:
    """Epochs up to which trees grow in one go: what they do to held-out rows, and the time, is looked at after that."""
    return [*(epochs for epochs in (1, 2, 4) if epochs < limit), *range(_GROWTH, limit, _GROWTH), limit]

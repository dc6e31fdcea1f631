"""Trials of all families: each configuration goes to the trainer of its family, which is made when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from autoft.networks.boosting import Boosting
from autoft.networks.family import family_of
from autoft.records.arrays import Array
from autoft.records.trials import TrialResult
from autoft.training.ensemble import NetworkPart
from autoft.training.trainer import Trainer
from autoft.training.tree_trainer import TreeTrainer
from autoft.training.trial_trainer import Ends, OutOfTime, Params, TrialTrainer


@dataclass(eq=False)
class MixedTrainer(TrialTrainer):
    """Trains trials of registered families, networks and boosted trees, one kind after the other."""

    def _train_all(self, params: Sequence[Params], ends: Ends) -> list[TrialResult]:
        return self._of(params[0])._train_all(params, ends)

    def answers_after(self, params: Params, epochs: int, horizon: int, out_of_time: OutOfTime) -> list[Array] | None:
        return self._of(params).answers_after(params, epochs, horizon, out_of_time)

    def part(self, outcome: TrialResult, share: float) -> NetworkPart:
        return self._of(outcome.params).part(outcome, share)

    def together(self, params: Params) -> int:
        return self._of(params).together(params)

    def _of(self, params: Params) -> TrialTrainer:
        return self._trees if isinstance(family_of(params), Boosting) else self._networks

    @cached_property
    def _networks(self) -> TrialTrainer:
        made = self._made(Trainer)
        self.data = made.data  # it holds the rows where it trains: they are not kept twice
        return made

    @cached_property
    def _trees(self) -> TrialTrainer:
        return self._made(TreeTrainer)

    def _made(self, make: Callable[..., TrialTrainer]) -> TrialTrainer:
        return make(self.data, folds=self.folds, limits=self.limits, seed=self.seed, clock=self.clock, hints=self.hints)

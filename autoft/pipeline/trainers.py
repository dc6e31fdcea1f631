"""Trainers of stacks of members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from autoft.networks.boosting import Boosting
from autoft.networks.family import family_of
from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.records.arrays import Array
from autoft.records.split import Member
from autoft.records.trials import TrialResult
from autoft.training.ensemble import NetworkPart
from autoft.training.keras_trainer import KerasTrainer
from autoft.training.stack import StackTarget, stack_data
from autoft.training.trainer import Trainer
from autoft.training.tree_trainer import TreeTrainer
from autoft.training.trial_trainer import Ends, Limits, OutOfTime, Params, TrialTrainer

#: Makes a trainer for the rows of a dataset and some members.
MakeTrainer = Callable[[Dataset, Sequence[Member]], TrialTrainer]


def make_trainer(run: Run, dataset: Dataset, members: Sequence[Member]) -> TrialTrainer:
    """The rows of a stack of these members, encoded, and what trains on them."""
    blocks, clusters = dataset.split.blocks, dataset.split.clusters
    # Own models know the inputs' width before the rows are divided: it must not depend on what members choose.
    layout = dataset.layout if run.model is None else replace(dataset.layout, combined=())
    data = stack_data(
        layout,
        dataset.encoded,
        StackTarget(
            y=dataset.y,
            task=dataset.target.task,
            classes=len(dataset.target.classes),
            weights=dataset.weights,
            quantile=dataset.trained_quantile,
            together=(blocks, clusters) if dataset.description.rows.time else (clusters,),
            seed=run.recipe.seed,
        ),
        train=[m.train for m in members],
        held_out=[m.held_out for m in members],
    )
    search = run.recipe.search
    make = MixedTrainer if run.model is None else partial(KerasTrainer, build=run.model)
    return make(
        data,
        folds=dataset.split.k,
        limits=Limits(epochs=search.epochs, patience=search.patience),
        seed=run.recipe.seed,
        clock=run.clock,
        hints=dataset.description.hints,
    )


@dataclass(eq=False)
class MixedTrainer(TrialTrainer):
    """Trains trials of registered families, each by the trainer of networks or of boosted trees, which is made when
    it is needed first."""

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

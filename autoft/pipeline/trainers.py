"""Trainers of stacks of members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.records.split import Member
from autoft.training.keras_trainer import KerasTrainer
from autoft.training.stack import StackTarget, stack_data
from autoft.training.trainer import Trainer
from autoft.training.trial_trainer import Limits, TrialTrainer

#: Makes a trainer for the rows of a dataset and some members.
MakeTrainer = Callable[[Dataset, Sequence[Member]], TrialTrainer]


def make_trainer(run: Run, dataset: Dataset, members: Sequence[Member]) -> TrialTrainer:
    """The rows of a stack of these members, encoded, and what trains on them."""
    blocks, clusters = dataset.split.blocks, dataset.split.clusters
    data = stack_data(
        dataset.layout,
        dataset.encoded,
        StackTarget(
            y=dataset.y,
            task=dataset.target.task,
            classes=len(dataset.target.classes),
            weights=dataset.weights,
            quantile=dataset.trained_quantile,
            together=(clusters,) if run.recipe.evaluate.time is None else (blocks, clusters),
            seed=run.recipe.seed,
        ),
        train=[m.train for m in members],
        held_out=[m.held_out for m in members],
    )
    search = run.recipe.search
    make = Trainer if run.model is None else partial(KerasTrainer, build=run.model)
    return make(
        data,
        folds=dataset.split.k,
        limits=Limits(epochs=search.epochs, patience=search.patience),
        seed=run.recipe.seed,
        clock=run.clock,
        hints=dataset.description.hints,
    )

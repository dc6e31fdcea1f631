"""Trainers of stacks of members."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.records.split import Member
from autoft.training.stack import stack_data
from autoft.training.trainer import Limits, Trainer

#: Makes a trainer for the rows of a dataset and some members.
MakeTrainer = Callable[[Dataset, Sequence[Member]], Trainer]


def make_trainer(run: Run, dataset: Dataset, members: Sequence[Member]) -> Trainer:
    """The rows of a stack of these members, encoded, and what trains on them."""
    data = stack_data(
        dataset.layout,
        dataset.encoded,
        dataset.y,
        task=dataset.target.task,
        classes=len(dataset.target.classes),
        train=[m.train for m in members],
        held_out=[m.held_out for m in members],
        weights=dataset.weights,
        quantile=dataset.trained_quantile,
    )
    search = run.recipe.search
    return Trainer(
        data,
        folds=dataset.split.k,
        limits=Limits(epochs=search.epochs, patience=search.patience),
        seed=run.recipe.seed,
        clock=run.clock,
        hints=dataset.description.hints,
    )

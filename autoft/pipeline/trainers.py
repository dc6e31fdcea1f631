"""Trainers of stacks of members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autoft.pipeline.context import Context
from autoft.pipeline.dataset import Dataset

if TYPE_CHECKING:
    from autoft.records.split import Member
    from autoft.training.trainer import Trainer


def trainer(context: Context, dataset: Dataset, members: Sequence[Member]) -> Trainer:
    """The rows of a stack of these members, encoded, and what trains on them."""
    from autoft.training.stack import StackTarget, stack_data
    from autoft.training.trainer import Limits, Trainer

    recipe = context.recipe
    data = stack_data(
        dataset.plan,
        dataset.encoded,
        StackTarget(
            y=dataset.y,
            task=dataset.target.task,
            classes=len(dataset.target.classes),
            weights=dataset.weights,
            quantile=dataset.trained_quantile,
        ),
        train=[m.train for m in members],
        held_out=[m.held_out for m in members],
    )
    limits = Limits(epochs=recipe.search.epochs, patience=recipe.search.patience)
    return Trainer(
        data,
        folds=dataset.split.k,
        limits=limits,
        seed=recipe.seed,
        clock=context.watch.clock,
        hints=dataset.description.hints,
    )

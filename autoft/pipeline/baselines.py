"""Baselines: simple models on the same folds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from autoft.pipeline import space as spaces
from autoft.pipeline.context import Context
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.machine import Machine
from autoft.records import Progress
from autoft.records.arrays import Array

if TYPE_CHECKING:
    pass


def _baselines(context: Context, dataset: Dataset) -> Mapping[str, Array]:
    """Held-out predictions of simple models on the same folds."""
    from autoft.evaluation import baselines
    from autoft.preprocessing.statistics import tfidf

    with context.watch.stage("baselines"):
        context.tell(Progress(stage="baselines", message="training the baselines on the same folds"))
        features, categorical = _plain_features(dataset)
        words = partial(tfidf, dataset.plan, dataset.encoded) if dataset.plan.texts else None
        return baselines.train_baselines(
            baselines.BaselineInputs(features=features, categorical=categorical, words=words),
            dataset.truth,
            dataset.members[: dataset.split.k],
            dataset.problem,
            seed=context.recipe.seed,
            boosting=spaces.boosting_fits(context.recipe, dataset, Machine.measure()),
        )


def _plain_features(dataset: Dataset) -> tuple[Array, Array]:
    """Numbers and category codes side by side for the baselines, NaN where missing."""
    from autoft.preprocessing.categories import MISSING
    from autoft.preprocessing.statistics import with_derived

    codes = dataset.encoded.codes.astype(np.float64)
    codes[dataset.encoded.codes == MISSING] = np.nan
    numbers = np.hstack([with_derived(dataset.plan, dataset.encoded.numbers), *dataset.encoded.custom])
    return np.hstack([numbers, codes]), np.repeat([False, True], [numbers.shape[1], codes.shape[1]])

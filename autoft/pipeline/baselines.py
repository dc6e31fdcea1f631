"""Baselines: simple models on the same folds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from autoft.evaluation import baselines
from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.machine import Machine
from autoft.pipeline.space import boosting_fits
from autoft.preprocessing.encode import MISSING
from autoft.preprocessing.statistics import tfidf, with_derived
from autoft.records.arrays import Array


def train_baselines(dataset: Dataset, run: Run) -> Mapping[str, Array]:
    """Held-out predictions of simple models by name; without gradient boosting where that takes too long."""
    with run.timed("baselines"):
        run.tell("baselines", "training the baselines on the same folds")
        features, categorical = plain_features(dataset)
        boosting = boosting_fits(run.recipe, dataset, Machine.measure())
        if not boosting:
            run.skip("boosting", "that alone would have taken too many of the minutes")
        return baselines.run(
            features,
            categorical=categorical,
            y=dataset.y,
            members=dataset.folds,
            task=dataset.target.task,
            seed=run.recipe.seed,
            boosting=boosting,
            words=partial(tfidf, dataset.layout, dataset.encoded) if dataset.layout.texts else None,
            row_weights=dataset.weights,
            quantile=dataset.trained_quantile,
        )


def plain_features(dataset: Dataset) -> tuple[Array, Array]:
    """Numbers and category codes side by side, NaN where missing; and which of the columns are categories."""
    codes = dataset.encoded.codes.astype(np.float64)
    codes[dataset.encoded.codes == MISSING] = np.nan
    categorical = np.repeat([False, True], [len(dataset.layout.measured), len(dataset.layout.categories)])
    return np.hstack([with_derived(dataset.layout, dataset.encoded.numbers), codes]), categorical

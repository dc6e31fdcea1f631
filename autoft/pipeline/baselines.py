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
from autoft.preprocessing.categories import MISSING
from autoft.preprocessing.statistics import tfidf, with_derived
from autoft.records.arrays import Array


def train_baselines(dataset: Dataset, run: Run) -> Mapping[str, Array]:
    """Held-out predictions of simple models by name; without gradient boosting where that takes too long."""
    with run.timed("baselines"):
        run.tell("baselines", "training the baselines on the same folds")
        boosting = boosting_fits(run.recipe, dataset, Machine.measure())
        if not boosting:
            found = "was not compared with gradient boosting, which alone would have taken too many of the minutes"
            run.skip("boosting", found)
        inputs, seed = baseline_inputs(dataset), run.recipe.seed
        return baselines.train_baselines(
            inputs, dataset.truth, dataset.folds, dataset.problem, seed=seed, boosting=boosting
        )


def baseline_inputs(dataset: Dataset) -> baselines.BaselineInputs:
    """Numbers and category codes side by side, NaN where missing."""
    codes = dataset.encoded.codes.astype(np.float64)
    codes[dataset.encoded.codes == MISSING] = np.nan
    numbers = np.hstack([with_derived(dataset.layout, dataset.encoded.numbers), *dataset.encoded.custom])
    return baselines.BaselineInputs(
        features=np.hstack([numbers, codes]),
        categorical=np.repeat([False, True], [numbers.shape[1], codes.shape[1]]),
        words=partial(tfidf, dataset.layout, dataset.encoded) if dataset.layout.texts else None,
    )

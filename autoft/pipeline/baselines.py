"""Baselines: simple models on the same folds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from autoft.pipeline import space as spaces
from autoft.pipeline.context import Context
from autoft.pipeline.dataset import Prepared
from autoft.pipeline.machine import Machine
from autoft.records import Progress
from autoft.records.arrays import Array

if TYPE_CHECKING:
    pass


def _baselines(context: Context, prepared: Prepared) -> Mapping[str, Array]:
    """Held-out predictions of simple models on the same folds."""
    from autoft.evaluation import baselines
    from autoft.preprocessing.statistics import tfidf

    with context.watch.stage("baselines"):
        context.tell(Progress(stage="baselines", message="training the baselines on the same folds"))
        features, categorical = _plain_features(prepared)
        return baselines.run(
            features,
            categorical=categorical,
            y=prepared.y,
            members=prepared.members[: prepared.split.k],
            task=prepared.target.task,
            seed=context.recipe.seed,
            boosting=spaces.boosting_fits(context.recipe, prepared, Machine.measure()),
            words=partial(tfidf, prepared.plan, prepared.encoded) if prepared.plan.texts else None,
            row_weights=prepared.weights,
            quantile=prepared.trained_quantile,
        )


def _plain_features(prepared: Prepared) -> tuple[Array, Array]:
    """Numbers and category codes side by side for the baselines, NaN where missing."""
    from autoft.preprocessing.encode import MISSING
    from autoft.preprocessing.statistics import with_derived

    codes = prepared.encoded.codes.astype(np.float64)
    codes[prepared.encoded.codes == MISSING] = np.nan
    categorical = np.repeat([False, True], [len(prepared.plan.measured), len(prepared.plan.categories)])
    return np.hstack([with_derived(prepared.plan, prepared.encoded.numbers), codes]), categorical

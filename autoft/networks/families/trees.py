"""Boosted trees by scikit-learn's HistGradientBoosting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

import numpy as np

from autoft.networks.boosting import Booster, Boosting, BoostingRows
from autoft.networks.family import FAMILIES, Traits
from autoft.networks.forest import Tree, interaction_groups, read_boosting
from autoft.records.arrays import Array

#: Rows by which answers that were kept are compared with the trees.
_CHECKED = 8


@FAMILIES.register
class Trees(Boosting):
    """Histogram-based gradient boosting (Ke et al., "LightGBM", NeurIPS 2017, as scikit-learn has it)."""

    name: ClassVar[str] = "trees"
    traits: ClassVar[Traits] = replace(Boosting.traits, searched=True)

    def default(self, rows: int) -> tuple[Mapping[str, Any], ...]:
        """Small trees and large ones, slower than scikit-learn's own setting: over most tables one of the two is better
        than it (``python -m benchmarks.blend_gain``)."""
        small = {"shrinkage": 0.05, "leaves": 16, "leaf_rows": 20.0, "dropout": 0.5, "l2": 1.0 / rows}
        large = {"shrinkage": 0.03, "leaves": 64, "leaf_rows": 20.0, "dropout": 0.5, "l2": 5.0 / rows}
        return small, large

    def booster(self, params: Mapping[str, Any], rows: BoostingRows) -> Booster:
        return _HistGradientBoosting(params, rows)


class _HistGradientBoosting(Booster):
    def __init__(self, params: Mapping[str, Any], rows: BoostingRows) -> None:
        self._rows = rows
        settings: dict[str, Any] = {
            "learning_rate": float(params["shrinkage"]),
            "max_leaf_nodes": int(params["leaves"]),
            # A row is walked down all levels of the deepest tree: few rows lie on longer ways than this.
            "max_depth": int(params["leaves"]).bit_length() + 3,
            "min_samples_leaf": max(1, round(float(params["leaf_rows"]))),
            "l2_regularization": float(params["l2"]) * len(rows.y),
            "max_features": 1.0 - float(params["dropout"]),
            "categorical_features": np.flatnonzero(rows.categorical) if rows.categorical.any() else None,
            "monotonic_cst": rows.signs if rows.signs.any() else None,
            "interaction_cst": None
            if rows.together is None
            else interaction_groups(rows.together, np.flatnonzero(rows.categorical)),
            "early_stopping": False,
            "warm_start": True,
            "random_state": rows.seed,
        }
        if rows.task != "regression":
            self._model = _classes()[0](**settings)
        elif rows.quantile is None:
            self._model = _classes()[1](**settings)
        else:
            self._model = _classes()[1](loss="quantile", quantile=rows.quantile, **settings)

    def grow(self, iterations: int) -> None:
        own = self._rows
        self._model.set_params(max_iter=iterations).fit(own.x, own.y, sample_weight=own.weights)

    def stages(self, x: Array, since: int = 0) -> Iterator[Array]:
        model = self._model
        if since:
            model = copy(model)
            model._predictors, model._baseline_prediction = model._predictors[since:], 0.0 * model._baseline_prediction
        staged = model.staged_predict(x) if self._rows.task == "regression" else model.staged_decision_function(x)
        return (np.asarray(stage, np.float32).reshape(len(x), -1) for stage in staged)

    def trees(self, iterations: int) -> tuple[Sequence[Tree], Array]:
        return read_boosting(self._model, self._rows.x.shape[1], iterations)


@cache
def _classes() -> tuple[type[Any], type[Any]]:
    """scikit-learn's classifier and regressor, which need not begin anew each time that they grow."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    class Classifier(_Growing, HistGradientBoostingClassifier):  # type: ignore[misc]
        pass

    class Regressor(_Growing, HistGradientBoostingRegressor):  # type: ignore[misc]
        pass

    return Classifier, Regressor


class _Growing:
    """Keeps what a warm start of scikit-learn works out anew: the bins of the rows, and what the trees say of them.

    These are methods of its inside. Where it has others, growing takes longer and gives the same trees.
    """

    _binned: Any = None
    _answers: Any = None

    def _bin_data(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs.get("is_training_data", True):
            return super()._bin_data(*args, **kwargs)  # type: ignore[misc]
        if self._binned is None:
            self._binned = super()._bin_data(*args, **kwargs), self._bin_mapper  # type: ignore[misc, has-type]
        rows, self._bin_mapper = self._binned
        return rows

    def _raw_predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Fitting adds each new tree to the array that it had from here, which therefore is up to date the next time;
        a few rows tell whether it is."""
        if not getattr(self, "_in_fit", False):
            return super()._raw_predict(x, *args, **kwargs)  # type: ignore[misc]
        own = self._answers
        if own is None or not np.allclose(own[:_CHECKED], super()._raw_predict(x[:_CHECKED], *args, **kwargs)):  # type: ignore[misc]
            self._answers = super()._raw_predict(x, *args, **kwargs)  # type: ignore[misc]
        return self._answers

"""Out-of-fold predictions of boosted trees on the folds of a dataset, for `benchmarks.blend_gain`.

All folds have one number of iterations: that with the lowest mean held-out loss. Where it is among the last, all folds
are trained for twice as many.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

#: How columns are shown to trees.
Encoding = Literal["raw", "own", "codes"]
ENCODINGS: tuple[Encoding, ...] = ("raw", "own", "codes")
#: Categories that HistGradientBoosting can tell apart, less a few.
_MOST_CATEGORIES = 250
#: Iterations at first and at most, and those without a lower mean loss after which no more are added.
_FIRST, _MOST, _PATIENCE = 100, 800, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting of HistGradientBoosting.

    Attributes:
        values: Of its parameters, where they are not the default.
        staged: Whether iterations are chosen by the curve; else scikit-learn's default, with its early stopping.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    staged: bool = True


SETTINGS: Mapping[str, Setting] = {
    "default": Setting(staged=False),
    "small": Setting(
        values={"learning_rate": 0.05, "max_leaf_nodes": 16, "l2_regularization": 1.0, "max_features": 0.5}
    ),
    "large": Setting(
        values={"learning_rate": 0.03, "max_leaf_nodes": 63, "l2_regularization": 5.0, "max_features": 0.3}
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boosted:
    """Pooled held-out predictions ``[n, classes]`` or ``[n]``, iterations of the folds, CPU and wall seconds."""

    predictions: Any
    iterations: int
    cpu_s: float
    wall_s: float


def inputs(encoding: Encoding, dataset: Any, stack: Any, s: int) -> tuple[Any, Any]:
    """Features of all rows ``[n, d]`` as fold s sees them, and which are categories, bool ``[d]``.

    ``raw``: numbers as they are, NaN where missing, categories as codes (the baselines' way). ``own``: the networks'
    inputs, scaled, filled, one-hot up to 16 categories, the others as slots. ``codes``: the networks' inputs with slots
    for all categories.
    """
    import numpy as np

    if encoding == "raw":
        return _raw(dataset, s)
    dense, slots = stack.dense[s], stack.slots[s]
    if encoding == "codes":
        from autoft.preprocessing.layout import blocks

        ids = [column for column, width in blocks(stack.plan) for _ in range(width)]
        one_hot = [category.id for category in stack.plan.one_hot]
        ends = [np.flatnonzero([i == own for i in ids]) for own in one_hot]
        found = [dense[:, own].argmax(axis=1) + 1 - (dense[:, own].max(axis=1) == 0) for own in ends]
        kept = np.array([i not in one_hot for i in ids], dtype=bool)
        codes = np.stack(found, axis=1) if found else np.zeros((len(dense), 0))
        dense, slots = dense[:, kept], np.hstack([codes, slots])
    features = np.hstack([dense, slots]).astype(np.float64)
    return features, np.repeat([False, True], [dense.shape[1], slots.shape[1]])


def _raw(dataset: Any, s: int) -> tuple[Any, Any]:
    import numpy as np
    from sklearn.preprocessing import OrdinalEncoder

    from autoft.pipeline.evaluate import baseline_inputs

    rows = dataset.folds[s].train
    shown = baseline_inputs(dataset).for_training(rows)
    features = np.where(np.isinf(shown.features), np.nan, shown.features)
    filled = ~np.isnan(features[rows]).all(axis=0)
    features, categorical = features[:, filled], shown.categorical[filled]
    if categorical.any():
        ordinal = OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=_MOST_CATEGORIES
        ).fit(features[np.ix_(rows, categorical)])
        features[:, categorical] = ordinal.transform(features[:, categorical])
    return features, categorical


def out_of_fold(dataset: Any, shown: Sequence[tuple[Any, Any]], setting: Setting, *, threads: int = 1) -> Boosted:
    """Train a setting on every fold's features (`inputs`)."""
    from threadpoolctl import threadpool_limits

    cpu, wall = time.process_time(), time.perf_counter()
    with warnings.catch_warnings(), threadpool_limits(threads):
        warnings.filterwarnings("ignore", message="(?s).*unknown categories.*")
        found, iterations = (_staged if setting.staged else _default)(dataset, shown, setting)
    return Boosted(
        predictions=found,
        iterations=iterations,
        cpu_s=time.process_time() - cpu,
        wall_s=time.perf_counter() - wall,
    )


def _model(dataset: Any, categorical: Any, **values: Any) -> Any:
    from sklearn import ensemble

    kind = "Regressor" if dataset.target.task == "regression" else "Classifier"
    return getattr(ensemble, f"HistGradientBoosting{kind}")(
        categorical_features=categorical if categorical.any() else None, random_state=0, **values
    )


def _default(dataset: Any, shown: Sequence[tuple[Any, Any]], setting: Setting) -> tuple[Any, int]:
    pooled, iterations = _nothing(dataset), []
    for (features, categorical), member in zip(shown, dataset.folds, strict=True):
        model = _model(dataset, categorical, **setting.values).fit(features[member.train], dataset.y[member.train])
        pooled[member.held_out] = _answers(model, features[member.held_out], pooled)
        iterations.append(model.n_iter_)
    return pooled, round(sum(iterations) / len(iterations))


def _staged(dataset: Any, shown: Sequence[tuple[Any, Any]], setting: Setting) -> tuple[Any, int]:
    import numpy as np

    from autoft.evaluation.losses import row_losses

    values = {**setting.values, "early_stopping": False, "warm_start": True}
    models = [_model(dataset, categorical, **values) for _, categorical in shown]
    pooled, made = _nothing(dataset), _FIRST
    while True:
        losses = np.zeros(made)
        for model, (features, _), member in zip(models, shown, dataset.folds, strict=True):
            model.set_params(max_iter=made).fit(features[member.train], dataset.y[member.train])
            for place, answers in enumerate(_stages(model, features[member.held_out])):
                losses[place] += row_losses(dataset.y[member.held_out], _spread(model, answers, pooled)).sum()
        best = int(np.argmin(losses))
        if best + _PATIENCE < made or made >= _MOST:
            break
        made *= 2
    for model, (features, _), member in zip(models, shown, dataset.folds, strict=True):
        answers = next(islice(_stages(model, features[member.held_out]), best, None))
        pooled[member.held_out] = _spread(model, answers, pooled)
    return pooled, best + 1


def _stages(model: Any, features: Any) -> Iterator[Any]:
    """Predictions after each iteration."""
    found: Iterator[Any]
    found = (model.staged_predict_proba if hasattr(model, "classes_") else model.staged_predict)(features)
    return found


def _answers(model: Any, features: Any, pooled: Any) -> Any:
    answers = model.predict(features) if pooled.ndim == 1 else model.predict_proba(features)
    return _spread(model, answers, pooled)


def _spread(model: Any, answers: Any, pooled: Any) -> Any:
    """Answers with a column for every class, also those that the training rows lacked."""
    import numpy as np

    if pooled.ndim == 1:
        return answers
    found = np.zeros((len(answers), pooled.shape[1]))
    found[:, model.classes_] = answers
    return found


def _nothing(dataset: Any) -> Any:
    import numpy as np

    n, task = len(dataset.y), dataset.target.task
    return np.full(n if task == "regression" else (n, len(dataset.target.classes)), np.nan)

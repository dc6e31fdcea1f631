"""Every metric for many weightings of the rows at once, as the bootstrap needs them.

One set of predictions is sorted, compared and logged once; a draw is then a vector of row weights, and a metric
is a few sums and cumulative sums over all draws. The values are those of scikit-learn with ``sample_weight``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autoft.evaluation.costs import row_costs
from autoft.evaluation.losses import pinball, row_losses
from autoft.evaluation.metrics import decide, decided_by, objectives, row_briers, scores
from autoft.records import ONE_HALF, AnyRule, Costs, Problem, Truth
from autoft.records.arrays import Array

#: Weights worked on at a time (8 MiB in float64), which bounds the memory and suits the caches.
CHUNK = 2**20

Kernel = Callable[[Array], dict[str, Array]]

_AREAS = ("roc_auc", "pr_auc")
_MEANS = ("log_loss", "brier", "rmse", "mae")


def weighted_scores(
    truth: Truth,
    predictions: Array,
    weights: Array,
    problem: Problem,
    *,
    names: Sequence[str] | None = None,
    rule: AnyRule = ONE_HALF,
) -> dict[str, Array]:
    """Scores of one set of predictions under each of many weightings.

    Args:
        truth: True answers of the rows; their weights multiply every weighting (a row of weight 2 counts as two).
        predictions: Probabilities ``[n, classes]`` or values ``[n]``, all finite.
        weights: Non-negative row weights ``[draws, n]``, for instance draw counts.
        problem, rule: As for `metrics.scores`.
        names: Metrics to compute; all of the task if None.

    Returns:
        ``[draws]`` values by name; NaN where the weighted rows leave a metric undefined (see `metrics`).

    >>> truth, problem = Truth(y=np.array([1.0, 2, 3])), Problem(task="regression", objective="mae")
    >>> weighted_scores(truth, np.array([1.0, 2, 6]), np.array([[1, 1, 1], [1, 0, 0]]), problem)["mae"]
    array([1., 0.])
    """
    wanted = objectives(problem.task, problem.quantile, problem.goal) if names is None else tuple(names)
    kernels = list(_kernels(truth, predictions, problem, wanted, rule))
    result = {name: np.full(len(weights), np.nan) for name in wanted}
    for start, stop in chunks(weights):
        with np.errstate(divide="ignore", invalid="ignore"):
            some = truth.weighted(weights[start:stop])
            for kernel in kernels:
                for name, values in kernel(some).items():
                    if name in result:
                        result[name][start:stop] = values
    return result


def point_scores(truth: Truth, predictions: Array, problem: Problem, *, rule: AnyRule = ONE_HALF) -> dict[str, float]:
    """Every metric of the task on the given rows (`metrics.scores`), each of which counts by its weight."""
    if truth.weights is None:
        return scores(truth, predictions, problem, rule=rule)
    found = weighted_scores(truth, predictions, np.ones((1, len(truth)), dtype=np.uint8), problem, rule=rule)
    return {name: float(values[0]) for name, values in found.items()}


def weighted_means(weights: Array, columns: Array, row_weights: Array | None = None) -> Array:
    """Weighted means of several columns under each weighting: ``[draws, n], [n, c] -> [draws, c]``."""
    result = np.empty((len(weights), columns.shape[1]))
    for start, stop in chunks(weights):
        some = weights[start:stop] if row_weights is None else weights[start:stop] * row_weights
        result[start:stop] = _means(some, columns)
    return result


def chunks(weights: Array) -> Iterator[tuple[int, int]]:
    """Ranges of draws that hold at most `CHUNK` weights (and at least one draw)."""
    step = max(1, CHUNK // max(1, weights.shape[1]))
    for start in range(0, len(weights), step):
        yield start, min(start + step, len(weights))


def _kernels(
    truth: Truth, predictions: Array, problem: Problem, wanted: tuple[str, ...], rule: AnyRule
) -> Iterator[Kernel]:
    """The computations that the wanted metrics need, each prepared for these predictions."""
    y, quantile, positive, costs = truth.y, problem.quantile, problem.positive, truth.goal(problem)
    if problem.task == "regression":
        error = predictions.astype(np.float64) - y
        if set(wanted) & {"rmse", "mae"}:
            yield _value_means(error)
        if "pinball" in wanted and quantile is not None:
            yield _pinball_mean(pinball(y, predictions, quantile))
        if "r2" in wanted:
            yield _r2(y, error)
        if "median_absolute_error" in wanted:
            yield _median(np.abs(error))
        return
    ranked = tuple(range(predictions.shape[1])) if positive is None else (positive,)
    if set(wanted) & set(_AREAS):
        yield _areas(y, predictions, ranked, precision="pr_auc" in wanted)
    if set(wanted) & set(_MEANS):
        yield _class_means(row_losses(y, predictions), row_briers(y, predictions, positive))
    if set(wanted) - set(_AREAS) - set(_MEANS):
        decided = decide(predictions, positive, decided_by(rule, problem))
        if set(wanted) - {*_AREAS, *_MEANS, "cost"}:
            yield _labels(y, decided, predictions.shape[1], positive)
        if isinstance(costs, Costs):
            yield _mean_cost(row_costs(costs, y, decided, problem.positive_index))


def _means(w: Array, columns: Array) -> Array:
    w = w.astype(np.float64)
    return np.asarray(w @ columns / w.sum(axis=1, keepdims=True))


def _sum_type(w: Array) -> type[Any]:
    """Type for sums of weights; of draw counts in bytes int32, which accumulates several times as fast."""
    return np.int32 if w.dtype == np.uint8 and w.shape[1] < 2**23 else np.float64


def _value_means(error: Array) -> Kernel:
    columns = np.stack([np.square(error), np.abs(error)], axis=1)

    def kernel(w: Array) -> dict[str, Array]:
        means = _means(w, columns)
        return {"rmse": np.sqrt(means[:, 0]), "mae": means[:, 1]}

    return kernel


def _pinball_mean(losses: Array) -> Kernel:
    def kernel(w: Array) -> dict[str, Array]:
        return {"pinball": _means(w, losses[:, None])[:, 0]}

    return kernel


def _class_means(losses: Array, briers: Array) -> Kernel:
    columns = np.stack([losses, briers], axis=1)

    def kernel(w: Array) -> dict[str, Array]:
        means = _means(w, columns)
        return {"log_loss": means[:, 0], "brier": means[:, 1]}

    return kernel


def _r2(y: Array, error: Array) -> Kernel:
    # Centred first: sums of squares of a far-away target would cancel to nothing.
    centred = y - y.mean()
    columns = np.stack([np.square(error), np.square(centred), centred], axis=1)

    def kernel(w: Array) -> dict[str, Array]:
        residual, square, mean = _means(w, columns).T
        variance = square - np.square(mean)
        # A draw of equal targets leaves rounding noise instead of 0.
        return {"r2": np.where(variance > 1e-12 * square, 1 - residual / variance, np.nan)}

    return kernel


def _median(error: Array) -> Kernel:
    order = np.argsort(error, kind="stable")
    ascending = error[order]

    def kernel(w: Array) -> dict[str, Array]:
        below = np.cumsum(np.take(w, order, axis=1), axis=1, dtype=_sum_type(w))
        half = below[:, -1:] / 2
        # The mean of the lower and the upper median, as np.median takes it of repeated rows.
        lower, upper = (below < half).sum(axis=1), (below <= half).sum(axis=1)
        last = len(ascending) - 1
        value = (ascending[np.minimum(lower, last)] + ascending[np.minimum(upper, last)]) / 2
        return {"median_absolute_error": np.where(half[:, 0] > 0, value, np.nan)}

    return kernel


def _areas(y: Array, probabilities: Array, ranked: tuple[int, ...], *, precision: bool) -> Kernel:
    curves = [_area(y == c, probabilities[:, c], precision) for c in ranked]

    def kernel(w: Array) -> dict[str, Array]:
        # [classes, 2, draws]; a class without rows is NaN and makes the macro average NaN.
        both = np.mean([curve(w) for curve in curves], axis=0)
        return dict(zip(_AREAS, both, strict=True))

    return kernel


def _area(true: Array, score: Array, precision: bool) -> Callable[[Array], Array]:
    """Areas under the ROC and (where asked for) precision-recall curves of one class, ``[2, draws]``."""
    order = np.argsort(-score, kind="stable")
    true = true[order]
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    ties = len(ends) < len(order)

    def areas(w: Array) -> Array:
        drawn = np.take(w, order, axis=1)
        hits = np.cumsum(drawn * true, axis=1, dtype=_sum_type(w))
        positive = hits[:, -1].astype(np.float64)
        if drawn.dtype.kind == "f":  # a difference of sums would leave rounding noise where there is no such row
            negative = (drawn * ~true).sum(axis=1)
        else:
            negative = drawn.sum(axis=1, dtype=np.float64) - positive
        seen = np.cumsum(drawn, axis=1, dtype=_sum_type(w)) if ties or precision else None
        if seen is not None and ties:
            hits, seen = hits[:, ends], seen[:, ends]
            alarms = np.diff(seen - hits, axis=1, prepend=0)
            # Tied rows count half: the curve goes straight through them.
            middle = hits - np.diff(hits, axis=1, prepend=0) / 2
            roc = np.einsum("ij,ij->i", alarms, middle)
        else:
            roc = np.einsum("ij,ij->i", drawn * ~true, hits, dtype=np.float64)
        result: Array = np.stack([roc / (positive * negative), np.full(len(w), np.nan)])
        if seen is not None and precision:
            share = np.divide(hits, seen, out=np.zeros(hits.shape), where=seen > 0)
            result[1] = np.einsum("ij,ij->i", np.diff(hits, axis=1, prepend=0), share) / positive
            # Without a negative row the area is 1 by definition and says nothing.
            result[1, negative == 0] = np.nan
        return result

    return areas


def _mean_cost(spent: Array) -> Kernel:
    def kernel(w: Array) -> dict[str, Array]:
        return {"cost": _means(w, spent[:, None])[:, 0]}

    return kernel


def _labels(y: Array, decided: Array, number: int, positive: int | None) -> Kernel:
    """Metrics of decided labels, from weighted confusion matrices."""
    cells, cell = np.unique(y * number + decided, return_inverse=True)
    order = np.argsort(cell.ravel(), kind="stable")
    starts = np.searchsorted(cell.ravel()[order], np.arange(len(cells)))

    def kernel(w: Array) -> dict[str, Array]:
        confusion = np.zeros((len(w), number * number))
        confusion[:, cells] = np.add.reduceat(np.take(w, order, axis=1), starts, axis=1, dtype=_sum_type(w))
        confusion = confusion.reshape(-1, number, number)
        return _from_confusion(confusion, positive)

    return kernel


def _from_confusion(confusion: Array, positive: int | None) -> dict[str, Array]:
    """Label metrics of weighted confusion matrices ``[draws, true, decided]``."""
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    true, said, total = confusion.sum(axis=2), confusion.sum(axis=1), confusion.sum(axis=(1, 2))
    absent = np.where(true > 0, 0.0, np.nan)
    recall = hits / true
    # No such label decided: precision 0, as scikit-learn's zero_division=0; no such row: undefined.
    precision = np.divide(hits, said, out=np.zeros_like(hits), where=said > 0) + absent
    f1 = 2 * hits / (true + said) + absent
    result = {f"macro_{name}": v.mean(axis=1) for name, v in (("precision", precision), ("recall", recall), ("f1", f1))}
    for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
        result[name] = result[f"macro_{name}"] if positive is None else values[:, positive]
    result["balanced_accuracy"] = result["macro_recall"]
    result["accuracy"] = hits.sum(axis=1) / total
    covariance = hits.sum(axis=1) * total - (true * said).sum(axis=1)
    varied, spread = total**2 - (true**2).sum(axis=1), total**2 - (said**2).sum(axis=1)
    mcc = np.divide(covariance, np.sqrt(varied * spread), out=np.zeros_like(total), where=varied * spread > 0)
    result["mcc"] = np.where((true > 0).sum(axis=1) > 1, mcc, np.nan)
    return result

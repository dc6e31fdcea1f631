"""Sums over weighted rows: metrics under many weightings at once, as the bootstrap needs them.

One set of predictions is sorted, compared and logged once; a draw is then a vector of row weights, and a metric
is a few sums and cumulative sums over all draws. Metrics of one kind share the sums, which are made once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

import numpy as np

from autoft.evaluation.metrics.metric import Metric, Prediction
from autoft.records.arrays import Array
from autoft.records.problem import Truth

#: Weights worked on at a time (8 MiB in float64), which bounds the memory and suits the caches.
CHUNK = 2**20

S = TypeVar("S")


class SummedMetric(Metric, Generic[S]):
    """A metric that is read off sums; metrics that inherit the same `sums` share them."""

    @abstractmethod
    def sums(self, truth: Truth, prediction: Prediction, names: Collection[str]) -> Callable[[Array], S]:
        """What gives the sums under weightings ``[draws, n]``, prepared for these predictions.

        Args:
            names: Metrics that are read off them.
        """

    @abstractmethod
    def value(self, sums: S) -> Array:
        """The metric of each draw, ``[draws]``."""

    def point(self, truth: Truth, prediction: Prediction) -> float:
        """The value on some rows: that of one draw."""
        weights = np.ones(len(truth)) if truth.weights is None else truth.weights
        return float(self.draws(truth, prediction, weights[None])[0])

    def draws(self, truth: Truth, prediction: Prediction, weights: Array) -> Array:
        """The value under each weighting ``[draws, n]``."""
        return draws_of([self], replace(truth, weights=None), prediction, weights)[self.name]


class MeanMetric(SummedMetric[Array]):
    """A function of the weighted mean of something that every row has, in a column of its kind's `columns`."""

    column: int = 0

    @abstractmethod
    def columns(self, truth: Truth, prediction: Prediction) -> Array:
        """What is averaged: a column for each metric of the kind, ``[n, c]``."""

    def of_mean(self, mean: Array) -> Array:
        """The metric of a mean: as a rule the mean."""
        return mean

    def sums(self, truth: Truth, prediction: Prediction, names: Collection[str]) -> Callable[[Array], Array]:
        """Means of the columns, ``[draws, c]``."""
        columns = self.columns(truth, prediction)
        return lambda weights: means(weights, columns)

    def value(self, sums: Array) -> Array:
        """The metric of each draw, ``[draws]``."""
        return self.of_mean(sums[:, self.column])

    def point(self, truth: Truth, prediction: Prediction) -> float:
        """The value on some rows, with numpy's summation in pairs."""
        if truth.weights is not None:
            return super().point(truth, prediction)
        column = np.ascontiguousarray(self.columns(truth, prediction)[:, self.column])
        return float(self.of_mean(column.mean()))


def draws_of(metrics: Sequence[Metric], truth: Truth, prediction: Prediction, weights: Array) -> dict[str, Array]:
    """Several metrics under each of many weightings.

    Args:
        weights: Non-negative ``[draws, n]``, which the weights of `truth` multiply.

    Returns:
        ``[draws]`` values by name; NaN where the weighted rows leave a metric undefined.
    """
    kinds: dict[Any, list[Any]] = {}
    for metric in metrics:
        kinds.setdefault(_kind(metric), []).append(metric)
    prepared = [(own, own[0].sums(truth, prediction, {m.name for m in own})) for kind, own in kinds.items() if kind]
    result = {metric.name: np.full(len(weights), np.nan) for metric in metrics}
    for start, stop in chunks(weights):
        with np.errstate(divide="ignore", invalid="ignore"):
            some = truth.weighted(weights[start:stop])
            for own, sums in prepared:
                found = sums(some)
                for metric in own:
                    result[metric.name][start:stop] = metric.value(found)
            for metric in kinds.get(None, ()):
                result[metric.name][start:stop] = metric.draws(truth, prediction, some)
    return result


def _kind(metric: Metric) -> Any:
    """Where the function stands that makes a metric's sums; None of a metric without sums."""
    if not isinstance(metric, SummedMetric):
        return None
    return type(metric).columns if isinstance(metric, MeanMetric) else type(metric).sums


def means(weights: Array, columns: Array) -> Array:
    """Weighted means of several columns: ``[draws, n], [n, c] -> [draws, c]``."""
    weights = weights.astype(np.float64)
    return np.asarray(weights @ columns / weights.sum(axis=1, keepdims=True))


def sum_type(weights: Array) -> type[Any]:
    """Type for sums of weights; of draw counts in bytes int32, which accumulates several times as fast."""
    return np.int32 if weights.dtype == np.uint8 and weights.shape[1] < 2**23 else np.float64


def chunks(weights: Array) -> Iterator[tuple[int, int]]:
    """Ranges of draws that hold at most `CHUNK` weights (and at least one draw)."""
    step = max(1, CHUNK // max(1, weights.shape[1]))
    for start in range(0, len(weights), step):
        yield start, min(start + step, len(weights))

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
        """A function from weightings ``[draws, n]`` to the sums off which the named metrics are read."""

    @abstractmethod
    def value(self, sums: S) -> Array:
        """The metric of each draw, ``[draws]``."""

    def by_class(self, sums: S) -> Array | None:
        """Of a macro metric of several classes the values ``[draws, classes]`` whose mean it is, NaN for a class
        without rows; None of other metrics."""
        return None

    def point(self, truth: Truth, prediction: Prediction) -> float:
        weights = np.ones(len(truth)) if truth.weights is None else truth.weights
        return float(self.draws(truth, prediction, weights[None])[0])

    def draws(self, truth: Truth, prediction: Prediction, weights: Array) -> Array:
        return draws_of([self], replace(truth, weights=None), prediction, weights)[self.name]


class MeanMetric(SummedMetric[Array]):
    """A metric that follows from the weighted mean of a number of each row, the column `column` of `columns`."""

    column: int = 0

    @abstractmethod
    def columns(self, truth: Truth, prediction: Prediction) -> Array:
        """The numbers of each row, ``[n, c]``: a column for each metric that shares this function."""

    def of_mean(self, mean: Array) -> Array:
        """The metric from a mean: as a rule the mean itself."""
        return mean

    def sums(self, truth: Truth, prediction: Prediction, names: Collection[str]) -> Callable[[Array], Array]:
        columns = self.columns(truth, prediction)
        return lambda weights: means(weights, columns)

    def value(self, sums: Array) -> Array:
        return self.of_mean(sums[:, self.column])

    def point(self, truth: Truth, prediction: Prediction) -> float:
        if truth.weights is not None:
            return super().point(truth, prediction)
        # Not a matrix product: numpy's mean sums in pairs, which is more exact.
        column = np.ascontiguousarray(self.columns(truth, prediction)[:, self.column])
        return float(self.of_mean(column.mean()))


def draws_of(
    metrics: Sequence[Metric], truth: Truth, prediction: Prediction, weights: Array, *, by_class: bool = False
) -> dict[str, Array]:
    """Values ``[draws]`` of several metrics by name; NaN where the weighted rows leave a metric undefined.

    Args:
        weights: Non-negative ``[draws, n]``, which the weights of `truth` multiply.
        by_class: Whether macro metrics come as values by class, ``[draws, classes]`` (`SummedMetric.by_class`).
    """
    kinds: dict[Any, list[Any]] = {}
    for metric in metrics:
        kinds.setdefault(_kind(metric), []).append(metric)
    prepared = [(own, own[0].sums(truth, prediction, {m.name for m in own})) for kind, own in kinds.items() if kind]
    parts: dict[str, list[Array]] = {metric.name: [] for metric in metrics}
    for start, stop in chunks(weights):
        with np.errstate(divide="ignore", invalid="ignore"):
            some = truth.weighted(weights[start:stop])
            for own, sums in prepared:
                found = sums(some)
                for metric in own:
                    classes = metric.by_class(found) if by_class else None
                    parts[metric.name].append(metric.value(found) if classes is None else classes)
            for metric in kinds.get(None, ()):
                parts[metric.name].append(metric.draws(truth, prediction, some))
    return {name: np.concatenate(found) if found else np.empty(0) for name, found in parts.items()}


def _kind(metric: Metric) -> Any:
    """The function that makes a metric's sums, which metrics of one kind share; None of a metric without sums."""
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

"""Suite for metrics: what every metric, own or foreign, has to keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from autoft.evaluation.metrics import DecisionCounts, Direction, Metric, Needs, Prediction
from autoft.records.arrays import Array
from autoft.records.columns import Task
from autoft.records.decisions import Costs, DecisionRule
from autoft.records.problem import Problem, Truth

#: Relative difference of values that count as equal.
_CLOSE = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """Rows of a task with predictions that are better than chance, with perfect ones, and with random ones."""

    truth: Truth
    prediction: Prediction
    perfect: Prediction
    random: Prediction

    def __str__(self) -> str:
        own = self.prediction.problem
        return own.task + (f" (positive class {own.positive_index})" if own.task == "binary" else "")


def check_metric(metric: Metric, *, rows: int = 150, seed: int = 0) -> None:
    """Check that a metric is what the rest of autoft takes it to be.

    It has texts for people; its draws are its values on repeated and on weighted rows; the order of the rows does not
    matter; it changes nothing that it is given; where it is undefined it is NaN, elsewhere within its range; perfect
    predictions are better than random ones; and `at_threshold`, where the threshold is tuned for it, agrees with the
    labels.

    >>> from autoft.evaluation.metrics import METRICS
    >>> check_metric(METRICS["f1"])
    """
    _facts(metric)
    for case in _cases(metric, rows, np.random.default_rng(seed)):
        _draws(metric, case, np.random.default_rng([seed, 1]))
        _undefined(metric, case)
        _direction(metric, case)
        if case.prediction.problem.task == "binary":
            _threshold(metric, case)
            _ranks(metric, case)


def _facts(metric: Metric) -> None:
    classes = type(metric).__mro__[: type(metric).__mro__.index(Metric)]
    read = {name for one in classes for code in map(_code, vars(one).values()) for name in code}
    own = {name: value for one in classes for name, value in vars(one).items()}
    for name in own.keys() - read - {*dir(Metric), *Metric.__annotations__}:
        hint = "Metric's docstring lists its attributes, such as direction = 'min'; begin names of your own with '_'"
        _hold(
            name[0] == "_" or hasattr(own[name], "__get__"), f"'{name}' is an attribute that something reads ({hint})"
        )
    for name in ("name", "label", "meaning"):
        text = getattr(metric, name, None)
        _hold(isinstance(text, str) and text.strip() != "" and text.isprintable(), f"{name} is a text in one line")
    _hold(metric.name.isidentifier() and metric.name == metric.name.lower(), "the name is in snake_case")
    for name, known in (("direction", Direction), ("needs", Needs)):
        _hold(getattr(metric, name) in get_args(known), f"{name} is one of {', '.join(get_args(known))}")
    _hold(len(metric.tasks) > 0 and set(metric.tasks) <= set(get_args(Task)), "tasks names tasks")
    _hold(set(metric.default_for) <= set(metric.tasks), "default_for names only tasks of the metric")


def _code(value: Any) -> tuple[str, ...]:
    """Names that a method reads."""
    return value.__code__.co_names if hasattr(value, "__code__") else ()


def _cases(metric: Metric, rows: int, rng: np.random.Generator) -> Iterator[_Case]:
    for task in metric.tasks:
        for positive in (1, 0) if task == "binary" else (1,):
            goal = None
            if metric.needs_costs:
                matrix = ((0.0, 1.0, 2.0), (3.0, 0.0, 1.0), (4.0, 5.0, 0.0)) if task == "multiclass" else ()
                goal = Costs(false_negative=3.0, false_positive=1.0, matrix=matrix)
            problem = Problem(
                task=task,
                objective=metric.name,
                positive_index=positive,
                quantile=0.8 if metric.needs_quantile else None,
                goal=goal,
            )
            yield _values(problem, rows, rng) if task == "regression" else _classes(problem, rows, rng)


def _values(problem: Problem, rows: int, rng: np.random.Generator) -> _Case:
    y = rng.normal(10.0, 3.0, rows).round(1)
    some, random = y + rng.normal(0.0, 1.0, rows).round(1), rng.permutation(y)
    return _case(problem, y, some, y.copy(), random)


def _classes(problem: Problem, rows: int, rng: np.random.Generator) -> _Case:
    number = 2 if problem.task == "binary" else 3
    y = rng.permutation(np.arange(rows) % number)
    right = np.eye(number)[y]
    # Rounded, so that some rows are tied.
    drawn = rng.random(right.shape) + 0.7 * right, rng.random(right.shape)
    some, random = ((p / p.sum(axis=1, keepdims=True)).round(2) + 0.01 for p in drawn)
    sure = 0.002 / number + 0.998 * right
    return _case(problem, y, *(p / p.sum(axis=1, keepdims=True) for p in (some, sure, random)))


def _case(problem: Problem, y: Array, *values: Array) -> _Case:
    some, perfect, random = (Prediction(values=_frozen(own), problem=problem) for own in values)
    return _Case(truth=Truth(y=_frozen(y)), prediction=some, perfect=perfect, random=random)


def _frozen(values: Array) -> Array:
    values.flags.writeable = False
    return values


def _draws(metric: Metric, case: _Case, rng: np.random.Generator) -> None:
    """Draws, weights, repeated rows and another order of the rows give the same values."""
    truth, prediction, rows = case.truth, case.prediction, len(case.truth)
    counts = rng.poisson(1.0, (3, rows)).astype(np.uint8)
    found = metric.draws(truth, prediction, _frozen(counts))
    _hold(np.shape(found) == (3,), f"draws of {case} have the shape [draws]")
    for value, own in zip(found, counts, strict=True):
        repeated = np.repeat(np.arange(rows), own)
        point = metric.point(truth.take(repeated), prediction.take(repeated))
        weighted = metric.point(replace(truth, weights=own.astype(float)), prediction)
        _same(weighted, point, f"a row of {case} with a weight of 2 counts as two rows")
        _same(value, point, f"a draw of {case} is the value on repeated rows")
    weights = rng.random((2, rows)) + 0.1
    for value, own in zip(metric.draws(truth, prediction, weights), weights, strict=True):
        point = metric.point(replace(truth, weights=own), prediction)
        _same(value, point, f"a weighting of {case} is the value with truth.weights")
    order = rng.permutation(rows)
    point, other = metric.point(truth, prediction), metric.point(truth.take(order), prediction.take(order))
    _hold(isinstance(point, float) and np.isfinite(point), f"the value of {case} is a finite number of type float")
    _same(point, other, f"the order of the rows of {case} does not matter")


def _undefined(metric: Metric, case: _Case) -> None:
    """One row, rows that are all alike, and no rows: a number or NaN, and never an error."""
    truth, prediction = case.truth, case.prediction
    alike = np.flatnonzero(truth.y == truth.y[0])
    with np.errstate(all="ignore"):
        for rows in (alike[:1], alike, np.flatnonzero(truth.y != truth.y[0])):
            value = metric.point(truth.take(rows), prediction.take(rows))
            _possible(metric, case, value)
            _hold(not np.isinf(value), f"where the value of {case} is undefined it is NaN, not infinite")
            draw = metric.draws(truth.take(rows), prediction.take(rows), np.ones((1, len(rows))))[0]
            _same(draw, value, f"a draw of {case} is undefined where the value is")
        empty = metric.draws(truth, prediction, np.zeros((1, len(truth)), dtype=np.uint8))[0]
    _hold(bool(np.isnan(empty)), f"a draw of {case} without rows is NaN")


def _direction(metric: Metric, case: _Case) -> None:
    best, some, random = (
        float(metric.better(np.array(metric.point(case.truth, prediction))))
        for prediction in (case.perfect, case.prediction, case.random)
    )
    _hold(best > random, f"perfect predictions of {case} are better than random ones (direction '{metric.direction}')")
    _hold(best >= some, f"perfect predictions of {case} are at least as good as others")
    for prediction in (case.perfect, case.prediction, case.random):
        _possible(metric, case, metric.point(case.truth, prediction))
    most = float(metric.better(np.array(metric.perfect)))
    _hold(most >= best - _CLOSE, f"no value of {case} is better than `perfect`, {metric.perfect:g}")


def _possible(metric: Metric, case: _Case, value: float) -> None:
    low, high = metric.bounds(case.prediction.problem)
    _hold(
        np.isnan(value) or low - _CLOSE <= value <= high + _CLOSE,
        f"a value of {case} lies in `range`, {low:g} to {high:g}: {value!r}",
    )


def _threshold(metric: Metric, case: _Case) -> None:
    if metric.threshold == "none":
        return
    truth, prediction = case.truth, case.prediction
    positive = truth.y == prediction.problem.positive_index
    for threshold in (0.3, 0.5, 0.7):
        said = prediction.positive >= threshold
        rows = {"hits": said & positive, "alarms": said & ~positive, "positives": positive, "negatives": ~positive}
        counts = DecisionCounts(**{name: np.array(float(own.sum())) for name, own in rows.items()})
        value = metric.at_threshold(counts, prediction.problem)
        decided = replace(prediction, rule=DecisionRule(threshold=threshold))
        _same(float(value), metric.point(truth, decided), f"at_threshold({threshold}) is the value of its labels")


def _ranks(metric: Metric, case: _Case) -> None:
    if not metric.ranks_only:
        return
    squared = replace(case.prediction, values=np.square(case.prediction.values))
    value, other = metric.point(case.truth, case.prediction), metric.point(case.truth, squared)
    _same(value, other, f"only the order of the probabilities of {case} matters (ranks_only)")


def _same(one: Any, other: Any, what: str) -> None:
    equal = bool(np.isclose(one, other, rtol=_CLOSE, atol=_CLOSE, equal_nan=True))
    _hold(equal, f"{what}: {float(one)!r} and {float(other)!r}")


def _hold(true: bool, what: str) -> None:
    if not true:
        raise AssertionError(f"must hold: {what}")

"""Gaps between the groups of a column that the model must not use: rates by group, and the largest difference.

Which of the rates should be equal depends on the use of the model, and not all of them can be (Kleinberg, Mullainathan
& Raghavan, "Inherent trade-offs in the fair determination of risk scores", 2017).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoft.evaluation.decisions import decide, decided_by
from autoft.evaluation.slices.groups import Groups
from autoft.evaluation.slices.redraws import DrawGroup, Redraws
from autoft.records.arrays import Array
from autoft.records.columns import Target
from autoft.records.problem import Problem, Truth
from autoft.records.scores import Interval
from autoft.records.slices import Gap, Rate

#: Groups with fewer rows are shown, but not compared.
FEWEST_ROWS = 50
#: Classes whose rates are shown: the most frequent ones.
MOST_CLASSES = 12

_RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")
_VALUES = ("mean_prediction", "mean_error")


def gaps(redraws: Redraws, groups: Sequence[Groups], target: Target) -> tuple[Gap, ...]:
    """Rates by group of each column, from the predictions and draws of the overall score.

    Classification: for each class the share of rows that are decided to be of it, among all rows (selection rate),
    among those that are of it (true positive rate) and among the others (false positive rate); of two classes only the
    positive one. Regression: mean prediction, and mean of predicted minus true.
    """
    problem, truth = redraws.problem, redraws.own
    own, classes, weights = [one.rows(redraws.score.rows) for one in groups], _classes(target, truth.y), truth.weights
    samples = [np.full((redraws.number, *shape(one, classes)), np.nan) for one in own]
    for group in redraws.groups():
        for one, found in zip(own, samples, strict=True):
            found[group.draws] = _numbers(group, truth, one, classes, problem)
    whole = redraws.whole
    result = []
    for one, found in zip(own, samples, strict=True):
        point = _numbers(whole, truth, one, classes, problem)[0]
        counts = np.bincount(one.codes, None if weights is None else weights > 0, minlength=len(one.labels)).astype(int)
        names = _RATES if classes else _VALUES
        rates = [
            _rate(redraws, one, counts, point[:, j, k], found[:, :, j, k], name=name, label=label)
            for k, label in enumerate([str(target.classes[c]) for c in classes] or [""])
            for j, name in enumerate(names)
        ]
        sizes = dict(zip(one.labels, counts.tolist(), strict=True))
        result.append(Gap(column=one.column, rows=sizes, rates=tuple(rates), note=one.note))
    return tuple(result)


def shape(groups: Groups, classes: Sequence[int]) -> tuple[int, int, int]:
    """Numbers of groups, of rates and of classes."""
    return len(groups.labels), len(_RATES if classes else _VALUES), max(len(classes), 1)


def _classes(target: Target, y: Array) -> list[int]:
    """Positions of the classes whose rates are shown, none for a regression."""
    if target.task == "regression":
        return []
    if target.task == "binary":
        return [target.positive_index]
    counts = np.bincount(y, minlength=len(target.classes))
    return sorted(np.argsort(-counts, kind="stable")[:MOST_CLASSES].tolist())


def _numbers(group: DrawGroup, truth: Truth, groups: Groups, classes: list[int], problem: Problem) -> Array:
    """Rates under each draw, ``[draws, groups, rates, classes]``; NaN where undefined."""
    y = truth.y
    codes, size = groups.codes, len(groups.labels)
    columns = [np.ones(len(y))]
    if classes:
        decided = decide(group.predictions, problem.positive, decided_by(group.rule, problem))
        columns += [of for c in classes for of in (decided == c, y == c, (decided == c) & (y == c))]
    else:
        columns += [group.predictions, group.predictions - y]
    found = np.empty((len(group.weights), *shape(groups, classes)))
    for place, drawn in enumerate(group.weights):
        w = truth.weighted(drawn).astype(np.float64)
        sums = np.stack([np.bincount(codes, w * column, minlength=size) for column in columns], axis=1)
        found[place] = _from_sums(sums, bool(classes))
    return found


def _from_sums(sums: Array, classes: bool) -> Array:
    total = sums[:, :1]
    with np.errstate(divide="ignore", invalid="ignore"):
        if not classes:
            return np.asarray((sums[:, 1:] / np.where(total > 0, total, np.nan))[:, :, None])
        said, true, hits = (sums[:, first::3] for first in (1, 2, 3))
        rates = np.stack([said / total, hits / true, (said - hits) / (total - true)], axis=1)
    return np.where(np.isfinite(rates), rates, np.nan)


def _rate(
    redraws: Redraws, groups: Groups, counts: Array, point: Array, samples: Array, *, name: str, label: str
) -> Rate:
    intervals = (redraws.interval(float(value), samples[:, place]) for place, value in enumerate(point))
    found = {place: interval for place, interval in enumerate(intervals) if interval is not None}
    shown = {groups.labels[place]: interval for place, interval in found.items()}
    large = sorted((place for place in found if counts[place] >= FEWEST_ROWS), key=lambda place: found[place].value)
    if len(large) < 2:
        return Rate(name=name, label=label, groups=shown)
    low, high = large[0], large[-1]
    pairs = len(large) * (len(large) - 1) // 2
    least, most, lows, highs = found[low].value, found[high].value, samples[:, low], samples[:, high]
    difference = _difference(most - least, highs - lows, pairs)
    return Rate(
        name=name,
        label=label,
        groups=shown,
        highest=groups.labels[high],
        lowest=groups.labels[low],
        difference=difference.within(-1.0, 1.0) if name in _RATES else difference,
        ratio=_ratio(least, most, lows, highs, pairs) if name in _RATES else None,
    )


def _difference(value: float, samples: Array, pairs: int) -> Interval:
    """A difference with Student's interval, whose 5 % are divided by the number of pairs (Bonferroni).

    The pair was picked because it is furthest apart: an interval for one pair would promise too much.
    """
    from scipy.stats import t

    known = samples[np.isfinite(samples)]
    reach = float(t.ppf(1 - 0.025 / pairs, len(known) - 1) * known.std(ddof=1))
    return Interval(value=value, low=value - reach, high=value + reach)


def _ratio(low: float, high: float, lows: Array, highs: Array, pairs: int) -> Interval | None:
    """Lowest over highest, with an interval that is symmetric in logarithms; None where a rate may be 0."""
    if low <= 0 or not (np.nan_to_num(lows, nan=1) > 0).all() or not (np.nan_to_num(highs, nan=1) > 0).all():
        return None
    logs = _difference(float(np.log(low / high)), np.log(lows / highs), pairs)
    return Interval(value=low / high, low=float(np.exp(logs.low)), high=float(np.exp(logs.high)))

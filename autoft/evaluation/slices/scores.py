"""Scores of slices: every metric of the overall score on groups of rows, given and weak ones, from the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from autoft.evaluation.losses import row_losses
from autoft.evaluation.metrics import loss_metric, metrics_of
from autoft.evaluation.scores import over_classes, weighted_scores, why_undefined
from autoft.evaluation.slices.groups import Groups
from autoft.evaluation.slices.redraws import DrawGroup, Redraws
from autoft.evaluation.slices.search import weakest
from autoft.records.arrays import Array
from autoft.records.problem import Problem, Truth
from autoft.records.scores import Interval
from autoft.records.slices import Slice, SlicedColumn, WeakSearch, WeakSlice


def scores_by_group(redraws: Redraws, groups: Sequence[Groups]) -> tuple[Slice, tuple[SlicedColumn, ...]]:
    """Every metric on all rows, and on each group of each column."""
    problem, rows = redraws.problem, redraws.score.rows
    own = [one.rows(rows) for one in groups]
    sets = [np.flatnonzero(one.codes == code) for one in own for code in range(len(one.labels))]
    names = [metric.name for metric in metrics_of(problem)]
    whole, *rest = scores_of(redraws, [np.arange(len(rows)), *sets], names)
    scored = iter(rest)
    columns = []
    for one in own:
        slices = tuple(replace(next(scored), group=label) for label in one.labels)
        columns.append(SlicedColumn(column=one.column, slices=slices, note=one.note))
    return replace(whole, group="all rows"), tuple(columns)


def scores_of(redraws: Redraws, sets: Sequence[Array], names: Sequence[str]) -> list[Slice]:
    """Slices without names: metrics on sets of positions among the rows of the score, which may overlap."""
    truth, problem = redraws.own, redraws.problem
    samples: list[dict[str, Array]] = [{} for _ in sets]
    for group in redraws.groups():
        for some, found in zip(sets, samples, strict=True):
            for name, values in _scores(group, truth, some, problem, names).items():
                found.setdefault(name, np.full((redraws.number, *values.shape[1:]), np.nan))[group.draws] = values
    whole, nowhere = redraws.whole, np.full(redraws.number, np.nan)
    slices = []
    for some, found in zip(sets, samples, strict=True):
        drawn = {name: over_classes(found.get(name, nowhere)) for name in names}
        slices.append(_slice(redraws, truth.take(some), _scores(whole, truth, some, problem, names), drawn))
    return slices


def _scores(group: DrawGroup, truth: Truth, some: Array, problem: Problem, names: Sequence[str]) -> dict[str, Array]:
    """Metrics on some of the rows under the draws of a group, macro metrics by class; empty where one draw has none."""
    if len(group.weights) == 1:
        some = some[group.weights[0, some] > 0]  # rows that the one draw does not score need not be sorted
    if not len(some):
        return {}
    own, rule = truth.take(some), group.rule.take(some)
    predictions, weights = group.predictions[some], group.weights[:, some]
    return weighted_scores(own, predictions, weights, problem, names=names, rule=rule, by_class=True)


def _slice(redraws: Redraws, truth: Truth, point: Mapping[str, Array], samples: Mapping[str, Array]) -> Slice:
    scores: dict[str, Interval] = {}
    undefined: dict[str, str] = {}
    counted = truth.y if truth.weights is None else truth.y[truth.weights > 0]
    for name, found in samples.items():
        value = float(np.mean(point[name])) if name in point else np.nan
        interval = redraws.interval(value, found)
        if interval is not None:
            scores[name] = interval
        else:
            undefined[name] = why_undefined(counted, bool(np.isfinite(value)))
    return Slice(group="", rows=len(counted), scores=scores, undefined=undefined)


def weak_slices(redraws: Redraws, groups: Sequence[Groups]) -> WeakSearch:
    """Search for the groups of rows with the highest mean loss (log-loss, squared error or pinball loss).

    Only slices whose loss differs from that of the other rows beyond chance are returned (`slices.search`). `groups`
    are of all rows, those of the most important columns first.
    """
    problem, truth, predictions = redraws.problem, redraws.own, redraws.whole.predictions
    own = [one.rows(redraws.score.rows) for one in groups]
    searched = weakest(row_losses(truth.y, predictions, problem.quantile), own, truth.groups, truth.weights)
    metric = loss_metric(problem.task, by_quantile=problem.quantile is not None).name
    objective = problem.objective
    inside = [np.all([own[g].codes == code for g, code in one.conditions], axis=0) for one in searched.found]
    here, elsewhere = ([np.flatnonzero(some == side) for some in inside] for side in (True, False))
    scores = scores_of(redraws, here, tuple(dict.fromkeys((metric, objective))))
    others = scores_of(redraws, elsewhere, (metric,))
    found = [
        WeakSlice(
            conditions=tuple((own[g].column, own[g].labels[code]) for g, code in one.conditions),
            rows=score.rows,
            loss=score.scores[metric],
            elsewhere=other.scores[metric].value,
            chance=one.chance,
            score=score.scores.get(objective),
        )
        for one, score, other in zip(searched.found, scores, others, strict=True)
        if metric in score.scores and metric in other.scores
    ]
    found.sort(key=lambda one: -one.loss.value)
    left_out, tried, columns = len(groups) - searched.columns, searched.tried, searched.columns
    return WeakSearch(metric=metric, tried=tried, columns=columns, left_out=left_out, found=tuple(found))

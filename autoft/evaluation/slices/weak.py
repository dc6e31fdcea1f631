"""The weakest slices with what they score, from the draws of the overall score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autoft.evaluation.losses import row_losses
from autoft.evaluation.slices.groups import Groups
from autoft.evaluation.slices.redraws import Redraws
from autoft.evaluation.slices.scores import scores_of
from autoft.evaluation.slices.search import FoundSlice, SliceSearch, weakest
from autoft.evaluation.weighted_metrics import of_rows
from autoft.records.arrays import Array
from autoft.records.slices import WeakSearch, WeakSlice


def weak_slices(
    redraws: Redraws,
    y: Array,
    groups: Sequence[Groups],
    *,
    objective: str,
    problem: Mapping[str, Any],
) -> WeakSearch:
    """The weakest slices by mean log-loss, squared error or pinball loss (of the objective ``pinball``).

    Args:
        redraws, y, problem: As for `slices.scores_by_group`.
        groups: Of all rows, the most important columns first.
        objective: The metric that is reported beside.
    """
    rows = redraws.verdict.rows
    losses = row_losses(y[rows], redraws.predictions, problem["quantile"])
    own, weights = [one.rows(rows) for one in groups], of_rows(problem["row_weights"], rows)
    searched = weakest(losses, own, redraws.clusters[rows], weights)
    metric = "log_loss" if problem["task"] != "regression" else "rmse" if problem["quantile"] is None else "pinball"
    inside = [_inside(own, found) for found in searched.found]
    here, elsewhere = ([np.flatnonzero(some == side) for some in inside] for side in (True, False))
    scores = scores_of(redraws, y, here, names=tuple(dict.fromkeys((metric, objective))), problem=problem)
    others = scores_of(redraws, y, elsewhere, names=(metric,), problem=problem)
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
    return _record(metric, searched, len(groups), found)


def _inside(groups: Sequence[Groups], found: FoundSlice) -> Array:
    return np.asarray(np.all([groups[g].codes == code for g, code in found.conditions], axis=0))


def _record(metric: str, searched: SliceSearch, columns: int, found: Sequence[WeakSlice]) -> WeakSearch:
    left_out = columns - searched.columns
    return WeakSearch(
        metric=metric, tried=searched.tried, columns=searched.columns, left_out=left_out, found=tuple(found)
    )

"""Weak slices with their scores, from the draws of the overall score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoft.evaluation.losses import row_losses
from autoft.evaluation.metrics import loss_metric
from autoft.evaluation.slices.groups import Groups
from autoft.evaluation.slices.redraws import Redraws
from autoft.evaluation.slices.scores import scores_of
from autoft.evaluation.slices.search import weakest
from autoft.records.slices import WeakSearch, WeakSlice


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

"""Permutation importance on held-out rows: what the model loses when one column is shuffled (Breiman 2001)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autoft.evaluation import costs as row_costs
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.weighted_metrics import of_rows, weighted_scores
from autoft.preprocessing import columns_of_rows
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.records import Column, DecisionGoal, Importance, Interval, Task
from autoft.records.arrays import Array
from autoft.records.split import Member

#: At most so many rows are predicted, so often per column; once for each of more than FEW columns.
ROWS, REPEATS, FEW = 2_000, 5, 50

#: Above so many columns the shuffles would take minutes and tell each other's columns' importance apart no more.
MOST = 200


def permutation_importance(
    answers: Callable[[Encoded, Array], Array],
    plan: InputLayout,
    columns: Sequence[Column],
    encoded: Encoded,
    y: Array,
    members: Sequence[Member],
    *,
    task: Task,
    objective: str,
    positive_index: int,
    seed: int,
    row_weights: Array | None = None,
    quantile: float | None = None,
    threshold: float = 0.5,
    costs: DecisionGoal | None = None,
) -> tuple[Importance, ...]:
    """Importance of each used column, the largest first.

    Every row is answered by the member that did not train on it, before and after the column is shuffled among
    the rows. Positive means that the model is worse without the column, whatever the metric's direction.

    Args:
        answers: Answers ``[m, ...]`` to some rows by the fold's member that is named for each, ``[m]``.
        plan, columns: Layout, and the columns for their names.
        encoded, y: All rows and their target.
        members: The K folds.
        task, objective, positive_index: The problem.
        seed: Of the sample and the shuffles.
        row_weights: ``[n]``, None where all rows count the same.
        quantile: Of the objective ``pinball``.
        threshold, costs: Of decisions, as for `metrics.scores`.

    Returns:
        One record per used column; its interval spans the repeats. Nothing where more than MOST columns are used, or
        where the sample leaves the objective undefined (a class too rare to be in it).
    """
    used = [(column, where) for column in columns if (where := columns_of_rows.place(plan, column.id)) is not None]
    if len(used) > MOST:
        return ()
    rng = np.random.default_rng([seed, 2])
    block = np.full(len(y), -1)
    for k, member in enumerate(members):
        block[member.held_out] = k
    rows = rng.permutation(np.flatnonzero(block >= 0))[:ROWS]
    sample, own = encoded.rows(rows), block[rows]
    problem: dict[str, Any] = {"task": task, "positive_index": positive_index, "threshold": threshold}
    problem |= {
        "costs": row_costs.of_rows(costs, rows),
        "row_weights": of_rows(row_weights, rows),
        "quantile": quantile,
    }

    def scores(changed: Encoded) -> Array:
        # All repeats in one question: the way through the layers costs more than the rows.
        predictions = answers(changed, np.tile(own, len(changed) // len(own)))
        weights = np.ones((1, len(rows)), dtype=np.uint8)
        scored = [
            weighted_scores(y[rows], part, weights, names=(objective,), **problem)
            for part in np.split(predictions, len(changed) // len(own))
        ]
        return np.array([float(METRICS[objective].better(one[objective])[0]) for one in scored])

    whole = scores(sample)[0]
    if not np.isfinite(whole):
        return ()
    repeats = REPEATS if len(used) <= FEW else 1
    found = []
    for column, where in used:
        changed = sample.rows(np.tile(np.arange(len(rows)), repeats))
        order = np.concatenate([rng.permutation(len(rows)) for _ in range(repeats)])
        changed = columns_of_rows.shuffled(changed, where, order)
        drops = whole - scores(changed)
        drop = Interval(value=float(np.mean(drops)), low=float(np.min(drops)), high=float(np.max(drops)))
        found.append(Importance(column=column.name, drop=drop))
    return tuple(sorted(found, key=lambda i: (-i.drop.value, i.column)))

"""Permutation importance on held-out rows: the loss of score when one column is shuffled (Breiman 2001)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoft.evaluation.fold_model import FoldModel
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.scores import weighted_scores
from autoft.preprocessing import columns_of_rows
from autoft.preprocessing.encode import Encoded
from autoft.records.arrays import Array
from autoft.records.decisions import ONE_HALF, AnyRule
from autoft.records.problem import Problem, Truth
from autoft.records.scores import Importance, Interval

#: Largest number of rows that are predicted.
ROWS = 2_000
#: Shuffles of each column; one for each of more than `FEW` columns.
REPEATS = 5
FEW = 50
#: Columns above which the shuffles would take minutes and no longer tell apart what columns are worth.
MOST = 200


def permutation_importance(
    model: FoldModel, truth: Truth, problem: Problem, *, rule: AnyRule = ONE_HALF, seed: int
) -> tuple[Importance, ...]:
    """Importance of each used column, the largest first.

    Every row is predicted by the member that did not train on it, before and after the column is shuffled among the
    rows. Positive means that the model is worse without the column, whatever the metric's direction.

    Returns:
        One record per used column; its interval spans the repeats. Nothing where more than MOST columns are used, or
        where the sample leaves the objective undefined (a class too rare to be in it).
    """
    places = [(column, columns_of_rows.place(model.layout, column.id)) for column in model.columns]
    used = [(column, place) for column, place in places if place is not None]
    if len(used) > MOST:
        return ()
    rng = np.random.default_rng([seed, 2])
    rows = rng.permutation(model.held_out)[:ROWS]
    sample = _Sample(model, model.encoded.rows(rows), model.members_of(rows), truth.take(rows), problem, rule)
    whole = sample.score(sample.encoded)[0]
    if not np.isfinite(whole):
        return ()
    repeats = REPEATS if len(used) <= FEW else 1
    found = []
    for column, place in used:
        order = np.concatenate([rng.permutation(len(rows)) for _ in range(repeats)])
        drops = whole - sample.score(sample.shuffled(place, order))
        drop = Interval(value=float(np.mean(drops)), low=float(np.min(drops)), high=float(np.max(drops)))
        found.append(Importance(column=column.name, drop=drop))
    return tuple(sorted(found, key=lambda i: (-i.drop.value, i.column)))


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Rows that are predicted again and again: their cells, their members, their truth."""

    model: FoldModel
    encoded: Encoded
    members: Array
    truth: Truth
    problem: Problem
    rule: AnyRule

    def shuffled(self, place: columns_of_rows.Place, order: Array) -> Encoded:
        """The rows, as often as `order` is longer than they are, with one column in that order."""
        rows = len(self.encoded)
        repeated = self.encoded.rows(np.tile(np.arange(rows), len(order) // rows))
        return columns_of_rows.shuffled(repeated, place, order)

    def score(self, changed: Encoded) -> Array:
        """The objective of each repeat of the rows, turned so that more is better."""
        # All repeats in one call: the way through the layers costs more than the rows.
        repeats, name = len(changed) // len(self.encoded), self.problem.objective
        predictions = self.model.predict(changed, np.tile(self.members, repeats))
        once = np.ones((1, len(self.encoded)), dtype=np.uint8)
        scored = [
            weighted_scores(self.truth, part, once, self.problem, names=(name,), rule=self.rule)[name]
            for part in np.split(predictions, repeats)
        ]
        return METRICS[name].better(np.array(scored)[:, 0])

"""Fold models: rows predicted by the network that did not train on them, and permutation importance (Breiman 2001)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autoft.evaluation.metrics import METRICS
from autoft.evaluation.scores import weighted_scores
from autoft.preprocessing import columns_of_rows
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.records.decisions import ONE_HALF, AnyRule
from autoft.records.problem import Problem, Truth
from autoft.records.scores import Importance, Interval
from autoft.records.split import Member

#: Largest number of rows that are predicted.
ROWS = 2_000
#: Fewest rows that are predicted where there is little time, if there are as many.
FEWEST_ROWS = 200
#: Shuffles of each column; one for each of more than `FEW` columns.
REPEATS = 5
FEW = 50
#: Columns above which the shuffles would take minutes and no longer tell apart what columns are worth.
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoldModel:
    """The networks of the folds, and the rows that explain them.

    Attributes:
        predict: From m encoded rows, and the number of a member for each, to predictions ``[m, classes]`` or ``[m]``.
        members: The K folds.
    """

    predict: Callable[[Encoded, Array], Array]
    layout: InputLayout
    columns: Sequence[Column]
    encoded: Encoded
    members: Sequence[Member]

    @property
    def held_out(self) -> Array:
        """Positions of the rows that a fold holds out, ascending."""
        return np.sort(np.concatenate([member.held_out for member in self.members]))

    def members_of(self, rows: Array) -> Array:
        """The member that did not train on each row."""
        own = np.full(len(self.encoded), -1)
        for k, member in enumerate(self.members):
            own[member.held_out] = k
        return np.asarray(own[rows])


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Rows on which columns are shuffled, and how good the model is there."""

    model: FoldModel
    truth: Truth
    problem: Problem
    rule: AnyRule
    rows: Array

    @property
    def encoded(self) -> Encoded:
        return self.model.encoded.rows(self.rows)

    def score(self, changed: Encoded) -> Array:
        """The objective of each repeat of the rows, turned so that more is better."""
        # All repeats in one call: the way through the layers costs more than the rows.
        times, name = len(changed) // len(self.rows), self.problem.objective
        parts = np.split(self.model.predict(changed, np.tile(self.model.members_of(self.rows), times)), times)
        own, once = self.truth.take(self.rows), np.ones((1, len(self.rows)), dtype=np.uint8)
        scored = [weighted_scores(own, p, once, self.problem, names=(name,), rule=self.rule)[name] for p in parts]
        return METRICS[name].better(np.array(scored)[:, 0])

    def seconds(self, left: Callable[[], float]) -> float:
        """Seconds of one score, by what is left after a second one: the first one builds programs."""
        if math.isinf(left()):
            return 0.0
        encoded = self.encoded
        self.score(encoded)
        before = left()
        self.score(encoded)
        return before - left()


def permutation_importance(
    model: FoldModel,
    truth: Truth,
    problem: Problem,
    *,
    rule: AnyRule = ONE_HALF,
    seed: int,
    left: Callable[[], float] = lambda: math.inf,
) -> tuple[Importance, ...]:
    """Importance of each used column, the largest first; the interval spans the repeats.

    Every row is predicted by the member that did not train on it, before and after the column is shuffled among the
    rows. Positive means that the model is worse without the column, whatever the metric's direction. Nothing is
    returned where more than `MOST` columns are used, or where the sample leaves the objective undefined (a class too
    rare to be in it).

    Args:
        left: Seconds that are left: where there are too few, columns are shuffled once, and then among fewer rows.
    """
    places = columns_of_rows.places(model.layout)
    used = [(column, places[column.id]) for column in model.columns if column.id in places]
    if len(used) > MOST:
        return ()
    rng = np.random.default_rng([seed, 2])
    sample = _Sample(model, truth, problem, rule, rng.permutation(model.held_out)[:ROWS])
    repeats = REPEATS if len(used) <= FEW else 1
    once = sample.seconds(left)
    if (needed := once * len(used)) * repeats > left():
        repeats, few = 1, int(len(sample.rows) * left() / max(needed, 1e-9))
        sample = replace(sample, rows=sample.rows[: max(few, FEWEST_ROWS)])
    rows, encoded = sample.rows, sample.encoded
    whole = sample.score(encoded)[0]
    if not np.isfinite(whole):
        return ()
    repeated = encoded.rows(np.tile(np.arange(len(rows)), repeats))
    found = []
    for column, place in used:
        order = np.concatenate([rng.permutation(len(rows)) for _ in range(repeats)])
        drops = whole - sample.score(columns_of_rows.shuffled(repeated, place, order))
        drop = Interval(value=float(np.mean(drops)), low=float(np.min(drops)), high=float(np.max(drops)))
        found.append(Importance(column=column.name, drop=drop))
    return tuple(sorted(found, key=lambda i: (-i.drop.value, i.column)))

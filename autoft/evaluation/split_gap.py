"""Split gap: a baseline on rows divided at random, beside folds that respect a time or a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from autoft.evaluation.baselines import BaselineInputs, train_baselines
from autoft.evaluation.scores import scores
from autoft.records.arrays import Array
from autoft.records.problem import Problem, Truth
from autoft.records.scores import SplitGap
from autoft.records.split import HOLDOUT, Member

#: The baseline that is scored on both.
BASELINE = "hist_gradient_boosting"


def random_members(members: Sequence[Member], rows: Array, seed: int) -> tuple[Member, ...]:
    """Members of the same sizes whose rows are drawn at random from `rows`; no row is held out twice."""
    rng = np.random.default_rng([seed, 8])
    order, start, found = rng.permutation(rows), 0, []
    for member in members:
        held_out = order[start : start + len(member.held_out)]
        start += len(held_out)
        train = rng.permutation(np.setdiff1d(rows, held_out))[: len(member.train)]
        found.append(Member(train=np.sort(train), held_out=np.sort(held_out), blocks=member.blocks))
    return tuple(found)


def split_gap(
    inputs: BaselineInputs,
    truth: Truth,
    members: Sequence[Member],
    problem: Problem,
    predictions: Mapping[str, Array],
    *,
    seed: int,
) -> SplitGap | None:
    """The objective of gradient boosting on the folds and on random rows of the same numbers.

    None where a score is undefined.

    Args:
        predictions: Of the baselines on the folds, by name (`train_baselines`).
    """
    assert truth.blocks is not None
    random = random_members(members, np.flatnonzero(truth.blocks != HOLDOUT), seed)
    other = train_baselines(inputs, truth, random, problem, seed=seed, names=(BASELINE,))[BASELINE]
    found = []
    for own, answers in ((members, predictions[BASELINE]), (random, other)):
        rows = np.sort(np.concatenate([member.held_out for member in own]))
        found.append(scores(truth.take(rows), answers[rows], problem)[problem.objective])
    return SplitGap(folds=found[0], random=found[1]) if np.isfinite(found).all() else None

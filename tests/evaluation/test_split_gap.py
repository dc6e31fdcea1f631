"""What a random split flatters by where rows depend on one another."""

from __future__ import annotations

import numpy as np

from autoft.evaluation.baselines import BaselineInputs, train_baselines
from autoft.evaluation.folds import FoldRule, RowOrigin, members, split
from autoft.evaluation.split_gap import BASELINE, random_members, split_gap
from autoft.records.problem import Problem, Truth

ROWS = 300


def test_boosting_that_knows_the_group_is_flattered_by_random_rows():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(30), 10)
    x = (rng.permutation(30) / 30)[group] + rng.normal(0, 0.002, ROWS)  # tells the group, and nothing of its level
    y = rng.normal(size=30)[group] + rng.normal(0, 0.1, ROWS)
    origin = RowOrigin(keys=np.arange(ROWS, dtype=np.uint64), groups=group)
    found, _ = split(y, "regression", origin, FoldRule(folds=3, seed=0, balance_groups=False))
    folds, problem = members(found, "corrected"), Problem(task="regression", objective="rmse")
    truth = Truth(y=y, clusters=found.clusters, blocks=found.blocks)
    inputs = BaselineInputs(features=x[:, None], categorical=np.array([False]))
    answers = train_baselines(inputs, truth, folds, problem, seed=0, names=(BASELINE,))
    assert set(answers) == {BASELINE}
    gap = split_gap(inputs, truth, folds, problem, answers, seed=0)
    assert gap is not None
    assert gap.random < 0.6 < 0.9 < gap.folds


def test_random_members_have_the_sizes_of_the_folds():
    rows = np.arange(20, 120)
    found, _ = split(
        np.zeros(120) + np.arange(120),
        "regression",
        RowOrigin(keys=np.arange(120, dtype=np.uint64), time=np.arange(120.0)),
        FoldRule(folds=4, seed=0),
    )
    folds = members(found, "corrected")[:3]
    drawn = random_members(folds, rows, 0)
    assert [len(one.held_out) for one in drawn] == [len(one.held_out) for one in folds]
    held_out = np.concatenate([one.held_out for one in drawn])
    assert len(set(held_out)) == len(held_out)
    for one, fold in zip(drawn, folds, strict=True):
        assert len(one.train) <= len(fold.train)
        assert not set(one.train) & set(one.held_out)
        assert set(one.train) | set(one.held_out) <= set(rows)

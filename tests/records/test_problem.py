"""Truth: every array belongs to rows, and follows them."""

import numpy as np

from autoft.records.decisions import Costs, Minimum, RowRule
from autoft.records.problem import Problem, Truth

PARTS = ("y", "weights", "clusters", "gains", "blocks")


def test_rows_are_taken_from_every_array():
    rows = np.array([3, 0])
    found = Truth(**{name: np.arange(4) + 10 * k for k, name in enumerate(PARTS)}).take(rows)
    assert [getattr(found, name).tolist() for name in PARTS] == [[3 + 10 * k, 10 * k] for k in range(5)]
    assert len(found) == 2
    assert tuple(Truth.__dataclass_fields__) == PARTS, "a new array of rows must be taken, too"


def test_what_is_not_given_stays_so():
    truth = Truth(y=np.array([1.0, 2.0, 3.0])).take(np.array([2]))
    assert [getattr(truth, name) for name in PARTS[1:]] == [None] * 4
    assert truth.groups.tolist() == [0]
    weights = np.ones((2, 1), dtype=np.uint8)
    assert truth.weighted(weights) is weights


def test_costs_have_the_gains_of_the_rows_and_a_minimum_has_none():
    truth = Truth(y=np.array([1, 0, 1]), gains=np.array([5.0, np.nan, 7.0]))
    costs = Problem(task="binary", objective="cost", goal=Costs(false_positive=2.0))
    assert truth.take(np.array([2])).goal(costs).gains.tolist() == [7.0]
    minimum = Minimum(of="recall", share=0.9)
    assert truth.goal(Problem(task="binary", objective="f1", goal=minimum)) is minimum


def test_only_two_classes_have_a_positive_one():
    tasks = ("binary", "multiclass", "regression")
    assert [Problem(task=task, objective="", positive_index=0).positive for task in tasks] == [0, None, None]


def test_thresholds_follow_their_rows():
    rule = RowRule(threshold=np.array([0.1, 0.2, 0.3]))
    assert rule.take(np.array([2, 1])).threshold.tolist() == [0.3, 0.2]

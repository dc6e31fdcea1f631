"""The search for weak slices: planted ones are named, noise is not, and nothing is said twice."""

import time

import numpy as np
import pytest

from autoft.evaluation.slices import search as module
from autoft.evaluation.slices.groups import Groups
from autoft.evaluation.slices.search import FEWEST_ROWS, weakest


def columns(rng, rows, sizes):
    return [
        Groups(column=f"c{j}", labels=tuple(f"v{k}" for k in range(size)), codes=rng.integers(0, size, rows))
        for j, size in enumerate(sizes)
    ]


def losses_of(kind, rng, rows):
    """Losses of the shapes that log-loss and squared error have, and one with a heavy lower tail."""
    if kind == "log_loss":
        p = rng.beta(2, 5, rows)
        return -np.log(np.where(rng.random(rows) < p, p, 1 - p))
    return {"squared": rng.standard_t(4, rows) ** 2, "surprise": 0.7 - 0.02 * rng.exponential(size=rows) ** 2}[kind]


@pytest.mark.parametrize("kind", ["log_loss", "squared", "surprise"])
def test_noise_has_no_weak_slice(kind):
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        alarms += bool(weakest(losses_of(kind, rng, 500), columns(rng, 500, [2, 3, 4, 5, 5, 5]), np.arange(500)).found)
    assert alarms <= 4  # 2 are expected at most


def test_rows_of_one_cluster_are_one_observation():
    """Patients with their own level of loss, and columns that say who the patient is."""
    alarms = {"clusters": 0, "rows": 0}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        who = rng.integers(0, 40, 1200)
        losses = rng.exponential(size=40)[who] + 0.1 * rng.random(1200)
        groups = [g.rows(who) for g in columns(rng, 40, [2, 3, 4, 4])]
        alarms["clusters"] += bool(weakest(losses, groups, who).found)
        alarms["rows"] += bool(weakest(losses, groups, np.arange(1200)).found)
    assert alarms["rows"] > 10, "the control: rows taken one by one raise alarms"
    assert alarms["clusters"] <= 2


@pytest.mark.parametrize("weighted", [False, True])
def test_one_and_two_conditions_are_found_and_told_apart(weighted):
    rng = np.random.default_rng(1)
    groups = columns(rng, 6000, [3, 4, 4, 5, 6])
    a, b, d = (groups[j].codes for j in (0, 1, 3))
    losses = losses_of("log_loss", rng, 6000) + 0.8 * ((a == 1) & (b == 2)) + 0.4 * (d == 4)
    weights = rng.integers(0, 3, 6000).astype(float) if weighted else None
    found = weakest(losses, groups, np.arange(6000), weights).found
    assert [one.conditions for one in found] == [((0, 1), (1, 2)), ((3, 4),)]
    assert max(one.chance for one in found) < 1e-4


def test_a_slice_within_another_is_named_only_if_clearly_worse():
    rng = np.random.default_rng(2)
    groups = columns(rng, 6000, [3, 4, 5])
    a, b = groups[0].codes, groups[1].codes
    noise = losses_of("log_loss", rng, 6000)
    even = weakest(noise + 0.5 * (a == 1), groups, np.arange(6000)).found
    assert [one.conditions for one in even] == [((0, 1),)]
    uneven = weakest(noise + 0.5 * (a == 1) + 1.0 * ((a == 1) & (b == 3)), groups, np.arange(6000)).found
    assert [one.conditions for one in uneven] == [((0, 1), (1, 3)), ((0, 1),)]


def test_the_same_rows_in_other_words_are_named_once():
    rng = np.random.default_rng(3)
    groups = columns(rng, 3000, [3, 4])
    copy = Groups(column="copy", labels=groups[0].labels, codes=groups[0].codes)
    found = weakest(losses_of("log_loss", rng, 3000) + (copy.codes == 2), [*groups, copy], np.arange(3000)).found
    assert [one.conditions for one in found] == [((0, 2),)]


def test_at_most_five_the_worst_first():
    rng = np.random.default_rng(4)
    groups = columns(rng, 8000, [10])
    found = weakest(losses_of("log_loss", rng, 8000) + 0.3 * groups[0].codes, groups, np.arange(8000)).found
    assert [one.conditions for one in found] == [((0, 9),), ((0, 8),), ((0, 7),), ((0, 6),), ((0, 5),)]


def test_rows_of_weight_nought_do_not_exist():
    rng = np.random.default_rng(5)
    groups = columns(rng, 2000, [2, 3, 4])
    losses, weights = losses_of("log_loss", rng, 2000), np.repeat([1.0, 0.0], 1000)
    losses[:1000] += groups[0].codes[:1000]
    losses[1000:] = 1e6
    with_them = weakest(losses, groups, np.arange(2000), weights)
    without = weakest(losses[:1000], [g.rows(np.arange(1000)) for g in groups], np.arange(1000))
    assert with_them == without
    assert len(without.found) == 1


def test_a_weight_of_two_is_no_second_observation():
    """Weights move means; how sure they are depends on rows."""
    rng = np.random.default_rng(6)
    groups = columns(rng, 1000, [2, 3])
    losses = losses_of("log_loss", rng, 1000) + 0.3 * groups[0].codes
    same = weakest(losses, groups, np.arange(1000), np.full(1000, 7.0))
    assert same == weakest(losses, groups, np.arange(1000))
    assert len(same.found) == 1


def test_small_slices_are_not_tried():
    rng = np.random.default_rng(7)
    codes = np.repeat([0, 1, 2], [FEWEST_ROWS - 1, FEWEST_ROWS, 900])
    searched = weakest(rng.exponential(size=len(codes)) + 9.0 * (codes == 0), columns(rng, len(codes), [1]), codes)
    assert (searched.tried, searched.found) == (0, ())
    one = Groups(column="x", labels=("a", "b", "c"), codes=codes)
    searched = weakest(rng.exponential(size=len(codes)) + 9.0 * (codes == 0), [one], np.arange(len(codes)))
    assert searched.tried == 2
    assert weakest(np.ones(len(codes)), [one], np.arange(len(codes))).found == ()


def test_further_columns_are_skipped_and_long_tables_thinned(monkeypatch):
    rng = np.random.default_rng(8)
    groups = columns(rng, 4000, [5, 5, 5])
    losses = losses_of("log_loss", rng, 4000) + 0.6 * (groups[1].codes == 3)
    monkeypatch.setattr(module, "MOST_CONDITIONS", 12)
    searched = weakest(losses, groups, np.arange(4000))
    assert (searched.columns, searched.tried) == (2, 10 + 25)
    assert [one.conditions for one in searched.found] == [((1, 3),)]
    monkeypatch.setattr(module, "MOST_ROWS", 1000)
    assert [one.conditions for one in weakest(losses, groups, np.arange(4000)).found] == [((1, 3),)]


def test_tried_slices_are_counted_by_hand():
    rng = np.random.default_rng(9)
    groups = columns(rng, 1500, [2, 3, 8])
    count = 0
    masks = [(j, g.codes == k) for j, g in enumerate(groups) for k in range(len(g.labels))]
    for i, (j, some) in enumerate(masks):
        count += FEWEST_ROWS <= some.sum() <= 1500 - FEWEST_ROWS
        count += sum(j != h and (some & other).sum() >= FEWEST_ROWS for h, other in masks[i + 1 :])
    assert weakest(rng.exponential(size=1500), groups, np.arange(1500)).tried == count


def test_a_large_table_takes_seconds():
    rng = np.random.default_rng(10)
    groups = columns(rng, 50_000, [5] * 30)
    losses, began = losses_of("log_loss", rng, 50_000), time.process_time()
    searched = weakest(losses, groups, np.arange(50_000))
    assert searched.tried > 10_000
    assert time.process_time() - began < 20  # 1 to 3 as a rule

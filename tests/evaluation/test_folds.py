"""Blocks of rows: what must stay together, and what must not depend on chance."""

from time import process_time

import numpy as np
import pytest

from autoft.errors import SchemaError
from autoft.evaluation.folds import FoldRule, RowOrigin, members, split


def divided(y, *, task, folds, keys, groups=None, time=None, holdout=0.0, seed, classes=()):
    origin = RowOrigin(keys=keys, groups=groups, time=time)
    return split(y, task, origin, FoldRule(folds=folds, holdout=holdout, seed=seed), classes)


def table(rows=400, seed=0, classes=3, repeats=0.2):
    """Targets and keys; a share of the rows repeats earlier ones."""
    rng = np.random.default_rng(seed)
    keys = rng.integers(2**63, size=rows, dtype=np.uint64)
    copies = rng.random(rows) < repeats
    keys[copies] = keys[rng.integers(rows, size=copies.sum())]
    return rng.integers(classes, size=rows), keys


@pytest.mark.parametrize("task", ["multiclass", "regression"])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("timed", [False, True])
def test_shuffling_the_rows_changes_no_block(task, grouped, timed):
    y, keys = table(repeats=0.02 if grouped else 0.2)
    rng = np.random.default_rng(1)
    y = y + rng.random(len(y)) if task == "regression" else y
    groups = rng.integers(60, size=len(y)) if grouped else None
    time = rng.integers(100, size=len(y)).astype("datetime64[D]") if timed else None
    order = rng.permutation(len(y))
    took = {"task": task, "folds": 5, "holdout": 0.2, "seed": 3}
    first, _ = divided(y, keys=keys, groups=groups, time=time, **took)
    second, _ = divided(
        y[order],
        keys=keys[order],
        groups=None if groups is None else groups[order],
        time=None if time is None else time[order],
        **took,
    )
    assert (first.blocks[order] == second.blocks).all()
    assert (first.clusters[order] == second.clusters).all()


@pytest.mark.parametrize("grouped", [False, True])
def test_identical_rows_and_groups_share_a_block(grouped):
    y, keys = table(repeats=0.5)
    groups = np.random.default_rng(2).choice(["a", "b", "c", None, *map(str, range(70))], size=len(y))
    got, _ = divided(y, task="multiclass", folds=4, keys=keys, groups=groups if grouped else None, holdout=0.1, seed=0)
    blocks_of: dict[object, set[int]] = {}
    for key, block in zip(keys, got.blocks, strict=True):
        blocks_of.setdefault(key, set()).add(block)
    if grouped:
        for group, block in zip(groups, got.blocks, strict=True):
            if group is not None:
                blocks_of.setdefault(group, set()).add(block)
    assert all(len(blocks) == 1 for blocks in blocks_of.values())
    assert set(got.blocks) <= {-1, 0, 1, 2, 3}


def test_groups_joined_by_identical_rows_are_one_cluster():
    keys = np.arange(40, dtype=np.uint64)
    keys[1] = keys[2]
    groups = np.arange(40) // 2
    got, _ = divided(np.arange(40) % 2, task="binary", folds=2, keys=keys, groups=groups, seed=0)
    assert len(set(got.clusters[:4])) == 1
    assert len(set(got.clusters)) == 19


def test_blocks_are_balanced_in_size_and_class():
    y = (np.random.default_rng(0).random(1000) < 0.1).astype(int)
    got, findings = divided(y, task="binary", folds=5, keys=np.arange(1000, dtype=np.uint64), seed=0)
    shares = [y[got.blocks == block].mean() for block in range(5)]
    assert np.ptp(np.bincount(got.blocks)) <= 1
    assert np.ptp(shares) < 0.006
    assert findings == ()


def test_regression_blocks_have_like_targets():
    y = np.random.default_rng(0).lognormal(sigma=2, size=500)
    got, _ = divided(y, task="regression", folds=5, keys=np.arange(500, dtype=np.uint64), seed=0)
    tops = [(y[got.blocks == block] >= np.quantile(y, 0.9)).sum() for block in range(5)]
    assert max(tops) - min(tops) <= 1


def test_the_rare_class_is_spread_where_identical_rows_disagree():
    keys = np.repeat(np.arange(50, dtype=np.uint64), 10)
    y = np.zeros(500, dtype=int)
    y[:50:10] = 1
    got, _ = divided(y, task="binary", folds=5, keys=keys, seed=0)
    assert sorted(got.blocks[y == 1]) == [0, 1, 2, 3, 4]


def test_seeds_give_other_blocks():
    y, keys = table()
    first, second = (divided(y, task="multiclass", folds=5, keys=keys, seed=s)[0] for s in (0, 1))
    assert (first.blocks != second.blocks).any()


def test_time_blocks_are_contiguous_and_the_holdout_is_last():
    rng = np.random.default_rng(0)
    time = rng.permutation(200).astype(float)
    keys = np.arange(200, dtype=np.uint64)
    got, _ = divided(rng.random(200), task="regression", folds=4, keys=keys, time=time, holdout=0.25, seed=0)
    in_order = got.blocks[np.argsort(time)]
    assert (in_order[150:] == -1).all()
    assert (np.diff(in_order[:150]) >= 0).all()
    assert np.bincount(in_order[:150]).min() >= 37


def test_a_missing_time_is_an_error():
    time = np.array(["2024-01-01"] * 29 + ["NaT"], dtype="datetime64[D]")
    with pytest.raises(SchemaError, match=r"1 of 30 are missing \(first: row 30\)"):
        divided(np.arange(30) % 2, task="binary", folds=2, keys=np.arange(30, dtype=np.uint64), time=time, seed=0)


def test_a_class_that_time_puts_into_one_fold_is_reported():
    y = np.r_[np.zeros(80, int), np.ones(20, int)]
    _, findings = divided(y, task="binary", folds=4, keys=np.arange(100, dtype=np.uint64), time=np.arange(100), seed=0)
    assert [finding.code for finding in findings] == ["class-in-one-fold"]


def test_the_holdout_has_its_share_of_classes_but_two_rows():
    y = np.r_[np.zeros(90, int), np.ones(40, int), [2, 2]]
    got, _ = divided(y, task="multiclass", folds=2, keys=np.arange(132, dtype=np.uint64), holdout=0.3, seed=1)
    away = got.blocks == -1
    assert [int(away[y == c].sum()) for c in range(3)] == pytest.approx([27, 12, 0], abs=1)
    assert set(got.blocks[y == 2]) == {0, 1}


def test_folds_are_lowered_for_a_rare_class():
    y = np.r_[np.zeros(97, int), np.ones(3, int)]
    got, (finding,) = divided(
        y, task="binary", folds=5, keys=np.arange(100, dtype=np.uint64), seed=0, classes=("a", "b")
    )
    assert got.k == 3
    assert set(got.blocks[y == 1]) == {0, 1, 2}
    assert (finding.code, finding.severity) == ("folds-lowered", "warning")
    assert "class 'b' has 3" in finding.found


def test_folds_are_lowered_for_few_rows():
    got, (finding,) = divided(np.arange(35) % 2, task="binary", folds=5, keys=np.arange(35, dtype=np.uint64), seed=0)
    assert got.k == 3
    assert "35 rows" in finding.found


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.r_[np.zeros(29, int), 1], "class 'rare' has 1 row"),
        (np.zeros(30, int), "at least two classes"),
        (np.arange(10) % 2, "at least 20 rows"),
    ],
)
def test_what_cannot_be_split_is_an_error(y, message):
    keys = np.arange(len(y), dtype=np.uint64)
    with pytest.raises(SchemaError, match=message):
        divided(y, task="binary", folds=5, keys=keys, seed=0, classes=("common", "rare"))


def test_a_class_in_one_group_is_an_error():
    y = np.r_[np.zeros(30, int), np.ones(10, int)]
    with pytest.raises(SchemaError, match="class '1' has 10 rows in one group"):
        divided(y, task="binary", folds=2, keys=np.arange(40, dtype=np.uint64), groups=np.arange(40) // 10, seed=0)


def test_members_see_neither_their_blocks_nor_the_holdout():
    y, keys = table()
    got, _ = divided(y, task="multiclass", folds=4, keys=keys, holdout=0.2, seed=0)
    stack = members(got, "nested")
    assert [member.blocks for member in stack[:4]] == [(0,), (1,), (2,), (3,)]
    assert len(stack) == 4 + 6
    assert len(members(got, "corrected")) == len(members(got, "holdout")) == 4
    for member in stack:
        assert set(got.blocks[member.held_out]) == set(member.blocks)
        assert set(got.blocks[member.train]) == {0, 1, 2, 3} - set(member.blocks)
        assert not set(got.clusters[member.train]) & set(got.clusters[member.held_out])


def test_many_rows_are_quick():
    rng = np.random.default_rng(0)
    y, keys = rng.integers(2, size=200_000), rng.integers(2**63, size=200_000, dtype=np.uint64)
    began = process_time()
    got, _ = divided(y, task="binary", folds=5, keys=keys, seed=0)
    assert process_time() - began < 5
    assert np.ptp(np.bincount(got.blocks)) <= 2


def test_one_large_group_in_time_order_leaves_no_block_empty():
    rows = 100
    groups = np.where(np.arange(rows) < 70, 0, np.arange(rows))
    found, findings = divided(
        np.arange(rows) % 2, task="binary", folds=5, keys=np.arange(rows, dtype=np.uint64), groups=groups,
        time=np.arange(rows, dtype=float), seed=0,
    )  # fmt: skip
    assert (np.bincount(found.blocks) > 0).all()
    assert found.k == found.blocks.max() + 1 < 5
    assert [f.code for f in findings if f.code == "folds-lowered"]


def test_near_copies_share_a_block_with_equal_rows_of_theirs():
    rng = np.random.default_rng(0)
    keys = rng.permutation(80).astype(np.uint64)
    keys[1] = keys[0]
    copies = np.arange(80)
    copies[[1, 7, 30]] = 1
    y = np.tile([0.0, 1.0], 40)
    found, _ = split(y, "binary", RowOrigin(keys=keys, copies=copies), FoldRule(folds=5, seed=0))
    assert len(set(found.blocks[[0, 1, 7, 30]])) == 1
    assert len(set(found.clusters)) == 77

"""Windows that learn from the past alone, and rows that are drawn together in time order."""

from __future__ import annotations

import numpy as np
import pytest

from autoft.errors import RecipeError, SchemaError
from autoft.evaluation.folds import FoldRule, RowOrigin, members, split
from autoft.evaluation.time_folds import STRETCHES, Windows
from autoft.recipe.recipe import Recipe
from autoft.records.split import HOLDOUT, LEARNED, Member, Split, Stretch

DAY = 86_400


def table(rows: int = 600, *, days: int = 200, groups: bool = False) -> RowOrigin:
    """Rows of some days in no order, in groups that last for long where asked for."""
    rng = np.random.default_rng(0)
    group = rng.integers(60, size=rows)
    day = rng.integers(days, size=rows)
    time = np.where(groups, group * 3 + rng.integers(40, size=rows), day) * float(DAY)
    return RowOrigin(keys=np.arange(rows, dtype=np.uint64), groups=group if groups else None, time=time)


def divided(origin: RowOrigin, windows: Windows, *, holdout: float = 0.0) -> tuple[Split, tuple[Member, ...]]:
    y = np.random.default_rng(1).random(len(origin.keys))
    found, _ = split(y, "regression", origin, FoldRule(folds=4, seed=0, holdout=holdout, windows=windows))
    return found, members(found, "corrected")


WEEK = Stretch(amount=7 * DAY, seconds=True)
ASKED = {
    "plain": Windows(),
    "gap in rows": Windows(gap=Stretch(amount=30)),
    "gap in days": Windows(gap=WEEK),
    "horizon in rows": Windows(horizon=Stretch(amount=80)),
    "horizon in days": Windows(gap=WEEK, horizon=Stretch(amount=20 * DAY, seconds=True)),
}


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("asked", ASKED)
def test_no_model_learns_from_what_comes_with_or_after_its_block(asked, grouped):
    origin, windows = table(groups=grouped), ASKED[asked]
    time = origin.time
    found, folds = divided(origin, windows, holdout=0.2)
    assert len(folds) == 4
    for fold in folds:
        start = time[fold.held_out].min()
        assert time[fold.train].max() < start
        assert time[fold.held_out].max() < time[found.blocks == HOLDOUT].max()
        if windows.gap.seconds:
            assert time[fold.train].max() < start - 7 * DAY
        if windows.horizon is not None and windows.horizon.seconds:
            assert time[fold.held_out].max() < start + 20 * DAY
        if grouped:
            assert not set(origin.groups[fold.train]) & set(origin.groups[fold.held_out])
    sizes = [len(fold.train) for fold in folds]
    assert sizes == sorted(sizes)
    assert (found.blocks == LEARNED).sum() >= 60


def test_a_gap_in_rows_leaves_out_as_many():
    origin = RowOrigin(keys=np.arange(600, dtype=np.uint64), time=np.random.default_rng(2).permutation(600) * 1.0)
    plain, gapped = (divided(origin, asked)[1] for asked in (Windows(), Windows(gap=Stretch(amount=30))))
    assert [len(a.train) - len(b.train) for a, b in zip(plain, gapped, strict=True)] == [30] * 4
    assert [len(fold.held_out) for fold in divided(origin, Windows(horizon=Stretch(amount=40)))[1]] == [40] * 4


def test_shuffling_the_rows_changes_no_window():
    origin, order = table(days=50), np.random.default_rng(3).permutation(600)
    other = RowOrigin(keys=origin.keys[order], time=origin.time[order])
    asked = Windows(gap=Stretch(amount=20), horizon=Stretch(amount=50))
    (first, folds), (second, others) = divided(origin, asked), divided(other, asked)
    assert (first.blocks[order] == second.blocks).all()
    assert (first.clusters[order] == second.clusters).all()
    for one, two in zip(folds, others, strict=True):
        assert set(one.train) == set(order[two.train])


def test_windows_without_rows_are_an_error():
    with pytest.raises(SchemaError, match="shorten evaluate: gap"):
        divided(table(), Windows(gap=Stretch(amount=150)))
    with pytest.raises(SchemaError, match="lengthen evaluate: horizon"):
        divided(table(), Windows(horizon=Stretch(amount=3)))


def test_rows_next_to_one_another_in_time_are_drawn_together():
    origin = table()
    for windows in (None, Windows()):
        rule = FoldRule(folds=4, seed=0, windows=windows)
        found, _ = split(np.random.default_rng(1).random(600), "regression", origin, rule)
        assert len(set(found.clusters)) == 4 * STRETCHES
        in_order = found.clusters[np.argsort(origin.time, kind="stable")]
        assert np.mean(np.diff(in_order) != 0) < 0.2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"evaluate.gap": 3}, "windows: expanding"),
        ({"evaluate.windows": "expanding", "evaluate.strategy": "nested"}, "strategy: nested"),
        ({"evaluate.windows": "expanding", "evaluate.gap": "7 moons"}, "gap"),
        ({"evaluate.windows": "expanding", "evaluate.horizon": 0}, "horizon"),
    ],
    ids=["gap of blocks", "nested", "unit", "no horizon"],
)
def test_a_recipe_says_what_windows_go_with(changes, message):
    with pytest.raises(RecipeError, match=message):
        Recipe().with_changes(target="y", **changes)

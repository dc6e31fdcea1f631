"""Combinations of two numbers: chosen by a member's training rows where trees get better by them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft.preprocessing.combinations import KINDS, MOST, choose_combinations, combined
from autoft.preprocessing.encode import encode
from autoft.preprocessing.encoder import build_encoder
from autoft.preprocessing.layout import InputLayout, LayoutOptions, blocks, describe_layout, make_layout
from autoft.preprocessing.target_encoding import KnownTarget
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.records.hints import Effect, Hints, RatioInput
from autoft.training.stack import Stack, StackTarget, stack_data

ROWS = 3_000
RNG = np.random.default_rng(0)
NUMBERS = RNG.uniform(1.0, 3.0, (ROWS, 4))
RATIO = np.sin(6 * NUMBERS[:, 0] / NUMBERS[:, 2])
COLUMNS = [Column(id=f"c00{j}", name=f"c00{j}", kind="numeric", why="") for j in range(4)]
VALUES = {column.id: NUMBERS[:, j] for j, column in enumerate(COLUMNS)}


def _known(y: Array, rows: Array) -> KnownTarget:
    parts = np.arange(len(rows)) % 5
    return KnownTarget(values=y[rows, None], shares=False, weights=np.ones(len(rows)), parts=parts)


def _layout(hints: Hints | None = None, targets: int = 1) -> InputLayout:
    return make_layout(COLUMNS, VALUES, LayoutOptions(targets=targets), hints)


def _stack(y: Array, numbers: Array = NUMBERS) -> Stack:
    layout, order = _layout(), np.arange(ROWS) % 2
    values = {column.id: numbers[:, j] for j, column in enumerate(COLUMNS)}
    rows = [np.flatnonzero(order != s) for s in range(2)]
    target = StackTarget(y=y, task="regression", classes=0)
    return stack_data(layout, encode(layout, values, ROWS), target, train=rows, held_out=rows[::-1])


def test_the_numbers_that_a_target_depends_on_together_are_combined():
    every = np.arange(ROWS)
    (found,) = choose_combinations(range(4), NUMBERS, np.zeros((ROWS, 0)), [every], [_known(RATIO, every)])
    first, second, kind = found[:, 0]
    assert {first, second} == {0, 2}
    assert KINDS[kind] == "ratio"


def test_the_plan_says_what_the_folds_have_chosen():
    data = _stack(RATIO)
    line = describe_layout(data.plan, COLUMNS, data.statistics.combinations)[-1]
    assert line.column == "combinations of numbers"
    assert re.search(r"'c00(0' ÷ 'c002|2' ÷ 'c000)' \(2 of 2\)", line.text)
    noise = _stack(np.random.default_rng(2).normal(size=ROWS))
    assert noise.plan.combined == ()  # no inputs that are always 0
    assert noise.dense.shape[2] == 4
    assert len(describe_layout(noise.plan, COLUMNS)) == 4


@pytest.mark.parametrize("rows", [ROWS, 600])
def test_none_is_made_where_trees_get_no_better(rows: int):
    every = np.arange(rows)
    y = NUMBERS[:, 0] + RNG.normal(size=ROWS) if rows == ROWS else RATIO  # too few rows to tell
    (found,) = choose_combinations(range(4), NUMBERS, np.zeros((ROWS, 0)), [every], [_known(y, every)])
    assert found.shape == (3, 0)


def test_layers_make_what_was_chosen_from_any_cell():
    data = _stack(RATIO)
    own = data.statistics.combinations
    assert own is not None
    awkward = NUMBERS[:6].copy()
    awkward[0, 0], awkward[1, 2], awkward[2, 2], awkward[3] = np.nan, 0.0, 1e300, -1e300
    numbers = np.vstack([awkward, NUMBERS[6:50]])
    encoder = build_encoder(data.plan, data.statistics)
    names = [name for name, size in blocks(data.plan) for _ in range(size)]
    places = [j for j, name in enumerate(names) if name.startswith("combination")]
    dense = np.asarray(encoder({"numbers": numbers})["dense"])[:, :, places]
    assert np.isfinite(dense).all()
    for s in range(2):
        made = combined(numbers, own.first[s], own.second[s], own.kind[s])
        made = np.where(np.isnan(made), own.center[s], made)
        scaled = np.clip((made - own.center[s]) * own.factor[s], -1e6, 1e6)
        assert dense[s] == pytest.approx(scaled / np.sqrt(1 + np.square(scaled / 3)), abs=1e-5)


def test_a_column_that_half_of_the_rows_lack_does_no_harm():
    every, numbers = np.arange(ROWS), NUMBERS.copy()
    numbers[every % 5 % 2 == 0, 3] = np.nan  # all of one half
    (found,) = choose_combinations(range(3), numbers, np.zeros((ROWS, 0)), [every], [_known(RATIO, every)])
    assert {*found[:2, 0]} == {0, 2}


def test_held_out_rows_have_no_say():
    rng, held_out = np.random.default_rng(1), np.arange(ROWS) % 2 == 0
    numbers = np.where(held_out[:, None], rng.permutation(NUMBERS), NUMBERS)
    y = np.where(held_out, rng.normal(size=ROWS) * 1e3, RATIO)
    honest, corrupted = (_stack(*given) for given in ((RATIO, NUMBERS), (y, numbers)))
    ours, theirs = honest.statistics.combinations, corrupted.statistics.combinations
    assert ours is not None
    assert theirs is not None
    for name in ours.__slots__:  # member 0 trains on the odd rows
        np.testing.assert_array_equal(getattr(ours, name)[0], getattr(theirs, name)[0])
    assert (ours.factor[1] != theirs.factor[1]).any()
    assert honest.dense[0, ~held_out].tobytes() == corrupted.dense[0, ~held_out].tobytes()


@pytest.mark.parametrize(
    ("hints", "combined_columns"),
    [
        (Hints(), 4),
        (Hints(effects=(Effect(column="c000", sign=1),)), 3),
        (Hints(importance={"c000": "low", "c001": "high", "c002": "low"}), 0),
        (Hints(ratios=(RatioInput(id="r", name="r", numerator="c000", denominator="c002"),)), 2),
        (Hints(apart=(("c000", "c001"),)), 0),
    ],
)
def test_what_is_declared_of_a_column_is_kept(hints: Hints, combined_columns: int):
    layout = _layout(hints)
    assert len(layout.combined) == combined_columns
    assert sum(name.startswith("combination") for name, _ in blocks(layout)) == (MOST if combined_columns else 0)


def test_only_numbers_of_many_values_are_combined():
    few: dict[str, Any] = {**VALUES, "c003": np.round(NUMBERS[:, 3])}
    assert make_layout(COLUMNS, few, LayoutOptions(targets=1)).combined == ("c000", "c001", "c002")
    assert _layout(targets=0).combined == ()
    wide = [Column(id=f"c{j:03d}", name=f"c{j:03d}", kind="numeric", why="") for j in range(61)]
    assert make_layout(wide, {c.id: NUMBERS[:, 0] for c in wide}, LayoutOptions(targets=1)).combined == ()
    ordered = [*COLUMNS[:3], replace(COLUMNS[3], order=("a", "b"))]
    values = {**VALUES, "c003": np.array(pd.Series(["a", "b"] * (ROWS // 2)))}
    assert "c003" not in make_layout(ordered, values, LayoutOptions(targets=1)).combined


def test_sorted_rows_and_columns_that_nobody_reads_make_no_difference():
    slow = {**VALUES, "c003": np.sort(np.arange(20_000) % 72 * (np.arange(20_000) % 3 == 0)).astype(float)}
    slow |= {c.id: np.resize(VALUES[c.id], 20_000) for c in COLUMNS[:3]}
    unread = [Column(id=f"c1{j:02d}", name=f"c1{j:02d}", kind="constant", why="") for j in range(60)]
    assert make_layout([*COLUMNS, *unread], slow, LayoutOptions(targets=1)).combined == tuple(slow)


def test_too_few_rows_are_not_asked():
    few = {name: cells[:900] for name, cells in VALUES.items()}
    assert make_layout(COLUMNS, few, LayoutOptions(targets=1)).combined == ()


def test_equal_weights_of_any_size_choose_alike():
    y, rows = NUMBERS[:, 0] / NUMBERS[:, 2], np.arange(ROWS)
    known = _known(y, rows)
    heavy = replace(known, weights=np.full(ROWS, 7.0))
    assert np.array_equal(known.of(rows[:2_000]).weights, heavy.of(rows[:2_000]).weights)

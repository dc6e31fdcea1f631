"""Columns encoded by the target: what a member makes of the answers of its training rows, and what it must not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from autoft.pipeline.describe import inspect_table
from autoft.pipeline.split import lay_out_inputs
from autoft.preprocessing import target_encoding
from autoft.preprocessing.categories import MISSING, UNKNOWN
from autoft.preprocessing.encode import encode
from autoft.preprocessing.encoder import build_encoder
from autoft.preprocessing.layout import LayoutOptions, blocks, describe_layout, make_layout
from autoft.preprocessing.registered_layers import registered_layers
from autoft.preprocessing.statistics import fit_statistics, fit_targets
from autoft.preprocessing.target_encoding import KnownTarget, TargetInput, fit_column, inner_parts, number_codes
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Column
from autoft.records.hints import Effect, Hints

ROWS = 3_000


def known_of(values: np.ndarray, *, shares: bool = True, together: np.ndarray | None = None) -> KnownTarget:
    rows = np.arange(len(values)) if together is None else together
    parts = inner_parts([rows], np.random.default_rng(0))
    return KnownTarget(values=values[:, None], shares=shares, weights=np.ones(len(values)), parts=parts)


def column_of(codes: np.ndarray) -> TargetInput:
    return TargetInput(id="c", codes=int(codes.max()) + 1, targets=1)


@pytest.mark.parametrize("shares", [True, False], ids=["classes", "numbers"])
def test_noise_says_nothing_about_a_rows_own_answer(shares: bool, monkeypatch: pytest.MonkeyPatch):
    """The control is the table: what it says of its own rows is what a row must not be trained on.

    Means are not shrunk here, since of noise they would be all but 0 whatever they were made from.
    """
    monkeypatch.setattr(target_encoding, "_STRONGEST", 1.0)
    rng = np.random.default_rng(1)
    codes, noise = rng.integers(2, 1_002, ROWS), rng.normal(size=ROWS)
    y = (noise > 0).astype(float) if shares else noise
    table, rows = fit_column(column_of(codes), codes, known_of(y, shares=shares))
    assert abs(np.corrcoef(rows[:, 0], y)[0, 1]) < 0.05
    assert np.corrcoef(table[codes, 0], y)[0, 1] > 0.5
    monkeypatch.undo()
    table, rows = fit_column(column_of(codes), codes, known_of(y, shares=shares))
    assert max(np.abs(rows[:, 0]).max(), np.abs(table[:, 0]).max()) < 0.3


@pytest.mark.parametrize("shares", [True, False], ids=["classes", "numbers"])
def test_what_categories_say_reaches_rows_of_other_parts(shares: bool):
    rng = np.random.default_rng(2)
    codes, levels = rng.integers(2, 102, ROWS), rng.normal(size=102)
    score = levels[codes] + rng.normal(size=ROWS)
    table, rows = fit_column(column_of(codes), codes, known_of((score > 0) * 1.0 if shares else score, shares=shares))
    assert np.corrcoef(table[2:, 0], levels[2:])[0, 1] > 0.9
    assert np.corrcoef(rows[:, 0], levels[codes])[0, 1] > 0.9
    assert rows[:, 0].std() == pytest.approx(table[codes, 0].std(), rel=0.1)


def test_rows_that_belong_together_say_nothing_about_one_another():
    """A category that is one group (a patient): the other parts know nothing of it."""
    codes = np.repeat(np.arange(2, 62), 50)
    y = np.repeat(np.arange(60) % 2, 50).astype(float)
    table, rows = fit_column(column_of(codes), codes, known_of(y, together=codes))
    np.testing.assert_allclose(rows[:, 0], 0.0, atol=1e-6)
    assert np.abs(table[2:, 0]).min() > 1.0


def test_rare_and_new_categories_share_what_is_known_of_rare_ones():
    rng = np.random.default_rng(3)
    codes = np.concatenate([np.arange(2, 302), np.full(700, 302)])
    y = np.concatenate([np.ones(300), rng.integers(0, 2, 700)]).astype(float)
    table, rows = fit_column(replace(column_of(codes), codes=400), codes, known_of(y))
    assert len(np.unique(table[[UNKNOWN, MISSING, 2, 301, 399]], axis=0)) == 1
    assert table[UNKNOWN, 0] > table[302, 0]
    assert rows[:300, 0].min() > rows[300:, 0].max()


def test_heavy_rows_count_for_more():
    codes, y = np.repeat([2, 3], 500), np.tile([0.0, 1.0], 500)
    plain = known_of(y)
    heavy = replace(plain, weights=np.where((codes == 2) & (y == 1), 9.0, 1.0) / 3.0)
    before, after = (fit_column(column_of(codes), codes, known)[0][:, 0] for known in (plain, heavy))
    np.testing.assert_allclose(before[2:], 0.0, atol=1e-6)
    assert after[2] > 0.3 > 0 > after[3]


@pytest.mark.parametrize(("kind", "used"), [("keys", True), ("sizes", False)])
def test_numbers_are_encoded_where_they_are_names(kind: str, used: bool):
    """Bins know as much of a size as its values do."""
    rng = np.random.default_rng(4)
    numbers = rng.integers(0, 200, ROWS).astype(float)
    levels = np.sort(rng.normal(size=200)) if kind == "sizes" else rng.normal(size=200)
    y = levels[numbers.astype(int)] + rng.normal(size=ROWS)
    codes = number_codes(tuple(np.unique(numbers)), numbers)
    table, rows = fit_column(column_of(codes), codes, known_of(y, shares=False), numbers)
    assert table.any() == rows.any() == used


CATEGORIES = np.array([f"k{j}" for j in range(30)], dtype=object)


def values_of(rows: int = 600) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    return {
        "many": np.where(rng.random(rows) < 0.1, None, rng.choice(CATEGORIES, rows)),
        "few": rng.choice(CATEGORIES[:4], rows),
        "key": np.where(rng.random(rows) < 0.1, np.nan, 10**6 + 7 * rng.integers(0, 50, rows)),
        "pushed": 7.0 * rng.integers(0, 40, rows),
        "age": rng.integers(0, 40, rows).astype(float),
        "real": rng.integers(0, 40, rows) / 8,
        "unique": rng.permutation(rows).astype(float),
    }


COLUMNS = tuple(
    Column(id=c, name=c, kind="categorical" if c in ("many", "few") else "numeric", why="") for c in values_of()
)
OPTIONS = LayoutOptions(max_categories=8, targets=1)
HINTS = Hints(effects=(Effect(column="pushed", sign=1),))


def test_columns_are_chosen_by_their_cells_and_hints():
    plan = make_layout(COLUMNS, values_of(), OPTIONS, HINTS)
    assert [(own.id, own.codes, len(own.values)) for own in plan.targets] == [("many", 32, 0), ("key", 52, 50)]
    assert make_layout(COLUMNS, values_of(), replace(OPTIONS, targets=0), HINTS).targets == ()
    lines = {line.column: line for line in describe_layout(plan, COLUMNS)}
    told = "one input says what was answered in other training rows of the same"
    assert [told in lines[c].text for c in values_of()] == [True, False, True, False, False, False, False]
    assert (lines["many"].inputs, lines["key"].inputs) == (2, 1 + 2)


def test_the_layers_give_every_cell_what_each_member_knows_of_it(tmp_path: Path):
    values, rows = values_of(), 600
    plan = replace(make_layout(COLUMNS, values, OPTIONS), combined=())
    y, members = np.random.default_rng(6).normal(size=rows), [np.arange(0, 400), np.arange(300, 600)]
    signal = y + np.isin(values["key"], 10**6 + 7 * np.arange(0, 40, 2)) * 3.0
    encoded = encode(plan, values, rows)
    tables, own = fit_targets(plan, encoded, members, [known_of(signal[m], shares=False) for m in members])
    assert [len(one) for one in own] == [400, 300]
    statistics = replace(fit_statistics(plan, encoded, members), targets=tables)
    asked = {
        **{c: cells[:8] for c, cells in values.items()},
        "many": np.array([None, "new", "k3", "k4", "k5", "", "k29", "k0"], dtype=object),
        "key": np.array([np.nan, 1e300, -1e300, 1e6, 1e6 + 273, 1e6 + 0.5, -0.0, 1e6 + 350]),
        "pushed": np.array([273.0, 280.0, np.nan, 0.0, -7.0, 1e300, 7.0, 3.5]),
    }
    cells = encode(plan, asked, 8)
    build_encoder(plan, statistics).save(tmp_path / "encoder.keras")
    encoder = keras.models.load_model(tmp_path / "encoder.keras", custom_objects=dict(registered_layers()))
    dense = np.asarray(encoder(statistics.arrays(cells))["dense"])
    many, key, pushed = plan.targets
    codes = np.stack([cells.codes[:, 0], *(number_codes(own.values, asked[own.id]) for own in (key, pushed))])
    assert codes[2].tolist() == [41, UNKNOWN, MISSING, 2, UNKNOWN, UNKNOWN, 3, UNKNOWN]
    assert codes[1].tolist() == [MISSING, UNKNOWN, UNKNOWN, 2, 41, UNKNOWN, UNKNOWN, UNKNOWN]
    expected = np.concatenate([table[:, own] for table, own in zip(tables, codes, strict=True)], axis=2)
    np.testing.assert_array_equal(dense[:, :, -6:], expected)
    names = [f"{what} {own.id}" for own in (many, key, pushed) for what in ("target", "count")]
    assert [name for name, _ in blocks(plan)][-6:] == names
    assert tables[1].any(axis=(1, 2)).all()
    assert all(np.isfinite(weights).all() for weights in encoder.get_weights()), "or no saved model is read"


def test_held_out_rows_change_nothing_of_a_member():
    """Neither their answers nor their cells, which change the codes of all values."""
    values, rows = values_of(), 600
    train = np.arange(0, 400)
    y = np.random.default_rng(6).normal(size=rows) + np.isin(values["key"], 10**6 + 7 * np.arange(0, 40, 2)) * 3.0

    def learned(values: dict[str, np.ndarray], y: np.ndarray) -> dict[str, np.ndarray]:
        plan = make_layout(COLUMNS, values, OPTIONS, HINTS)
        tables, own = fit_targets(plan, encode(plan, values, rows), [train], [known_of(y[train], shares=False)])
        asked = {c: cells[train] for c, cells in values.items()}
        codes = encode(plan, asked, 400).codes[:, 0], number_codes(plan.targets[1].values, asked["key"])
        return {"rows": own[0], "many": tables[0][0][codes[0]], "key": tables[1][0][codes[1]]}

    other = {c: cells.copy() for c, cells in values.items()}
    other["many"][400:] = np.resize(np.array(["a new one", None, "k3", "z"], dtype=object), 200)
    other["key"][400:] = np.resize([1.0, 8.0, np.nan, 10.0**6 + 14, 1e12], 200)
    before, after = learned(values, y), learned(other, np.where(np.arange(rows) < 400, y, 1e60))
    for name, array in before.items():
        assert array.any()
        np.testing.assert_array_equal(after[name], array, err_msg=name)


def test_a_recipe_does_without():
    frame = pd.DataFrame({**values_of(), "y": np.random.default_rng(7).normal(size=600)})
    found = []
    for features in ("auto", "none"):
        recipe = Recipe().with_changes(
            target="y", **{"preprocess.features": features, "preprocess.categorical.max_categories": 8}
        )
        found.append([own.id for own in lay_out_inputs(recipe, inspect_table(recipe, frame, enforce=False))[1].targets])
    assert [len(own) for own in found] == [3, 0]

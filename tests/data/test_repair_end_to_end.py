"""`preprocess: accept` from end to end: trained on a repaired table, asked with raw ones; and what repairs learn from.

A repair says what a cell means, as the kind of a column does, so all rows have a say in it (docs/schema.md). It must
know nothing of the target, and what it does to a row must not depend on how other rows are filled, as long as the
findings that the user accepted stay the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft.pipeline.dataset import TableDescription
from autoft.pipeline.describe import inspect_table
from tests.tables import tiny_recipe

ROWS = 200
ACCEPT = (
    "outer-blanks",
    "placeholder-values",
    "spelling-variants",
    "far-dates",
    "mixed-units",
    "identical-columns",
    "duplicate-rows",
)
INCHES = slice(10, 40)
#: Rows that a fold holds out; none of them is awkward by itself.
OUT = np.arange(150, ROWS)


def dirty() -> pd.DataFrame:
    """Heights that decide the answer, some in inches; codes for ages, spellings of towns, a copy, a far day."""
    rng = np.random.default_rng(0)
    height = rng.normal(172, 8, ROWS).round(1)
    town = rng.choice(np.array(["Rome", "Pisa", "Bari"], dtype=object), ROWS)
    town[:3] = ["ROME", "pisa", " Bari"]
    age = rng.integers(18, 80, ROWS).astype(object)
    age[:6] = [999, 999, 999, "?", "?", "unknown"]
    since = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), unit="D")
    since = since.strftime("%Y-%m-%d").to_numpy(dtype=object)
    since[7] = "2091-01-01"
    answer = np.where(height + rng.normal(0, 2, ROWS) > 172, "tall", "short")
    height[INCHES] = (height[INCHES] / 2.54).round(2)
    copy = height.copy()
    frame = pd.DataFrame({"height": height, "town": town, "age": age, "since": since, "copy": copy, "y": answer})
    return pd.concat([frame, frame.iloc[[60, 61]]], ignore_index=True)


def by_hand(frame: pd.DataFrame) -> pd.DataFrame:
    """What a person would make of the awkward cells."""
    mended = frame.drop(columns="copy")
    mended["height"] = [round(h * 2.54, 10) if h < 100 else h for h in mended["height"]]
    mended["town"] = [town.strip().title() for town in mended["town"]]
    mended["age"] = pd.to_numeric(mended["age"], errors="coerce").replace(999, np.nan)
    mended.loc[mended["since"] == "2091-01-01", "since"] = None
    return mended


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pytest.importorskip("keras")
    from autoft import AutoFineTuner

    recipe = tiny_recipe(target="y", positive="tall", trials=1, seed=1, **{"preprocess.accept": ACCEPT})
    return AutoFineTuner(recipe=recipe, directory=tmp_path_factory.mktemp("repaired") / "run").fit(dirty())


def test_a_raw_table_is_answered_as_a_repaired_one(fitted: Any) -> None:
    raw = dirty().drop(columns="y")
    answers = fitted.predict_proba(raw)
    notes = {line.column: line.found for line in fitted.predict_findings_ if line.code == "repaired"}
    np.testing.assert_allclose(answers, fitted.predict_proba(by_hand(raw)), atol=1e-5)
    assert len(answers) == ROWS + 2  # no row is removed from a table to predict
    assert notes.keys() == {"height", "town", "age", "since"}
    assert "30 cells" in notes["height"]
    # And it matters: without the repair the inches would be dwarfs.
    inches = pd.Series(fitted.predict(raw))[INCHES]
    assert (inches == dirty()["y"][INCHES]).mean() > 0.7


def test_a_spelling_that_training_did_not_have_is_repaired_too(fitted: Any) -> None:
    row = dirty().drop(columns="y").iloc[[100]].assign(town="Rome")
    new = row.assign(town=" rOmE ")
    np.testing.assert_array_equal(fitted.predict_proba(new), fitted.predict_proba(row))
    assert not any(line.code == "unseen-categories" for line in fitted.predict_findings_)


def test_repairs_travel_with_the_saved_model(fitted: Any, tmp_path: Path) -> None:
    from autoft import load
    from autoft.serving.artifact import load_meta
    from autoft.serving.monitor import TableMonitor

    raw = dirty().drop(columns="y")
    fitted.save(tmp_path / "model")
    _, meta = load_meta(tmp_path / "model")
    assert {repair.code for repair in meta.repairs} == set(ACCEPT)
    again = load(tmp_path / "model")
    np.testing.assert_allclose(again.predict_proba(raw), fitted.predict_proba(raw), atol=1e-6)
    # `autoft check --against` repairs before it compares: the inches are no drift, the codes no far values.
    seen = TableMonitor.load(tmp_path / "model").compare(raw)
    assert {line.code for line in seen.findings} == {"repaired"}


def look(frame: pd.DataFrame) -> TableDescription:
    accept = [code for code in ACCEPT if code != "duplicate-rows"]
    recipe = tiny_recipe(target="y", positive="tall", **{"preprocess.accept": accept})
    return inspect_table(recipe, frame, enforce=False)


def cells(seen: TableDescription, rows: Any) -> dict[str, list[Any]]:
    """What training would be given of some rows, missing cells as None."""
    values = {column.name: seen.converted.values[column.id] for column in seen.columns if column.name != "y"}
    return {name: [None if cell != cell else cell for cell in column[rows].tolist()] for name, column in values.items()}


def corrupted(**changes: Any) -> pd.DataFrame:
    frame = dirty()
    for name, value in changes.items():
        frame.loc[OUT, name] = value
    return frame


TRAINING = np.setdiff1d(np.arange(ROWS + 2), OUT)


@pytest.mark.parametrize(
    "changes",
    [
        {"y": np.roll(["tall", "short"] * 25, 1)},
        {"y": "short"},
        {"height": 165.5, "copy": 165.5},
        {"height": None, "copy": None},
        {"age": "?"},
        {"age": 999},
        {"age": 44},
        {"town": "  Pisa"},
        {"town": ["Siena", "SIENA"] * 25},
        {"since": "2021-05-05"},
        {"since": None},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_what_held_out_rows_hold_changes_no_cell_of_the_others(changes: dict[str, Any]) -> None:
    original, other = look(dirty()), look(corrupted(**changes))
    assert cells(other, OUT) != cells(original, OUT) or changes.keys() == {"y"}
    assert cells(other, TRAINING) == cells(original, TRAINING)


def test_the_spelling_that_is_kept_is_a_name_alone() -> None:
    """Held-out rows can have a say in how a category is written, not in which rows have it."""
    before, after = cells(look(dirty()), TRAINING)["town"], cells(look(corrupted(town="ROME")), TRAINING)["town"]
    assert "ROME" in after
    assert len(set(zip(before, after, strict=True))) == len(set(before)) == len(set(after)) == 3


def test_whether_a_number_lies_apart_all_rows_decide() -> None:
    """By nature: 999 is a code because no row has anything like it. docs/schema.md says so."""
    assert cells(look(dirty()), TRAINING)["age"][0] is None
    assert cells(look(corrupted(age=np.linspace(100, 1_200, len(OUT)).round())), TRAINING)["age"][0] == 999.0

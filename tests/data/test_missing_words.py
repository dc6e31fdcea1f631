"""Words that mean a missing cell: named where they matter, chosen by the user, told apart from blank cells."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoft.data.missing_words import MissingWords
from autoft.data.table import read
from autoft.pipeline.dataset import TableDescription
from autoft.pipeline.describe import inspect_table
from autoft.recipe.recipe import Recipe
from autoft.records.findings import Finding

FRAME = pd.DataFrame(
    {
        "age": np.sqrt(np.arange(60)),
        "pool": ["None"] * 40 + ["Gd", "Ex"] * 10,
        "walk": ["NA", "", "brick", "stone"] * 15,
        "n": ["NA", "", "7", "8.5"] * 15,
        "day": ["NA", "", "2020-01-02", "2021-03-04"] * 15,
        "ill": ["None"] * 35 + ["mild", "bad"] * 12 + ["mild"],
    }
)


def _inspect(data: object, target: str = "age", **changes: object) -> TableDescription:
    return inspect_table(Recipe().with_changes(target=target, **changes), data, enforce=False)


def _missing(found: TableDescription) -> dict[str, int]:
    return {column.name: column.missing for column in found.columns}


def _notes(found: TableDescription) -> dict[str | None, Finding]:
    return {finding.column: finding for finding in found.findings if finding.code == "missing-words"}


@pytest.fixture(params=["frame", "category", "csv", "parquet", "pair"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> object:
    """The table, with real None for blank cells where that differs from a blank text."""
    blank = FRAME.replace("", None)
    if request.param == "csv":
        FRAME.to_csv(tmp_path / "t.csv", index=False)
        return str(tmp_path / "t.csv")
    if request.param == "parquet":
        blank.to_parquet(tmp_path / "t.parquet")
        return str(tmp_path / "t.parquet")
    if request.param == "pair":
        return FRAME.drop(columns="age"), FRAME["age"]
    return blank.astype({"walk": "category"}) if request.param == "category" else FRAME


def test_blank_cells_and_words_are_told_apart_in_texts_alone(source: object) -> None:
    found = _inspect(source)
    assert _missing(found) == {"age": 0, "pool": 40, "walk": 15, "n": 30, "day": 30, "ill": 35}
    assert [c.kind for c in found.columns if c.name in ("n", "day")] == ["numeric", "date"]
    assert found.table.words_apart == {"walk": ("NA",)}
    assert sorted(set(found.table.frame["walk"].dropna())) == ["NA", "brick", "stone"]


def test_words_that_fill_much_of_a_column_are_named_and_counted() -> None:
    notes = _notes(_inspect(FRAME))
    assert sorted(map(str, notes)) == ["ill", "pool", "walk"]
    assert "the word 'None' in 40 cells, which count as missing" in notes["pool"].found
    assert "data: {missing: ['NA']}" in notes["pool"].fix
    assert "the word 'NA' in 15 cells beside blank cells" in notes["walk"].found
    assert {finding.severity for finding in notes.values()} == {"info"}


def test_a_class_of_the_target_that_reads_as_missing_is_named_with_the_way_to_keep_it() -> None:
    (error,) = [f for f in _inspect(FRAME, "ill").findings if f.severity == "error"]
    assert error.code == "target-missing-values"
    assert "the word 'None' in 35 cells" in error.found
    assert "if 'None' is a class, name the words that mean missing without it: data: {missing: ['NA']}" in error.fix
    kept = _inspect(FRAME, "ill", missing=["NA"])
    assert kept.target is not None
    assert kept.target.classes == ("None", "bad", "mild")
    assert [f for f in kept.findings if f.severity == "error"] == []


def test_a_target_never_tells_words_and_blank_cells_apart() -> None:
    (error,) = [f for f in _inspect(FRAME, "walk").findings if f.severity == "error"]
    assert "is empty in 30 of 60 cells" in error.found
    assert "the word 'NA' in 15 cells" in error.found


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["NA"], {"pool": 0, "walk": 30, "n": 30}),
        ([], {"pool": 0, "walk": 15, "n": 15}),
        (["None", "NA", "brick"], {"pool": 40, "walk": 45, "n": 30}),
        (["NA", "7"], {"pool": 0, "walk": 30, "n": 45}),
    ],
)
def test_the_user_names_the_words(words: list[str], missing: dict[str, int], source: object) -> None:
    found = _inspect(source, missing=words)
    assert {name: count for name, count in _missing(found).items() if name in missing} == missing
    assert _notes(found) == {}


@pytest.mark.parametrize("cells", [[1, -999, 2.5], ["1", "-999.0", "2.5"], pd.array([1, -999, 2], dtype="Int64")])
def test_a_word_that_is_a_number_is_missing_from_every_source(cells: object) -> None:
    table = read(pd.DataFrame({"a": cells}), words=MissingWords.of(["-999"]))
    assert table.frame["a"].isna().tolist() == [False, True, False]


def test_words_of_programs_are_no_values_beside_blank_cells() -> None:
    assert read(pd.DataFrame({"a": ["x", "nan", "null", "", "N/A"]})).frame["a"].tolist() == [
        *("x", None, None, None, "N/A")
    ]


def test_a_model_reads_later_tables_as_the_training_table() -> None:
    words = json.loads(json.dumps(asdict(read(FRAME, target="age"))["words_apart"]))
    later = pd.DataFrame({"walk": ["NA"], "pool": ["None"]})
    row = read(later, words=MissingWords.of_model(None, {name: tuple(kept) for name, kept in words.items()}))
    assert (row.frame["walk"].tolist(), row.frame["pool"].tolist()) == (["NA"], [None])
    both = read(pd.DataFrame({"walk": ["x", "NA", ""]}), words=MissingWords.of_model(None, {}))
    assert both.frame["walk"].tolist() == ["x", None, None]
    chosen = read(later, words=MissingWords.of_model(("NA",), {}))
    assert (chosen.frame["walk"].tolist(), chosen.frame["pool"].tolist()) == ([None], ["None"])

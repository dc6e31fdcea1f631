"""The contract for bad input: an error is one message in four parts, raised before any training; what can be handled
is handled and recorded. The tables are in zoo.py."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner, files
from autoft.errors import AutoFTError
from autoft.pipeline import fit
from autoft.pipeline.fit import prepare_dataset
from tests.contract import zoo
from tests.tables import features, mixed_table, tiny_recipe

#: What a run that was refused may leave in its folder: the lock says that nobody else is at work there.
LEFT = {".lock"}

# situation, changes of the recipe, what the message names
REFUSED: list[tuple[zoo.Make, dict[str, Any], list[str]]] = [
    (zoo.missing_file, {}, ["custmers.csv", "perhaps 'customers.csv' is meant"]),
    (zoo.missing_folder, {}, ["d.csv", "there is no folder", "nowhere"]),
    (zoo.a_folder, {}, ["it is a folder"]),
    (zoo.address, {}, ["https://example.org/d.csv", "it is an address"]),
    (zoo.excel_file, {}, ["d.xlsx", "a complete Excel file", "as CSV"]),
    (zoo.excel_called_csv, {}, ["d.csv", "Excel"]),
    (zoo.empty_file, {}, ["d.csv", "the file is empty"]),
    (zoo.blank_lines, {}, ["d.csv", "blank lines"]),
    (zoo.header_only, {}, ["d.csv", "a header but no rows"]),
    (zoo.web_page, {}, ["d.csv", "looks like a web page"]),
    (zoo.latin_1, {}, ["d.csv", "line ", "Latin-1"]),
    (zoo.utf_16, {}, ["d.csv", "UTF-16"]),
    (zoo.nul_byte, {}, ["d.csv", "line 102", "NUL"]),
    (zoo.ragged_row, {}, ["d.csv", "line 102 has 2 and the header 4"]),
    (zoo.open_quote, {}, ["d.csv", "line 102", "quote"]),
    (zoo.broken_gzip, {}, ["d.csv.gz", "damaged"]),
    (zoo.broken_parquet, {}, ["d.parquet", "damaged"]),
    (zoo.doubled_names_in_a_file, {}, ["d.csv", "'age' (2 times)"]),
    (zoo.a_dictionary, {}, ["column 'age'", "of type int"]),
    (zoo.different_lengths, {}, ["X has 100 rows and y 99"]),
    (zoo.no_rows, {}, ["a header but no rows"]),
    (zoo.too_few_rows, {}, ["at least 20 rows", "has only 19"]),
    (zoo.doubled_names, {}, ["'age' (2 times)"]),
    (zoo.doubled_names_by_spelling, {}, ["'café' (2 times)"]),
    (zoo.target_misspelt, {"target": "Churnd"}, ["Column 'Churnd'", "'churned'"]),
    (zoo.harmless, {"target": None}, ["name the column to predict"]),
    (zoo.one_class, {}, ["Column 'y'", "is 'no' in every row"]),
    (zoo.target_with_gaps, {}, ["Column 'y'", "empty in 2 of 100 cells (2%) (first: row 3)"]),
    (zoo.target_never_there, {"schema.drop_missing_target": True}, ["at least 20 rows with a target", "has only 0"]),
    (zoo.class_of_one, {"folds": 5}, ["Column 'y'", "only 1 row of class 'maybe'", "5 folds need 5 rows"]),
    (zoo.infinite_target, {}, ["Column 'y'", "infinite in 1 of 100 rows (1%) (first: row 4)"]),
    (zoo.constant_amount, {"task": "regression"}, ["Column 'y'", "is 3.5 in every row"]),
    (zoo.texts_for_a_regression, {"task": "regression"}, ["'y'", "be numeric for", "regression"]),
    (zoo.only_an_identifier, {}, ["usable column", "'id' is an identifier"]),
    (zoo.only_a_constant, {}, ["usable column", "'unit' is constant"]),
    (zoo.only_the_target, {}, ["usable column", "has no column beside the target"]),
    (zoo.answer_in_a_column, {}, ["Column 'code'", "give the answer away", "schema.allow_leak"]),
    (zoo.several_mistakes, {}, ["2 failed", "Column 'y'", "Column 'code'"]),
    (zoo.cells_of_lists, {}, ["Column 'tags'", "type list"]),
    (zoo.cells_of_bytes, {}, ["Column 'tags'", "type bytes"]),
    (zoo.cells_of_objects, {}, ["Column 'tags'", "type object"]),
    (zoo.complex_numbers, {}, ["Column 'z'", "complex128"]),
    (zoo.terminal_escapes, {}, [r"Column '\x1b]0;owned\x07'"]),
    (zoo.harmless, {"positive": "Yes"}, ["'y'", "positive", "'Yes'", "'yes'"]),
    (zoo.class_smaller_than_folds, {"positive": "maybe"}, ["'positive'", "multiclass"]),
    (zoo.harmless, {"objective": "rmse"}, ["'rmse'", "binary", "roc_auc"]),
    (zoo.harmless, {"data.drop": ["cty"]}, ["'data.drop'", "no 'cty'", "'city'"]),
    (zoo.harmless, {"data.columns": {"city": "numeric"}}, ["Column 'city'", "none of its values is a number"]),
    (zoo.harmless, {"evaluate.group": "town"}, ["'evaluate.group'", "no 'town'"]),
    (zoo.harmless, {"evaluate.group": "y"}, ["'evaluate.group'", "not be the target"]),
    (zoo.harmless, {"evaluate.time": "city"}, ["evaluate: time: 'city'", "a date or a number"]),
    (zoo.harmless, {"evaluate.time": "age", "data.drop": ["age"]}, ["'evaluate.time'", "data: drop: names 'age'"]),
    (zoo.few_rows, {"strategy": "nested"}, ["at least 3 folds", "nested", "there are 2"]),
    (zoo.half_missing, {"evaluate.time": "age"}, ["Column 'age'", "50 of 100 cells", "first: row 1"]),
]

# situation, changes of the recipe, the findings that it gives as (code, severity, column)
HANDLED: list[tuple[zoo.Make, dict[str, Any], set[tuple[str, str, str | None]]]] = [
    (zoo.harmless, {}, set()),
    (zoo.byte_order_mark, {}, set()),
    (zoo.all_missing, {}, {("empty-dropped", "info", "note")}),
    (zoo.half_missing, {}, {("missing-values", "warning", "age")}),
    (zoo.infinities, {}, {("infinite-values", "warning", "age")}),
    (zoo.nearly_all_numbers, {}, {("mixed-types", "warning", "age")}),
    (zoo.numbers_and_texts, {}, {("mixed-types", "warning", "size")}),
    (zoo.amounts_with_separators, {}, {("number-format", "info", "price")}),
    (zoo.constant_column, {}, {("constant-dropped", "info", "unit")}),
    (zoo.repeated_rows, {}, {("duplicate-rows", "warning", None)}),
    (zoo.contradicting_rows, {}, {("conflicting-rows", "warning", None)}),
    (zoo.repeated_column, {}, {("identical-columns", "warning", "years")}),
    (zoo.identifier, {}, {("identifier-dropped", "warning", "id")}),
    (zoo.rare_class, {}, {("imbalanced-target", "warning", "y")}),
    (zoo.every_city_once, {}, {("rare-categories", "warning", "city")}),
    (
        zoo.dates_to_come,
        {},
        {("date-range", "warning", "until"), ("placeholder-values", "warning", "until")},
    ),
    (zoo.short_years, {}, {("date-format", "warning", "until"), ("rare-categories", "warning", "until")}),
    (zoo.few_rows, {}, {("few-rows", "warning", None), ("folds-lowered", "warning", None)}),
    (
        zoo.class_smaller_than_folds,
        {},
        {
            ("class-smaller-than-folds", "warning", "y"),
            ("imbalanced-target", "warning", "y"),
            ("folds-lowered", "warning", None),
        },
    ),
    (zoo.target_with_gaps, {"schema.drop_missing_target": True}, {("target-missing-values", "warning", "y")}),
    (zoo.answer_in_a_column, {"schema.allow_leak": ["code"]}, {("target-leak", "warning", "code")}),
    (zoo.one_feature, {}, {("single-feature", "info", None)}),
    (zoo.wider_than_rows, {}, {("wider-than-rows", "warning", None)}),
    (zoo.heavy_tail, {}, {("target-heavy-tail", "info", "y")}),
    (zoo.strange_names, {}, set()),
    (
        zoo.strange_categories,
        {},
        {
            ("missing-values", "info", "city"),
            ("outer-blanks", "info", "city"),
            ("missing-words", "info", "city"),
            ("placeholder-values", "info", "city"),
        },
    ),
    (zoo.large_numbers, {}, set()),
    (
        zoo.modern_dtypes,
        {},
        {
            ("missing-values", "info", "small"),
            ("identical-columns", "warning", "town"),
            ("time-structure", "info", "month"),
        },
    ),
    (zoo.half_missing, {"evaluate.group": "age"}, set()),
]


def names(cases: list[tuple[Any, ...]]) -> list[str]:
    return [" ".join([make.__name__, *changes]) for make, changes, _ in cases]


def frame_of(data: Any) -> pd.DataFrame | None:
    return data if isinstance(data, pd.DataFrame) else data[0] if isinstance(data, tuple) else None


def in_four_parts(error: AutoFTError) -> None:
    """Every part says something, none is said twice, and nothing in it can reach the terminal."""
    text = str(error)
    assert all(part.strip() for part in (error.where, error.must, error.found, error.fix))
    assert [word for word in ("must ", "but ", "Fix: ") if word not in text] == []
    assert all(char.isprintable() or char == "\n" for char in text)
    assert not re.search(r"\.\.$|\?\.|\bNone\b|nan\b|must must|Traceback", text)
    assert len(text) < 1500


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reaching the search fails the test, as it would cost minutes before the user learns of the mistake."""

    def reached(*_: Any) -> None:
        pytest.fail("the search was reached")

    monkeypatch.setattr(fit, "train_baselines", reached)


def refusal(tuner: AutoFineTuner, data: Any) -> AutoFTError:
    with pytest.raises(AutoFTError) as caught:
        tuner.fit(data)
    in_four_parts(caught.value)
    return caught.value


@pytest.mark.parametrize(("make", "changes", "named"), REFUSED, ids=names(REFUSED))
@pytest.mark.usefixtures("no_training")
def test_refused_before_training(make: zoo.Make, changes: dict[str, Any], named: list[str], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    data, folder = make(tmp_path / "data"), tmp_path / "run"
    before = None if frame_of(data) is None else frame_of(data).copy(deep=True)
    with_target = {"target": "y", **changes}
    error = refusal(AutoFineTuner(recipe=tiny_recipe(**with_target), directory=folder), data)
    assert [words for words in named if words not in str(error)] == [], str(error)
    assert not folder.exists()
    if before is not None:
        pd.testing.assert_frame_equal(frame_of(data), before)


@pytest.mark.parametrize(("make", "changes", "findings"), HANDLED, ids=names(HANDLED))
def test_handled_and_recorded(make: zoo.Make, changes: dict[str, Any], findings: set[Any], tmp_path: Path) -> None:
    data = make(tmp_path)
    before = None if frame_of(data) is None else frame_of(data).copy(deep=True)
    dataset = prepare_dataset(tiny_recipe(target="y", **changes), data)
    assert {(f.code, f.severity, f.column) for f in dataset.findings} == findings
    assert all(f.must and f.found and f.fix for f in dataset.findings)
    assert np.isfinite(dataset.y).all()
    assert np.isin(dataset.encoded.codes.dtype.kind, ["i"])
    assert not np.isinf(dataset.encoded.numbers).any()
    # No block of rows that the network is judged on lacks a class.
    blocks = [dataset.y[dataset.split.blocks == block] for block in range(dataset.split.k)]
    assert len(blocks) >= 2
    assert {len(set(block)) for block in blocks} == {len(dataset.target.classes)} or not dataset.target.classes
    if before is not None:
        pd.testing.assert_frame_equal(frame_of(data), before)


@pytest.mark.parametrize(
    ("labels", "wanted", "classes", "positive"),
    [
        ([1, 2], "2", (1, 2), 2),
        ([1, 2], 2, (1, 2), 2),
        ([1.0, 2.0], 1, (1.0, 2.0), 1.0),
        ([0.0, 1.0], True, (0.0, 1.0), 1.0),
        ([True, False], True, (False, True), True),
        ([True, False], "False", (False, True), False),
        (["a b", " c "], " c ", (" c ", "a b"), " c "),
        ([np.int8(3), np.int8(4)], None, (3, 4), 3),
    ],
)
def test_labels_keep_their_type(labels: list[Any], wanted: Any, classes: tuple[Any, ...], positive: Any) -> None:
    column = pd.Series(labels)
    target = prepare_dataset(
        tiny_recipe(target="y", positive=wanted),
        zoo.plain().assign(y=np.resize(column.to_numpy(), zoo.ROWS)),
    ).target
    assert (target.classes, target.positive, target.dtype) == (classes, positive, str(column.to_numpy().dtype))
    assert [type(label) for label in target.classes] == [type(label) for label in classes]


# The output folder


@pytest.mark.usefixtures("no_training")
def test_a_folder_that_is_a_file_is_refused_first(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    error = refusal(AutoFineTuner(target="y", directory=tmp_path / "run"), "no such file.csv")
    assert "be a folder" in str(error)
    assert str(tmp_path / "run") in str(error)
    assert (tmp_path / "run").read_text() == "mine"


@pytest.mark.usefixtures("no_training")
def test_a_folder_that_cannot_be_written_is_refused_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Permissions do not bind the superuser, whom containers run tests as.
    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    error = refusal(AutoFineTuner(target="y", directory=tmp_path / "run"), "no such file.csv")
    assert "permission is denied" in str(error)
    assert str(tmp_path / "run") in str(error)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="locks are per process")
@pytest.mark.usefixtures("no_training")
def test_a_folder_in_use_is_refused_and_named(tmp_path: Path) -> None:
    with files.locked(tmp_path / ".lock"):
        error = refusal(AutoFineTuner(target="y", directory=tmp_path), zoo.plain())
    assert str(tmp_path) in str(error)
    assert f"process {os.getpid()}" in str(error)


@pytest.mark.usefixtures("no_training")
def test_a_refused_table_leaves_an_earlier_run_alone(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text("earlier results")
    (tmp_path / "report.html").write_text("earlier report")
    refusal(AutoFineTuner(recipe=tiny_recipe(target="y"), directory=tmp_path), zoo.one_class(tmp_path))
    assert {p.name: p.read_text() for p in tmp_path.iterdir() if p.name not in LEFT} == {
        "journal.jsonl": "earlier results",
        "report.html": "earlier report",
    }


@pytest.mark.usefixtures("no_training")
def test_a_refused_table_writes_no_schema(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("data: {path: d.csv, target: y}\nschema: {file: d.pbtxt, engine: portable}\n")
    zoo.one_class(tmp_path).to_csv(tmp_path / "d.csv", index=False)
    refusal(AutoFineTuner(recipe=tmp_path / "r.yaml", directory=tmp_path / "run"), None)
    assert not (tmp_path / "d.pbtxt").exists()


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("task", "clasification"),
        ("objective", "auc_roc"),
        ("trials", 0),
        ("trials", "many"),
        ("minutes", -1),
        ("minutes", float("nan")),
        ("folds", 1),
        ("seed", 1.5),
        ("target", 3),
    ],
)
@pytest.mark.usefixtures("no_training")
def test_wrong_arguments_are_named(argument: str, value: Any, tmp_path: Path) -> None:
    arguments = {"target": "y", argument: value}
    error = refusal(AutoFineTuner(**arguments, directory=tmp_path), zoo.plain())
    assert f"Argument '{argument}'" in str(error)


# Tables to predict


def new_rows(**changes: Any) -> pd.DataFrame:
    return features(mixed_table(30, seed=9), "outcome").drop(columns="outcome").assign(**changes)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda f: new_rows().drop(columns=["amount", "city"]), ["Each of the 2 columns 'amount', 'city'"]),
        (lambda f: new_rows().rename(columns={"amount": "Amount "}), ["Column 'amount'", "'Amount '"]),
        (lambda f: new_rows().rename(columns={"city": "shop"}), ["'shop' (2 times)"]),
        (lambda f: new_rows(amount="n.a.?"), ["Column 'amount' must"]),
        (lambda f: new_rows(amount="n.a.?").head(1), ["Column 'amount' must hold numbers", "row 1, 'n.a.?'"]),
        (lambda f: new_rows(since="soon"), ["Column 'since' must hold dates", "30 of 30 cells", "2021-12-31"]),
        (lambda f: new_rows(since="soon").head(1), ["Column 'since' must hold dates", "leave cells empty"]),
        (lambda f: new_rows(since="2021-05-01T10:00Z"), ["'since' must hold dates without a time zone"]),
        (lambda f: new_rows().to_numpy(), ["'amount', 'big/name"]),
        (zoo.missing_file, ["custmers.csv"]),
        (zoo.empty_file, ["d.csv", "the file is empty"]),
        (zoo.web_page, ["d.csv", "looks like a web page"]),
        (zoo.a_dictionary, ["column 'age'", "of type int"]),
    ],
)
def test_tables_that_cannot_be_predicted(binary: Any, tmp_path: Path, make: zoo.Make, named: list[str]) -> None:
    with pytest.raises(AutoFTError) as caught:
        binary.predict(make(tmp_path))
    in_four_parts(caught.value)
    assert [words for words in named if words not in str(caught.value)] == [], str(caught.value)


@pytest.mark.parametrize(
    ("frame", "findings"),
    [
        (new_rows(), set()),
        (new_rows(city="Atlantis"), {("unseen-categories", "city")}),
        (new_rows(extra=1, outcome="stays"), {("extra-columns", None)}),
        (new_rows(amount=["n.a.?"] * 26 + [5] * 4), {("unreadable-values", "amount")}),
        (new_rows(member="perhaps"), {("unreadable-values", "member")}),
        (new_rows(since=["soon"] * 26 + ["2021-05-01"] * 4), {("unreadable-values", "since")}),
        (new_rows(amount=1e30), {("out-of-range", "amount")}),
        (new_rows(amount=np.inf), {("infinite-values", "amount")}),
        (new_rows(city=pd.Series(["\ud800"] * 30, dtype=object)), {("unseen-categories", "city")}),
    ],
    ids=[
        "fine",
        "unseen",
        "extra",
        "not a number",
        "not a boolean",
        "not a date",
        "far out",
        "infinite",
        "surrogate",
    ],
)
def test_odd_tables_are_answered_with_findings(binary: Any, frame: pd.DataFrame, findings: set[Any]) -> None:
    before = frame.copy(deep=True)
    probabilities = binary.predict_proba(frame)
    assert np.isfinite(probabilities).all()
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert {(f.code, f.column) for f in binary.predict_findings_ if f.severity != "info"} == findings
    pd.testing.assert_frame_equal(frame, before)


def test_texts_are_read_as_they_were_at_the_training(binary: Any) -> None:
    texts = new_rows()
    texts["amount"] = [None if pd.isna(cell) else repr(cell) for cell in texts["amount"]]
    texts["since"] = texts["since"].dt.strftime("%Y-%m-%d")
    assert np.array_equal(binary.predict_proba(texts), binary.predict_proba(new_rows()))


def test_no_one_and_one_row(binary: Any) -> None:
    whole = binary.predict_proba(new_rows())
    assert binary.predict(new_rows().iloc[:0]).shape == (0,)
    assert binary.predict_proba(new_rows().iloc[:0]).shape == (0, 2)
    for row in (0, 7, 29):
        assert np.allclose(binary.predict_proba(new_rows().iloc[[row]]), whole[[row]], atol=1e-6)


def test_a_row_without_any_value_is_answered(binary: Any) -> None:
    empty = pd.DataFrame({name: [None] for name in new_rows()})
    assert binary.predict(empty).tolist()[0] in ("leaves", "stays")

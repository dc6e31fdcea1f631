"""Labels: `predict` gives back values equal to those given, of their type, after the saved model's JSON, too."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from autoft.data import target as targets
from autoft.errors import AutoFTError
from autoft.pipeline.dataset import TableDescription
from autoft.pipeline.describe import describe, inspect_table, read_table
from autoft.recipe.recipe import Recipe, read_recipe
from autoft.records.columns import Target
from autoft.records.reading import read_record


def described(data: Any, **changes: Any) -> TableDescription:
    recipe = Recipe().with_changes(target="y", **changes)
    return describe(recipe, read_table(recipe, data))


def labels_back(data: Any, task: str = "multiclass") -> np.ndarray:
    """The labels of all rows as `predict` would give them if it were always right."""
    found = described(data, task=task)
    assert found.target is not None
    target = read_record(Target, json.loads(json.dumps(asdict(found.target))))
    return targets.decode(targets.encode(found.table.frame["y"], target), target)


def category(*values: Any, ordered: bool = False) -> pd.Series:
    return pd.Series(pd.Categorical(values, ordered=ordered))


def objects(*values: Any) -> pd.Series:
    return pd.Series(values, dtype=object)


DAYS = (datetime.date(2021, 1, 1), datetime.date(2020, 2, 29))
TIMES = pd.Series(np.array(["2021-01-01", "2020-02-29T10:00:00.000000001"], dtype="datetime64[ns]"))
FLOATS = ("float16", "float32", "float64")
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
#: What is given, and the dtype that comes back.
GIVEN: dict[str, tuple[Any, str]] = {
    "category of integers": (category(3, 1, 10, 1), "int64"),
    "category of long integers": (category(2**62, 2**62 + 1), "int64"),
    "category of floats": (category(1.0, 2.5), "float64"),
    "category of booleans": (category(True, False), "bool"),
    "category of texts": (category("low", "high", ordered=True), "object"),
    "category of number texts": (category("01", "1", "1.0"), "object"),
    "category of dates": (category(*DAYS), "object"),
    "category of timestamps": (category(*TIMES), "datetime64[ns]"),
    "intervals": (pd.Series(pd.cut([1.0, 2.0, 9.0], 3)), "object"),
    "mixed": (objects(1, 2, "unk"), "object"),
    "mixed numbers": (objects(1, 2.5, 3), "float64"),
    "mixed with booleans": (objects(2, True, "x", 0.5), "object"),
    "texts like numbers": (objects("01", "1", "1.0", "007"), "object"),
    "texts like truths": (objects("True", "False", "true"), "object"),
    "texts with blanks": (objects("YES ", " yes", "yes"), "object"),
    "decomposed text": (objects("cafe\u0301", "tea"), "object"),
    "numpy texts": (np.array(["b", "a"]), "object"),
    "nullable integers": (pd.Series([3, 1], dtype="Int64"), "int64"),
    "nullable booleans": (pd.Series([True, False], dtype="boolean"), "bool"),
    "nullable texts": (pd.Series(["b", "01"], dtype="string"), "object"),
    "decimals": (objects(decimal.Decimal("1.10"), decimal.Decimal("2")), "object"),
    "decimals of Arrow": (
        pd.Series([decimal.Decimal("1.10"), decimal.Decimal("2.00")]).astype(pd.ArrowDtype(pa.decimal128(5, 2))),
        "object",
    ),
    "dates of Arrow": (pd.Series(DAYS, dtype="date32[pyarrow]"), "object"),
    "dates": (objects(*DAYS), "object"),
    "datetimes": ([datetime.datetime(2021, 1, 1), datetime.datetime(2020, 1, 1, 3)], "object"),
    "timestamps": (TIMES, "datetime64[ns]"),
    "timestamps with a zone": (TIMES.dt.tz_localize("Europe/Berlin"), "object"),
    "durations": (pd.Series(np.array([1, 2], dtype="timedelta64[D]").astype("timedelta64[ns]")), "timedelta64[ns]"),
    "times of day": (objects(datetime.time(1), datetime.time(2, 30)), "object"),
    "months": (pd.Series(pd.period_range("2020-01", periods=3, freq="M")), "object"),
    "UUIDs": (objects(uuid.UUID(int=2), uuid.UUID(int=1)), "object"),
    "long floats": (np.array([0.1, 0.2], dtype=np.longdouble), "float64"),
    "zeros": (pd.Series([-0.0, 1.0, 0.0]), "float64"),
    "infinities": (pd.Series([np.inf, 1.0, -np.inf]), "float64"),
    "integers beyond int64": (objects(2**70, 1), "object"),
    "large uint64": (pd.Series([2**64 - 1, 1], dtype="uint64"), "uint64"),
    **{name: (pd.Series([3, 1, 2], dtype=name), name) for name in (*WHOLE, *FLOATS)},
}


@pytest.mark.parametrize("name", GIVEN)
def test_labels_are_equal_to_those_given(name: str) -> None:
    given, dtype = GIVEN[name]
    back = labels_back((pd.DataFrame({"x": range(len(given))}), given))
    assert [one == other for one, other in zip(back, list(given), strict=True)] == [True] * len(given)
    assert str(back.dtype) == dtype
    if dtype == "object":
        known = (datetime.date, datetime.time, str, bool, float)
        kinds = [next((kind for kind in known if isinstance(value, kind)), type(value)) for value in list(given)]
        assert all(isinstance(value, kind) for value, kind in zip(back, kinds, strict=True))


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["01", "02", "01"], ["01", "02", "01"]),
        (["1.0", "2.0", "1.0"], [1.0, 2.0, 1.0]),
        (["3", "1", "2"], [3, 1, 2]),
        (["1", "2", "unk"], ["1", "2", "unk"]),
        (["True", "False", "True"], [True, False, True]),
        (["cafe\u0301", "tea", "tea"], ["cafe\u0301", "tea", "tea"]),
        ([str(2**62), str(2**62 + 1), "1"], [str(2**62), str(2**62 + 1), "1"]),
    ],
)
def test_labels_of_a_csv_file(cells: list[str], labels: list[Any], tmp_path: Path) -> None:
    pd.DataFrame({"x": range(3), "y": cells}).to_csv(tmp_path / "t.csv", index=False)
    back = labels_back(tmp_path / "t.csv").tolist()
    assert back == labels
    assert [type(label) for label in back] == [type(label) for label in labels]


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (objects(1, "1", "b"), r"'1' \(int\) and '1' \(str\)"),
        (objects(True, "True", "b"), r"'True' \(bool\) and 'True' \(str\)"),
        (objects(1, True, "b"), "of different types"),
        (objects("cafe\u0301", "caf\u00e9"), "in two forms that look alike"),
        (objects(DAYS[0], "2021-01-01"), r"'2021-01-01' \((date|str)\) and '2021-01-01'"),
        (objects(decimal.Decimal("0.1"), decimal.Decimal("0.1000000000000000001")), "look alike"),
        (objects(b"a", b"b"), "bytes"),
        (objects(Colour.RED, Colour.BLUE), "'Colour.RED' is of type Colour"),
        (objects("a\ud800", "b"), "half a character"),
    ],
)
def test_labels_that_cannot_be_told_apart_or_given_back_are_refused(given: pd.Series, message: str) -> None:
    with pytest.raises(AutoFTError, match=message) as error:
        described((pd.DataFrame({"x": range(len(given))}), given), task="multiclass")
    assert "Fix: " in str(error.value)


def test_categories_are_classes_however_many_unless_the_task_says_otherwise() -> None:
    data = pd.DataFrame({"x": range(60), "y": category(*[*range(30), *range(30)])})
    found = described(data).target
    assert found is not None
    assert (found.task, found.classes) == ("multiclass", tuple(range(30)))
    found = described(data, task="regression").target
    assert found is not None
    assert found.task == "regression"


ROWS = 60
SOURCES = {
    "numbers": [1] * 40 + [2] * 18 + [-3] * 2,
    "numbers, one row": [1] * 30 + [2] * 29 + [-3],
    "texts": ["a"] * 40 + ["b"] * 18 + ["c"] * 2,
    "spellings": ["Yes"] * 30 + ["no"] * 20 + ["YES "] * 10,
    "missing": [1] * 40 + [2] * 18 + [None] * 2,
    "dates": [datetime.date(2020, 1, 1)] * 58 + [datetime.date(2021, 1, 1)] * 2,
    "booleans": [True] * 58 + [False] * 2,
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_target_has_the_same_findings_however_it_came(name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=ROWS).round(3), "b": rng.choice(["u", "v"], ROWS), "y": SOURCES[name]})
    if name == "missing":
        table["y"] = table["y"].astype("Int64")
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    features = table.drop(columns="y")
    sources = (tmp_path / "t.csv", tmp_path / "t.parquet", table, (features, table["y"]), (features, [*table["y"]]))
    category = table.assign(y=table["y"].astype("category"))
    recipe = Recipe().with_changes(target="y")
    first, *others = (
        [(line.code, line.column, str(line)) for line in inspect_table(recipe, data, enforce=False).findings]
        for data in (*sources, category)
    )
    assert first
    assert others == [first] * len(others)


SPELLED = ["Yes"] * 20 + ["yes"] * 6 + ["YES "] * 3 + ["Yes."] * 3 + ["No"] * 20 + ["no"] * 8
WORDS = ["yes"] * 20 + ["y"] * 10 + ["no"] * 20 + ["N"] * 10


@pytest.mark.parametrize("kind", ["csv", "frame"])
@pytest.mark.parametrize(
    ("labels", "merged"), [(SPELLED, ("No", "Yes")), (WORDS, ("no", "yes"))], ids=["case", "words"]
)
def test_spellings_of_one_label(kind: str, labels: list[str], merged: tuple[str, ...], tmp_path: Path) -> None:
    data: Any = pd.DataFrame({"x": np.random.default_rng(0).normal(size=ROWS), "y": labels})
    if kind == "csv":
        data.to_csv(tmp_path / "t.csv", index=False)
        data = tmp_path / "t.csv"

    def check(**changes: Any) -> TableDescription:
        return inspect_table(Recipe().with_changes(target="y", **changes), data, enforce=False)

    def severities(found: TableDescription) -> list[str]:
        return [line.severity for line in found.findings if line.code == "target-spelling"]

    assert severities(check()) == ["error"]
    kept = check(**{"schema.keep_target_spellings": True})
    assert severities(kept) == ["warning"]
    assert kept.target is not None
    assert set(kept.target.classes) == set(labels)
    repaired = check(**{"preprocess.accept": ["spelling-variants"]})
    assert severities(repaired) == []
    assert repaired.target is not None
    assert (repaired.target.task, repaired.target.classes) == ("binary", merged)
    assert [line.column for line in repaired.findings if line.code == "repaired"] == ["y"]


@pytest.mark.parametrize("labels", [("1", "1.0", "2"), ("1", " 1", "2"), ("a", "b", "A."), ("#", "# ", "b")])
def test_labels_of_one_meaning_are_found(labels: tuple[str, ...]) -> None:
    data = pd.DataFrame({"x": range(ROWS), "y": np.resize(np.array(labels, dtype=object), ROWS)})
    found = inspect_table(Recipe().with_changes(target="y"), data, enforce=False)
    assert [line.severity for line in found.findings if line.code == "target-spelling"] == ["error"]


@pytest.mark.parametrize("labels", [("A", "B"), ("A", "A+", "A-"), ("y", "n"), ("1", "01", "2.0"), ("yes", "yes?")])
def test_labels_that_differ_in_more_than_spelling_are_left_alone(labels: tuple[str, ...]) -> None:
    data = pd.DataFrame(
        {"x": np.random.default_rng(0).normal(size=ROWS), "y": np.resize(np.array(labels, object), ROWS)}
    )
    found = inspect_table(Recipe().with_changes(target="y"), data, enforce=False)
    assert not [line for line in found.findings if line.code == "target-spelling"]


@pytest.mark.parametrize(
    ("label", "wanted", "meant"),
    [
        ("01", "01", True),
        ("01", 1, False),
        ("01", "1", False),
        (1, "1", True),
        (1, 1.0, True),
        (1.0, "1", True),
        (1000.0, "1e3", True),
        (True, "true", True),
        ("TRUE", True, True),
        (1, True, True),
        ("no", "yes", False),
        (1, "one", False),
    ],
)
def test_what_somebody_means_by_a_label(label: Any, wanted: Any, meant: bool) -> None:
    assert targets.is_label(label, wanted) is meant


@pytest.mark.parametrize(("written", "positive"), [("01", "01"), ("'01'", "01"), ("1", 1)])
def test_the_positive_label_of_a_recipe_is_what_was_written(written: str, positive: Any, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(f"data: {{path: t.csv, target: y, positive: {written}}}\n")
    recipe = read_recipe(tmp_path / "r.yaml")
    assert recipe.data.positive == positive
    labels = ["01", "02"] if positive == "01" else [0, 1]
    data = pd.DataFrame({"x": range(ROWS), "y": labels * (ROWS // 2)})
    found = describe(recipe, read_table(recipe, data)).target
    assert found is not None
    assert found.positive == positive


def test_large_amounts_are_amounts_from_a_file_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": range(60), "y": np.random.default_rng(0).normal(size=60) * 1e17})
    frame.to_csv(path := tmp_path / "t.csv", index=False)
    assert [target.task for data in (frame, path) if (target := described(data).target)] == ["regression"] * 2

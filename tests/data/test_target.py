"""The target: which problem it makes, and the user's own labels back in their own type."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft.data import target as targets
from autoft.data.table import canonical
from autoft.errors import SchemaError
from autoft.records.columns import Target


def understand(cells: Any, dtype: str | None = None, task: Any = None, positive: Any = None) -> Target:
    given = cells if isinstance(cells, pd.Series) else pd.Series(cells)
    series = canonical(given, "y").rename("y")
    return targets.understand(series, dtype=dtype or str(given.dtype), task=task, positive=positive)


def text(*cells: str | None) -> pd.Series:
    return pd.Series(cells, dtype=object)


@pytest.mark.parametrize(
    ("cells", "dtype", "task", "classes"),
    [
        (["b", "a", "b"], "object", "binary", ("a", "b")),
        (["b", "a", "c"], "text", "multiclass", ("a", "b", "c")),
        ([True, False], "bool", "binary", (False, True)),
        (["True", "False"], "text", "binary", (False, True)),
        (["0", "1", "1"], "text", "binary", (0, 1)),
        (["1.0", "2.0"], "text", "binary", (1.0, 2.0)),
        (["1", "2.5"], "text", "binary", (1.0, 2.5)),
        (["-1", "+1"], "text", "binary", (-1, 1)),
        (["007", "010", "007"], "text", "binary", ("007", "010")),
        (["1e3", "2e3"], "text", "binary", (1000.0, 2000.0)),
        (["inf", "1"], "text", "binary", ("1", "inf")),
        (["12345678901234567890", "12345678901234567891"], "text", "binary", None),
        ([1, 2, 3], "int64", "multiclass", (1, 2, 3)),
        ([1.0, 2.0], "float64", "binary", (1.0, 2.0)),
        ([0.1, 0.7, 0.2], "float64", "regression", ()),
        (list(range(20)), "int64", "multiclass", tuple(range(20))),
        (list(range(21)), "int64", "regression", ()),
        ([str(k) for k in range(21)], "text", "regression", ()),
        ([f"c{k}" for k in range(30)], "text", "multiclass", tuple(sorted(f"c{k}" for k in range(30)))),
    ],
)
def test_what_the_values_make_of_the_problem(cells: list[Any], dtype: str, task: str, classes: tuple[Any, ...] | None):
    found = understand(cells, dtype)
    assert found.task == task
    expected = tuple(cells) if classes is None else classes
    assert found.classes == expected
    assert [type(label) for label in found.classes] == [type(label) for label in expected]


def test_missing_cells_do_not_count():
    assert understand(text("a", None, "b")).classes == ("a", "b")
    assert understand(pd.Series([1.0, np.nan, 0.0]), "float64").classes == (0.0, 1.0)


ROUND_TRIPS = {
    "text": text("no", "yes", "no"),
    "string": pd.Series(["no", "yes"], dtype="string"),
    "bool": pd.Series([True, False, True]),
    "boolean": pd.Series([True, False], dtype="boolean"),
    "int64": pd.Series([3, 1, 2]),
    "int8": pd.Series([3, 1, 2], dtype="int8"),
    "uint16": pd.Series([3, 1, 2], dtype="uint16"),
    "Int64": pd.Series([3, 1, 2], dtype="Int64"),
    "float64": pd.Series([1.0, 2.0, 1.0]),
    "float32": pd.Series([0.1, 0.7, 0.1], dtype="float32"),
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_labels_come_back_as_they_were(name: str):
    given = ROUND_TRIPS[name]
    found = understand(given, task="multiclass")
    series = targets.written(canonical(given, "y"), found, dtype=str(given.dtype))
    positions = targets.encode(series, found)
    assert positions.dtype == np.int64
    assert sorted(set(positions)) == list(range(len(found.classes)))
    back = targets.decode(positions, found)
    assert back.tolist() == given.tolist()
    nullable = {"string": "object", "boolean": "bool", "Int64": "int64", "text": "object"}
    assert str(back.dtype) == nullable.get(name, name)


def test_labels_of_a_text_file_come_back_as_numbers():
    found = understand(text("1", "0", "1"), "text")
    back = targets.decode(targets.encode(targets.written(text("1", "0", "1"), found, dtype="text"), found), found)
    assert back.dtype == np.int64
    assert back.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("cells", "dtype"), [([1.5, 2.5, 1e12], "float64"), (["1.5", "-2", "1e12"], "text"), ([1, 2, 3], "int8")]
)
def test_values_of_a_regression_are_float64(cells: list[Any], dtype: str):
    series = canonical(pd.Series(cells), "y").rename("y")
    found = targets.understand(series, dtype=dtype, task="regression", positive=None)
    values = targets.encode(targets.written(series, found, dtype=dtype), found)
    assert found.classes == ()
    assert values.dtype == np.float64
    assert values.tolist() == [float(c) for c in cells]


@pytest.mark.parametrize(
    ("cells", "positive", "chosen"),
    [
        (["Yes", "No"], None, "Yes"),
        (["false", "TRUE", "false"], None, "TRUE"),
        ([0, 1, 1, 1], None, 1),
        ([0.0, 1.0, 1.0, 1.0], None, 1.0),
        ([True, True, False], None, True),
        (["ja", "ja", "nein"], None, "ja"),
        (["good", "good", "bad"], None, "bad"),
        (["b", "a"], None, "a"),
        (["y", "yes", "y"], None, "yes"),
        (["good", "good", "bad"], "good", "good"),
        ([0, 1], 0, 0),
        ([0, 1], "0", 0),
        ([True, False], "False", False),
        ([1.0, 2.0], 2, 2.0),
    ],
)
def test_the_positive_class(cells: list[Any], positive: Any, chosen: Any):
    found = understand(cells, positive=positive)
    assert found.positive == chosen
    assert type(found.positive) is type(chosen)
    assert found.classes[found.positive_index] == chosen


def test_only_binary_tasks_have_a_positive_class():
    assert understand(["a", "b", "c"]).positive is None
    assert understand([0.1, 0.2, 0.3]).positive is None


@pytest.mark.parametrize(
    ("cells", "changes", "message"),
    [
        (["Yes", "No"], {"positive": "Maybe"}, r"hold the positive label 'Maybe', but its values are 'No', 'Yes'"),
        (["red", "blue"], {"task": "regression"}, r"be numeric for a regression, but it holds 'blue'"),
        ([True, False], {"task": "regression"}, r"be numeric for a regression, but it holds 'False'"),
        ([None, None], {"task": "regression"}, r"be numeric for a regression, but it is empty"),
        ([1, 2, 3], {"task": "binary"}, r"have two values for a binary task, but it has 3"),
    ],
)
def test_a_target_that_does_not_fit_the_task_is_refused(cells: list[Any], changes: dict[str, Any], message: str):
    with pytest.raises(SchemaError, match=message) as error:
        understand(pd.Series(cells, dtype=object if None in cells else None), **changes)
    assert str(error.value).startswith("Target 'y' must ")
    assert "Fix: " in str(error.value)

"""The example of docs/extending.md that reads LightGBM's trees: raw scores as LightGBM's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autoft.networks.family import FAMILIES
from autoft.testing import check_family
from tests.networks_help import forest_network

Read = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def read(root: Any) -> Read:
    page = (root / "docs" / "extending.md").read_text(encoding="utf-8")
    (code,) = [own for own in re.findall(r"```python\n(.*?)```", page, re.S) if "def lightgbm_trees" in own]
    names: dict[str, Any] = {}
    exec(code, names)
    own: Read = names["lightgbm_trees"]
    return own


def _scores(member: Any, x: np.ndarray) -> np.ndarray:
    return np.asarray(forest_network([member], x.shape[1])(x[None]))[0]


def _split(threshold: Any, missing_type: str = "None", *, default_left: bool = False) -> dict[str, Any]:
    """A dump of one tree: 1 on the left, 2 on the right."""
    root = {
        "split_feature": 0,
        "threshold": threshold,
        "decision_type": "==" if isinstance(threshold, str) else "<=",
        "default_left": default_left,
        "missing_type": missing_type,
        "left_child": {"leaf_value": 1.0},
        "right_child": {"leaf_value": 2.0},
    }
    return {"num_tree_per_iteration": 1, "tree_info": [{"tree_structure": root}]}


@pytest.mark.parametrize(
    ("dump", "left", "right"),
    [
        (_split(0.5), [0.5, 0.0, np.nan], [0.6, np.inf]),  # without missing cells in training: as zero
        (_split(-0.5), [-0.5], [0.0, np.nan]),
        (_split(0.5, "NaN"), [0.5, 0.0], [0.6, np.nan]),
        (_split(0.5, "NaN", default_left=True), [0.5, np.nan], [0.6]),
        (_split(0.5, "Zero", default_left=True), [-1, 0.5, 0.0, np.nan], [0.6]),
        (_split(0.5, "Zero"), [-1, 0.5, 1e-30, -1e-30], [0.6, 0.0, -0.0, 1e-36, np.nan]),
        (_split(-0.5, "Zero", default_left=True), [-1, -0.5, 0.0, np.nan], [-0.4, 0.1]),
        (_split("0||3", "NaN", default_left=True), [0, 3], [1, 200, -1, np.nan]),
    ],
)
def test_the_way_of_each_cell(read: Read, dump: dict[str, Any], left: list[float], right: list[float]):
    x = np.float32([*left, *right])[:, None]
    assert _scores(read(dump), x).ravel().tolist() == [1.0] * len(left) + [2.0] * len(right)


def test_what_the_layer_has_no_form_for_is_refused(read: Read):
    with pytest.raises(ValueError, match="above 255"):
        read(_split("3||256"))
    dump = _split(0.5)
    dump["tree_info"][0]["tree_structure"]["left_child"]["leaf_features"] = [0]
    with pytest.raises(ValueError, match="linear"):
        read(dump)


@pytest.mark.parametrize("zero_as_missing", [False, True], ids=["zeros are numbers", "zeros are missing"])
@pytest.mark.parametrize(
    "params",
    [
        {"objective": "regression"},
        {"objective": "quantile", "alpha": 0.9, "linear_tree": False},
        {"objective": "binary"},
        {"objective": "multiclass", "num_class": 3},
        {"objective": "regression", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
        {"objective": "regression", "boosting": "dart"},
    ],
    ids=["regression", "quantile", "binary", "three classes", "random forest", "dart"],
)
def test_raw_scores_are_those_of_lightgbm(read: Read, params: dict[str, Any], zero_as_missing: bool):
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 5)).astype(np.float32)
    x[:, 1], x[:, 2] = rng.integers(0, 12, 600), rng.integers(-2, 3, 600)
    x[rng.random(x.shape) < [0.2, 0.1, 0, 0, 0.1]] = np.nan
    x[rng.random(600) < 0.2, 3] = 0.0
    signal = np.nan_to_num(x[:, 0], nan=2.0) + np.isin(x[:, 1], [1, 5, 11]) + 2 * (x[:, 3] == 0) + x[:, 2]
    y = {"binary": signal > 1, "multiclass": np.digitize(signal, [0, 2])}.get(params["objective"], signal)
    given = {**params, "zero_as_missing": zero_as_missing, "num_threads": 1, "verbose": -1, "min_data_in_leaf": 5}
    given |= {"min_data_per_group": 5, "cat_smooth": 1.0}
    booster = lightgbm.train(given, lightgbm.Dataset(x, y, categorical_feature=[1]), 8)
    rows = rng.choice(np.append(x.ravel(), np.float32([0, -0.0, 1e-36, -1e-36, 3e38, -3e38])), (1000, 5))
    rows[:, 1] = rng.choice([*range(14), -1, 255, 300, np.nan], 1000)
    mean = params.get("boosting") == "rf"  # whose raw score LightGBM leaves a sum
    expected = booster.predict(rows.astype(np.float64), raw_score=not mean).reshape(1000, -1)
    np.testing.assert_allclose(_scores(read(booster.dump_model()), rows), expected, atol=1e-5)


def test_the_example_of_a_family(root: Any, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("lightgbm")
    monkeypatch.setattr(FAMILIES, "_things", dict(FAMILIES._all()))
    page = (root / "docs" / "extending.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.S):
        if "def lightgbm_trees" in code or "class LightGBM(" in code:
            exec(code, names)
    check_family(FAMILIES["lightgbm"])

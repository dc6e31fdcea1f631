"""scikit-learn's boosted trees."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest

from autoft.networks.boosting import BoostingRows
from autoft.networks.families import trees
from autoft.networks.families.trees import Trees
from autoft.networks.forest import forest_weights
from autoft.records.columns import Task

PARAMS: dict[str, Any] = {"shrinkage": 0.1, "leaves": 8, "leaf_rows": 5.0, "dropout": 0.4, "l2": 0.001}
STEPS = (1, 3, 4, 9)


def _rows(task: Task, quantile: float | None = None) -> BoostingRows:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5)).astype(np.float32)
    x[:, 4] = rng.integers(0, 6, 300)
    x[::7, 1] = np.nan
    signal = x[:, 0] + (x[:, 4] == 2) + 0.3 * rng.normal(size=300)
    y = signal if task == "regression" else np.digitize(signal, [0.0] if task == "binary" else [-0.5, 0.5])
    return BoostingRows(
        x=x,
        y=y.astype(np.float64),
        weights=rng.uniform(0.5, 1.5, 300),
        task=task,
        outputs=3 if task == "multiclass" else 1,
        quantile=quantile,
        categorical=np.arange(5) == 4,
        signs=np.zeros(5, int),
        together=None,
        seed=3,
    )


@pytest.mark.parametrize(
    ("task", "quantile"), [("binary", None), ("multiclass", None), ("regression", None), ("regression", 0.9)]
)
def test_trees_that_grow_in_steps_are_those_that_grow_at_once(task: Task, quantile: float | None):
    rows = _rows(task, quantile)
    stepwise, at_once = (Trees().booster(PARAMS, rows) for _ in range(2))
    at_once.grow(STEPS[-1])
    whole, before = list(at_once.stages(rows.x)), 0
    last = np.zeros(1, np.float32)
    for iterations in STEPS:
        stepwise.grow(iterations)
        added = list(stepwise.stages(rows.x, before))
        assert np.stack(added) + last == pytest.approx(np.stack(whole[before:iterations]), abs=1e-5)
        last, before = whole[iterations - 1], iterations
    own, other = (forest_weights([booster.trees(STEPS[-1])]) for booster in (stepwise, at_once))
    for name, weights in own.items():
        np.testing.assert_array_equal(weights, other[name])


def test_answers_that_are_not_up_to_date_are_made_anew(monkeypatch: pytest.MonkeyPatch):
    rows = _rows("regression")
    stepwise, at_once = (Trees().booster(PARAMS, rows) for _ in range(2))
    at_once.grow(6)
    stepwise.grow(2)
    kept = trees._Growing._raw_predict

    def outdated(self: Any, *args: Any, **kwargs: Any) -> Any:
        return kept(self, *args, **kwargs).copy()  # scikit-learn would add its trees to an array of its own

    monkeypatch.setattr(trees._Growing, "_raw_predict", outdated)
    for iterations in (3, 4, 6):
        stepwise.grow(iterations)
    (last,) = islice(stepwise.stages(rows.x), 5, 6)
    assert last == pytest.approx(list(at_once.stages(rows.x))[-1], abs=1e-6)

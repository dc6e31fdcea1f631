"""Shared tables and fits. TensorFlow is slow to start and a fit takes seconds: one of each kind serves all tests."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoft.recipe.recipe import Recipe
from autoft.training import backend

if os.environ.get("KERAS_BACKEND"):
    backend.prepare()  # what an entry point would do: JAX has float64 only when asked

ROWS = 240


def mixed_table(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Every kind of column, some awkward cells, and a target that can be learned."""
    rng = np.random.default_rng(seed)
    amount = rng.normal(50, 20, rows)
    city = rng.choice(["Rome", "Oslo", "Łódź", "[UNK]"], rows)
    shop = rng.choice([f"shop {k}" for k in range(20)], rows)
    member = rng.random(rows) < 0.5
    signal = (amount - 50) / 20 + (city == "Oslo") * 1.5 + member - 0.8 + rng.normal(0, 0.5, rows)
    amount[rng.random(rows) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "customer": [f"C-{k:05d}" for k in rng.permutation(rows)],
            "amount": amount,
            "big/name <b>": rng.integers(1, 1000, rows) * 1_700_000_000.0,
            "city": np.where(rng.random(rows) < 0.05, None, city),
            "shop": shop,
            "member": np.where(member, "yes", "no"),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
            "constant": "x",
            "outcome": np.where(signal > 0, "stays", "leaves"),
            "value": 1000 + 100 * signal,
            "grade": pd.cut(signal, [-np.inf, -0.7, 0.7, np.inf], labels=["low", "mid", "top"]).astype(object),
        }
    )


def tiny_recipe(**changes: object) -> Recipe:
    """One shape of network and few epochs: a trial takes a tenth of a second once the program is traced."""
    standard = {
        "trials": 3,
        "folds": 3,
        "search.epochs": 16,
        "search.patience": 6,
        "search.space": {"width": [16], "depth": [1], "batch_size": [32], "activation": ["relu"], "embedding": [4]},
        "evaluate.draws": 100,
        "schema.engine": "none",
    }
    return Recipe().with_changes(**{**standard, **changes})


def features(table: pd.DataFrame, target: str) -> pd.DataFrame:
    """The table with one target and without the other two, which give it away."""
    return table.drop(columns=[c for c in ("outcome", "value", "grade") if c != target])


@pytest.fixture(scope="session")
def table() -> pd.DataFrame:
    return mixed_table()


@pytest.fixture(scope="session")
def binary(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame):
    """A tuner fitted on the mixed table in a run folder of its own."""
    from autoft import AutoFineTuner

    folder = tmp_path_factory.mktemp("binary") / "run"
    recipe = tiny_recipe(target="outcome", positive="leaves", seed=3)
    return AutoFineTuner(recipe=recipe, directory=folder).fit(features(table, "outcome"))


@pytest.fixture(scope="session")
def regression(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame):
    from autoft import AutoFineTuner

    folder = tmp_path_factory.mktemp("regression") / "run"
    recipe = tiny_recipe(target="value", **{"evaluate.strategy": "holdout", "search.epochs": 40})
    return AutoFineTuner(recipe=recipe, directory=folder).fit(features(table, "value"))


@pytest.fixture(scope="session")
def multiclass(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame):
    from autoft import AutoFineTuner

    folder = tmp_path_factory.mktemp("multiclass") / "run"
    recipe = tiny_recipe(target="grade", **{"evaluate.strategy": "nested"})
    return AutoFineTuner(recipe=recipe, directory=folder).fit(features(table, "grade"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).parents[1]

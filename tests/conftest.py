"""Shared tables and fits. TensorFlow is slow to start and a fit takes seconds: one of each kind serves all tests."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Threads of small products and loops cost more than they bring: they wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

from autoft.training import backend
from tests.tables import features, mixed_table, tiny_recipe

#: A package of somebody else, which only `test_foreign_package` puts on a path.
collect_ignore = ["foreign"]

if os.environ.get("KERAS_BACKEND"):
    backend.prepare()  # what an entry point would do: JAX has float64 only when asked

# What is random is drawn alike in every run; the nightly run draws more.
settings.register_profile("default", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

#: Where pictures of reports are drawn.
PICTURED = {"report", "security", "test_pictures.py"}


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes for the whole suite, none beside this one for a part of it: each starts TensorFlow again."""
    return 2 if config.args_source is pytest.Config.ArgsSource.TESTPATHS else 0


@pytest.fixture(scope="module", autouse=True)
def pictures(request: pytest.FixtureRequest) -> Iterator[None]:
    """Elsewhere a report has empty pictures: they are half of the time of a small fit."""
    with pytest.MonkeyPatch.context() as patch:
        if not PICTURED & set(request.path.parts):
            patch.setattr("autoft.report.html._uri", lambda picture: "data:,")
        yield


@pytest.fixture(scope="module", autouse=True)
def forest(request: pytest.FixtureRequest) -> Iterator[None]:
    """Elsewhere no forest looks for odd rows: it takes five times as long as everything else before the search."""
    with pytest.MonkeyPatch.context() as patch:
        if "audit" not in request.path.parts:
            patch.setattr("autoft.data.audit.outliers.find_odd_rows", lambda *args, **kept: ())
        yield


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

"""Hostile files of every kind are refused by an error of autoft, run nothing, and take no memory to speak of."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import keras
import pytest

from benchmarks.forgeries import HUGE, MOST_MB, forgeries, save_model

FORGERIES = forgeries()

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the model looks texts up")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("forged") / "model")


def outcomes(model: Path, folder: Path, *, heavy: bool) -> dict[str, str]:
    found = {}
    for number, forgery in enumerate(FORGERIES):
        if forgery.heavy == heavy:
            (folder / str(number)).mkdir()
            found[forgery.name] = forgery.outcome(model, folder / str(number))
    return found


def largest_mb() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def test_there_are_many_and_each_has_a_name() -> None:
    assert len({forgery.name for forgery in FORGERIES}) == len(FORGERIES) > 200


def test_the_model_that_is_forged_is_sound(model: Path) -> None:
    from autoft.serving.artifact import load

    assert load(model)[1].target.classes == ("no", "yes")


@pytest.mark.parametrize("heavy", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_every_forgery_is_refused(model: Path, tmp_path: Path, heavy: bool) -> None:
    before = largest_mb()
    found = outcomes(model, tmp_path, heavy=heavy)
    assert {name: outcome for name, outcome in found.items() if outcome != "refused"} == {}
    assert largest_mb() - before < MOST_MB


def test_a_refused_model_leaves_no_variables_behind(model: Path, tmp_path: Path) -> None:
    """Keras gives values to what waits for them when the next model is built: here it would be 16 GB."""
    bomb = next(forgery for forgery in FORGERIES if forgery.name == "configuration: vectors of 2e9 numbers")
    assert HUGE * 4 > 1e9
    assert bomb.outcome(model, tmp_path) == "refused"
    before = largest_mb()
    assert save_model(tmp_path / "next").is_dir()
    assert largest_mb() - before < MOST_MB

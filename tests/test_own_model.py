"""A user's own Keras model, from the function to the loaded model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import yaml

import autoft
from autoft.errors import ArtifactError, JournalError, RecipeError, TrainingError
from autoft.recipe.recipe import read_recipe
from autoft.search import journal, ledger
from tests.tables import features, tiny_recipe

TARGETS = {"binary": "outcome", "multiclass": "grade", "regression": "value"}


def build(hp: Any, inputs: Any) -> keras.Model:
    """Two kinds of networks; the second has a hyperparameter of its own."""
    x = inputs.features
    if hp.Choice("kind", ["plain", "wide"]) == "wide":
        x = keras.layers.Dense(hp.Int("units", 8, 16, step=8), activation="relu")(x)
        x = x * keras.ops.sigmoid(keras.layers.Dense(x.shape[-1])(x))
    return keras.Model(inputs.tensors, keras.layers.Dense(inputs.outputs)(keras.layers.Dropout(0.1)(x)))


def fit(table: pd.DataFrame, folder: Path, model: Any = build, target: str = "outcome", **changes: Any) -> Any:
    standard = {"target": target, "trials": 2, "folds": 2, "search.epochs": 3, "search.space": {}}
    recipe = tiny_recipe(**{**standard, **changes})
    return autoft.AutoFineTuner(recipe=recipe, directory=folder, model=model).fit(features(table, target))


@pytest.fixture(
    scope="module",
    params=["binary", *(pytest.param(task, marks=pytest.mark.slow) for task in ("regression", "multiclass"))],
)
def fitted(request, tmp_path_factory, table):
    folder = tmp_path_factory.mktemp(request.param) / "run"
    return fit(table, folder, target=TARGETS[request.param], **{"evaluate.folds": 3})


def test_the_loaded_model_answers_the_same_without_the_function(fitted, table, tmp_path):
    saved = fitted.save(tmp_path / "model.autoft")
    again = autoft.load(saved)
    rows = features(table, fitted.target or fitted._recipe().data.target)
    assert np.array_equal(fitted.predict(rows), again.predict(rows))
    if hasattr(fitted, "classes_"):
        assert np.array_equal(fitted.predict_proba(rows), again.predict_proba(rows))


def test_it_is_searched_scored_and_reported_like_every_other(fitted):
    evaluation = fitted.evaluation_
    names = set().union(*(trial.params for trial in evaluation.trials))
    assert {"kind", "batch_size", "learning_rate"} <= names
    assert all(("units" in trial.params) == (trial.params["kind"] == "wide") for trial in evaluation.trials)
    interval = evaluation.held_out[evaluation.objective]
    assert interval.low <= interval.value <= interval.high
    assert evaluation.bag_gain or evaluation.strategy
    assert "kind" in (fitted.directory_ / "report.html").read_text(encoding="utf-8")


def test_the_recipe_says_that_a_function_was_given(fitted):
    text = (fitted.directory_ / "recipe.yaml").read_text(encoding="utf-8")
    assert text.startswith("# The networks come from a Python function, build")
    assert yaml.safe_load(text)["search"]["trials"] == 2
    assert read_recipe(fitted.directory_ / "recipe.yaml") == fitted._recipe()


def test_no_function_is_written_anywhere(fitted):
    for path in fitted.directory_.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"test_own_model" not in content, path
            assert not path.name.endswith((".pkl", ".pickle"))


def facts(folder: Path) -> list[Any]:
    """The trials of a run's journal."""
    return list(journal.read(folder / "journal.jsonl").trials().values())


@pytest.mark.slow
def test_a_run_that_was_interrupted_ends_with_the_same_result(table, tmp_path, monkeypatch):
    whole = fit(table, tmp_path / "whole", seed=5)
    real, noted = ledger.Ledger.note, []

    def note_once(self, memory, outcome, **more):
        if noted:
            raise KeyboardInterrupt
        noted.append(memory)
        return real(self, memory, outcome, **more)

    monkeypatch.setattr(ledger.Ledger, "note", note_once)
    with pytest.raises(KeyboardInterrupt):
        fit(table, tmp_path / "cut", seed=5)
    monkeypatch.undo()
    again = fit(table, tmp_path / "cut", seed=5)
    assert len(facts(tmp_path / "cut")) == 2
    rows = features(table, "outcome")
    assert np.array_equal(whole.predict_proba(rows), again.predict_proba(rows))
    for one, other in zip(facts(tmp_path / "whole"), facts(tmp_path / "cut"), strict=True):
        assert one["curves"] == other["curves"]
        assert one["file_sha256"] == other["file_sha256"]
    with pytest.raises(JournalError, match=r"another one \(another function 'model'\)"):
        fit(table, tmp_path / "cut", seed=5, model=lambda hp, inputs: keras.layers.Dense(1)(inputs.features))


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [0.1, 0.5])
def test_minutes_are_kept(table, tmp_path, minutes):
    """But for half a minute, that a busy machine may need for what comes after the search."""
    tuner = fit(table, tmp_path, minutes=minutes, trials=200)
    assert tuner.evaluation_.seconds["total"] < 60 * minutes + 30
    assert 0 < len(tuner.evaluation_.trials) < 200


class Unregistered(keras.layers.Layer):
    def call(self, inputs):
        return inputs


def no_inputs(hp, inputs):
    return keras.layers.Dense(inputs.outputs)(keras.Input((3,)))


def raises(hp, inputs):
    raise KeyError("no such thing")


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (3, RecipeError, r"Argument 'model' must be a function build\(hp, inputs\), but it is a int"),
        (keras.Sequential([keras.layers.Dense(1)]), RecipeError, "it is a keras.Model. Fix: wrap what makes"),
        (lambda hp, inputs: inputs.feature, TrainingError, "inputs has no 'feature'; it has dense, slots"),
        (lambda hp, inputs: "net", TrainingError, "return a Keras model, but it returned a str"),
        (lambda hp, inputs: keras.layers.Dense(7)(inputs.features), TrainingError, r"the output is \(None, 7\)"),
        (no_inputs, TrainingError, "its output does not follow from them"),
        (raises, TrainingError, r"'raises' .*it raised KeyError in line \d+: 'no such thing'"),
        (
            lambda hp, inputs: keras.layers.Dense(1)(Unregistered()(inputs.features)),
            ArtifactError,
            "it has Unregistered.*decorator 'layer'",
        ),
        (
            lambda hp, inputs: keras.layers.Dense(1)(keras.layers.Lambda(lambda x: x)(inputs.features)),
            ArtifactError,
            "Lambda",
        ),
    ],
)
def test_a_wrong_function_says_what_to_do(table, tmp_path, model, error, message):
    with pytest.raises(error, match=message) as caught:
        fit(table, tmp_path, model)
    assert all((caught.value.where, caught.value.must, caught.value.found, caught.value.fix))


def test_trials_that_fail_do_not_end_the_run(table, tmp_path):
    def half(hp, inputs):
        hp.Fixed("batch_size", 32), hp.Fixed("learning_rate", 0.01)
        if hp.Boolean("broken"):
            raise RuntimeError("not this one")
        return keras.layers.Dense(inputs.outputs)(inputs.features)

    trials = fit(table, tmp_path, half, algorithm="grid").evaluation_.trials
    assert [(t.status, t.reason) for t in trials] == [("finished", ""), ("failed", "RuntimeError: not this one")]
    assert all((t.params["batch_size"], t.params["learning_rate"]) == (32, 0.01) for t in trials)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"knowledge": {"features": {"amount": {"effect": "increasing"}}}}, r"has 1 of those \(first: .*effect"),
        ({"search.space": {"architecture": ["mlp"]}}, "the recipe names mlp"),
    ],
)
def test_what_an_own_model_cannot_follow_is_refused(table, tmp_path, changes, message):
    with pytest.raises(RecipeError, match=message):
        fit(table, tmp_path, **changes)

"""Exported models: they answer as the saved model does, and nothing that is there is overwritten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner
from autoft.cli import main
from autoft.errors import ArtifactError, FileError, RecipeError, SetupError
from autoft.preprocessing.encoders.base import ColumnEncoder
from autoft.records.columns import Column, Target
from autoft.serving import export as exporting
from autoft.serving.artifact import Meta
from autoft.serving.export import export
from autoft.serving.exporters import EXPORTERS, tf_saved_model
from autoft.testing import check_exporter
from tests.tables import ROWS, features, tiny_recipe

ENDINGS = {"keras": ".keras"}


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("binary", "keras"),
        ("binary", "tf_saved_model"),
        *(
            pytest.param(task, name, marks=pytest.mark.slow)
            for task in ("multiclass", "regression")
            for name in ("tf_saved_model", "keras")
        ),
    ],
)
def test_an_exported_model_answers_alike(name, task, request):
    folder = request.getfixturevalue(task).directory_
    check_exporter(EXPORTERS[name], folder, name=f"model{ENDINGS.get(name, '')}")


@pytest.fixture(scope="module")
def described(table, tmp_path_factory) -> AutoFineTuner:
    """A model with a column of running text and an ordered one."""
    rng = np.random.default_rng(5)
    words = np.array(["late", "good", "Ölpreis", "cheap", "broken", "fine"])
    texts = [" ".join(rng.choice(words, 12)) + f" {k}" for k in range(ROWS)]
    sizes = rng.choice(["small", "medium", "large"], ROWS)
    frame = features(table, "outcome")[["amount", "outcome"]].assign(**{"what was said": texts, "size": sizes})
    recipe = tiny_recipe(target="outcome", trials=1, **{"evaluate.strategy": "holdout"})
    recipe = recipe.with_changes(**{"data.columns": {"what was said": "text"}})
    recipe = recipe.with_changes(**{"knowledge.features": {"size": {"order": ["small", "medium", "large"]}}})
    return AutoFineTuner(recipe=recipe, directory=tmp_path_factory.mktemp("described") / "run").fit(frame)


@pytest.mark.parametrize("name", [pytest.param("keras", marks=pytest.mark.slow), "tf_saved_model"])  # a copy
def test_texts_and_ordered_categories(name, described):
    assert described._predictor().meta.words
    check_exporter(EXPORTERS[name], described.directory_, name=f"model{ENDINGS.get(name, '')}")


def test_the_suite_notices_a_wrong_exporter(binary):
    class Wrong(type(EXPORTERS["keras"])):
        name = "wrong"

        def answers(self, path, artifact, cells):
            return super().answers(path, artifact, cells) + 0.01

    with pytest.raises(AssertionError, match=r"wrong must answer as the saved model does, but row \d+ differs by 1"):
        check_exporter(Wrong(), binary.directory_, name="model.keras")


def test_the_signature_takes_columns_by_name(binary, tmp_path):
    import tensorflow as tf

    path = binary.export(tmp_path / "served")
    signature = tf.saved_model.load(str(path)).signatures["serving_default"]
    inputs = json.loads((path / "assets.extra" / "columns.json").read_text(encoding="utf-8"))["inputs"]
    assert set(signature.structured_input_signature[1]) == set(inputs)
    assert {one["column"]: (name, one["type"]) for name, one in inputs.items()}.items() >= {
        "amount": ("amount", "float64"),
        "big/name <b>": ("big_name_b", "float64"),
        "city": ("city", "string"),
    }.items()
    assert [p.name for p in tmp_path.iterdir()] == ["served"]


def test_keras_reads_the_file(regression, tmp_path):
    import keras

    path = regression.export(tmp_path / "models" / "value.keras", format="keras")
    assert path.read_bytes() == (regression.directory_ / "model" / "model.keras").read_bytes()
    assert {t.name for t in keras.models.load_model(path).inputs} == {t.name for t in regression.model_.inputs}


@pytest.mark.parametrize("kind", ["file", "folder", "empty folder", "link"])
def test_nothing_is_overwritten(binary, tmp_path, kind):
    path, mine = tmp_path / "model.keras", tmp_path / "mine"
    mine.write_text("my work")
    if kind == "file":
        path.write_text("my work")
    elif kind == "link":
        path.symlink_to(tmp_path / "nowhere")
    else:
        path.mkdir()
        if kind == "folder":
            (path / "1.jpg").write_text("my work")
    before = sorted(tmp_path.rglob("*"))
    for name in EXPORTERS.names():
        with pytest.raises(FileError, match=r"must be free, but something is there\. Fix: choose another name"):
            binary.export(path, format=name)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_unknown_format_and_a_missing_package(binary, tmp_path, monkeypatch):
    with pytest.raises(RecipeError, match=r"exporter 'savedmodel' must be a registered one.*'tf_saved_model' is meant"):
        binary.export(tmp_path / "x", format="savedmodel")
    monkeypatch.setattr(exporting, "find_spec", lambda module: None)
    with pytest.raises(SetupError, match=r"'tf_saved_model' must have what it needs, but tensorflow is not installed"):
        binary.export(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_the_ending_of_a_keras_file(binary, tmp_path):
    with pytest.raises(ArtifactError, match=r"'model' must end in \.keras"):
        binary.export(tmp_path / "model", format="keras")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_leaves_nothing(binary, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(FileError, match="but the disk is full"):
        export(binary.directory_, tmp_path / "model.keras", "keras")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_export_left_is_removed_by_the_next(binary, tmp_path, monkeypatch):
    def copy(source: Path, place: Path) -> None:
        copies.append(place.parent.name)
        place.write_text("all of it")

    copies: list[str] = []
    monkeypatch.setattr(type(EXPORTERS["keras"]), "export", staticmethod(copy))
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    export(binary.directory_, tmp_path / "1.keras", "keras")
    left = tmp_path / copies[0].replace("1.keras", "2.keras").replace(str(os.getpid()), str(dead.pid))
    left.mkdir()
    (left / "2.keras").write_text("half")
    export(binary.directory_, tmp_path / "2.keras", "keras")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.keras", "2.keras"]


def test_the_command(binary, tmp_path, capsys):
    run, out = str(binary.directory_), str(tmp_path / "m.keras")
    assert main.main(["export", run, out, "--format", "keras"]) == 0
    assert capsys.readouterr().out == f"model exported to {out} (format keras)\n"
    assert main.main(["export", run, out, "--format", "keras"]) == 1
    assert "must be free" in capsys.readouterr().err
    assert main.main(["export", run, str(tmp_path / "x"), "--format", "onxn"]) == 1
    message = capsys.readouterr().err
    assert "choose one of " in message
    assert all(name in message for name in EXPORTERS.names())
    assert main.main(["export", str(tmp_path / "absent"), str(tmp_path / "x")]) == 1
    assert "it does not exist" in capsys.readouterr().err
    assert [p.name for p in Path(tmp_path).iterdir()] == ["m.keras"]


def test_strings_of_the_signature_may_be_anything(binary, tmp_path):
    import tensorflow as tf

    signature = tf.saved_model.load(str(binary.export(tmp_path / "m"))).signatures["serving_default"]
    given = {}
    for name, spec in signature.structured_input_signature[1].items():
        values = ["", "\ue000missing", "x" * 300] if spec.dtype == tf.string else [np.nan, 0.0, 1.0]
        given[name] = tf.constant(values, dtype=spec.dtype)
    answers = np.asarray(signature(**given)["probabilities"])
    assert answers.shape == (3, 2)
    assert np.isfinite(answers).all()
    strange, numbers = [None, "\ue000missing", "x" * 300], [None, 0, 1]
    columns = binary._predictor().meta.columns
    raw = pd.DataFrame({c.name: strange if c.kind == "categorical" else numbers for c in columns})
    raw = raw.assign(since=pd.to_datetime([None, "1970-01-01", "1970-01-01"]), member=[None, "no", "yes"])
    np.testing.assert_allclose(answers[0], binary.predict_proba(raw)[0], atol=1e-5)


def test_a_column_that_is_read_in_python_is_no_saved_model(monkeypatch):
    class Bits(ColumnEncoder):
        name = "bits"

        def read(self, cells):
            return np.stack([cells % 2, cells // 2], axis=1)

        def fit(self, values, members):
            return {}

        def layer(self, statistics):
            return None

        def directions(self, column):
            return ()

        def describe(self, column):
            return ""

    Bits.__abstractmethods__ = frozenset()
    monkeypatch.setattr(tf_saved_model, "ENCODERS", {"bits": Bits()})
    column = Column(id="c000", name="code", kind="numeric", why="")
    meta = Meta(
        columns=(column,),
        target=Target(name="y", task="regression"),
        version="0",
        engine="",
        ranges={},
        vocabularies={},
        encoders={"c000": "bits"},
    )
    model = SimpleNamespace(inputs=[SimpleNamespace(name="c000", dtype="float64")])
    with pytest.raises(ArtifactError, match=r"Column 'code' must be read by TensorFlow, but encoder 'bits' reads it"):
        tf_saved_model._inputs(model, meta)

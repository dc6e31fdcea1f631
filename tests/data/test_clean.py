"""`autoft clean` and the recipe's `preprocess: accept`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from autoft.cli import main
from autoft.data import repair
from autoft.data.clean import clean
from autoft.errors import FileError, RecipeError
from autoft.pipeline.describe import inspect_table
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Column, Repair, Target
from autoft.serving import artifact
from autoft.serving.predictor import Predictor

ROWS = 60
TOWNS = ["Rome", "rome", "Pisa", "Pisa"] * (ROWS // 4)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    town = np.array(TOWNS, dtype=object)
    frame = pd.DataFrame(
        {
            "town": town,
            "age": rng.integers(18, 80, ROWS),
            "z": rng.normal(size=ROWS),
            "y": rng.choice(["no", "yes"], ROWS),
        }
    )
    frame.loc[:2, "age"] = 999
    frame = pd.concat([frame, frame.iloc[[30, 31]]])
    path = tmp_path / "data.csv"
    frame.to_csv(path, index=False)
    return path


def test_without_accept_it_lists_what_could_be(data, capsys):
    before = sorted(data.parent.iterdir())
    assert main.main(["clean", str(data), "--target", "y"]) == 0
    shown = capsys.readouterr().out
    assert "spelling-variants" in shown
    assert "'rome' -> 'Rome'" in shown or "'Rome' -> 'rome'" in shown
    assert "--accept spelling-variants,placeholder-values,duplicate-rows" in " ".join(shown.split())
    assert sorted(data.parent.iterdir()) == before


def test_it_repairs_what_is_accepted_and_logs_it(data, capsys):
    out = data.parent / "clean.csv"
    bytes_before = data.read_bytes()
    assert main.main(["clean", str(data), "-o", str(out), "--accept", "placeholder-values,duplicate-rows"]) == 0
    cleaned = pd.read_csv(out)
    assert len(cleaned) == ROWS
    assert cleaned["age"][:3].isna().all()
    assert cleaned["town"].tolist() == TOWNS
    assert data.read_bytes() == bytes_before
    log = json.loads((data.parent / "clean.repairs.json").read_text())
    assert log["rows"] == {"before": ROWS + 2, "after": ROWS}
    assert [(c["code"], c["column"], c["count"]) for c in log["changes"]] == [
        ("placeholder-values", "age", 3),
        ("duplicate-rows", None, 2),
    ]
    assert log["changes"][0]["examples"] == [["999", ""]]
    assert "placeholder-values" in capsys.readouterr().out


def test_a_repaired_table_needs_no_repair(data, capsys):
    out = data.parent / "clean.csv"
    codes = "placeholder-values,spelling-variants,duplicate-rows"
    assert main.main(["-q", "clean", str(data), "-o", str(out), "--accept", codes, "--target", "y"]) == 0
    assert capsys.readouterr().out == ""
    assert main.main(["clean", str(out), "--target", "y"]) == 0
    # Rows that differed in spelling alone would be told of again; these do not.
    assert "nothing to repair" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "out.csv", "--accept", "spelling-variant"], "perhaps 'spelling-variants' is meant"),
        (["-o", "out.csv", "--accept", ""], "it names none"),
        (["-o", "data.csv", "--accept", "outer-blanks"], "not be the table itself"),
        (["-o", "out.xlsx", "--accept", "outer-blanks"], "ends in .csv"),
        (["--target", "Y"], "perhaps 'y' is meant"),
    ],
)
def test_mistakes_are_explained(data, monkeypatch, capsys, words, message):
    monkeypatch.chdir(data.parent)
    assert main.main(["clean", "data.csv", *words]) == 1
    assert message in capsys.readouterr().err
    assert sorted(path.name for path in data.parent.iterdir()) == ["data.csv"]


def test_accept_needs_an_output(data):
    with pytest.raises(SystemExit) as ended:
        main.main(["clean", str(data), "--accept", "outer-blanks"])
    assert ended.value.code == 2


def test_a_recipe_repairs_before_it_trains(data):
    recipe = Recipe().with_changes(target="y")
    plain = inspect_table(recipe, data, enforce=False)
    assert {"spelling-variants", "placeholder-values"} <= {line.code for line in plain.findings}
    assert plain.repairs == ()
    accept = ("spelling-variants", "placeholder-values", "duplicate-rows")
    recipe = recipe.with_changes(**{"preprocess.accept": accept})
    repaired = inspect_table(recipe, data, enforce=False)
    assert [line.column for line in repaired.findings if line.code == "repaired"] == ["town", "age", None]
    assert not {"spelling-variants", "placeholder-values"} & {line.code for line in repaired.findings}
    assert len(repaired.table.frame) == ROWS
    assert {repair.code for repair in repaired.repairs} == set(accept)
    assert "accept" in recipe.to_yaml()
    with pytest.raises(RecipeError, match="accept"):
        recipe.with_changes(**{"preprocess.accept": ("spelling",)})


class Echo:
    """A model that answers with the input it gets."""

    inputs = (SimpleNamespace(name="c000", dtype="float32", shape=(None, 1)),)
    layers = (SimpleNamespace(input=inputs[0], output=inputs[0]),)

    def __call__(self, inputs, training):
        return np.asarray(inputs["c000"])


def written(meta):
    """The text of meta.json."""
    return json.dumps(asdict(meta) | {"repairs": repair.to_json(meta.repairs)})


def test_predictions_are_made_of_the_repaired_table(tmp_path):
    pytest.importorskip("keras")
    height = Column(id="c000", name="h", kind="numeric", why="")
    repairs = (
        Repair(code="mixed-units", column="h", action="scale", factor=2.54, cut=100.0),
        Repair(code="duplicate-rows", column=None, action="drop-rows"),
    )
    meta = artifact.Meta(
        columns=(height,),
        target=Target(name="y", task="regression"),
        version="0",
        engine="",
        ranges={},
        vocabularies={},
        repairs=repairs,
    )
    (tmp_path / "meta.json").write_text(written(meta))
    assert artifact._meta(tmp_path / "meta.json") == meta
    answers, found = Predictor(Echo(), meta, tmp_path).answers(pd.DataFrame({"h": [50, 150, 50]}))
    assert np.round(answers, 4).tolist() == [127.0, 150.0, 127.0]
    assert [line.code for line in found] == ["repaired"]
    untouched, _ = Predictor(Echo(), replace(meta, repairs=()), tmp_path).answers(pd.DataFrame({"h": [50]}))
    assert untouched.tolist() == [50.0]


def test_a_changed_meta_file_is_refused(tmp_path):
    meta = artifact.Meta(
        columns=(), target=Target(name="y", task="regression"), version="0", engine="", ranges={}, vocabularies={}
    )
    raw = json.loads(written(meta)) | {"repairs": [{"code": "x"}]}
    (tmp_path / "meta.json").write_text(json.dumps(raw))
    with pytest.raises(artifact.ArtifactError, match="not what autoft writes"):
        artifact._meta(tmp_path / "meta.json")


@pytest.mark.parametrize("name", ["mine.csv", "mine.repairs.json"])
def test_no_file_of_others_is_written_over(tmp_path: Path, name: str) -> None:
    (tmp_path / "t.csv").write_text("a\n 1\n2\n")
    (tmp_path / name).write_text("my work")
    with pytest.raises(FileError, match=f"{name}' must be free or "):
        clean(tmp_path / "t.csv", tmp_path / "mine.csv", ("outer-blanks",))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["t.csv", name])
    for _ in range(2):  # its own it writes again
        clean(tmp_path / "t.csv", tmp_path / "own.csv", ("outer-blanks",))
    (tmp_path / "own.csv").write_text("a\n1\n3\n")
    with pytest.raises(FileError, match=r"own.csv' must be as 'autoft clean' wrote it, but it was changed since"):
        clean(tmp_path / "t.csv", tmp_path / "own.csv", ("outer-blanks",))
    assert (tmp_path / "own.csv").read_text() == "a\n1\n3\n"

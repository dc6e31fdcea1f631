"""`autoft review`: proposals that are read off a finished run, none of them in force."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from autoft.cli import main
from autoft.evaluation.document import to_document
from autoft.pipeline import review
from autoft.recipe.recipe import Recipe, read_recipe
from autoft.records.columns import Column, Target
from autoft.records.evaluation import Evaluation
from autoft.records.hint_tests import Curve
from autoft.records.scores import Importance, Interval
from autoft.records.trials import Trial

GRID = tuple(float(x) for x in range(6))
RECIPE = 'name: churn\ndata: {path: d.csv, target: Churn, positive: "Yes"}\n'
HINTED = RECIPE + "knowledge: {features: {tenure: {effect: decreasing, because: loyal}}}\n"
ODD = "od: 'd\"\n# name\x85\u2028"
NAMES = ("tenure", "charges", "noise", "grade", "wages", ODD)
KINDS = {"grade": "categorical"}
PROFILE = {
    "deciles": {
        "tenure": [float(x) for x in range(0, 110, 10)],
        "charges": [float(x) for x in range(10, 120, 10)],
        "wages": [10.0 * 2**x for x in range(11)],
        "noise": [-1000.0, *(10.0 * 2**x for x in range(10))],
    },
    "categories": {"grade": ["high", "low", "medium"], "city": ["Bonn", "Rome"], "thal": ["3", "6", "7"]},
}


def curve(column: str, slope: float, **changes: Any) -> Curve:
    members = tuple(tuple(0.3 + (slope + 0.0002 * k) * x for x in GRID) for k in range(5))
    values: dict[str, Any] = {
        "column": column, "kind": "numeric", "label": "Yes", "grid": GRID, "mean": members[2], "members": members,
        "lines": members[:2], "rows": 200, "rising": float(slope > 0), "falling": float(slope < 0), "spread": 0.1,
        "cells": (0.0,) * 11,
    }  # fmt: skip
    return Curve(**(values | changes))


TURN = curve("noise", 0.02, members=((0.1, 0.4, 0.6, 0.6, 0.4, 0.1),) * 5)
CURVES = (curve("tenure", -0.03), curve("charges", 0.02), TURN, curve(ODD, 0.04))


def evaluation(**changes: Any) -> Evaluation:
    score, trial = Interval(value=0.85, low=0.84, high=0.86), Trial(number=0, params={}, status="finished", score=0.85)
    losses = {"tenure": 0.2, "charges": 0.01, "grade": 0.008, "wages": 0.007, ODD: 0.006, "noise": 0.0}
    values: dict[str, Any] = {
        "task": "binary", "objective": "roc_auc", "strategy": "corrected", "rows": 500,
        "target": Target(name="Churn", task="binary", classes=("No", "Yes"), positive="Yes"),
        "held_out": {"roc_auc": score}, "validation": 0.85, "optimism": 0.0, "naive": {"roc_auc": 0.85}, "folds": (),
        "overfitting": "No.", "baselines": (), "trials": (trial,), "best": trial, "dependence": CURVES,
        "importance": tuple(
            Importance(column=name, drop=Interval(value=loss, low=loss - 0.001, high=loss + 0.001))
            for name, loss in losses.items()
        ),
    }  # fmt: skip
    return Evaluation(**(values | changes))


def run_folder(folder: Path, *, recipe: str = RECIPE, scores: Evaluation | None = None) -> Path:
    """The files that a finished run leaves, as far as they are read."""
    folder.mkdir()
    columns = [
        asdict(Column(id=f"c{i}", name=name, kind=KINDS.get(name, "numeric"), why=""))  # type: ignore[arg-type]
        for i, name in enumerate(NAMES)
    ]
    context = {
        "plan": [], "columns": columns, "space": [], "engine": "", "title": "t", "notes": [], "profile": PROFILE
    }  # fmt: skip
    (folder / "context.json").write_text(json.dumps(context), encoding="utf-8")
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")
    (folder / "evaluation.json").write_text(json.dumps(to_document(scores or evaluation())), encoding="utf-8")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return run_folder(tmp_path / "run")


def accepted(text: str) -> str:
    """The file with every proposal accepted."""
    return "".join(line.removeprefix("# ") for line in text.splitlines(keepends=True))


def hints(found: review.Review) -> dict[str, dict[str, Any]]:
    by_name: dict[str, dict[str, Any]] = {}
    for one in found.proposals:
        by_name.setdefault(one.column, {}).update(one.values)
    return by_name


def test_what_the_data_show_clearly_is_proposed(run):
    assert hints(review.read(run)) == {
        "tenure": {"effect": "decreasing", "importance": "high"},
        "charges": {"effect": "increasing"},
        "noise": {"importance": "low"},
        "grade": {"order": ["low", "medium", "high"]},
        "wages": {"scale": "log"},
        ODD: {"effect": "increasing"},
    }


def test_nothing_is_in_force_until_the_marks_are_removed(run, tmp_path):
    assert main.main(["review", str(run), "-q"]) == 0
    text = (run / "hints.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text) is None
    file = tmp_path / "accepted.yaml"
    file.write_text(RECIPE + accepted(text), encoding="utf-8")
    features = read_recipe(file).knowledge.features
    assert tuple(features) == NAMES
    assert {name: hint.model_dump(mode="json", exclude_none=True) for name, hint in features.items()} == hints(
        review.read(run)
    )


def test_each_proposal_says_what_it_rests_on(run):
    (effect,) = [p for p in review.read(run).proposals if p.column == "tenure" and p.field == "effect"]
    assert "the probability of 'Yes' moves by -0.148" in effect.evidence
    assert "from 0 to 5, the same way for 100% of 200 rows and for all 5 models" in effect.evidence


def test_hints_of_the_recipe_are_listed_as_they_are(tmp_path):
    run = run_folder(tmp_path / "hinted", recipe=HINTED)
    text = review.to_yaml(review.read(run), run)
    mine = {"tenure": {"effect": "decreasing", "because": "loyal"}}
    assert yaml.safe_load(text) == {"knowledge": {"features": mine}}
    after = yaml.safe_load(accepted(text))["knowledge"]["features"]
    assert after["tenure"] == mine["tenure"]
    assert tuple(after) == NAMES


def test_a_column_whose_shuffling_costs_nothing_has_no_effect(run):
    quiet = replace(evaluation(), importance=(Importance(column="charges", drop=Interval(value=0, low=-1, high=1)),))
    columns, profile = review_inputs(run)
    found = review.review(quiet, columns, profile, Recipe())
    assert "charges" not in hints(found)
    assert hints(found)["tenure"] == {"effect": "decreasing"}


def review_inputs(run: Path) -> Any:
    from autoft.pipeline.run_folder import read_profile

    return read_profile(run)


def test_of_many_classes_one_is_chosen_and_named_as_in_the_table(tmp_path):
    target = Target(name="kind", task="multiclass", classes=(1, 2, 3))
    made = (curve("tenure", 0.03, label="1"), curve("tenure", -0.03, label="3"), curve("charges", -0.03, label="3"))
    scores = evaluation(task="multiclass", target=target, dependence=made)
    found = hints(review.read(run_folder(tmp_path / "many", scores=scores)))
    assert found["tenure"]["label"] == 3
    assert found["charges"] == {"effect": "decreasing", "label": 3}


def test_an_effect_on_categories_comes_with_their_order(tmp_path):
    grade = curve("grade", 0.03, kind="categorical", grid=tuple("abcdef"), cells=(0.1,) * 6)
    city = replace(grade, column="tenure", ordered=False)
    found = hints(review.read(run_folder(tmp_path / "graded", scores=evaluation(dependence=(grade, city)))))
    assert found["grade"] == {"order": ["low", "medium", "high"], "effect": "increasing"}
    assert "effect" not in found["tenure"]


def test_a_run_that_shows_nothing_gives_a_file_without_proposals(tmp_path, capsys):
    run = run_folder(tmp_path / "dull", scores=evaluation(dependence=(), importance=()))
    context = json.loads((run / "context.json").read_text(encoding="utf-8"))
    del context["profile"]  # as in older runs
    (run / "context.json").write_text(json.dumps(context), encoding="utf-8")
    assert main.main(["review", str(run)]) == 0
    assert "nothing clearly enough" in capsys.readouterr().out
    assert yaml.safe_load((run / "hints.yaml").read_text(encoding="utf-8")) is None


def test_the_table_on_the_screen(run, capsys, tmp_path):
    out = tmp_path / "mine.yaml"
    assert main.main(["review", str(run), "-o", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "7 proposals" in shown
    assert "effect: decreasing" in shown.replace("\n", "")
    assert out.exists()
    assert not (run / "hints.yaml").exists()


def test_a_file_that_people_may_have_edited_is_kept(run, capsys):
    (run / "hints.yaml").write_text("mine", encoding="utf-8")
    assert main.main(["review", str(run)]) == 1
    assert "Fix: choose another name with -o, or add --force." in capsys.readouterr().err
    assert (run / "hints.yaml").read_text(encoding="utf-8") == "mine"
    assert main.main(["review", str(run), "--force", "-q"]) == 0
    assert "knowledge:" in (run / "hints.yaml").read_text(encoding="utf-8")


def test_folders_that_are_no_finished_run(tmp_path, capsys, run):
    empty, begun, file = tmp_path / "empty", tmp_path / "begun", tmp_path / "file"
    empty.mkdir(), begun.mkdir()
    file.write_text("", encoding="utf-8")
    (begun / "journal.jsonl").write_text("", encoding="utf-8")
    for place, found in (
        (tmp_path / "absent", "it does not exist"),
        (file, "it is a file"),
        (empty, "there is no evaluation.json in it"),
        (begun, "its run is not finished"),
    ):
        assert main.main(["review", str(place), "-o", str(tmp_path / "x.yaml")]) == 1
        assert found in capsys.readouterr().err
    (run / "evaluation.json").write_text('{"version": 1}', encoding="utf-8")
    assert main.main(["review", str(run)]) == 1
    assert main.main(["review", str(run), "-o", str(tmp_path)]) == 1
    assert "it is a folder" in capsys.readouterr().err
    assert not (tmp_path / "x.yaml").exists()


def test_it_needs_neither_tensorflow_nor_keras(run):
    code = (
        "import sys\nfor name in ('tensorflow', 'keras', 'keras_tuner', 'sklearn'):\n    sys.modules[name] = None\n"
        "from autoft.cli.main import main\nsys.exit(main(['review', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]

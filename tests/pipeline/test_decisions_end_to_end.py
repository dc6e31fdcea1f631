"""Costs, gains and minima from the front door: what `predict` decides by, what report, files and screen say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import autoft
from autoft import AutoFineTuner
from autoft.cli.fit import show_evaluation
from autoft.errors import RecipeError, read_cells
from autoft.evaluation.document import from_document
from autoft.knowledge import decisions
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.split import split
from autoft.records.columns import Target
from tests.tables import tiny_recipe

CLASSES = ("high", "low", "mid")
MATRIX = {"high": {"low": 9.0, "mid": 5.0}, "mid": {"low": 2.0}}


def grades(rows: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, rows))
    grade = np.array(["low", "mid", "high"])[np.digitize(x + rng.normal(size=rows), [0.3, 1.3])]
    fraud = np.where(rng.random(rows) < 1 / (1 + np.exp(2 - 1.5 * x)), "yes", "no")
    worth = rng.exponential(8.0, rows).round(2)  # says nothing of the class
    return pd.DataFrame({"x": x, "z": z, "grade": grade, "fraud": fraud, "worth": worth})


def fitted(folder: Path, target: str, knowledge: dict[str, Any], **more: Any) -> AutoFineTuner:
    table = grades(300).drop(columns="fraud" if target == "grade" else "grade")
    table = table if "gain" in knowledge.get("knowledge.costs", {}) else table.drop(columns="worth")
    recipe = tiny_recipe(target=target, trials=1, seed=1, **{"search.epochs": 8}, **knowledge, **more)
    return AutoFineTuner(recipe=recipe, directory=folder / "run").fit(table)


def read(tuner: AutoFineTuner, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    show_evaluation(tuner.evaluation_, tuner.directory_, Console(width=300))
    return (tuner.directory_ / "report.html").read_text(encoding="utf-8"), capsys.readouterr().out


def test_a_matrix_of_three_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    tuner = fitted(tmp_path, "grade", {"knowledge.costs": {"matrix": MATRIX}}, objective="cost")
    table = np.array([[0.0, 9, 5], [1, 0, 1], [1, 2, 0]])
    new = grades(800, seed=1)
    proba, said = tuner.predict_proba(new), tuner.predict(new)
    assert (said == np.array(CLASSES)[np.argmin(proba @ table, axis=1)]).all()
    assert (said != np.array(CLASSES)[proba.argmax(axis=1)]).mean() > 0.05
    again = autoft.load(tuner.save(tmp_path / "model"))
    assert (again.predict(new) == said).all()
    evaluation = tuner.evaluation_
    spending = evaluation.spending
    assert spending is not None
    assert [one.label for one in spending.alternatives] == ["", *CLASSES]
    paid = np.mean([table[CLASSES.index(t), CLASSES.index(s)] for t, s in zip(new["grade"], said, strict=True)])
    assert spending.deployed.low * 0.8 < 1000 * paid < spending.deployed.high * 1.2
    assert from_document(json.loads((tuner.directory_ / "evaluation.json").read_text())).spending == spending
    assert again.evaluation_.finish.matrix == tuple(map(tuple, table.tolist()))
    report, screen = read(tuner, capsys)
    assert "Answering &#39;low&#39; where &#39;high&#39; is true costs 9." in report
    assert "The model&#39;s decisions cost" in report
    assert "Each row gets the answer with the lowest expected cost" in report
    assert "Decisions cost" in screen


def test_gains_of_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    costs = {"gain": "worth", "false_positive": 1.0}
    tuner = fitted(tmp_path, "fraud", {"knowledge.costs": costs}, positive="yes", objective="cost")
    evaluation = tuner.evaluation_
    assert 0.0 < evaluation.finish.threshold < 0.35
    assert evaluation.spending is not None
    assert len(evaluation.spending.curve) == 101
    report, screen = read(tuner, capsys)
    assert "A positive row that is found is worth its &#39;worth&#39;" in report
    assert "Held-out cost of a single fold&#39;s model at each threshold" in report
    assert "always &#39;" in screen or "always '" in screen or "threshold 0.5" in screen


def test_a_minimum(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    tuner = fitted(tmp_path, "fraud", {"knowledge.minimum": {"recall": 0.9}}, positive="yes")
    evaluation = tuner.evaluation_
    assert evaluation.spending is None
    assert evaluation.naive["recall"] >= 0.88
    assert evaluation.finish.threshold < 0.5
    assert "Decisions must have a recall of 0.9." in read(tuner, capsys)[0]
    assert from_document(json.loads((tuner.directory_ / "evaluation.json").read_text())).minimum == evaluation.minimum


def refused(target: str, table: pd.DataFrame, **knowledge: Any) -> str:
    recipe = tiny_recipe(target=target, **knowledge)
    with pytest.raises(RecipeError) as caught:
        split(recipe, inspect_table(recipe, table))
    return str(caught.value)


GRADES = grades(90)


@pytest.mark.parametrize(
    ("target", "knowledge", "words"),
    [
        ("grade", {"knowledge.costs": {"matrix": {"hihg": {"low": 2.0}}}}, "perhaps 'high' is meant"),
        ("grade", {"knowledge.costs": {"matrix": {"high": {"best": 2.0}}}}, "there is no 'best'"),
        (
            "grade",
            {"knowledge.costs": {"matrix": {t: dict.fromkeys(CLASSES, 3.0) for t in CLASSES}}},
            "leave something to decide",
        ),
        ("x", {"knowledge.costs": {"matrix": {"high": {"low": 2.0}}}}, "the task is regression"),
        ("grade", {"knowledge.minimum": {"recall": 0.9}}, "the task is multiclass"),
        ("x", {"knowledge.minimum": {"recall": 0.9}}, "the task is regression"),
        ("grade", {"knowledge.costs": {"gain": "worth", "false_positive": 1.0}}, "the task is multiclass"),
        ("fraud", {"knowledge.costs": {"gain": "wort", "false_positive": 1.0}}, "perhaps 'worth' is meant"),
        ("fraud", {"knowledge.costs": {"matrix": {"yes": {"no": 5000.0}}}}, "more than a factor of 999"),
    ],
)
def test_what_makes_no_sense_is_refused(target: str, knowledge: dict[str, Any], words: str):
    assert words in refused(target, GRADES, **knowledge)


@pytest.mark.parametrize(("cell", "shown"), [(np.nan, "no value"), (-2.0, "'-2.0'")])
def test_a_gain_must_be_known_where_the_row_is_positive(cell: float, shown: str):
    table = GRADES.copy()
    row = int(np.flatnonzero(table["fraud"] == "yes")[1])
    table.loc[row, "worth"] = cell
    table.loc[table["fraud"] == "no", "worth"] = np.nan  # nobody knows what those would have been worth
    problem = decisions.gains_of(table, "worth", (table["fraud"] == "yes").to_numpy())[1][0]
    assert problem.path == ("knowledge", "costs", "gain")
    assert read_cells("found", problem.found)[0].endswith(f"(first: row {row + 1:,}, {shown})")


def test_a_matrix_of_two_classes_is_a_threshold():
    target = Target(name="fraud", task="binary", classes=("no", "yes"), positive="yes")
    costs, problems = decisions.of_matrix({"yes": {"no": 7.0, "yes": 1.0}, "no": {"yes": 2.0}}, target)
    assert problems == ()
    assert costs is not None
    assert (costs.false_negative, costs.false_positive, costs.true_positive) == (7.0, 2.0, 1.0)
    assert costs.threshold == pytest.approx(0.25)  # 2 at stake in a negative row, 6 in a positive one


def test_class_weights_are_searched_where_a_miss_is_costly():
    from autoft.pipeline.space import rare_classes_count

    def searched(costs: dict[str, float], objective: str = "cost") -> bool:
        recipe = tiny_recipe(target="fraud", positive="yes", objective=objective, **{"knowledge.costs": costs})
        return rare_classes_count(split(recipe, inspect_table(recipe, GRADES)))

    assert searched({"false_negative": 5.0, "false_positive": 1.0})
    assert not searched({"false_negative": 1.0, "false_positive": 5.0})
    assert not searched({"false_negative": 5.0, "false_positive": 1.0}, objective="log_loss")

"""Calibration, threshold and costs from the front door: what `predict` decides by, and what the files say of it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import autoft
from autoft import AutoFineTuner, files
from autoft.cli.fit import show_evaluation
from autoft.errors import RecipeError
from autoft.evaluation.scores import scores
from autoft.records.decisions import DecisionRule
from autoft.records.problem import Problem, Truth
from autoft.search.journal import read
from autoft.serving import artifact
from tests.tables import tiny_recipe


def rare_table(rows: int, seed: int) -> pd.DataFrame:
    """One row in eight is positive, and hardly any more likely so than not."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, rows))
    fraud = rng.random(rows) < 1 / (1 + np.exp(2.6 - 1.3 * x))
    return pd.DataFrame({"x": x, "z": z, "kind": rng.choice(["a", "b"], rows), "fraud": np.where(fraud, "yes", "no")})


NEW = rare_table(4000, seed=1)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> AutoFineTuner:
    recipe = tiny_recipe(target="fraud", positive="yes", objective="f1", trials=2, seed=1)
    return AutoFineTuner(recipe=recipe, directory=tmp_path_factory.mktemp("tuned") / "run").fit(rare_table(600, seed=0))


def test_predict_decides_by_the_stored_threshold(tuned: AutoFineTuner):
    document = json.loads((tuned.directory_ / "evaluation.json").read_text())
    threshold = document["best"]["threshold"]
    assert 0.1 < threshold < 0.45
    assert json.loads((tuned.directory_ / "model" / "meta.json").read_text())["threshold"] == threshold
    labels, proba = tuned.predict(NEW), tuned.predict_proba(NEW)
    assert (labels == np.where(proba[:, 1] >= threshold, "yes", "no")).all()
    assert (labels != np.where(proba[:, 1] >= 0.5, "yes", "no")).mean() > 0.02


def test_the_tuned_f1_is_better_than_at_one_half_and_reported(tuned: AutoFineTuner):
    truth, proba = Truth(y=(NEW["fraud"] == "yes").to_numpy().astype(int)), tuned.predict_proba(NEW)
    problem = Problem(task="binary", objective="f1")
    at_half, at_own = (
        scores(truth, proba, problem, rule=DecisionRule(threshold=t))["f1"]
        for t in (0.5, tuned.evaluation_.finish.threshold)
    )
    assert at_own > at_half + 0.1
    held_out = tuned.evaluation_.metrics["f1"]
    assert held_out.low <= at_own <= held_out.high


def test_saved_and_loaded_models_answer_the_same(tuned: AutoFineTuner, tmp_path):
    again = autoft.load(tuned.save(tmp_path / "model"))
    np.testing.assert_allclose(again.predict_proba(NEW), tuned.predict_proba(NEW), rtol=0, atol=1e-6)
    assert (again.predict(NEW) == tuned.predict(NEW)).all()
    assert again.evaluation_.finish == tuned.evaluation_.finish


def test_a_second_fit_has_the_same_calibration_and_threshold(tuned: AutoFineTuner):
    recipe = tiny_recipe(target="fraud", positive="yes", objective="f1", trials=2, seed=1)
    again = AutoFineTuner(recipe=recipe, directory=tuned.directory_).fit(rare_table(600, seed=0))
    assert again.evaluation_.finish == tuned.evaluation_.finish
    assert again.evaluation_.bag_gain == tuned.evaluation_.bag_gain
    assert len([fact for fact in read(tuned.directory_ / "journal.jsonl").facts if fact["type"] == "gain"]) == 1


def test_report_and_screen_say_threshold_and_calibration(tuned: AutoFineTuner, capsys: pytest.CaptureFixture[str]):
    text = (tuned.directory_ / "report.html").read_text(encoding="utf-8")
    assert "counts as “yes” from a probability of " in text
    assert "The probabilities are " in text
    show_evaluation(tuned.evaluation_, tuned.directory_, Console(width=200))
    assert "A row counts as 'yes' from a probability of 0." in capsys.readouterr().out


def test_costs_are_reported_and_move_the_threshold(tmp_path):
    """Missing a case is nine times as dear as an alarm: alarms are worth it from one in ten on."""
    costs = {"false_negative": 9.0, "false_positive": 1.0}
    recipe = tiny_recipe(
        target="fraud", positive="yes", objective="cost", trials=1, seed=1, **{"knowledge.costs": costs}
    )
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path).fit(rare_table(400, seed=0))
    evaluation = tuner.evaluation_
    assert evaluation.objective == "cost"
    assert 0.03 < evaluation.finish.threshold < 0.25
    assert {"cost", "recall", "roc_auc"} <= set(evaluation.held_out)
    wrong = {"no": 9.0, "yes": 1.0}
    said, true = tuner.predict(NEW), NEW["fraud"].to_numpy()
    paid = np.mean([wrong[s] if s != t else 0.0 for s, t in zip(said, true, strict=True)])
    held_out = evaluation.metrics["cost"]
    assert held_out.low * 0.9 <= paid <= held_out.high * 1.1
    assert paid < 0.9 * min(1 - np.mean(true == "yes"), 9 * np.mean(true == "yes"))  # saying the same of every row
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "A missed positive row costs 9, a false alarm 1" in report


def test_costs_of_a_target_with_more_classes_are_refused():
    recipe = tiny_recipe(target="kind", **{"knowledge.costs": {"false_negative": 2.0}})
    table = pd.DataFrame({"x": np.random.default_rng(0).normal(size=60), "kind": ["a", "b", "c"] * 20})
    with pytest.raises(RecipeError, match="must only be given where the task is binary"):
        AutoFineTuner(recipe=recipe).fit(table)


def test_older_models_decide_at_one_half_and_nonsense_is_damage(tuned: AutoFineTuner, tmp_path):
    folder = tuned.save(tmp_path / "model")
    for value, expected in ((None, 0.5), (1.5, None), ("x", None), (float("nan"), None)):
        meta = json.loads((folder / "meta.json").read_text())
        meta.pop("threshold", None)
        if value is not None:
            meta["threshold"] = value
        (folder / "meta.json").write_text(json.dumps(meta))
        manifest = {"format": artifact.FORMAT, "sha256": files.digest_folder(folder, leave_out=("manifest.json",))}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        if expected is None:
            with pytest.raises(autoft.errors.ArtifactError, match="it is not what autoft writes"):
                artifact.load(folder)
        else:
            assert artifact.load(folder)[1].threshold == expected

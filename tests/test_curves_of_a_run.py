"""Curves in a whole run: they are kept, they can be reviewed, and nothing else depends on them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from conftest import features, tiny_recipe

from autoft import cli, review
from autoft.recipe import read_recipe
from autoft.stored import read_evaluation


def test_a_run_keeps_the_curves_of_columns_that_matter(binary):
    kept = read_evaluation(Path(binary.directory_)).dependence
    assert kept == binary.evaluation_.dependence
    losses = {line.column: line.drop.value for line in binary.evaluation_.importance}
    assert {"amount", "city"} <= {curve.column for curve in kept}
    assert all(losses[curve.column] > 0 for curve in kept)
    assert all(curve.label == "leaves" and len(curve.members) == 3 for curve in kept)
    page = (Path(binary.directory_) / "report.html").read_text(encoding="utf-8")
    assert "the probability of “leaves” really" in page
    amount = next(curve for curve in kept if curve.column == "amount")
    assert amount.mean[0] > amount.mean[-1]  # the table's signal rises with it


def test_a_run_can_be_reviewed_and_all_of_it_accepted(binary, table, tmp_path):
    run, out = Path(binary.directory_), tmp_path / "hints.yaml"
    assert cli.main(["review", str(run), "-o", str(out), "-q"]) == 0
    accepted = "".join(line.removeprefix("# ") for line in out.read_text(encoding="utf-8").splitlines(keepends=True))
    file = tmp_path / "next.yaml"
    file.write_text("data: {path: d.csv, target: outcome}\n" + accepted, encoding="utf-8")
    proposed = {one.column for one in review.read(run).proposals}
    assert set(read_recipe(file).knowledge.features) == proposed
    assert proposed <= set(features(table, "outcome").columns)


def test_training_score_and_model_are_the_same_without_curves(binary, table, tmp_path, monkeypatch):
    from autoft import AutoFineTuner
    from autoft.evaluate import dependence

    monkeypatch.setattr(dependence, "curves", lambda *_, **__: ((), ()))
    recipe = tiny_recipe(target="outcome", positive="leaves", seed=3)
    without = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(features(table, "outcome"))
    assert without.evaluation_.dependence == ()
    documents = [json.loads((Path(t.directory_) / "evaluation.json").read_text()) for t in (binary, without)]
    for document in documents:
        del document["seconds"], document["best"]["dependence"]
        for trial in document["trials"]:
            del trial["seconds"]
    assert documents[0] == documents[1]
    rows = features(table, "outcome")
    np.testing.assert_array_equal(binary.predict_proba(rows), without.predict_proba(rows))

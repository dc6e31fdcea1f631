"""Curves in a whole run: they are there, say what was planted, and change nothing else."""

from __future__ import annotations

import json

import numpy as np
import pytest

from autoft import AutoFineTuner
from autoft.cli import main
from autoft.evaluation import partial_dependence
from autoft.evaluation.document import from_document, to_document
from tests.tables import features, tiny_recipe


def test_a_run_has_curves_and_a_review(binary, tmp_path):
    found = {curve.column: curve for curve in binary.evaluation_.dependence}
    assert {"amount", "city", "member"} & set(found)
    assert {curve.label for curve in found.values()} == {"leaves"}
    for curve in found.values():
        assert len(curve.members) == 3
        assert all(0 <= value <= 1 for line in (curve.mean, *curve.lines) for value in line)
    document = json.loads((binary.directory_ / "evaluation.json").read_text(encoding="utf-8"))
    assert from_document(document).dependence == from_document(to_document(binary.evaluation_)).dependence
    page = (binary.directory_ / "report.html").read_text(encoding="utf-8")
    assert "really" in page
    out = tmp_path / "hints.yaml"
    assert main.main(["review", str(binary.directory_), "-o", str(out), "-q"]) == 0
    assert out.read_text(encoding="utf-8").startswith("## What the run in")


@pytest.mark.slow
def test_training_score_and_model_are_the_same_without_curves(binary, table, tmp_path, monkeypatch):
    monkeypatch.setattr(partial_dependence, "curves", lambda *args, **more: ((), ()))
    recipe = tiny_recipe(target="outcome", positive="leaves", seed=3)
    again = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(features(table, "outcome"))
    assert again.evaluation_.dependence == ()
    assert again.evaluation_.held_out == binary.evaluation_.held_out
    assert [trial.score for trial in again.evaluation_.trials] == [trial.score for trial in binary.evaluation_.trials]
    asked = features(table, "outcome")
    np.testing.assert_array_equal(again.predict_proba(asked), binary.predict_proba(asked))

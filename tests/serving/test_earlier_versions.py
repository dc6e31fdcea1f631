"""Runs of earlier versions, kept as they were written: they load, answer and report as they did then.

A run is added with a version whose files changed: the run folder without trials and report, and ``answers.json``.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from autoft import load
from autoft.search.journal import read
from tests.tables import features, mixed_table

ASSETS = sorted((Path(__file__).parents[1] / "assets").glob("run-*.zip"))


@pytest.mark.parametrize("asset", ASSETS, ids=[path.stem for path in ASSETS])
def test_an_earlier_run_answers_as_it_did(asset: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(asset) as archive:
        archive.extractall(tmp_path)
    answers = json.loads((tmp_path / "answers.json").read_text())
    new = features(mixed_table(12, seed=5), "outcome")
    tuner = load(tmp_path / "run")
    np.testing.assert_allclose(tuner.predict_proba(new), answers["probabilities"], atol=1e-4)
    assert tuner.predict(new).tolist() == answers["labels"]
    assert tuner.predict_findings_ == ()
    assert tuner.report(tmp_path / "report.html").stat().st_size > 10_000
    assert any(fact["type"] == "trial" for fact in read(tmp_path / "run" / "journal.jsonl").facts)

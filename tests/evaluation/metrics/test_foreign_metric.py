"""A metric from outside, from the recipe to the report and back from the saved model."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import autoft
from autoft import AutoFineTuner
from autoft.errors import RecipeError, SetupError
from autoft.evaluation.metrics import METRICS
from autoft.recipe.recipe import Recipe, json_schema
from autoft.testing import check_metric
from tests.tables import features, tiny_recipe

sys.path.insert(0, str(Path(__file__).parent))
from hit_rate import HitRateAtTop

NAME = HitRateAtTop.name


@pytest.fixture
def registered(monkeypatch):
    """The metric is registered during one test."""
    METRICS.names()  # loads those of installed packages
    monkeypatch.setattr(METRICS, "_things", dict(METRICS._things))
    return METRICS.register(HitRateAtTop)


def test_the_metric_keeps_the_contract():
    check_metric(HitRateAtTop())


def test_a_recipe_knows_the_metric_only_while_it_is_registered():
    with pytest.raises(RecipeError, match="Argument 'objective' must be one of auto, roc_auc"):
        Recipe().with_changes(objective=NAME)


@pytest.mark.usefixtures("registered")
def test_recipe_and_json_schema_have_the_metric():
    assert Recipe().with_changes(objective=NAME).evaluate.objective == NAME
    assert NAME in json.dumps(json_schema())
    with pytest.raises(RecipeError, match=f"perhaps '{NAME}' is meant"):
        Recipe().with_changes(objective="hit_rate_top")
    with pytest.raises(RecipeError, match=f"perhaps '{NAME}' is meant"):
        Recipe().with_changes(objective="precision_at_10")
    with pytest.raises(RecipeError, match="fit the task regression"):
        Recipe().with_changes(objective=NAME, task="regression")


@pytest.mark.slow  # tests/test_foreign_package.py has it in a run with other things
@pytest.mark.usefixtures("registered")
def test_a_foreign_objective_from_recipe_to_report(table, tmp_path: Path, monkeypatch):
    recipe = tiny_recipe(
        target="outcome", positive="leaves", objective=NAME, trials=2, seed=3, **{"evaluate.draws": 50}
    )
    rows = features(table, "outcome")
    rows.loc[rows.index % 5 == 0, "outcome"] = "stays"  # otherwise the top tenth has no mistakes
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(rows)
    score = tuner.evaluation_.metrics[NAME]
    assert 0.5 < score.value < 1
    assert score.low < score.value < score.high
    assert all(NAME in baseline.metrics for baseline in tuner.evaluation_.baselines)
    assert all(trial.score is not None for trial in tuner.evaluation_.trials)

    tuner.save(tmp_path / "saved")
    loaded = autoft.load(tmp_path / "saved")
    assert loaded.evaluation_.objective == NAME
    assert loaded.evaluation_.metrics[NAME] == score
    loaded.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert HitRateAtTop.label in page
    assert HitRateAtTop.meaning in page

    monkeypatch.undo()
    with pytest.raises(SetupError, match=f"objective '{NAME}'.*must be a metric that is registered"):
        autoft.load(tmp_path / "saved")

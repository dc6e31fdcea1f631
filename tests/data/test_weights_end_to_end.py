"""A column of weights, objectives that train their own loss, rare classes: from the recipe to the predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner
from autoft.errors import AutoFTError
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.forecast import plan
from autoft.pipeline.run_folder import journal_key
from autoft.pipeline.split import split
from autoft.recipe.recipe import Recipe
from tests.tables import features, mixed_table, tiny_recipe

WEIGHT = {"data.weight": "w"}
LINEAR = {"search.space": {"architecture": ["linear"], "batch_size": [16]}}


def dataset(recipe: Recipe, table: pd.DataFrame) -> Any:
    return split(recipe, inspect_table(recipe, table))


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ([-1.0], ["row 3", "'-1.0'", "not negative"]),
        ([np.nan], ["row 3", "no value"]),
        ([np.inf], ["row 3", "'inf'"]),
        (["much"], ["1 of 240", "row 3", "'much'"]),
        (0.0, ["above 0", "all are 0"]),
        (None, ["'data.weight'", "there is no 'w'"]),
    ],
)
def test_bad_weights_are_refused_in_four_parts(table: pd.DataFrame, weights: Any, told: list[str]):
    """By `autoft plan`, which imports no backend."""
    data = features(table, "outcome")
    if isinstance(weights, list):
        data = data.assign(w=pd.Series([1.0, 2.0, *weights, *[1.0] * 237], dtype=object))
    elif weights is not None:
        data = data.assign(w=weights)
    with pytest.raises(AutoFTError) as caught:
        plan(tiny_recipe(target="outcome", **WEIGHT), data)
    message = str(caught.value)
    assert all(part in message for part in (*told, "Fix: ")), message


def test_a_fold_without_weight_is_refused(table: pd.DataFrame):
    data = features(table, "outcome")
    data["w"] = (data.groupby("outcome").cumcount() < 2).astype(float)
    with pytest.raises(AutoFTError, match="a fold has none"):
        plan(tiny_recipe(target="outcome", folds=10, **WEIGHT), data)


@pytest.mark.parametrize("counting", [0, 1])
def test_a_class_without_weight_is_named(table: pd.DataFrame, counting: int):
    data = features(table, "outcome")
    stays = np.flatnonzero(data["outcome"] == "stays")
    data["w"] = 1.0
    data.loc[stays[counting:], "w"] = 0.0
    with pytest.raises(AutoFTError) as caught:
        inspect_table(tiny_recipe(target="outcome", **WEIGHT), data)
    told = f"'w' is 0 in {len(stays) - counting} of the {len(stays)} rows of class 'stays'"
    assert told in str(caught.value)
    assert "Fix: correct the weights" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"evaluate.quantile": 0.9}, "unless the objective is pinball"),
        ({"objective": "pinball"}, "come with a quantile"),
        ({"objective": "pinball", "evaluate.quantile": 1.0}, "less than 1"),
        ({"target": "w", **WEIGHT}, "that nothing else names"),
        ({"data.drop": ["w"], **WEIGHT}, "that nothing else names"),
        ({"evaluate.group": "w", **WEIGHT}, "not group or order"),
        ({"search.space": {"class_balance": [0.0, 1.5]}}, "at most 1"),
        ({"search.space": {"focal": [-1.0, 2.0]}}, "at least 0"),
    ],
)
def test_recipes_that_contradict_themselves(changes: dict[str, Any], told: str):
    with pytest.raises(AutoFTError, match=told):
        Recipe().with_changes(**changes)


def test_average_precision_is_pr_auc():
    assert Recipe().with_changes(objective="average_precision").evaluate.objective == "pr_auc"
    assert Recipe().with_changes(objective="average_precision") == Recipe().with_changes(objective="pr_auc")


def test_class_weights_are_searched_where_rare_labels_count(table: pd.DataFrame):
    data = features(table, "outcome")
    rare = pd.concat([data[data["outcome"] == "stays"], data[data["outcome"] == "leaves"][:15]], ignore_index=True)

    def space(frame: pd.DataFrame, **changes: Any) -> Any:
        return plan(tiny_recipe(target="outcome", **changes), frame).space

    assert space(rare, objective="f1")["class_balance"] == "0 to 1"
    assert "focal" not in space(rare, objective="f1")
    assert "class_balance" not in space(rare, objective="roc_auc")
    assert "class_balance" not in space(data, objective="f1")
    heavy = rare.assign(w=np.where(rare["outcome"] == "leaves", 9.0, 1.0))
    assert "class_balance" not in space(heavy, objective="f1", **WEIGHT), "by their weights they are not rare"
    wanted = space(data, **{"search.space": {"focal": [0.0, 3.0], "class_balance": [0.2, 0.8]}})
    assert (wanted["focal"], wanted["class_balance"]) == ("0 to 3", "0.2 to 0.8")
    with pytest.raises(AutoFTError, match="unless there are classes"):
        plan(tiny_recipe(target="value", **{"search.space": {"focal": [0.0, 3.0]}}), features(table, "value"))


def test_the_key_of_a_run_has_the_loss_and_the_weights(table: pd.DataFrame):
    data = features(table, "value").assign(w=1.0)

    def settings(**changes: Any) -> str:
        recipe = tiny_recipe(target="value", **changes)
        return journal_key(recipe, dataset(recipe, data))["settings"]

    plain = settings()
    assert settings(objective="r2") == plain, "squared errors are trained for it too"
    mae, high = settings(objective="mae"), settings(objective="pinball", **{"evaluate.quantile": 0.9})
    assert len({plain, mae, high, settings(**WEIGHT)}) == 4
    assert settings(objective="median_absolute_error") == mae


def test_weights_of_rows_without_a_target_do_not_matter(table: pd.DataFrame):
    data = features(table, "outcome").assign(w=np.arange(240.0))
    data.loc[5, ["outcome", "w"]] = None
    found = dataset(tiny_recipe(target="outcome", **WEIGHT, **{"schema.drop_missing_target": True}), data)
    assert found.weights.tolist() == [*range(5), *range(6, 240)]
    assert "w" not in {column.name for column in found.features}


def test_equal_weights_give_the_bits_of_no_weights(binary: AutoFineTuner, table: pd.DataFrame, tmp_path):
    """The same answers, scores and intervals; the column is no feature, and is not asked for."""
    data = features(table, "outcome")
    recipe = tiny_recipe(target="outcome", positive="leaves", seed=3, **WEIGHT)
    weighted = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(data.assign(w=1.0))
    np.testing.assert_array_equal(weighted.predict_proba(data), binary.predict_proba(data))
    assert weighted.evaluation_.held_out == binary.evaluation_.held_out
    assert weighted.evaluation_.baselines == binary.evaluation_.baselines
    assert weighted.evaluation_.bag_gain == binary.evaluation_.bag_gain


def test_a_weighted_quantile_from_the_recipe_to_the_report(tmp_path):
    """Rows of the lower half count four times: nine tenths of the weights lie below the predictions."""
    data = mixed_table()[["amount", "member", "value"]]
    data["w"] = np.where(data["value"] < data["value"].median(), 4.0, 1.0)
    changes = {"evaluate.objective": "pinball", "evaluate.quantile": 0.9, **WEIGHT}
    recipe = tiny_recipe(target="value", trials=2, **LINEAR, **changes)
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(data)
    answers = tuner.predict(data.drop(columns=["value", "w"]))
    assert 0.8 < np.average(data["value"] <= answers, weights=data["w"]) < 0.98
    own = tuner.evaluation_
    constant = next(b for b in own.baselines if b.name == "constant")
    assert own.held_out["pinball"].value < constant.metrics["pinball"].value
    assert own.objective == "pinball"
    assert "Pinball loss" in tuner.report(tmp_path / "report.html").read_text(encoding="utf-8")
    again = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(data)
    np.testing.assert_array_equal(again.predict(data), tuner.predict(data))
    assert [t.seconds for t in again.evaluation_.trials] == pytest.approx([t.seconds for t in own.trials], abs=1e-3)


def test_a_class_of_three_rows_is_trained_weighed_and_scored(table: pd.DataFrame, tmp_path):
    """Class weights are in the space by themselves, the default trial does without."""
    data = table[["amount", "member", "grade"]]
    few = np.flatnonzero(data["grade"] == "top")[3:]
    data = data.drop(index=few).reset_index(drop=True)
    recipe = tiny_recipe(target="grade", objective="f1", folds=5, trials=5, **LINEAR)
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(data)
    trials = tuner.evaluation_.trials
    assert trials[0].params["class_balance"] == 0.0
    assert any(trial.params["class_balance"] > 0 for trial in trials)
    assert all(trial.status != "failed" for trial in trials)
    assert any("class 'top' has 3" in finding.found for finding in tuner.findings_)
    assert all(np.isfinite(interval.value) for interval in tuner.evaluation_.held_out.values())
    assert tuner.predict_proba(data).shape == (len(data), 3)


def test_a_mistyped_weight_that_outweighs_all_others_is_said(table: pd.DataFrame):
    data = features(table, "outcome")
    odd = inspect_table(tiny_recipe(target="outcome", **WEIGHT), data.assign(w=[1.0] * 7 + [1e12] + [1.0] * 232))
    (line,) = [line for line in odd.findings if line.code == "dominant-weights"]
    assert (line.severity, line.column) == ("warning", "w")
    assert "240 rows so unevenly that they count as 1.0 (most: row 8, 1e+12)" in line.found
    usual = inspect_table(
        tiny_recipe(target="outcome", **WEIGHT), data.assign(w=np.random.default_rng(0).lognormal(0, 1, 240))
    )
    assert "dominant-weights" not in {line.code for line in usual.findings}

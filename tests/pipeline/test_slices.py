"""Slices and groups from the recipe to the files, and what they leave alone."""

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
from autoft.errors import RecipeError
from autoft.pipeline.describe import inspect_table
from autoft.recipe.recipe import read_recipe
from autoft.search.journal import read
from tests.tables import tiny_recipe

ROWS = 700
KNOWLEDGE: dict[str, Any] = {
    "slices": ["shop", "member", {"age": [0, 30, 60]}, "age", "code", "only"],
    "features": {"member": {"use": "audit"}},
}


def table(seed: int = 0) -> pd.DataFrame:
    """A target that x decides, but in one shop at one age, where it is a coin; some cells are missing."""
    rng = np.random.default_rng(seed)
    x, age = rng.normal(size=ROWS), rng.integers(0, 80, ROWS).astype(float)
    shop = rng.choice(["north", "south", "<b>west</b>"], ROWS)
    coin = (shop == "north") & (age >= 30) & (age <= 60)
    bought = np.where(coin, rng.random(ROWS) < 0.5, x > 0)
    age[rng.random(ROWS) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "x": x,
            "age": age,
            "shop": shop,
            "member": rng.choice(["yes", "no"], ROWS),
            "code": [f"K-{k:04d}" for k in range(ROWS)],
            "only": "same",
            "bought": np.where(bought, "yes", "no"),
        }
    )


def fit(folder: Path, knowledge: dict[str, Any], data: pd.DataFrame | None = None) -> AutoFineTuner:
    recipe = tiny_recipe(target="bought", positive="yes", trials=2, seed=1, knowledge=knowledge)
    return AutoFineTuner(recipe=recipe, directory=folder).fit(table() if data is None else data)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> AutoFineTuner:
    return fit(tmp_path_factory.mktemp("plain") / "run", {})


@pytest.fixture(scope="module")
def sliced(tmp_path_factory: pytest.TempPathFactory) -> AutoFineTuner:
    return fit(tmp_path_factory.mktemp("sliced") / "run", {"slices": KNOWLEDGE["slices"]})


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> AutoFineTuner:
    return fit(tmp_path_factory.mktemp("audited") / "run", KNOWLEDGE)


def test_every_declared_slice_has_every_metric_or_a_reason(sliced: AutoFineTuner):
    found = sliced.evaluation_.slices
    shop, member, ranges, quartiles, code, only = found.declared
    assert [one.group for one in ranges.slices] == ["[0, 30)", "[30, 60]", "outside", "missing"]
    assert {one.group for one in shop.slices} == {"north", "south", "<b>west</b>"}
    assert {one.group for one in member.slices} == {"no", "yes"}
    assert "quartiles" in quartiles.note
    assert "All rows are in one group" in only.note
    assert code.slices[-1].group == "other values"
    for column in found.declared:
        assert sum(one.rows for one in column.slices) == ROWS
        for one in column.slices:
            assert {*one.scores, *one.undefined} == set(sliced.evaluation_.held_out)
    assert code.slices[0].undefined["roc_auc"] == "one class only"
    assert only.slices[0].scores == found.whole.scores


def test_groups_are_those_of_the_table(sliced: AutoFineTuner):
    shop = sliced.evaluation_.slices.declared[0]
    assert {one.group: one.rows for one in shop.slices} == table()["shop"].value_counts().to_dict()


def test_all_rows_are_scored_as_the_model_but_for_the_gain(sliced: AutoFineTuner):
    evaluation = sliced.evaluation_
    for name, score in evaluation.slices.whole.scores.items():
        assert score.value == pytest.approx(evaluation.held_out[name].value - evaluation.bag_gain.get(name, 0.0))


def test_the_weakest_slice_is_the_planted_one(sliced: AutoFineTuner):
    weak = sliced.evaluation_.slices.weak
    assert weak.tried > 50
    worst = dict(weak.found[0].conditions)
    assert worst["shop"] == "north"
    assert worst["age"] == "[30, 60]"
    assert weak.found[0].loss.low > 1.5 * weak.found[0].elsewhere


def test_slices_change_nothing_about_the_training(plain: AutoFineTuner, sliced: AutoFineTuner):
    def trained(tuner: AutoFineTuner) -> list[Any]:
        kept = []
        for trial in tuner.evaluation_.trials:
            kept.append([trial.params, trial.score, trial.epochs, trial.curves])
        return kept

    assert trained(plain) == trained(sliced)
    assert plain.evaluation_.held_out == sliced.evaluation_.held_out
    assert plain.evaluation_.finish == sliced.evaluation_.finish
    assert read(plain.directory_ / "journal.jsonl").key == read(sliced.directory_ / "journal.jsonl").key
    new = table(seed=9).drop(columns="bought")
    np.testing.assert_array_equal(plain.predict_proba(new), sliced.predict_proba(new))


def test_a_search_is_made_without_being_asked(plain: AutoFineTuner):
    found = plain.evaluation_.slices
    assert found.weak.tried > 0
    assert (found.declared, found.gaps) == ((), ())


def test_groups_of_an_audited_column_are_compared(audited: AutoFineTuner):
    (gap,) = audited.evaluation_.slices.gaps
    assert gap.column == "member"
    assert gap.rows == table()["member"].value_counts().to_dict()
    assert [rate.name for rate in gap.rates] == ["selection_rate", "true_positive_rate", "false_positive_rate"]
    for rate in gap.rates:
        assert 0 <= rate.groups["yes"].low <= rate.groups["yes"].value <= rate.groups["yes"].high < 1
        assert rate.difference.low < 0 < rate.difference.high  # membership has nothing to do with it
    assert gap.rates[0].ratio.low < 1 < gap.rates[0].ratio.high


def test_slices_read_back_from_evaluation_json(audited: AutoFineTuner, tmp_path: Path):
    again = autoft.load(audited.directory_)
    assert again.evaluation_.slices == audited.evaluation_.slices
    document = json.loads((audited.directory_ / "evaluation.json").read_text(encoding="utf-8"))
    assert document["slices"]["declared"][0]["column"] == "shop"


def test_the_report_and_the_screen_tell_of_slices(audited: AutoFineTuner, plain: AutoFineTuner):
    page = (audited.directory_ / "report.html").read_text(encoding="utf-8")
    for text in (
        "Every metric by group of “shop”",
        "one class only",
        "The weakest slices",
        "furthest apart",
        "Scores are wanted by",
    ):
        assert text in page
    assert "&lt;b&gt;west&lt;/b&gt;" in page
    assert "<b>west" not in page
    console = Console(width=300, record=True)
    show_evaluation(audited.evaluation_, Path("run"), console)
    line = next(line for line in console.export_text().splitlines() if line.startswith("Weakest on"))
    assert "shop = north" in line
    assert "log_loss" in line


@pytest.mark.parametrize(
    ("knowledge", "told"),
    [
        ("  slices: [shop, shopp]", r"line 5, 'knowledge.slices\[1\]' must name a column .* perhaps 'shop' is meant"),
        ("  slices: [{shop: [0, 1]}]", "slices.0..shop' must be limits of a column of numbers.* categorical"),
        ("  slices: [bought]", "must not be the target"),
        ("  slices: [x]", "stays in the table, but data: drop: names it.*use: audit"),
        ("  features: {bought: {use: audit}}", "'bought' is the target"),
        ("  features: {member: {use: audit}, memberr: {use: audit}}", "perhaps 'member' is meant"),
        ("  slices: [shopp, {member: [0, 1]}]", "2 things are wrong"),
    ],
)
def test_bad_slices_are_refused_with_their_line_in_time(knowledge: str, told: str, tmp_path: Path):
    path = tmp_path / "r.yaml"
    path.write_text(
        "data: {path: d.csv, target: bought, drop: [x]}\nschema: {engine: none}\n\nknowledge:\n" + knowledge + "\n",
        encoding="utf-8",
    )
    with pytest.raises(RecipeError, match=told):
        inspect_table(read_recipe(path), table())


@pytest.mark.slow
def test_other_strategies_have_slices_too(tmp_path: Path):
    """A regression by an untouched holdout; three classes by nested evaluation."""
    rows = 300
    data = table().iloc[:rows]
    noisy = data["x"] + np.random.default_rng(5).normal(size=rows)
    grade = pd.cut(noisy, [-np.inf, -0.5, 0.5, np.inf], labels=["low", "mid", "top"]).astype(object)
    data = data.assign(value=100 + 3 * noisy, grade=grade)
    for target, strategy in (("value", "holdout"), ("grade", "nested")):
        changes = {"evaluate.strategy": strategy, "search.space": {"architecture": ["linear"], "batch_size": [32]}}
        recipe = tiny_recipe(target=target, trials=1, knowledge=KNOWLEDGE, **changes)
        others = [name for name in ("bought", "value", "grade") if name != target]
        evaluation = (
            AutoFineTuner(recipe=recipe, directory=tmp_path / target).fit(data.drop(columns=others)).evaluation_
        )
        found = evaluation.slices
        assert {name: score.value for name, score in found.whole.scores.items()} == pytest.approx(
            {name: score.value for name, score in evaluation.held_out.items()}
        )
        assert sum(one.rows for one in found.declared[0].slices) == found.whole.rows
        assert (found.whole.rows < rows) == (strategy == "holdout")
        assert len(found.gaps[0].rates) == (2 if target == "value" else 9)

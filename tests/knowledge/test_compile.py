"""Hints against a table: what they become, and everything that is wrong with them, with its line."""

import numpy as np
import pandas as pd
import pytest

from autoft.errors import RecipeError
from autoft.knowledge.describe import hinted_lines
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.split import split
from autoft.preprocessing.layout import describe_layout
from autoft.recipe.recipe import Recipe, read_recipe
from autoft.records.hints import Effect, Hints, RatioInput

ROWS = 60


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "income": rng.lognormal(10, 1, ROWS).round(2),
            "balance": rng.normal(0, 100, ROWS).round(2),
            "rooms": rng.integers(1, 9, ROWS),
            "grade": rng.choice(["low", "mid", "high"], ROWS),
            "colour": rng.choice(["red", "blue"], ROWS),
            "shop": [f"shop {k % 20}" for k in range(ROWS)],
            "key": [f"C-{k:05d}" for k in rng.permutation(ROWS)],
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), unit="D"),
            "left": np.where(rng.random(ROWS) < 0.4, "yes", "no"),
            "kind": rng.choice(["a", "b", "c"], ROWS),
            "price": rng.normal(100, 10, ROWS),
        }
    )


def description(target="left", **knowledge):
    changes = {f"knowledge.{key}": value for key, value in knowledge.items()}
    drop = [name for name in ("left", "kind", "price") if name != target]
    recipe = Recipe().with_changes(target=target, **{"schema.engine": "none", "data.drop": drop}, **changes)
    return inspect_table(recipe, table())


def test_what_hints_become():
    found = description(
        features={
            "income": {"scale": "log", "between": [0, 1e9], "unit": "USD"},
            "grade": {"order": ["low", "mid", "high"], "effect": "decreasing"},
            "since": {"effect": "increasing"},
            "share": {"effect": "increasing", "importance": "high"},
        },
        ratios=[{"name": "share", "of": ["income", "rooms"]}],
        interactions=[["balance", "colour"]],
        no_interaction=[["grade", "shop"]],
    )
    assert found.hints == Hints(
        effects=(
            Effect(column="c003", sign=-1, output=1),
            Effect(column="c007", sign=1, output=1),
            Effect(column="r000", sign=1, output=1),
        ),
        logs=("c000",),
        ratios=(RatioInput(id="r000", name="share", numerator="c000", denominator="c002"),),
        crosses=(("c001", "c004"),),
        apart=(("c003", "c005"),),
        importance={"r000": "high"},
    )
    assert next(c for c in found.columns if c.name == "grade").order == ("low", "mid", "high")


def test_effects_are_about_the_positive_or_the_named_class():
    assert description(features={"rooms": {"effect": "increasing"}}).hints.effects[0].sign == 1
    about_no = description(features={"rooms": {"effect": "increasing", "label": "no"}}).hints.effects[0]
    assert (about_no.sign, about_no.output) == (-1, 1)
    about_b = description("kind", features={"rooms": {"effect": "decreasing", "label": "b"}}).hints.effects[0]
    assert (about_b.sign, about_b.output) == (-1, 1)
    assert description("price", features={"rooms": {"effect": "increasing"}}).hints.effects[0].output is None


@pytest.mark.parametrize(
    ("target", "knowledge", "expected"),
    [
        ("left", {"features": {"incme": {"importance": "low"}}}, "there is no 'incme'. Fix: perhaps 'income' is meant"),
        ("left", {"features": {"left": {"importance": "low"}}}, "'left' is the target"),
        ("left", {"features": {"key": {"importance": "low"}}}, "'key' is identifier"),
        ("left", {"features": {"colour": {"effect": "increasing"}}}, "'colour' is categorical, which has no order"),
        ("left", {"features": {"grade": {"order": ["low", "high"]}}}, "the table also has 'mid'"),
        ("left", {"features": {"rooms": {"order": ["1", "2"]}}}, "must be of categories, but the column is numeric"),
        ("left", {"features": {"rooms": {"between": [2, 9]}}}, "must lie between 2 and 9, but"),
        ("left", {"features": {"colour": {"between": [2, 9]}}}, "must be of numbers, but the column is categorical"),
        ("left", {"features": {"balance": {"scale": "log"}}}, "negative values (first: row"),
        ("left", {"features": {"colour": {"scale": "log"}}}, "must be of numbers, but the column is categorical"),
        ("left", {"features": {"rooms": {"effect": "increasing", "label": "maybe"}}}, "name one of 'no' or 'yes'"),
        ("price", {"features": {"rooms": {"effect": "increasing", "label": "x"}}}, "the task is regression"),
        ("kind", {"features": {"rooms": {"effect": "increasing"}}}, "must say which class an effect is about"),
        (
            "kind",
            {
                "features": {
                    "rooms": {"effect": "increasing", "label": "a"},
                    "income": {"effect": "increasing", "label": "b"},
                }
            },
            "effects on 2 classes are given",
        ),
        (
            "left",
            {"features": {"rooms": {"effect": "increasing"}}, "ratios": [{"name": "r", "of": ["income", "rooms"]}]},
            "'rooms' is also part of the ratio 'r', which moves with it. Fix: give the effect to the ratio 'r'",
        ),
        (
            "left",
            {"features": {"rooms": {"effect": "increasing"}}, "interactions": [["rooms", "colour"]]},
            "also part of the interaction of 'rooms' and 'colour'",
        ),
        ("left", {"ratios": [{"name": "rooms", "of": ["income", "balance"]}]}, "a column is called 'rooms'"),
        ("left", {"ratios": [{"name": "r", "of": ["income", "colour"]}]}, "must be of two numeric columns"),
        ("left", {"interactions": [["rooms", "shop"]]}, "'shop' has more than 16 categories or is text"),
        ("left", {"features": {"rooms": {"use": "never"}}, "interactions": [["rooms", "colour"]]}, "is not to be used"),
        ("left", {"slices": ["colr"]}, "perhaps 'colour' is meant"),
        ("left", {"slices": [{"colour": [1, 2]}]}, "'colour' is understood as categorical"),
        ("kind", {"costs": {"matrix": {"a": {"d": 1}}}}, "must name classes of the target, but there is no 'd'"),
        ("left", {"costs": {"gain": "colour", "false_positive": 1}}, "must be a numeric column"),
        ("kind", {"costs": {"gain": "rooms", "false_positive": 1}}, "must only be given where the task is binary"),
        (
            "kind",
            {"costs": {"false_negative": 5}},
            "must only be given where the task is binary, but the task is multicl",
        ),
        ("price", {"costs": {"false_negative": 5}}, "must only be given where there are classes"),
        ("price", {"costs": {"matrix": {"a": {"b": 1}}}}, "must only be given where there are classes"),
        ("kind", {"minimum": {"recall": 0.8}}, "must only be given where there are two classes, but the task is"),
        (
            "left",
            {"features": {"grade": {"order": ["low", "Mid", "high"]}}},
            "write 'mid' for 'Mid', as the table does",
        ),
        (
            "left",
            {"features": {"price": {"effect": "increasing"}}},
            "must name a column that stays in the table, but data",
        ),
        (
            "left",
            {"features": {"r": {"scale": "log"}}, "ratios": [{"name": "r", "of": ["balance", "rooms"]}]},
            "must be of amounts",
        ),
        (
            "left",
            {"no_interaction": [["rooms", "income"]], "ratios": [{"name": "r", "of": ["income", "rooms"]}]},
            "the ratio 'r' is made of both. Fix: remove the ratio 'r', or this pair",
        ),
        (
            "left",
            {
                "interactions": [["r", "colour"]],
                "no_interaction": [["rooms", "colour"]],
                "ratios": [{"name": "r", "of": ["income", "rooms"]}],
            },
            "the interaction of 'r' and 'colour' is made of both",
        ),
        ("left", {"interactions": [["rooms", "colour"], ["colour", "rooms"]]}, "'colour' and 'rooms' are named before"),
        (
            "left",
            {
                "no_interaction": [
                    *[["income", "balance"], ["rooms", "grade"], ["colour", "shop"], ["since", "a"], ["b", "c"]]
                ]
            },
            "no more than 8 groups",
        ),
    ],
)
def test_problems(target, knowledge, expected):
    with pytest.raises(RecipeError) as caught:
        description(target, **knowledge)
    assert expected in str(caught.value)


def test_all_problems_are_named_together_with_their_lines(tmp_path):
    (tmp_path / "r.yaml").write_text(
        "data: {target: left, drop: [kind, nope, price], columns: {keyy: numeric}}\n"
        "knowledge:\n"
        "  features:\n"
        "    incme: {effect: increasing}\n"
        "    grade: {order: [low, high]}\n"
        "  no_interaction: [[rooms, nowhere]]\n"
        "evaluate: {group: kind}\n",
        encoding="utf-8",
    )
    with pytest.raises(RecipeError) as caught:
        inspect_table(read_recipe(tmp_path / "r.yaml"), table())
    text = str(caught.value)
    assert "6 things are wrong" in text
    places = ("line 1, 'data.drop[1]'", "line 1, 'data.columns.keyy'", "line 4, 'knowledge.features.incme'")
    for part in (*places, "line 5, 'knowledge.features.grade.order'", "line 6", "line 7, 'evaluate.group'"):
        assert part in text
    with pytest.raises(RecipeError, match=r"line 4, 'knowledge\.features\.incme'"):
        inspect_table(read_recipe(tmp_path / "r.yaml").with_changes(trials=3), table())


def test_a_column_that_is_never_used_is_no_reason_for_warnings():
    leaking = table().assign(after=lambda f: (f["left"] == "yes") * 1.0)
    hint = {"after": {"use": "never", "because": "known only afterwards"}, "key": {"use": "never"}}
    recipe = Recipe().with_changes(target="left", **{"schema.engine": "none"})
    warned = inspect_table(recipe, leaking).findings
    assert {f.column for f in warned if f.severity in ("warning", "error")} >= {"after", "key"}
    told = inspect_table(recipe.with_changes(**{"knowledge.features": hint}), leaking)
    assert not [f for f in told.findings if f.column in ("after", "key")]
    dataset = split(recipe.with_changes(**{"knowledge.features": hint}), told)
    assert not {"after", "key"} & {c.name for c in dataset.features}
    assert {"after", "key"} <= {c.name for c in dataset.description.columns}


def test_orders_are_compared_as_cells_are():
    sizes = table().assign(size=np.where(table()["rooms"] > 4, "1.0", "2"))
    changes = {"data.columns": {"size": "categorical"}, "knowledge.features": {"size": {"order": ["2.0", "1"]}}}
    recipe = Recipe().with_changes(target="left", **{"schema.engine": "none"}, **changes)
    columns = inspect_table(recipe, sizes).columns
    assert next(c for c in columns if c.name == "size").order == ("2", "1")


def test_columns_that_repairs_drop_and_the_weight_are_no_inputs():
    twice = table().assign(again=lambda f: f["income"])
    changes = {"preprocess.accept": ["identical-columns"], "data.weight": "rooms"}
    hints = {"again": {"effect": "increasing"}, "rooms": {"effect": "increasing"}}
    recipe = Recipe().with_changes(target="left", **{"schema.engine": "none", "knowledge.features": hints}, **changes)
    with pytest.raises(RecipeError) as caught:
        inspect_table(recipe, twice)
    assert "identical-columns drops 'again'" in str(caught.value)
    assert "'rooms' is the weight of the rows" in str(caught.value)


def test_the_plan_has_units_and_columns_that_are_not_used():
    features = {
        "income": {"unit": "USD", "importance": "high"},
        "rooms": {"use": "never", "because": "known only afterwards"},
        "grade": {"use": "audit"},
    }
    costs = {"gain": "price", "false_positive": 1}
    recipe = Recipe().with_changes(
        target="left",
        **{"schema.engine": "none", "data.drop": ["kind"], "knowledge.features": features, "knowledge.costs": costs},
    )
    dataset = split(recipe, inspect_table(recipe, table()))
    described = describe_layout(dataset.layout, dataset.features)
    lines = {line.column: line for line in hinted_lines(described, recipe.knowledge, dataset.description.columns)}
    assert list(lines)[:3] == ["income", "balance", "rooms"]
    assert lines["income"].text.startswith("In USD. The median")
    assert (lines["rooms"].text, lines["rooms"].inputs) == ("Never an input: known only afterwards.", 0)
    assert lines["grade"].text == "Never an input; its groups are compared."
    assert lines["price"].text == "Not an input: it says what a positive row is worth."
    assert not {"rooms", "grade", "price"} & {column.name for column in dataset.features}

    from autoft.pipeline.effects import recipe_notes

    assert "'rooms' is never an input (known only afterwards)." in recipe_notes(recipe, dataset)


@pytest.mark.parametrize("engine", ["portable", "tfdv"])
def test_a_known_range_is_enforced_on_numbers_from_a_file_too(engine, tmp_path, monkeypatch):
    if engine == "tfdv":
        pytest.importorskip("tensorflow_data_validation")
    monkeypatch.chdir(tmp_path)
    recipe = Recipe().with_changes(
        target="left",
        **{
            "schema.engine": engine,
            "schema.file": "s.pbtxt",
            "data.drop": ["kind", "price"],
            "knowledge.features": {"rooms": {"between": [0, 12]}, "income": {"between": [0, 1e9]}},
        },
    )
    table().to_csv(tmp_path / "first.csv", index=False)
    table().assign(rooms=lambda f: f["rooms"] * 5, income=lambda f: f["income"] - 1e8).to_csv(tmp_path / "second.csv")
    inspect_table(recipe, tmp_path / "first.csv", write_schema=True)
    without = recipe.with_changes(**{"knowledge.features": {}})
    findings = inspect_table(without, tmp_path / "second.csv").findings
    assert {f.column for f in findings if f.severity == "error"} >= {"rooms", "income"}


def test_a_known_range_is_in_the_schema():
    recipe = Recipe().with_changes(
        target="left",
        **{
            "schema.engine": "portable",
            "data.drop": ["kind", "price"],
            "knowledge.features": {"rooms": {"between": [0, 12.5]}, "balance": {"between": [-1e4, 1e4]}},
        },
    )
    contract = inspect_table(recipe, table()).contract
    by_name = {feature.name: feature for feature in contract.schema.feature}
    assert (by_name["rooms"].int_domain.min, by_name["rooms"].int_domain.max) == (0, 12)
    assert by_name["balance"].float_domain.max == 1e4


def test_other_hints_about_inputs_are_another_run():
    from autoft.pipeline.run_folder import journal_key

    keys = []
    for scale in (None, "log"):
        features = {"income": {"scale": scale, "between": [0, 1e9]}}
        recipe = Recipe().with_changes(
            target="left", **{"schema.engine": "none", "data.drop": ["kind", "price"], "knowledge.features": features}
        )
        dataset = split(recipe, inspect_table(recipe, table()))
        keys.append(journal_key(recipe, dataset)["settings"])
    assert keys[0] != keys[1]


def test_columns_that_are_no_inputs_have_no_part_in_training():
    """Never, audit and gain: whatever stands in them, the network's cells, targets and blocks are the same."""
    knowledge = {
        "knowledge.features": {"key": {"use": "never"}, "grade": {"use": "audit"}},
        "knowledge.costs": {"gain": "price", "false_positive": 1.0},
    }
    recipe = Recipe().with_changes(target="left", **{"schema.engine": "none", "data.drop": ["kind"]}, **knowledge)
    other = table().assign(key=[f"D-{k:07d}" for k in range(ROWS)], grade=["low", "high"] * (ROWS // 2), price=7.5)
    one, two = (split(recipe, inspect_table(recipe, frame)) for frame in (table(), other))
    assert not {"key", "grade", "price"} & {column.name for column in one.features}
    np.testing.assert_array_equal(one.encoded.numbers, two.encoded.numbers)
    np.testing.assert_array_equal(one.encoded.codes, two.encoded.codes)
    np.testing.assert_array_equal(one.y, two.y)
    np.testing.assert_array_equal(one.split.blocks, two.split.blocks)
    assert one.layout.measured == two.layout.measured

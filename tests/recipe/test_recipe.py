"""Recipes: defaults, errors that name line and nearest name, overrides, YAML round trip, shipped examples."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from autoft.errors import RecipeError
from autoft.recipe.messages import Mistake
from autoft.recipe.recipe import ARGUMENTS, Recipe, json_schema, read_recipe, recipe_of
from autoft.records.decisions import Costs

RECIPES = Path(__file__).parents[2] / "recipes"
SHIPPED = sorted(RECIPES.glob("*.yaml"))

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(text: str) -> Path:
        path = tmp_path / "r.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def error(path: Path) -> str:
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    return str(caught.value)


def test_defaults() -> None:
    recipe = Recipe()
    assert (recipe.name, recipe.task, recipe.seed) == ("run", "auto", 0)
    assert (recipe.search.algorithm, recipe.search.trials, recipe.search.minutes) == ("bayesian", None, None)
    assert recipe.search.most_trials == 30
    assert recipe.with_changes(minutes=5).search.most_trials is None
    assert recipe.with_changes(minutes=5, trials=40).search.most_trials == 40
    assert (recipe.search.epochs, recipe.search.patience) == (100, 12)
    assert (recipe.evaluate.folds, recipe.evaluate.objective, recipe.evaluate.strategy) == (5, "auto", "corrected")
    assert (recipe.evaluate.draws, recipe.evaluate.holdout) == (500, 0.2)
    assert (recipe.schema_.engine, recipe.schema_.drop_missing_target) == ("auto", False)
    assert recipe.preprocess.numeric.outliers == "clip"
    assert (recipe.preprocess.categorical.max_categories, recipe.preprocess.categorical.embed_above) == (200, 16)


def test_reads_every_section(write: Write) -> None:
    recipe = read_recipe(
        write(
            "name: a-1\ntask: binary\nseed: 3\n"
            "data: {path: d/x.csv, target: y, positive: 1, columns: {zip: categorical, 2020: numeric}, drop: [id]}\n"
            "schema: {file: s.pbtxt, engine: none, drop_missing_target: true, allow_leak: [z]}\n"
            "preprocess: {numeric: {outliers: keep}, categorical: {max_categories: 50, embed_above: 8}}\n"
            "search: {algorithm: random, trials: 4, minutes: 2, epochs: 9, patience: 3, space: {width: [8, 16],\n"
            "  depth: [1], batch_size: [32], activation: [relu, gelu], embedding: [4], learning_rate: [1e-4, 1e-2],\n"
            "  dropout: [0, 0.3], l2: [1e-6, 1e-3]}}\n"
            "evaluate: {folds: 3, objective: pr_auc, strategy: nested, draws: 100, group: g, time: t, holdout: 0.3}\n"
            "knowledge: {costs: {false_negative: 5}}\n"
            "report: {title: T}\n"
        )
    )
    assert recipe.evaluate.calibration == "auto"
    assert recipe.knowledge.costs.stated() == Costs(false_negative=5.0, false_positive=1.0)
    assert recipe.data.positive == 1
    assert recipe.data.columns == {"zip": "categorical", "2020": "numeric"}
    assert recipe.search.minutes == 2.0
    assert recipe.search.space.width == (8, 16)
    assert recipe.search.space.learning_rate == (1e-4, 1e-2)
    assert recipe.search.space.dropout == (0.0, 0.3)
    assert recipe.evaluate.group == "g"
    with pytest.raises(ValidationError):
        recipe.seed = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: a\nserach: {}\n", ["line 2", "'serach'", "perhaps 'search'"]),
        ("a: 1\n", ["line 1", "use one of: name, task"]),
        ("search:\n  trails: 3\n", ["line 2", "'search.trails'", "perhaps 'trials'"]),
        ("trials: 3\n", ["line 1", "write it under 'search'"]),
        ("search: {dropout: [0, .3]}\n", ["write it under 'search.space'"]),
        ("schema_: {}\n", ["perhaps 'schema'"]),
        ("evaluate:\n  objective: auc\n", ["line 2", 'it is "auc"', "perhaps 'roc_auc'"]),
        ("task: regresion\n", ["perhaps 'regression'"]),
        ("data: {columns: {a: numerc}}\n", ["'data.columns.a'", "perhaps 'numeric'"]),
        ("search: {trials: '3'}\n", ["whole number", 'it is "3"']),
        ("search: {trials: 3.0}\n", ["whole number", "it is 3.0"]),
        ("search: {trials: true}\n", ["whole number", "it is true"]),
        ("search: {trials: 0}\n", ["at least 1"]),
        ("search: {minutes: 0}\n", ["more than 0"]),
        ("search: {minutes: .nan}\n", ["finite"]),
        ("search: {epochs: 10001}\n", ["at most 10000"]),
        ("search:\n", ["'search'", "section", "nothing stands there"]),
        ("evaluate: {folds: 51}\n", ["at most 50"]),
        ("evaluate: {draws: 49}\n", ["at least 50"]),
        ("evaluate: {draws: 10000000000}\n", ["at most 10000"]),
        ("search: {trials: 10001}\n", ["at most 10000"]),
        ("search: {minutes: 525601}\n", ["at most 525600"]),
        ("search: {patience: 10001}\n", ["at most 10000"]),
        ("evaluate: {holdout: 0.6}\n", ["at most 0.5"]),
        ("data: {target: 2020}\n", ["'data.target' must be text", "quotes"]),
        ("data: {positive: [1]}\n", ["one value"]),
        ("data: {drop: id}\n", ["must be a list"]),
        ("data:\n  target: y\n  drop: [y]\n", ["line 3", "'data.drop'", "target"]),
        ("schema: {drop_missing_target: yes}\n", ["true or false", 'it is "yes"']),
        ("search: {space: {dropout: [0.2, 0.2]}}\n", ["rise from low to high"]),
        ("search: {space: {dropout: [0, 1]}}\n", ["less than 1"]),
        ("search: {space: {l2: [0, 1]}}\n", ["'search.space.l2[0]'", "more than 0"]),
        ("search: {space: {l2: [1]}}\n", ["'search.space.l2' must be a list of two values"]),
        ("search: {space: {l2: [1, 2, 3]}}\n", ["a list of two values"]),
        ("search: {space: {width: []}}\n", ["1 or more values"]),
        ("search: {space: {architecture: [mpl]}}\n", ["line 1, 'search.space.architecture[0]' must", "perhaps 'mlp'"]),
        ("search: {families: [tree]}\n", ["line 1, 'search.families[0]' must", "perhaps 'trees'"]),
        ("search: {families: 3}\n", ["'search.families' must be a list"]),
        (
            "search: {families: trees, space: {architecture: [mlp]}}\n",
            ["'search.families' must be the only place that names kinds of models", "remove one of the two"],
        ),
        ("knowledge: {slices: [{age: [1]}]}\n", ["line 1, 'knowledge.slices[0].age' must hold 2 or more"]),
        ("search: {space: {width: [8, 8]}}\n", ["every value once"]),
        ("search:\n  space:\n    width:\n      - 8\n      - x\n", ["line 5", "'search.space.width[1]'"]),
        ("task: regression\nevaluate: {objective: f1}\n", ["line 2", "fit the task regression"]),
        ("task: binary\nevaluate: {objective: rmse}\n", ["fit the task binary"]),
        ("task: multiclass\ndata: {positive: a}\n", ["line 2", "'data.positive'"]),
        ("- a\n", ["sections"]),
        ("", ["empty"]),
    ],
)
def test_an_error_names_line_place_and_fix(write: Write, text: str, words: list[str]) -> None:
    message = error(write(text))
    assert message.startswith("Recipe r.yaml")
    assert [word for word in words if word not in message] == []


def test_all_mistakes_are_listed_in_the_order_of_the_file(write: Write) -> None:
    message = error(
        write("evaluate: {folds: 1}\nsearch:\n  trials: x\n  nope: 1\ndata: {path: ../a.csv}\nseed: -1\ntask: a\n")
    )
    assert "6 things are wrong" in message
    lines = [message.index(f"line {line}, '{key}'") for line, key in [(1, "evaluate.folds"), (3, "search.trials")]]
    lines += [message.index(f"line {line}, '{key}'") for line, key in [(4, "search.nope"), (5, "data.path")]]
    lines += [message.index(f"line {line}, '{key}'") for line, key in [(6, "seed"), (7, "task")]]
    assert lines == sorted(lines)


def test_a_missing_or_unreadable_file(tmp_path: Path) -> None:
    assert "no file" in error(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")
    assert "UTF-8" in error(tmp_path / "latin.yaml")
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfname: bom\n")
    assert read_recipe(tmp_path / "bom.yaml").name == "bom"


def test_a_recipe_can_be_pickled_and_still_knows_its_lines(write: Write) -> None:
    recipe = read_recipe(write("name: churn\ndata: {path: c.csv, target: Churn}\n")).with_changes(trials=7)
    again = pickle.loads(pickle.dumps(recipe))
    assert again == recipe
    with pytest.raises(RecipeError, match=r"line 2, 'data.target'"):
        again.refuse([Mistake(("data", "target"), "be there", "it is not", "correct it")])


def test_with_changes_overrides_and_keeps_the_rest(write: Write) -> None:
    recipe = read_recipe(write("data: {path: x.csv, target: y}\nsearch: {minutes: 3}\n"))
    changed = recipe.with_changes(
        target="z", task="binary", objective="f1", trials=np.int64(2), minutes=None, seed=9, folds=3, positive=False
    )
    assert (changed.data.target, changed.task, changed.evaluate.objective) == ("z", "binary", "f1")
    assert (changed.search.trials, changed.search.minutes, changed.seed) == (2, 3.0, 9)
    assert changed.data.positive is False
    assert changed.data_path() == recipe.data_path(), "the folder goes with the copy"
    assert recipe.data.target == "y", "the original is untouched"
    assert recipe.with_changes(**{"search.patience": 5}).search.patience == 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trials": 0}, ["Argument 'trials' must be at least 1"]),
        ({"objective": "auc"}, ["Argument 'objective'", "perhaps 'roc_auc'"]),
        ({"target": 3}, ["Argument 'target' must be text"]),
        ({"minutes": float("nan")}, ["Argument 'minutes'"]),
        ({"tirals": 3}, ["Argument 'tirals'", "perhaps 'trials'"]),
        ({"trials": 0, "folds": 1}, ["2 things are wrong", "argument 'trials'", "argument 'folds'"]),
        ({"task": "regression", "objective": "f1"}, ["Argument 'objective' must fit the task"]),
    ],
)
def test_bad_changes_name_the_argument(changes: dict[str, object], words: list[str]) -> None:
    with pytest.raises(RecipeError) as caught:
        Recipe().with_changes(**changes)
    assert [word for word in words if word not in str(caught.value)] == []


def test_every_argument_is_a_value_of_the_recipe() -> None:
    values = Recipe().model_dump(by_alias=True)
    for path in ARGUMENTS.values():
        section, key = path.split(".")
        assert key in values[section]


def test_yaml_says_the_essentials_and_what_differs() -> None:
    text = Recipe().with_changes(target="y", **{"search.patience": 3}).to_yaml()
    assert yaml.safe_load(text) == {
        "name": "run",
        "task": "auto",
        "seed": 0,
        "data": {"target": "y"},
        "search": {"algorithm": "bayesian", "patience": 3},
        "evaluate": {"folds": 5, "objective": "auto", "strategy": "corrected"},
    }


BREAKS = st.text(st.sampled_from("a \t\n\r\x85\u2028\u2029\ufeff'\"\\:#-"), min_size=1, max_size=12)
TEXTS = (
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
    | BREAKS
    | st.sampled_from(
        [
            "yes",
            "1e-3",
            "012",
            "12:30",
            "true",
            "~",
            "null",
            "0x1F",
            "0o7",
            ".5",
            "=",
            "<<",
            "- a",
            "a: b",
            "# c",
            " a ",
        ]
    )
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=TEXTS,
    positive=TEXTS | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    columns=st.dictionaries(TEXTS, st.sampled_from(["numeric", "text"]), max_size=3),
    minutes=st.none() | st.floats(min_value=1e-9, max_value=525_600),
    l2=st.tuples(st.floats(1e-12, 1e-6), st.floats(1e-5, 1)),
    missing=st.lists(TEXTS, max_size=2, unique=True),
    features=st.dictionaries(
        TEXTS, st.fixed_dictionaries({"label": TEXTS, "unit": TEXTS, "because": TEXTS}), max_size=2
    ),
    title=TEXTS,
)
def test_yaml_reads_back_equal(
    write: Write, title: str, l2: tuple[float, float], features: dict[str, dict[str, str]], **values: object
) -> None:
    columns = values.pop("columns")
    changes = {"data.columns": columns, "search.space": {"l2": list(l2)}, "report.title": title}
    changes["knowledge.features"] = {name: {**hint, "effect": "increasing"} for name, hint in features.items()}
    if isinstance(values["positive"], int) and abs(values["positive"]) > 10**30:
        values["positive"] = 1
    recipe = Recipe().with_changes(**values, **changes)
    again = read_recipe(write(recipe.to_yaml()))
    assert again == recipe
    assert repr(again) == repr(recipe), "types too: 1 is not True"


@pytest.mark.parametrize("text", ["\ud800", "a\udc00b"])
@pytest.mark.parametrize(
    "key", ["report.title", "data.target", "data.positive", "data.missing", "data.drop", "data.columns"]
)
def test_half_a_character_is_refused(key: str, text: str) -> None:
    value = {"data.columns": {text: "text"}, "data.missing": [text], "data.drop": [text]}.get(key, text)
    section, name = key.split(".")
    for make in (lambda: Recipe().with_changes(**{key: value}), lambda: recipe_of({section: {name: value}})):
        with pytest.raises(RecipeError, match="must hold text that can be encoded"):
            make()


def test_the_published_json_schema_is_current() -> None:
    assert json.loads((RECIPES / "recipe.schema.json").read_text()) == json.loads(json.dumps(json_schema()))


def test_the_json_schema_accepts_what_the_reader_accepts() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    jsonschema.Draft202012Validator.check_schema(json_schema())
    for path in SHIPPED:
        validator.validate(yaml.safe_load(path.read_text()))
    for bad in ({"serach": {}}, {"search": {"trials": 0}}, {"evaluate": {"objective": "auc"}}, {"schema_": {}}):
        assert not validator.is_valid(bad)


def test_shipped_recipes_cover_the_tasks() -> None:
    assert [path.stem for path in SHIPPED] == [
        "churn",
        "churn_with_knowledge",
        "heart",
        "housing",
        "housing_with_knowledge",
        "penguins",
    ]
    assert {read_recipe(path).task for path in SHIPPED} == {"binary", "multiclass", "regression"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_recipes_fit_their_data(path: Path) -> None:
    import pandas as pd

    recipe = read_recipe(path)
    assert recipe.name == path.stem
    assert path.read_text().startswith("# yaml-language-server: $schema=recipe.schema.json\n")
    frame = pd.read_csv(recipe.data_path())
    made = {ratio.name for ratio in recipe.knowledge.ratios}
    named = {recipe.data.target, *recipe.data.columns, *recipe.data.drop, *recipe.knowledge.features} - made
    assert set(named) <= set(frame.columns)
    if recipe.data.positive is not None:
        assert recipe.data.positive in set(frame[recipe.data.target])
    schema = recipe.schema_path()
    assert schema is not None
    assert schema.name == f"{path.stem}.pbtxt"
    assert Path(recipe.data.path or "").name in (RECIPES / "data" / "README.md").read_text()


def test_importing_recipes_is_light() -> None:
    code = (
        "import sys, autoft.recipe.recipe; print([m for m in ('pandas', 'sklearn', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "knowledge: {features: {age: {efect: increasing}}}",
            "'knowledge.features.age.efect' must be a key of 'knowledge.features.age', but there is none of that name. "
            "Fix: perhaps 'effect' is meant",
        ),
        (
            "knowledge: {ratios: [{name: r, off: [a, b]}]}",
            "'knowledge.ratios[0]' must have a 'of', but there is none: add it",
        ),
        (
            "knowledge: {features: {age: {because: it is so}}}",
            "'knowledge.features.age' must say something of the column, but nothing is given that has consequences",
        ),
        (
            "knowledge: {features: {age: {use: never, effect: increasing}}}",
            "'knowledge.features.age.use' must stand alone",
        ),
        ("knowledge: {no_interaction: [[a, a]]}", "'knowledge.no_interaction[0]' must be two columns, but it names"),
        ("knowledge: {slices: [{age: [3, 1]}]}", "must rise (age), but they are [3.0, 1.0]"),
        (
            "knowledge: {costs: {false_negative: 2}, minimum: {recall: 0.8}}",
            "'knowledge.minimum' must be left out where costs decide",
        ),
        (
            "knowledge: {costs: {false_negative: -1}}",
            "'knowledge.costs.false_negative' must be more than 0, but",
        ),
        (
            "knowledge: {costs: {false_positive: 0}}",
            "'knowledge.costs.false_positive' must be more than 0, but",
        ),
        ("knowledge: {costs: {false_positive: cheap}}", 'must be a number, but it is "cheap". Fix: write a number'),
        ("knowledge: {costs: {miss: 3}}", "'knowledge.costs.miss' must be a key of 'knowledge.costs', but"),
        ("knowledge: {costs: {false_negative: .inf}}", "'knowledge.costs.false_negative' must be a finite number"),
        (
            "knowledge: {costs: {false_negative: 1e6}}",
            "must not differ by more than a factor of 999, but",
        ),
        ("task: regression\nknowledge: {costs: {false_negative: 2}}", "'knowledge.costs' must be left out unless"),
        (
            "evaluate: {objective: cost}",
            "'evaluate.objective' must be a metric that is defined, but",
        ),
        ("task: multiclass\nevaluate: {objective: cost}", "no costs are given. Fix: add 'knowledge:"),
        ("evaluate: {calibration: yes please}", "'evaluate.calibration' must be one of auto, none"),
    ],
)
def test_costs_and_calibration_that_make_no_sense(write: Write, text: str, expected: str) -> None:
    found = error(write(text + "\n"))
    assert expected in found
    assert "Fix: " in found


@pytest.mark.parametrize(
    ("families", "expected"),
    [
        (None, None),
        ("networks", ("mlp", "linear", "tabm-mini", "realmlp")),
        ("trees", ("trees",)),
        (["networks", "trees", "mlp"], ("mlp", "linear", "tabm-mini", "realmlp", "trees")),
    ],
)
def test_families_are_names_or_one_word(
    write: Write, families: str | list[str] | None, expected: tuple[str, ...] | None
) -> None:
    recipe = Recipe().with_changes(families=families)
    assert recipe.search.architectures() == expected
    # What is left out for lack of time is a choice among kinds that nobody wrote out.
    assert recipe.search.names_families == (families == "trees")
    assert read_recipe(write(recipe.to_yaml())).search.architectures() == expected

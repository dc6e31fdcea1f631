"""Column encoders: autoft's own pass the suite, and foreign ones work from the recipe to the saved model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner, load
from autoft.errors import RecipeError
from autoft.preprocessing.encoders.base import ENCODERS, ColumnEncoder, Direction
from autoft.preprocessing.registered_layers import layer
from autoft.recipe.recipe import Recipe, read_recipe
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.serving.exporters import EXPORTERS
from autoft.testing import check_encoder, check_exporter
from tests.tables import tiny_recipe

ROWS = 150


@layer
class Ranks(keras.layers.Layer):
    """Share of a member's training rows below a number, counted at some of their quantiles."""

    def __init__(self, members: int, count: int, **kwargs: Any) -> None:
        super().__init__(trainable=False, **{k: v for k, v in kwargs.items() if k not in ("trainable", "dtype")})
        self.members, self.count = members, count
        self.edges = self.add_weight(shape=(members, count), dtype="float64", name="edges")

    def call(self, inputs: Any) -> Any:
        below = keras.ops.expand_dims(self.edges, 1) <= keras.ops.cast(inputs, "float64")[None]
        return keras.ops.mean(keras.ops.cast(below, "float32"), axis=-1, keepdims=True)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "members": self.members, "count": self.count}


@layer
class Characters(keras.layers.Layer):
    """Length of each text."""

    def call(self, inputs: Any) -> Any:
        import tensorflow as tf

        return tf.cast(tf.strings.length(inputs, unit="UTF8_CHAR"), "float64")

    def compute_output_spec(self, inputs: Any) -> Any:
        return keras.KerasTensor(inputs.shape, dtype="float64")


class Ordinal(ColumnEncoder):
    name = "ordinal"
    kinds = frozenset({"numeric"})

    def directions(self, column: Column) -> tuple[Direction, ...]:
        return (1,)

    def describe(self, column: Column) -> str:
        return "Becomes its rank among the training rows."

    def fit(self, values: Array, members: Sequence[Array]) -> Mapping[str, Array]:
        own = (values[rows, 0] for rows in members)
        known = (x[np.isfinite(x)] if np.isfinite(x).any() else np.zeros(1) for x in own)
        return {"edges": np.stack([np.quantile(x, np.linspace(0, 1, 9)) for x in known])}

    def layer(self, statistics: Mapping[str, Array]) -> Any:
        ranks = Ranks(*statistics["edges"].shape)
        ranks.set_weights([statistics["edges"]])
        return ranks


class TextLength(Ordinal):
    name = "text length"
    kinds = frozenset({"text", "categorical"})

    def describe(self, column: Column) -> str:
        return "Becomes the rank of its length."

    def read(self, cells: Array) -> Array:
        return np.array([[len(cell)] for cell in cells], dtype=float).reshape(-1, 1)

    def reader(self) -> Any:
        return Characters()


@pytest.fixture(autouse=True, scope="module")
def foreign():
    """Encoders of another package."""
    own = (Ordinal(), TextLength())
    for encoder in own:
        ENCODERS.register(encoder)
    yield own
    for encoder in own:
        del ENCODERS._things[encoder.name]


@pytest.mark.parametrize("name", [*ENCODERS.names(), "ordinal", "text length"])
def test_encoders_pass_the_suite(name: str):
    check_encoder(ENCODERS[name])


class Leaking(Ordinal):
    name = "leaking"

    def fit(self, values: Array, members: Sequence[Array]) -> Mapping[str, Array]:
        return super().fit(values, [np.arange(len(values)) for _ in members])


class Careless(Ordinal):
    name = "careless"

    def width(self, column: Column) -> int:
        return 2


class Undirected(Ordinal):
    name = "undirected"

    def directions(self, column: Column) -> tuple[Direction, ...]:
        return (-1,)


class Infinite(Ordinal):
    name = "infinite"

    def layer(self, statistics: Mapping[str, Array]) -> Any:
        return keras.layers.Rescaling(1.0, dtype="float32")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (Leaking, "from training rows alone"),
        (Careless, "a direction for each input"),
        (Undirected, "in direction -1"),
        (Infinite, "finite numbers"),
    ],
)
def test_the_suite_finds_what_is_wrong(wrong: type[ColumnEncoder], told: str, monkeypatch):
    monkeypatch.setitem(ENCODERS._things, wrong.name, wrong())
    with pytest.raises(AssertionError, match=told):
        check_encoder(ENCODERS[wrong.name])


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    amount = rng.lognormal(3, 1, ROWS)
    words = ["short", "a little longer", "one that is really much longer than the others are"]
    note = rng.choice(np.array([*words, None], dtype=object), ROWS)
    frame = pd.DataFrame({"amount": amount, "note": note, "opened": pd.Timestamp("2024-01-01")})
    frame["opened"] += pd.to_timedelta(rng.integers(0, 900, ROWS), unit="h")
    frame["plain"] = rng.normal(size=ROWS)
    frame.loc[::17, ["amount", "opened"]] = [np.nan, pd.NaT]
    frame["value"] = np.log(amount) + 0.5 * frame["note"].str.len().fillna(0) / 50 + rng.normal(0, 0.1, ROWS)
    return frame


@pytest.mark.slow  # tests/test_foreign_package.py has an encoder in a run with other things
def test_chosen_encoders_work_from_the_recipe_to_the_saved_model(tmp_path):
    chosen = {"amount": "ordinal", "note": "text length", "opened": "cycles"}
    changes = {
        "preprocess.encoders": chosen,
        "data.columns": {"note": "text"},
        "knowledge.features": {"amount": {"effect": "increasing"}},
        "knowledge.interactions": [["opened", "plain"]],
        "search.epochs": 60,
    }
    frame = table()
    tuner = AutoFineTuner(recipe=tiny_recipe(target="value", trials=2, **changes), directory=tmp_path / "run")
    tuner.fit(frame)
    evaluation = tuner.evaluation_
    drops = {line.column: line.drop.value for line in evaluation.importance}
    assert drops["amount"] > max(drops["plain"], 0)
    (curve,) = [curve for curve in evaluation.dependence if curve.column == "amount"]
    assert curve.rising == 1.0  # the encoder rises, so the effect holds
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    for sentence in ("its rank among the training rows", "the rank of its length", "as sines and cosines"):
        assert sentence in report
    again = load(tmp_path / "run")
    new = pd.concat([frame.drop(columns="value"), pd.DataFrame({"amount": [1e9, np.nan], "note": ["日本", None]})])
    np.testing.assert_array_equal(again.predict(new), tuner.predict(new))
    assert np.isfinite(again.predict(new)).all()
    assert again.predict(new).std() > 0.1
    check_exporter(EXPORTERS["tf_saved_model"], tmp_path / "run")


def refusal(frame: pd.DataFrame, chosen: dict[str, str], **changes: Any) -> str:
    recipe = tiny_recipe(target="value", **{"preprocess.encoders": chosen}, **changes)
    with pytest.raises(RecipeError) as error:
        AutoFineTuner(recipe=recipe).fit(frame)
    return str(error.value)


def test_an_encoder_that_a_column_cannot_have_is_refused():
    frame = table()
    assert "be numeric, as encoder 'ordinal' takes no other columns" in refusal(frame, {"opened": "ordinal"})
    assert "perhaps 'amount' is meant" in refusal(frame, {"amont": "ordinal"})
    assert "there is no such input" in refusal(frame, {"value": "ordinal"})
    hints = {"knowledge.features": {"amount": {"scale": "log"}}}
    assert "respect the column's scale" in refusal(frame, {"amount": "ordinal"}, **hints)
    hints = {"knowledge.ratios": [{"name": "share", "of": ["amount", "plain"]}]}
    assert "part in a ratio" in refusal(frame, {"amount": "ordinal"}, **hints)
    hints = {"knowledge.features": {"opened": {"effect": "increasing"}}}
    assert "respect the column's effect" in refusal(frame, {"opened": "cycles"}, **hints)


def test_an_unknown_encoder_is_refused_with_its_line(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("data: {path: a.csv, target: y}\npreprocess:\n  encoders:\n    age: robst\n")
    with pytest.raises(RecipeError, match=r"line 4, 'preprocess.encoders.age' must be one of .*'robust' is meant"):
        read_recipe(path)
    assert Recipe().with_changes(**{"preprocess.encoders": {"age": "ordinal"}}).preprocess.encoders

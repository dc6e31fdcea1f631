"""A family of another package: a perceptron whose hidden units are gated, from a recipe to the saved model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
from keras import ops

import autoft
from autoft import AutoFineTuner
from autoft.errors import RecipeError
from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.families.mlp import MLP
from autoft.networks.family import FAMILIES, Family, Traits
from autoft.networks.initial_state import InitialState
from autoft.networks.layers.stacked import StackedDense, StackedDropout
from autoft.networks.network_inputs import concatenated, network_inputs
from autoft.preprocessing.registered_layers import layer
from autoft.records.arrays import Array
from autoft.testing import check_family
from tests.tables import features, tiny_recipe


@layer
class Gate(keras.layers.Layer):
    """``x * 2 sigmoid(x w + b)`` for every member, ``[S, B, width]``: 1 at first."""

    def build(self, input_shape: Any) -> None:
        members, _, width = input_shape
        self.kernel = self.add_weight(shape=(members, width, width), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(members, 1, width), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        return inputs * (2.0 * ops.sigmoid(ops.matmul(inputs, self.kernel) + self.bias))


class GatedMLP(Family):
    """A perceptron with a gate after every hidden layer."""

    name: ClassVar[str] = "gated"
    traits: ClassVar[Traits] = Traits(resizable=True, effort=2.0)

    def build(self, architecture: Architecture, inputs: Inputs, *, members: int, outputs: int) -> keras.Model:
        front = network_inputs(architecture, inputs, members)
        x = concatenated(front.features if front.piecewise is None else [front.piecewise, *front.features])
        for place in range(architecture.depth):
            x = StackedDense(architecture.width, architecture.activation, name=f"hidden_{place}")(x)
            x = StackedDropout(members, seed=place + 1, name=f"dropout_{place}")(Gate(name=f"gate_{place}")(x))
        return keras.Model(front.inputs, StackedDense(outputs, name="logits")(x), name="network")

    def initial_weights(self, architecture: Architecture, start: InitialState) -> dict[str, Array]:
        weights, width = MLP().initial_weights(architecture, start), architecture.width
        for place in range(architecture.depth):
            weights[f"gate_{place}/kernel"] = np.zeros((start.members, width, width), np.float32)
            weights[f"gate_{place}/bias"] = np.zeros((start.members, 1, width), np.float32)
        return weights


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> Family:
    monkeypatch.setitem(FAMILIES._things, "gated", own := GatedMLP())
    return own


@pytest.mark.slow  # tests/test_extending.py does the same with the family of docs/extending.md
def test_it_passes_the_suite(gated):
    check_family(gated)


@pytest.mark.slow  # tests/test_foreign_package.py has it in a run with other things
def test_it_is_searched_saved_and_loaded(gated, table, tmp_path):
    space = {"architecture": ["gated"], "width": [8], "depth": [1], "batch_size": [32]}
    data = features(table, "outcome")
    recipe = tiny_recipe(target="outcome", **{"search.space": space})
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(data)
    assert {trial.params["architecture"] for trial in tuner.evaluation_.trials} == {"gated"}
    loaded = autoft.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.predict_proba(data), tuner.predict_proba(data))
    assert "gated" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.slow
def test_it_is_not_searched_where_effects_are_declared(gated, table, tmp_path):
    effects = {"knowledge.features": {"amount": {"effect": "increasing"}}}
    space = {"architecture": ["gated", "linear"], "width": [8], "batch_size": [32]}
    recipe = tiny_recipe(target="value", trials=2, **effects, **{"search.space": space})
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path / "run").fit(features(table, "value"))
    assert {trial.params["architecture"] for trial in tuner.evaluation_.trials} == {"linear"}
    assert "Not searched: gated, as hints cannot bound its weights." in (tmp_path / "run" / "report.html").read_text()
    alone = recipe.with_changes(**{"search.space": {**space, "architecture": ["gated"]}})
    with pytest.raises(RecipeError, match="hints cannot bound its weights"):
        AutoFineTuner(recipe=alone, directory=tmp_path / "other").fit(features(table, "value"))


def _broken(**changes: Any) -> Family:
    return type("Broken", (GatedMLP,), changes)()


def _leaking(self: Family, architecture: Architecture, start: InitialState) -> Mapping[str, Array]:
    weights = GatedMLP.initial_weights(self, architecture, start)
    return weights | {"logits/bias": weights["logits/bias"].mean(axis=0, keepdims=True).repeat(start.members, axis=0)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dimensions": frozenset({"width", "gates"})}, "unknown dimensions"),
        ({"initial_weights": lambda self, a, start: MLP().initial_weights(a, start)}, "do not fit"),
        ({"initial_weights": _leaking}, "depend on the other members"),
        ({"monotone_weights": lambda self, layout, architecture: {}}, "bounds no weight"),
    ],
)
def test_a_family_that_breaks_a_rule_fails(monkeypatch, changes, message):
    monkeypatch.setitem(FAMILIES._things, "gated", own := _broken(**changes))
    with pytest.raises(AssertionError, match=message):
        check_family(own)

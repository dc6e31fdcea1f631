"""Registered layers: the classes that a saved model may name."""

from __future__ import annotations

import keras
import pytest

from autoft.errors import SetupError
from autoft.preprocessing import registered_layers
from autoft.preprocessing.registered_layers import layer, package_of


def test_a_layer_is_known_by_its_package_and_name():
    @layer
    class Twice(keras.layers.Layer):
        def call(self, inputs):
            return 2 * inputs

    package = __name__.partition(".")[0]
    assert registered_layers.registered_layers()[f"{package}>Twice"] is Twice
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(Twice(name="own")))
    assert isinstance(again, Twice)


def test_all_own_layers_are_registered():
    known = registered_layers.registered_layers()
    assert {"autoft>MedianImpute", "autoft>StackedDense", "autoft>EnsembleFirst", "autoft>Isotonic"} <= known.keys()
    assert "autoft>Lambda" not in known


@pytest.mark.parametrize(
    ("name", "package"), [("autoft>Gate", "autoft"), ("keras>Dense", "keras"), ("nowhere>Gate", None), ("Dense", None)]
)
def test_package_of_a_layer(name, package):
    assert package_of(name) == package


def test_a_package_that_cannot_be_imported_is_named(monkeypatch):
    class Broken:
        name, value = "broken", "broken_package.layers"

        def load(self):
            raise ImportError("no module named torch")

    points = {"autoft.layers": [Broken()]}
    monkeypatch.setattr(registered_layers, "entry_points", lambda group: points.get(group, []))
    registered_layers._import_all.cache_clear()
    with pytest.raises(SetupError, match=r"broken_package\.layers.*torch"):
        registered_layers.registered_layers()

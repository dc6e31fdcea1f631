"""A pickle of a fitted tuner brings the classes of others that its model is loaded by."""

from __future__ import annotations

from dataclasses import replace

import keras

from autoft.preprocessing.registered_layers import layer
from autoft.records.columns import Target
from autoft.serving.artifact import Meta
from autoft.serving.saved_files import foreign_classes

META = Meta(
    columns=(),
    target=Target(name="y", task="regression", classes=()),
    version="0.1.0",
    engine="",
    ranges={},
    vocabularies={},
)


@layer
class Doubled(keras.layers.Layer):
    """A layer that a script declares."""


def test_layers_of_a_script_travel_and_those_of_autoft_do_not():
    package = Doubled.__module__.partition(".")[0]
    known = replace(META, layers={"autoft>StackedDense": "autoft 0.1.0", f"{package}>Doubled": "", "gone>Gate": ""})
    assert foreign_classes(known, "rmse") == (Doubled,)
    assert foreign_classes(META, "rmse") == ()

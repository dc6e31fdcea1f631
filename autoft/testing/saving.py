"""Saving of Keras models, as the suites of families, encoders and backbones check it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from autoft.preprocessing.registered_layers import registered_layers


def reloaded(model: Any) -> Any:
    """The model after it was saved and loaded.

    Raises:
        AssertionError: If it has a layer that is neither Keras' own nor registered: a saved model holds no others.
    """
    import keras

    known = set(registered_layers().values())
    for own in map(type, model._flatten_layers()):
        registered = own in known or own.__module__.startswith("keras.")
        assert registered, f"the layer {own.__name__} is not registered: @layer"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return keras.models.load_model(path, compile=False)

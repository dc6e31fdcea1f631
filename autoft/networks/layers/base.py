"""Configured layers: what they are built with they keep under the same names."""

from __future__ import annotations

import inspect
from typing import Any

import keras

from autoft.networks.activations import name_of


class Configured(keras.layers.Layer):  # type: ignore[misc]
    """A layer that keeps the arguments of its constructor as attributes; functions among them are activations."""

    def get_config(self) -> dict[str, Any]:
        names = [name for name in inspect.signature(type(self).__init__).parameters if name not in ("self", "kwargs")]
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **{k: name_of(v) if callable(v) else v for k, v in own.items()}}

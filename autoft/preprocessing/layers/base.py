"""Configured layers: what they are built with they keep under the same names."""

from __future__ import annotations

import inspect
from typing import Any

import keras


class Configured(keras.layers.Layer):  # type: ignore[misc]
    """A layer that keeps the arguments of its constructor as attributes, which are its configuration."""

    def get_config(self) -> dict[str, Any]:
        names = [name for name in inspect.signature(type(self).__init__).parameters if name not in ("self", "kwargs")]
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

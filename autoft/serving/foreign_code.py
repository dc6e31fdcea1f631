"""Foreign code: what a pickle of a fitted tuner needs of modules besides autoft's."""

from __future__ import annotations

import sys
from operator import attrgetter
from typing import Any

from autoft.evaluation.metrics import METRICS
from autoft.preprocessing.encoders.base import ENCODERS
from autoft.preprocessing.registered_layers import registered_layers
from autoft.serving.artifact import Meta


def importable(function: Any) -> bool:
    """Whether `pickle` finds a function by its name. What has no name, such as an object, is left to `pickle`.

    >>> importable(importable), importable(lambda: 1)
    (True, False)
    """
    name = getattr(function, "__qualname__", None)
    if name is None:
        return True
    try:
        return attrgetter(name)(sys.modules[function.__module__]) is function
    except (AttributeError, KeyError):
        return False


def foreign_classes(meta: Meta, objective: str) -> tuple[type, ...]:
    """Classes by which a model is loaded and its scores are read (layers, encoders, the objective), but for autoft's.
    Whoever unpickles them imports their modules, which registers them."""
    layers = registered_layers()
    found = [layers[name] for name in meta.layers if name in layers]
    found += [type(ENCODERS[name]) for name in sorted({*meta.encoders.values()})]
    found.append(type(METRICS[objective]))
    return tuple(own for own in found if own.__module__.partition(".")[0] != "autoft")

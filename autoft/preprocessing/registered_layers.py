"""Registered layers: the classes that a saved model may name, and the packages that they come from.

A layer enters where it is declared (``@layer``), and a model that names any other class is not loaded. An installed
package announces the module of its layers by an entry point of one of the groups in `GROUPS`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points, packages_distributions
from types import MappingProxyType
from typing import TypeVar

from autoft.errors import SetupError
from autoft.registry import import_package

#: Groups of entry points whose modules may declare layers.
GROUPS = ("autoft.layers", "autoft.families", "autoft.encoders")

#: Where autoft declares its own: modules, or folders of modules.
_OWN = ("autoft.preprocessing.layers", "autoft.networks.layers")

T = TypeVar("T")

_layers: dict[str, type] = {}


def layer(own: type[T]) -> type[T]:
    """Register a Keras layer under ``package>Name``, its package being the first part of its module's name."""
    import keras

    package = own.__module__.partition(".")[0]
    keras.saving.register_keras_serializable(package=package)(own)
    _layers[keras.saving.get_registered_name(own)] = own
    return own


def registered_layers() -> Mapping[str, type]:
    """All layers by their Keras name (``autoft>StackedDense``): autoft's, installed packages', this process's. Raises a
    SetupError if a package that announces layers cannot be imported."""
    _import_all()
    return MappingProxyType(_layers)


def package_of(name: str) -> str | None:
    """The installed package that a layer of this Keras name comes from, or None if there is no such package.

    >>> package_of("autoft>StackedDense"), package_of("elsewhere>Gate")
    ('autoft', None)
    """
    module, found, _ = name.partition(">")
    return next(iter(_packages(tuple(sys.path)).get(module, ())), None) if found else None


@cache
def _packages(path: tuple[str, ...]) -> Mapping[str, list[str]]:
    # It reads the files of every installed package, which takes half a second.
    return packages_distributions()


@cache
def _import_all() -> None:
    for name in _OWN:
        import_package(name)
    for point in sorted((point for group in GROUPS for point in entry_points(group=group)), key=lambda p: p.value):
        try:
            point.load()
        except ImportError as error:
            place, fix = f"The package of the layers '{point.name}'", "repair or uninstall the package"
            raise SetupError(place, "be importable", f"'{point.value}' failed: {error}", fix) from error

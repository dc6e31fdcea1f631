"""The Keras archive of a saved model: sizes and layers are checked before Keras reads it."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from autoft.errors import ArtifactError
from autoft.preprocessing.registered_layers import package_of, registered_layers

#: Keras' own classes that a model may name, whatever module they are said to be of.
KERAS_CLASSES = frozenset(
    {"Functional", "Sequential", "InputLayer", "Concatenate", "StringLookup", "Cast", "DTypePolicy"}
    | {"__keras_tensor__", "__slice__"}
)
#: Modules of Keras whose classes of these kinds a model may name: they compute, and read no files.
_KERAS_MODULES = {
    "keras.layers": "keras.layers:Layer",
    "keras.initializers": "keras.initializers:Initializer",
    "keras.regularizers": "keras.regularizers:Regularizer",
    "keras.constraints": "keras.constraints:Constraint",
    "keras.src.ops.numpy": "keras:Operation",
    "keras.src.ops.nn": "keras:Operation",
    "keras.src.ops.math": "keras:Operation",
}
#: Layers that run code of the file, or read other files.
_UNSAFE = frozenset(
    {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
    | {"TextVectorization", "IntegerLookup", "StringLookup"}
)
#: An archive that unpacks to more than this, or whose parts grow by more than `MAX_RATIO`, is refused.
MAX_BYTES = 2 * 2**30
MAX_RATIO = 200
_KEYS = ("registered_name", "module")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]* [A-Za-z0-9][A-Za-z0-9.+!_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What a Keras configuration says of the class of an object."""

    class_name: str
    registered_name: str | None
    module: str | None

    @property
    def foreign(self) -> bool:
        """Whether it is registered by a package other than Keras, as ``package>Class``."""
        return self.registered_name is not None and self.registered_name.endswith(f">{self.class_name}")

    @property
    def name(self) -> str:
        return str(self.registered_name) if self.foreign else self.class_name

    def allowed(self, registered: Mapping[str, type]) -> bool:
        """Whether Keras will build a class that may be built, and no other."""
        if self.foreign:
            return self.name in registered
        keras = self.module is None or self.module.partition(".")[0] == "keras"
        known = self.class_name in KERAS_CLASSES or self._computes()
        return keras and known and self.registered_name in (None, self.class_name)

    def _computes(self) -> bool:
        """Whether it is a class of Keras that an own model may be made of."""
        if self.module not in _KERAS_MODULES or self.class_name in _UNSAFE:
            return False
        where, _, base = _KERAS_MODULES[self.module].partition(":")
        own = getattr(import_module(self.module), self.class_name, None)
        return isinstance(own, type) and issubclass(own, getattr(import_module(where), base))


def read_sources(path: Path) -> dict[str, str]:
    """Package and version (``autoft 0.1.0``) of each layer of a model that is not Keras' own, by registered name; empty
    for a layer of no installed package, such as one that a script declares."""
    names = sorted({one.name for one in _named_in(path) if one.foreign})
    packages = {name: package_of(name) for name in names}
    return {name: "" if package is None else f"{package} {version(package)}" for name, package in packages.items()}


def refused_classes(config: Any) -> tuple[str, ...]:
    """Names of the classes in a model's configuration that a saved model may not have."""
    registered = registered_layers()
    return tuple(sorted({one.name for one in _named(config) if not one.allowed(registered)}))


def check(path: Path, sources: Mapping[str, str]) -> None:
    """Refuse an archive that unpacks to too much, or names a class that is not registered.

    Args:
        sources: Of its layers, as `read_sources` returned them when it was saved.

    Raises:
        ArtifactError: It says which class is not registered, and which package has to be installed.
    """
    registered = registered_layers()
    strange = sorted({one.name for one in _named_in(path) if not one.allowed(registered)})
    if not strange:
        return
    found, fix = f"it names {', '.join(strange)}", "do not use this file"
    said = sorted({sources.get(name, "?") for name in strange})
    if said == [""]:
        found += ", which no package provided when it was saved"
        fix = "import the module that declares it with @layer, then load the model again"
    elif all(map(_PACKAGE.fullmatch, said)):
        found += f" of {' and '.join(map(_state, said))}"
        fix = f"if you trust it, pip install {' '.join(source.replace(' ', '==') for source in said)}"
    raise ArtifactError(f"'{path}'", "hold only layers of installed packages", found, fix)


def _state(source: str) -> str:
    """A recorded package and whether it is there."""
    try:
        return f"{source}, of which {version(source.partition(' ')[0])} is installed"
    except PackageNotFoundError:
        return f"{source}, which is not installed"


def _named_in(path: Path) -> list[_Named]:
    """Everything in the configuration of a model that has the name of a class: what Keras might build."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            too_large = sum(e.file_size for e in entries) > MAX_BYTES
            if not too_large and all(e.file_size <= MAX_RATIO * max(e.compress_size, 1024) for e in entries):
                return list(_named(json.loads(archive.read("config.json"))))
    except (zipfile.BadZipFile, KeyError, ValueError, RuntimeError, NotImplementedError) as error:
        # Runtime errors: an encrypted archive, or lists in lists without end.
        raise damaged(path, "it is not a Keras archive") from error
    raise damaged(path, "it unpacks to more than a model of its size can hold")


def damaged(path: Path, found: str) -> ArtifactError:
    """The error about a file that is not as it was saved."""
    fix = "copy the model again, or run 'autoft fit' again (trials are kept)"
    return ArtifactError(f"'{path}'", "be as it was saved", found, fix)


def _named(config: Any) -> Iterator[_Named]:
    if isinstance(config, list):
        for item in config:
            yield from _named(item)
    elif isinstance(config, dict):
        for value in config.values():
            yield from _named(value)
        if "class_name" in config:
            registered, module = (None if config.get(key) is None else str(config[key]) for key in _KEYS)
            yield _Named(class_name=str(config["class_name"]), registered_name=registered, module=module)

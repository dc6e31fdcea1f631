"""The Keras archive of a saved model: layers, inputs and sizes are checked before Keras reads it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from autoft.errors import ArtifactError
from autoft.networks.memory import HELD, cells_per_row
from autoft.preprocessing.registered_layers import package_of, registered_layers
from autoft.serving.archive import PARTS, check_sums, count_numbers, damaged, infinite, opened, read_config
from autoft.serving.meta import ModelInput

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
#: Most layers of a model, and more for each of its inputs.
_LAYERS, _LAYERS_PER_INPUT = 5_000, 50
#: Largest whole number among the settings of Keras' layers, which are sizes; and the settings that are none.
_LARGEST = 2**24
_NO_SIZES = frozenset({"seed", "shared_object_id", "salt"})
#: Numbers that a model may have beyond those that its file stores: layers with a form of storage of their own.
_UNSTORED = 2**20
_KEYS = ("registered_name", "module")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]* [A-Za-z0-9][A-Za-z0-9.+!_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What a Keras configuration says of the class of an object, and the largest whole number among its settings."""

    class_name: str
    registered_name: str | None
    module: str | None
    largest: int

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


def read_inputs(path: Path) -> tuple[ModelInput, ...]:
    """The inputs of a saved model, from its configuration alone.

    Raises:
        ArtifactError: If it is not the configuration of a model of named inputs.
    """
    try:
        layers = read_config(path)["config"]["layers"]
        parts = [one["config"] for one in layers if one["class_name"] == "InputLayer"]
        shapes = [part["batch_shape"] for part in parts]
        widths = [shape[1] if len(shape) == 2 and type(shape[1]) is int else 0 for shape in shapes]
        return tuple(
            ModelInput(name=str(part["name"]), dtype=str(part["dtype"]), width=width)
            for part, width in zip(parts, widths, strict=True)
        )
    except (KeyError, TypeError, IndexError) as error:
        raise damaged(path, "its config.json is not that of a model with named inputs") from error


def check(path: Path, sources: Mapping[str, str]) -> None:
    """Refuse an archive that is damaged, or names a class that is not registered.

    Args:
        sources: Of its layers, as `read_sources` returned them when it was saved.

    Raises:
        ArtifactError: It says which class is not registered, and which package has to be installed.
    """
    check_sums(path)
    named, inputs = _named_in(path), len(read_inputs(path))
    if len(named) > _LAYERS + _LAYERS_PER_INPUT * inputs:
        raise damaged(path, f"it names {len(named):,} layers for {inputs:,} inputs")
    _check_classes(path, named, sources)
    for one in named:
        if one.largest > _LARGEST and not one.foreign:
            raise damaged(path, f"its {one.class_name[:40]} has a setting of {str(one.largest)[:20]}")


def _check_classes(path: Path, named: list[_Named], sources: Mapping[str, str]) -> None:
    registered = registered_layers()
    strange = sorted({one.name for one in named if not one.allowed(registered)})
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


def read_model(path: Path, outputs: int) -> Any:
    """The Keras model of an archive that `check` has passed.

    Its layers are built without memory first: variables have shapes, and no values yet. Only if its file stores as many
    numbers as they need do they get values.

    Args:
        outputs: Numbers that it must answer each row with.

    Raises:
        ArtifactError: If it is larger than its file, has other outputs, or its weights are not finite numbers.
        Exception: Whatever Keras raises if it cannot build it.
    """
    import keras

    stored = count_numbers(path)
    with ThreadPoolExecutor(1) as thread:  # Keras keeps a list of variables without values for each thread
        try:
            model = thread.submit(_build, path, outputs, stored).result()
        except ValueError as error:
            if "while in a stateless scope" not in str(error):  # a layer that makes variables of arrays it has
                raise
            model = None
    with opened(path) as archive:
        files = len(archive.namelist())
    if model is None or files > len(PARTS):  # layers with files of their own
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    else:
        model.load_weights(path)
    place = infinite(model.variables)
    if place:
        raise damaged(path, f"its weights '{place[:80]}' are infinite")
    return model


def _build(path: Path, outputs: int, stored: int) -> Any:
    import keras

    with keras.StatelessScope() as scope:
        try:
            model = keras.saving.deserialize_keras_object(read_config(path), safe_mode=True)
            needed = sum(math.prod(variable.shape) for variable in model.variables)
            if needed > stored + _UNSTORED:
                raise damaged(path, f"its layers have {needed:,} numbers, of which the file stores {stored:,}")
            if len(model.outputs) != 1 or tuple(model.outputs[0].shape) != (None, outputs):
                raise damaged(path, f"it does not answer with {outputs:,} numbers a row")
            if cells_per_row(model) > HELD:
                raise damaged(path, f"it needs more than {HELD:,} numbers for one row")
        except BaseException:
            scope.initialize_variables = False
            raise
    return model


def _state(source: str) -> str:
    """A recorded package and whether it is there."""
    try:
        return f"{source}, of which {version(source.partition(' ')[0])} is installed"
    except PackageNotFoundError:
        return f"{source}, which is not installed"


def _named_in(path: Path) -> list[_Named]:
    """Everything in the configuration of a model that has the name of a class: what Keras might build."""
    return list(_named(read_config(path)))


def _named(config: Any) -> Iterator[_Named]:
    if isinstance(config, list):
        for item in config:
            yield from _named(item)
    elif isinstance(config, dict):
        for value in config.values():
            yield from _named(value)
        if "class_name" in config:
            registered, module = (None if config.get(key) is None else str(config[key]) for key in _KEYS)
            largest, name = _largest(config.get("config")), str(config["class_name"])
            yield _Named(class_name=name, registered_name=registered, module=module, largest=largest)


def _largest(settings: Any) -> int:
    """The largest whole number among settings, without those of objects in them."""
    if isinstance(settings, list):
        return max(map(_largest, settings), default=0)
    if isinstance(settings, dict) and "class_name" not in settings:
        return max((_largest(value) for key, value in settings.items() if key not in _NO_SIZES), default=0)
    return abs(settings) if type(settings) is int else 0

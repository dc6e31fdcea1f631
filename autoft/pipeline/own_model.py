"""A user's own Keras model in a run: its fingerprint, its search space, and the recipes that it does not go with."""

from __future__ import annotations

import functools
import hashlib
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from autoft.errors import ArtifactError, AutoFTError, RecipeError, TrainingError
from autoft.networks.architecture import Inputs
from autoft.networks.families.own import Build, ModelInputs, OwnNetwork, build_network, function_name
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.space import make_search_space
from autoft.recipe.recipe import Recipe
from autoft.records.dimensions import Dimension
from autoft.search.recorded_space import recorded_space
from autoft.serving.model_file import refused_classes
from autoft.training.keras_trainer import BATCH_SIZE, LEARNING_RATE


def refuse_with_model(build: Any, recipe: Recipe, dataset: Dataset) -> None:
    """Say what a run with an own model cannot do.

    Raises:
        RecipeError: If `build` is no function, hints would have to bind the network's weights, or the recipe names
            architectures.
    """
    import keras

    if isinstance(build, keras.Layer) or not callable(build):
        keras_kind = "keras.Model" if isinstance(build, keras.Model) else "keras.layers.Layer"
        found = f"it is a {keras_kind if isinstance(build, keras.Layer) else type(build).__name__}"
        fix = "wrap what makes the model: def build(hp, inputs): ..."
        raise RecipeError("Argument 'model'", "be a function build(hp, inputs)", found, fix)
    hints = dataset.description.hints
    bound = [f"{e.column}: effect" for e in hints.effects]
    bound += [f"{a}, {b}: apart" for a, b in hints.apart] + [f"{column}: importance" for column in hints.importance]
    if bound:
        must = "be left out where hints bound or weigh a network's weights"
        found = f"the recipe's knowledge has {len(bound)} of those (first: {bound[0]})"
        fix = "remove these hints, or 'model': what is promised of a column cannot be kept by any network"
        raise RecipeError("Argument 'model'", must, found, fix)
    if named := ", ".join(recipe.search.architectures() or ()):
        must = "be the only kind of model of a search"
        fix = "remove 'search: families' (or 'search: space: architecture'), or 'model'"
        raise RecipeError("Argument 'model'", must, f"the recipe names {named}", fix)


def own_space(build: Build, recipe: Recipe, dataset: Dataset) -> tuple[Dimension, ...]:
    """The dimensions that a function asks for, and those that autoft adds.

    Those are ``batch_size``, ``learning_rate`` where the model is not compiled, and ``class_balance`` where the
    objective looks at a rare class; with the recipe's own choices of them.

    Raises:
        AutoFTError: If the function does not make a model at its defaults that can be trained and saved.
    """
    made: list[OwnNetwork] = []
    space = recorded_space(partial(_record, build, dataset, made))
    if strange := refused_classes(made[0].network.get_config()):
        must, found = "consist of layers that a saved model may have", f"it has {', '.join(strange)}"
        fix = "use Keras' own layers, or declare yours with autoft's decorator 'layer' in a package (docs/extending.md)"
        raise ArtifactError(function_name(build), must, found, fix)
    added = {BATCH_SIZE, "class_balance", *(() if made[0].optimizer is not None else (LEARNING_RATE,))}
    added -= {dimension.name for dimension in space}
    return (*space, *(dimension for dimension in make_search_space(recipe, dataset) if dimension.name in added))


def _record(build: Build, dataset: Dataset, made: list[OwnNetwork], hp: Any) -> None:
    """Call the function, and keep what it makes."""
    given = ModelInputs.of(
        Inputs.of(replace(dataset.layout, combined=())), outputs=dataset.outputs, task=dataset.target.task
    )
    try:
        made.append(build_network(build, hp, given))
    except AutoFTError:
        raise
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0][:300]
        file = getattr(getattr(build, "__code__", None), "co_filename", None)
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        line = f" in line {lines[-1]}" if lines else ""
        found, fix = f"it raised {type(error).__name__}{line}: {first}", "repair the function"
        must = "make a model at the defaults of its hyperparameters"
        raise TrainingError(function_name(build), must, found, fix) from error


def code_hash(function: Any) -> str:
    """A fingerprint that changes with what the function does: byte code, constants, defaults, values that it encloses,
    and functions, classes and values of its own package that it names.

    Of other packages only names are looked at, and of objects only their type. Comments, line numbers and the
    function's place do not matter; another version of Python does.

    >>> code_hash(lambda x: x + 1) == code_hash(lambda x: x + 1)
    True
    >>> code_hash(lambda x: x + 1) == code_hash(lambda x: x + 2)
    False
    """
    package = str(getattr(function, "__module__", type(function).__module__)).partition(".")[0]
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for part in _parts(function, package, {}):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def _parts(thing: Any, package: str, seen: dict[int, Any]) -> Iterator[str]:
    """What a value is, as texts; each object once."""
    if isinstance(thing, bool | int | float | complex | str | bytes | type(None) | type(...)):
        yield repr(thing)
        return
    if id(thing) in seen:
        return
    seen[id(thing)] = thing  # kept, as another object could get the number of one that is gone
    if isinstance(thing, np.ndarray):
        yield f"{thing.dtype} {thing.shape} {hashlib.sha256(np.ascontiguousarray(thing).tobytes()).hexdigest()}"
    elif isinstance(thing, CodeType):
        yield f"{thing.co_code.hex()} {thing.co_names} {thing.co_varnames}"
        for constant in thing.co_consts:
            yield from _parts(constant, package, seen)
    elif isinstance(thing, ModuleType):
        yield thing.__name__
    elif isinstance(thing, functools.partial):
        yield from _parts([thing.func, thing.args, thing.keywords], package, seen)
    elif isinstance(thing, dict):
        for key in sorted(thing, key=repr):
            yield repr(key)
            yield from _parts(thing[key], package, seen)
    elif isinstance(thing, set | frozenset):
        yield from sorted(map(repr, thing))
    elif isinstance(thing, list | tuple):
        for item in thing:
            yield from _parts(item, package, seen)
    else:
        yield from _parts_of_object(thing, package, seen)


def _parts_of_object(thing: Any, package: str, seen: dict[int, Any]) -> Iterator[str]:
    """Of functions and classes of the package their code, of other things their type."""
    own = str(getattr(thing, "__module__", "")).partition(".")[0] == package
    function = getattr(thing, "__func__", thing)  # a method's
    if isinstance(function, FunctionType) and own:
        yield from _parts(function.__code__, package, seen)
        yield from _parts([function.__defaults__, function.__kwdefaults__], package, seen)
        yield from _parts([cell.cell_contents for cell in function.__closure__ or ()], package, seen)
        names = [name for name in _names(function.__code__) if name in function.__globals__]
        yield from _parts({name: function.__globals__[name] for name in names}, package, seen)
    elif isinstance(thing, type) and own:
        yield repr([base.__qualname__ for base in thing.__mro__])
        yield from _parts(
            {k: v for k, v in vars(thing).items() if not k.startswith("__") or callable(v)}, package, seen
        )
    elif isinstance(thing, type | FunctionType) or not own:
        yield f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', type(thing).__qualname__)}"
    else:
        yield from _parts([type(thing), vars(thing) if hasattr(thing, "__dict__") else None], package, seen)


def _names(code: CodeType) -> set[str]:
    """Names that a function and those inside it refer to."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, inner))

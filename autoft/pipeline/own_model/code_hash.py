"""Fingerprint of a Python function: of its code, and of what it refers to."""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np


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

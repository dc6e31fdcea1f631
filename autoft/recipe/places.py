"""Places of values in a recipe, as messages name them. Functions of a module, so that a recipe can be pickled."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autoft.recipe.messages import dotted
from autoft.recipe.yaml import Document, Path

#: Line of a path into a recipe, and how to call it.
Place = Callable[[Path], tuple[int, str]]


def in_python(path: Path) -> tuple[int, str]:
    return 0, f"'{dotted(path)}' of the recipe"


def in_dict(path: Path) -> tuple[int, str]:
    return 0, f"'{dotted(path)}'"


def in_file(document: Document, path: Path) -> tuple[int, str]:
    return document.line(path), f"line {document.line(path)}, '{dotted(path)}'"


def of_change(
    named: Mapping[Path, str],
    argument: str,
    earlier: Place,
    path: Path,
    whole: str = "",
) -> tuple[int, str]:
    """The argument that changed a value, else its place in the recipe as it was `earlier`."""
    for size in range(len(path), 0, -1):
        if path[:size] in named:
            return 0, argument.format(named[path[:size]])
    line, text = earlier(path)
    return line, f"{whole}, {text}" if whole else text

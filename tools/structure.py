"""Figures of the package's structure beside their limits: `python tools/structure.py [-v]` exits 1 if one is over."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import rooms

#: Packages that are imported where they are needed: they take long to start, or need not be there.
LATE = re.compile(
    r"(keras|keras_tuner|keras_hub|tensorflow|tensorflow_.*|jax|pandas|sklearn|matplotlib|scipy|pyarrow|rich|jinja2"
    r"|threadpoolctl|ray|apache_beam|tensorboard)(\.|$)"
)
LONGEST_FUNCTION = 60
MOST_PARAMETERS = 7

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def trees() -> dict[str, ast.Module]:
    """Syntax trees of all modules."""
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in rooms.modules().items()}


def functions() -> Iterator[tuple[str, Function]]:
    """All functions with their modules."""
    for module, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield module, node


def long_functions() -> list[str]:
    """Functions of more than 60 lines."""
    sizes = ((f.end_lineno - f.lineno + 1, f"{module}.{f.name}") for module, f in functions() if f.end_lineno)
    return [f"{name} ({lines})" for lines, name in sorted(sizes, reverse=True) if lines > LONGEST_FUNCTION]


def wide_functions() -> list[str]:
    """Functions with more than 7 parameters, `self` and `cls` not counted."""
    found = []
    for module, f in functions():
        names = [a.arg for a in (*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs)]
        number = len(names) - (names[:1] in (["self"], ["cls"]))
        if number > MOST_PARAMETERS:
            found.append((number, f"{module}.{f.name} ({number})"))
    return [name for _, name in sorted(found, reverse=True)]


def repeated_classes() -> list[str]:
    """Names of public classes that mean two things."""
    names = Counter(n.name for tree in trees().values() for n in ast.walk(tree) if isinstance(n, ast.ClassDef))
    return sorted(name for name, number in names.items() if number > 1 and not name.startswith("_"))


def late_imports() -> list[str]:
    """Imports inside functions of what could stand at the top of the file."""
    found = []
    for module, f in functions():
        for node in ast.walk(f):
            names = [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else names
            found += [f"{module}: {name}" for name in names if not LATE.match(name)]
    return sorted(set(found))


def imports() -> int:
    """Number of import statements."""
    return sum(isinstance(n, ast.Import | ast.ImportFrom) for tree in trees().values() for n in ast.walk(tree))


def longest_chain() -> list[str]:
    """The longest chain of imports, from the roof to the ground."""

    @cache
    def chain(module: str) -> tuple[str, ...]:
        below = max((chain(other) for other in rooms.imports(module)), key=len, default=())
        return (module, *below)

    return list(max((chain(module) for module in rooms.modules()), key=len))


def figures() -> list[tuple[str, float, float, list[str]]]:
    """Of each figure its name, value, limit, and what makes it up."""
    paths = rooms.modules().values()
    folders: dict[Path, int] = defaultdict(int)
    for path in paths:
        folders[path.parent] += 1
    at_root = folders.pop(rooms.PACKAGE)
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in paths}
    late, chain, circle = late_imports(), longest_chain(), rooms.circle()
    up = [f"{who} -> {whom}" for who, whom in rooms.upward()]
    largest = max(lines, key=lambda path: lines[path])
    return [
        ("modules at the root", at_root, 8, []),
        ("modules at one level of a room, most", max(folders.values()), 30, []),
        ("imports that do not go down", len(up), 0, up),
        ("modules in a circle of imports", len(circle), 0, circle),
        ("longest chain of imports", len(chain), 20, chain),
        ("functions over 60 lines", len(long_functions()), 0, long_functions()),
        ("functions with more than 7 parameters", len(wide_functions()), 5, wide_functions()),
        ("class names with two meanings", len(repeated_classes()), 0, repeated_classes()),
        ("late imports of light modules, % of all", round(100 * len(late) / imports(), 1), 6, late),
        ("lines of the library", sum(lines.values()), 32_500, []),
        ("lines of the largest module", lines[largest], 400, [str(largest.relative_to(rooms.ROOT))]),
    ]


def main() -> int:
    over = False
    for name, value, limit, parts in figures():
        over |= value > limit
        print(f"{'over' if value > limit else 'ok  '} {name}: {value:,} (at most {limit:,})")
        if value > limit or "-v" in sys.argv:
            print("".join(f"       {part}\n" for part in parts[:25]), end="")
    return int(over)


if __name__ == "__main__":
    raise SystemExit(main())

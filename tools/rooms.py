"""The rooms of the package, read off its imports.

    python tools/rooms.py            # check: exit 1 if docs/architecture.md differs from the code
    python tools/rooms.py --write    # write it

It has the picture of the rooms, and the modules of each from ground to roof with their titles. All of it is made from
the code, so that it cannot lie.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "autoft"
PICTURE = ROOT / "docs" / "architecture.md"
#: Number of each room: a module imports from its own room and from rooms with a lower number.
ROOMS = {
    **dict.fromkeys(("errors", "files", "formatting", "registry", "records"), 0),
    **dict.fromkeys(("recipe", "preprocessing"), 1),
    **dict.fromkeys(("data", "networks"), 2),
    **dict.fromkeys(("schema", "search", "knowledge"), 3),
    "evaluation": 4,
    **dict.fromkeys(("training", "report"), 5),
    "serving": 6,
    "pipeline": 7,
    "tuner": 8,
    **dict.fromkeys(("cli", "sklearn", "testing"), 9),
    "__main__": 10,
}
#: Modules of the ground floor that stand alone, from the lowest.
GROUND = ("errors", "formatting", "files", "registry", "records")


@cache
def modules() -> dict[str, Path]:
    """All modules by dotted name."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in paths}


@cache
def imports(module: str) -> frozenset[str]:
    """Modules of the package that a module imports, in functions and for types too."""
    known, found = modules(), set()
    for node in ast.walk(ast.parse(known[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in known}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in known else str(node.module) for name in names}
    return frozenset(name for name in found if name in known and name != module)


def room(module: str) -> str:
    """The room of a module, or the module itself where it stands at the root."""
    return module.split(".")[1] if "." in module else "__init__"


def title(module: str) -> str:
    """The first line of a module's docstring, without its full stop."""
    text = ast.get_docstring(ast.parse(modules()[module].read_text(encoding="utf-8"))) or ""
    return text.split("\n\n")[0].replace("\n", " ").rstrip(".")


def upward() -> list[tuple[str, str]]:
    """Imports that do not go down: (who, whom)."""
    found = []
    for module in modules():
        mine = room(module)
        for other in imports(module) if mine != "__init__" else ():
            theirs = room(other)
            if theirs == mine:
                continue
            ground = {mine, theirs} <= set(GROUND) and GROUND.index(theirs) < GROUND.index(mine)
            if theirs not in ROOMS or mine not in ROOMS or not (ROOMS[theirs] < ROOMS[mine] or ground):
                found.append((module, other))
    return found


def circle() -> list[str]:
    """A circle of imports, empty if there is none; types count."""
    graph = {module: imports(module) for module in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def ordered(package: str) -> list[str]:
    """Modules and sub-packages of a package from ground to roof, neighbours in the order of the alphabet."""
    inside = [m for m in modules() if m.startswith(f"{package}.")]
    units = sorted({m.removeprefix(f"{package}.").split(".")[0] for m in inside})
    graph: dict[str, set[str]] = {unit: set() for unit in units}
    for m in inside:
        mine = m.removeprefix(f"{package}.").split(".")[0]
        theirs = {o.removeprefix(f"{package}.").split(".")[0] for o in imports(m) if o.startswith(f"{package}.")}
        graph[mine] |= theirs - {mine}
    order, left = [], dict(graph)
    while left:
        free = sorted(u for u, needs in left.items() if not needs & left.keys())
        if not free:
            raise SystemExit(f"{package}: {', '.join(sorted(left))} import one another")
        order += free
        left = {u: needs for u, needs in left.items() if u not in free}
    return order


def listing(package: str) -> list[str]:
    """A line for each module of a package: its name and its title, the lowest first."""
    names = ordered(package)
    width = max(len(name) for name in names)
    return [f"{name:<{width}}  {title(f'{package}.{name}')}" for name in names]


def packages() -> list[str]:
    """Packages that have modules."""
    return [m for m, p in modules().items() if p.name == "__init__.py" and m != "autoft" and ordered(m)]


def picture() -> str:
    """docs/architecture.md."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        arrows[room(module)] |= {room(other) for other in imports(module)} - {room(module), "__init__"}
    floors: dict[int, list[str]] = defaultdict(list)
    for name, floor in ROOMS.items():
        if name in arrows or name in {room(m) for m in modules()}:
            floors[floor].append(name)
    lines = [
        "# Architecture",
        "",
        "Made by `python tools/rooms.py --write` from the imports of the code; a test compares.",
        "A module imports from its own room and from rooms with a lower number, in functions and for types too.",
        "",
        "```",
        *(f"{floor:>2}  {'   '.join(names)}" for floor, names in sorted(floors.items(), reverse=True)),
        "```",
        "",
        "| room | what it holds | imports from |",
        "|---|---|---|",
    ]
    for floor in sorted(floors, reverse=True):
        for name in floors[floor]:
            below = ", ".join(sorted(arrows[name], key=lambda other: (-ROOMS[other], other))) or "nothing"
            lines.append(f"| `{name}` | {title(f'autoft.{name}')} | {below} |")
    lines += ["", "## Modules", ""]
    for package in packages():
        name = package.removeprefix("autoft.").replace(".", "/")
        lines += [f"### `{name}/`", "", "```", *listing(package), "```", ""]
    return "\n".join(lines)


def main(write: bool) -> int:
    if PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == picture():
        return 0
    if write:
        PICTURE.write_text(picture(), encoding="utf-8")
        return 0
    print("docs/architecture.md differs from the code; run python tools/rooms.py --write")
    return 1


if __name__ == "__main__":
    raise SystemExit(main("--write" in sys.argv))

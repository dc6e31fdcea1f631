"""Messages about mistakes in a recipe, in the four parts of `autoft.errors`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from autoft import formatting
from autoft.errors import RecipeError

Path = tuple[str | int, ...]

#: More mistakes than this are only counted.
MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake: `path` must `must`, but `found`. Fix: `fix`."""

    path: Path
    must: str
    found: str
    fix: str


def broken_rule(key: str, must: str, found: str, fix: str) -> PydanticCustomError:
    """An error that a validator raises against a dotted key of its section ('' for the validated value itself)."""
    parts = {"key": key, "must": must, "found": found, "fix": fix}
    return PydanticCustomError("rule", "{must}", parts)


def mistakes_in(error: ValidationError, data: Any, model: type[BaseModel]) -> tuple[Mistake, ...]:
    """All mistakes that pydantic found in `data`, one per place, in the order of the model's fields."""
    found: dict[Path, Mistake] = {}
    for detail in error.errors(include_url=False):
        # A value that fits no member of a union is reported once per member; `loc` then has the member's name.
        path = _real_path(detail["loc"], data)
        if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
            continue  # pydantic does not count wrong items, which have errors of their own
        if len(path) < len(detail["loc"]) and detail["type"] == "string_type" and isinstance(detail["input"], Mapping):
            continue  # the member of the union that is a section says more
        if path in found:
            must, fix = "be one value: a text, a number, true or false", "write one value"
            if detail["type"] == "dict_type":
                must, fix = "be text, or a section of 'key: value' lines", "write one of the two"
            found[path] = Mistake(path=path, must=must, found=found[path].found, fix=fix)
        else:
            found[path] = _mistake(detail, path, model)
    return tuple(found.values())


def report(mistakes: Sequence[Mistake], *, whole: str, place: Callable[[Path], tuple[int, str]]) -> RecipeError:
    """One error that lists the mistakes (at least one) in the order of their lines. `whole` names the whole ("Recipe
    churn.yaml"), "" for arguments; `place` gives the line of a path and how to call it ("line 4, 'search.trials'")."""
    mistakes = sorted(mistakes, key=lambda mistake: place(mistake.path)[0])
    if len(mistakes) == 1:
        only = mistakes[0]
        where = ", ".join(part for part in (whole, place(only.path)[1]) if part)
        return RecipeError(where[0].upper() + where[1:], only.must, only.found, only.fix)
    listed = [
        f"({number}) {place(mistake.path)[1]} must {mistake.must}, but {mistake.found}: {mistake.fix}"
        for number, mistake in enumerate(mistakes[:MOST_LISTED], 1)
    ]
    more = f"; and {len(mistakes) - MOST_LISTED:,} more" if len(mistakes) > MOST_LISTED else ""
    found = f"{len(mistakes):,} things are wrong: {'; '.join(listed)}{more}"
    return RecipeError(whole or "The arguments", "be valid", found, "correct each of them")


def nearest_or_all(word: Any, names: Sequence[str]) -> str:
    """A fix that names the nearest valid name, or all of them.

    >>> nearest_or_all("trails", ["trials", "minutes"])
    "perhaps 'trials' is meant"
    """
    return formatting.nearest(str(word), names, 1) or f"use one of: {', '.join(names)}"


def absent_column(path: Path, name: str, names: Sequence[str]) -> Mistake:
    """A column that a recipe names and a table does not have."""
    fix = formatting.nearest(name, names, 1) or "correct the name"
    return Mistake(path, "name a column of the table", f"there is no '{name}'", fix)


def dotted(path: Path) -> str:
    """A path as users write it.

    >>> dotted(("search", "space", "width", 0))
    'search.space.width[0]'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def keys_of(model: type[BaseModel]) -> dict[str, Any]:
    """The keys of a section as they stand in YAML, with the type of each."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _real_path(loc: Sequence[str | int], data: Any) -> Path:
    path: list[str | int] = []
    for part in loc:
        inside = part in data if isinstance(data, Mapping) else isinstance(data, Sequence) and isinstance(part, int)
        if not inside or isinstance(data, str):
            continue
        path.append(part)
        data = data[part] if isinstance(data, Mapping) or int(part) < len(data) else None
    return tuple(path)


def _mistake(detail: ErrorDetails, path: Path, model: type[BaseModel]) -> Mistake:
    kind, value = detail["type"], detail["input"]
    limits = dict(detail.get("ctx", {}))
    limits |= {name: int(limit) for name, limit in limits.items() if isinstance(limit, float) and limit.is_integer()}
    if kind == "extra_forbidden":
        return _unknown_key(path, model)
    if kind == "rule":
        keys = limits["key"].split(".") if limits["key"] else []
        place = (*path, *(int(key) if key.isdigit() else key for key in keys))
        return Mistake(path=place, must=limits["must"], found=limits["found"], fix=limits["fix"])
    if kind == "literal_error":
        names = re.findall(r"'([^']*)'", limits["expected"])
        must, fix = f"be one of {', '.join(names)}", formatting.nearest(str(value), names, 1) or "choose one of these"
        return Mistake(path=path, must=must, found=f"it is {_show(value)}", fix=fix)
    if kind == "missing" and isinstance(detail["loc"][-1], str):
        return Mistake(path=path, must=f"have a '{detail['loc'][-1]}'", found="there is none", fix="add it")
    if kind in ("missing", "too_long") and path:
        place = path[:-1] if isinstance(path[-1], int) else path
        return Mistake(path=place, must="be a list of two values", found="it is not", fix="write it as [a, b]")
    must, fix = _RULES.get(kind, (detail["msg"].lower(), "correct the value"))
    return Mistake(path=path, must=must.format(**limits), found=_found(value), fix=fix.format(**limits))


def _unknown_key(path: Path, model: type[BaseModel]) -> Mistake:
    """An unknown key: the nearest name in its section, or the section that it belongs to."""
    section: Any = model
    for part in path[:-1]:
        # A list or a dictionary of sections is gone through by its places or names.
        section = keys_of(section)[str(part)] if _is_section(section) else _section_of(section)
    key, known = str(path[-1]), list(keys_of(section))
    homes = [f"write it under '{home}'" for home in _homes(model, key)]
    fix = homes[0] if homes else nearest_or_all(key, known)
    inside = f"of '{dotted(path[:-1])}'" if len(path) > 1 else "of a recipe"
    return Mistake(path=path, must=f"be a key {inside}", found="there is none of that name", fix=fix)


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _section_of(kind: Any) -> Any:
    """The section that a type is, or holds (``dict[str, Hint]``, ``tuple[Ratio, ...]``); None if there is none."""
    if _is_section(kind):
        return kind
    return next((found for part in get_args(kind) if (found := _section_of(part)) is not None), None)


def _homes(model: type[BaseModel], key: str, prefix: str = "") -> list[str]:
    found = []
    for name, kind in keys_of(model).items():
        if _is_section(kind):
            found += [prefix + name] if key in keys_of(kind) else []
            found += _homes(kind, key, f"{prefix}{name}.")
    return found


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _found(value: Any) -> str:
    if value is None:
        return "nothing stands there"
    return "it is a section with keys of its own" if isinstance(value, Mapping) else f"it is {_show(value)}"


#: What must hold of a text with half a character (a surrogate), and the fix.
HALF = ("hold text that can be encoded", "write the character itself, not half of its code")
#: pydantic's error type -> (what must hold, the fix), both formatted with the limits.
_RULES: dict[str, tuple[str, str]] = {
    "string_unicode": HALF,
    "string_type": ("be text", "put the value in quotes"),
    "int_type": ("be a whole number", "write a whole number without quotes"),
    "int_from_float": ("be a whole number", "write a whole number without quotes"),
    "float_type": ("be a number", "write a number without quotes"),
    "bool_type": ("be true or false", "write true or false without quotes"),
    "finite_number": ("be a finite number", "write a number"),
    "dict_type": ("be a section of 'key: value' lines", "write such lines, or leave the section out"),
    "model_type": ("be a section of 'key: value' lines", "write such lines, or leave the section out"),
    "tuple_type": ("be a list", "put the values in square brackets, like [a, b]"),
    "too_short": ("hold {min_length} or more values", "add values, or leave the key out"),
    "greater_than_equal": ("be at least {ge}", "write {ge} or more"),
    "greater_than": ("be more than {gt}", "write more than {gt}"),
    "less_than_equal": ("be at most {le}", "write {le} or less"),
    "less_than": ("be less than {lt}", "write less than {lt}"),
    "string_pattern_mismatch": (
        "be usable as the name of a folder",
        "use 1 to 64 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
    ),
    "string_too_short": ("not be empty", "write the text, or leave the key out"),
}

"""YAML of a recipe: plain data of YAML 1.2, without anchors, tags and repeated keys.

PyYAML reads YAML 1.1, where ``no`` is False, ``1e-3`` is text, ``012`` is ten, ``12:30`` is 750 and the last of
two equal keys wins silently; its anchors let a few bytes stand for gigabytes. Here scalars follow the core schema
of YAML 1.2.2 (section 10.3), mapping keys are always text, and anchors, tags and repeated keys are refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NoReturn

import yaml

from autoft.errors import RecipeError
from autoft.recipe.messages import dotted

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
#: Longer whole numbers are slow to convert (Python itself stops at 4,300 digits) and never meant.
MAX_DIGITS = 40

Path = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
#: Patterns of the core schema by the type of their values.
_PATTERNS = {
    "null": re.compile(r"(?:~|null|Null|NULL|)\Z"),
    "bool": re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
    "int": re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z"),
    "float": re.compile(
        r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Data of a YAML text (dicts with texts as keys, lists, str, int, float, bool and None), and the 1-based line of
    every key and list item by its path."""

    data: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The 1-based line of a key path, or that of its nearest parent that stands in the text."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _Loader(yaml.SafeLoader):
    """A SafeLoader that refuses anchors, tags and deep nesting while it reads the events: nothing has been expanded or
    recursed into by then."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own name

    def __init__(self, text: str, source: str) -> None:
        super().__init__(text)
        self.source = source
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            _refuse(self.source, line, "not use anchors and aliases (& and *)", f"'{event.anchor}' is one")
        if getattr(event, "tag", None) is not None:
            _refuse(self.source, line, "not use tags (!)", f"'{event.tag}' is one")
        if self.depth >= MAX_DEPTH:
            must = f"be nested at most {MAX_DEPTH} levels deep"
            _refuse(self.source, line, must, "something lies deeper", "take the extra brackets or indentation away")
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _add_resolvers(kind: Any) -> None:
    """Make a PyYAML loader or dumper class resolve scalars as YAML 1.2 does."""
    for name, pattern in _PATTERNS.items():
        kind.add_implicit_resolver(_TAG + name, pattern, None)


_add_resolvers(_Loader)


class Dumper(yaml.SafeDumper):
    """Quotes a text that YAML 1.1 or YAML 1.2 would take for something else.

    Line breaks other than the usual one are escaped: YAML reads them as that one, or as a blank.
    """

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = '"' if re.search("[\r\x85\u2028\u2029]", text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_add_resolvers(Dumper)
Dumper.add_representer(str, Dumper.represent_text)


def load(text: str, *, source: str) -> Document:
    """Read a YAML text of at most 64 kB strictly. Raises a RecipeError that names `source` (the file) and the line if
    the text is not such YAML.

    >>> load("a: 1e-3\\nb: [no, 012, 12:30]\\n", source="r.yaml").data
    {'a': 0.001, 'b': ['no', 12, '12:30']}
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        found, fix = f"it has {size / 1024:,.0f} kB", "keep data in files of its own"
        raise RecipeError(f"Recipe {source}", "have at most 64 kB", found, fix)
    try:
        loader = _Loader(text, source)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        _report(source, error)
    except yaml.reader.ReaderError as error:
        position = error.position if isinstance(error.position, int) else 0
        line = text.count("\n", 0, position) + 1
        found = f"character {position + 1:,} is U+{ord(text[position]):04X}"
        _refuse(source, line, "consist of printable characters", found, "remove it or write it as an escape in quotes")
    except RecipeError:
        raise
    except (ValueError, OverflowError, RecursionError) as error:
        # PyYAML converts the digits of escapes and %YAML lines without checking their size.
        _refuse(source, loader.line + 1, "be readable as YAML", f"PyYAML says: {error}", "correct the escape sequence")
    if node is None:
        return Document(data=None, lines={})
    lines: dict[Path, int] = {}
    return Document(data=_build(node, (), lines, source), lines=lines)


def scalar(text: str) -> str | int | float | bool | None:
    """The value that a plain text has in a recipe: ``"1"`` is a number, ``"yes"`` is text.

    >>> scalar("1"), scalar("true"), scalar("yes"), scalar("1: [")
    (1, True, 'yes', '1: [')
    """
    for name, pattern in _PATTERNS.items():
        if pattern.match(text):
            return text if name == "int" and len(text) > MAX_DIGITS else _convert(_TAG + name, text)
    return text


def label(text: str) -> str | int | float | bool | None:
    """The value that a label has in a recipe: as `scalar`, unless that would lose how it is written.

    >>> label("1"), label("01"), label("true"), label("1e3")
    (1, '01', True, '1e3')
    """
    value = scalar(text)
    usual = str(value)
    forms = (usual, usual.lower(), usual.replace("e", ".0e"))  # the last is PyYAML's own: 1.0e-05
    return value if value is None or text in forms else text


def plain(values: Any, path: Path = ()) -> Any:
    """Values of Python as a YAML file would give them: dicts with texts as keys, lists, and plain numbers. Raises a
    RecipeError if they lie deeper than YAML may (as those that hold themselves do), or a key is no text."""
    if len(path) > MAX_DEPTH:
        must, found = f"be nested at most {MAX_DEPTH} levels deep", "something lies deeper"
        where = f"Argument 'recipe', '{dotted(path[:2])}'"
        raise RecipeError(where, must, found, "take the extra dicts or lists away")
    if isinstance(values, Mapping):
        for key in values:
            if isinstance(key, bool) or not isinstance(key, str | Integral):
                where = ", ".join(["Argument 'recipe'", *([f"'{dotted(path)}'"] if path else [])])
                found = f"a key is of type {type(key).__name__}"
                raise RecipeError(where, "have text as keys", found, "put quotes around the key")
        # As in a file, a column that is called 2020 is a text.
        return {str(key): plain(value, (*path, str(key))) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [plain(value, (*path, number)) for number, value in enumerate(values)]
    if isinstance(values, os.PathLike):
        return os.fspath(values)
    return values.item() if getattr(values, "shape", None) == () else values  # numpy's numbers


def _build(node: yaml.Node, path: Path, lines: dict[Path, int], source: str) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return _convert(node.tag, _text(node, source))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*path, index)] = item.start_mark.line + 1
        return [_build(item, (*path, index), lines, source) for index, item in enumerate(node.value)]
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            found = "a list or mapping stands there as a key"
            _refuse(source, line, "have text as keys", found, "put quotes around the key")
        # Keys keep the text that was written: a column may well be called 2020 or true.
        key = _text(key_node, source)
        if key in result:
            first = lines[(*path, key)]
            found = f"'{key}' stands on line {first} and again on line {line}"
            _refuse(source, line, "have every key once", found, "remove one of the two")
        lines[(*path, key)] = line
        plain = isinstance(value_node, yaml.ScalarNode) and value_node.style is None
        if plain and _names_label((*path, key)):
            result[key] = label(value_node.value)
        else:
            result[key] = _build(value_node, (*path, key), lines, source)
    return result


def _names_label(path: Path) -> bool:
    """Whether the value at a path names a class of the target: 01 and 1e3 stay the text that was written, since the
    label may be just that; a label that is a number is found by its text all the same."""
    return path == ("data", "positive") or (path[:2] == ("knowledge", "features") and path[3:] == ("label",))


def _text(node: yaml.ScalarNode, source: str) -> str:
    line, text = node.start_mark.line + 1, str(node.value)
    if node.tag == _TAG + "int" and len(text) > MAX_DIGITS:
        must = f"hold whole numbers of at most {MAX_DIGITS} digits"
        _refuse(source, line, must, f"one has {len(text):,} digits", "put it in quotes if it is a text")
    if any("\ud800" <= character <= "\udfff" for character in text):
        found = "an escape stands for half a character (a surrogate)"
        _refuse(source, line, "hold text that can be encoded", found, "write the character itself")
    return text


def _convert(tag: str, text: str) -> str | int | float | bool | None:
    kind = tag.removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return int(text, {"0x": 16, "0o": 8}.get(text[:2], 10))
    if kind == "float":
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _report(source: str, error: yaml.MarkedYAMLError) -> NoReturn:
    problem = " ".join(part for part in (error.context, error.problem) if part)
    # The mark of a part without an end is the end of the file: its beginning helps more.
    marks = (error.problem_mark, error.context_mark)
    mark = next(filter(None, reversed(marks) if "end of stream" in problem else marks), None)
    line = mark.line + 1 if mark else 1
    fix = "check the indentation, quotes, colons and brackets on that line and the one before"
    if "'\\t'" in problem:
        fix = "indent with blanks, not with tabs"
    elif "mapping values are not allowed" in problem:
        fix = "put quotes around a text that contains ': ', and check the indentation"
    found = problem.replace(", but ", " and ").replace("'<stream end>'", "the end of the file")
    _refuse(source, line, "be readable as YAML", found or "it is not", fix)


def _refuse(source: str, line: int, must: str, found: str, fix: str = "write the value out in plain YAML") -> NoReturn:
    raise RecipeError(f"Recipe {source}, line {line}", must, found, fix) from None


#: Line of a path into a recipe, and how to call it. Functions of a module, so that a recipe can be pickled.
Place = Callable[[Path], tuple[int, str]]


def in_python(path: Path) -> tuple[int, str]:
    return 0, f"'{dotted(path)}' of the recipe"


def in_dict(path: Path) -> tuple[int, str]:
    return 0, f"'{dotted(path)}'"


def in_file(document: Document, path: Path) -> tuple[int, str]:
    return document.line(path), f"line {document.line(path)}, '{dotted(path)}'"


def of_change(named: Mapping[Path, str], argument: str, earlier: Place, path: Path, whole: str = "") -> tuple[int, str]:
    """The argument that changed a value, else its place in the recipe as it was `earlier`."""
    for size in range(len(path), 0, -1):
        if path[:size] in named:
            return 0, argument.format(named[path[:size]])
    line, text = earlier(path)
    return line, f"{whole}, {text}" if whole else text

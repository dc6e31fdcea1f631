"""Recipes: data, search, evaluation and knowledge of a run, read from YAML (examples: recipes/).

``python -m autoft.recipe.recipe`` prints the JSON Schema that editors use to check and complete recipes.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from autoft.errors import RecipeError
from autoft.recipe.evaluate import Evaluate
from autoft.recipe.knowledge import Knowledge
from autoft.recipe.messages import Mistake, broken_rule, mistakes_in, nearest_or_all, report
from autoft.recipe.sections import Data, Preprocess, RecipeSection, Report, Schema, Search, TaskChoice
from autoft.recipe.yaml import MAX_BYTES, Dumper, Place, in_dict, in_file, in_python, load, of_change, plain
from autoft.registry import registry_of

#: Names that the command line and `AutoFineTuner` use for values of a recipe.
ARGUMENTS: Mapping[str, str] = {
    key: f"{section}.{key}"
    for section, keys in {
        "data": ("target", "positive", "missing", "decimal"),
        "search": ("algorithm", "families", "trials", "minutes", "epochs"),
        "evaluate": ("folds", "objective", "strategy", "rows"),
        "report": ("title", "private"),
    }.items()
    for key in keys
}


class Recipe(RecipeSection):
    """Data, search, evaluation and knowledge of a run.

    >>> recipe = Recipe().with_changes(target="Churn", trials=10)
    >>> recipe.data.target, recipe.search.trials, recipe.evaluate.folds
    ('Churn', 10, 5)
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$")] = "run"
    """Name of the run and of its folder."""
    task: TaskChoice = "auto"
    """Kind of problem; auto reads it off the target."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Everything random follows from it."""
    data: Data = Field(default_factory=Data)
    schema_: Schema = Field(default_factory=Schema, alias="schema")
    preprocess: Preprocess = Field(default_factory=Preprocess)
    search: Search = Field(default_factory=Search)
    evaluate: Evaluate = Field(default_factory=Evaluate)
    knowledge: Knowledge = Field(default_factory=Knowledge)
    report: Report = Field(default_factory=Report)

    _folder: Path | None = PrivateAttr(default=None)
    _source: str = PrivateAttr(default="")
    _place: Place | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _agree(self) -> Recipe:
        objective = self.evaluate.objective
        named = "auto" not in (self.task, objective)
        if named and self.task not in registry_of("metric")[objective].tasks:
            must, found = f"fit the task {self.task}", f"'{objective}' does not"
            raise broken_rule("evaluate.objective", must, found, "choose another objective, or task: auto")
        only_binary = {"data.positive": self.data.positive, "knowledge.minimum": self.knowledge.minimum.stated()}
        for key, given in only_binary.items():
            if self.task in ("multiclass", "regression") and given is not None:
                must, found = "be left out unless the task is binary", f"the task is {self.task}"
                raise broken_rule(key, must, found, "remove it, or choose task: binary")
        rows = self.evaluate.dependence
        if self.data.weight is not None and self.data.weight in (rows.group, *rows.time):
            must, found = "not group or order the rows too", f"'{self.data.weight}' does"
            raise broken_rule("data.weight", must, found, "choose another column")
        self._agree_on_costs()
        return self

    def _agree_on_costs(self) -> None:
        costs, stated = self.knowledge.costs, self.knowledge.costs.stated()
        objective = self.evaluate.objective
        if not costs.given and objective != "auto" and registry_of("metric")[objective].needs_costs:
            fix = "add 'knowledge: {costs: {false_negative: 5, false_positive: 1}}', or choose another objective"
            raise broken_rule("evaluate.objective", "be a metric that is defined", "no costs are given", fix)
        none = self.task == "regression" or (self.task == "multiclass" and costs.matrix is None)
        if costs.given and none:
            must, found = "be left out unless the task is binary", f"the task is {self.task}"
            more = ", or state a matrix" if self.task == "multiclass" else ""
            raise broken_rule("knowledge.costs", must, found, f"remove them{more}, or choose task: binary")
        if stated is not None and not 1e-3 <= stated.threshold <= 1 - 1e-3:
            found = f"they are {stated.false_negative:g} and {stated.false_positive:g}"
            fix = "give costs that are closer to each other; beyond that the answer is always the same"
            raise broken_rule("knowledge.costs", "not differ by more than a factor of 999", found, fix)

    def __eq__(self, other: object) -> bool:
        """Equal values make equal recipes, wherever they were read."""
        return isinstance(other, Recipe) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]

    @property
    def folder(self) -> Path:
        """The folder that the recipe's paths are relative to (the current one for a recipe made in Python)."""
        return self._folder or Path.cwd()

    def data_path(self) -> Path:
        """The data file: absolute, links resolved, inside the recipe's folder. Raises a RecipeError if the recipe names
        no data, or a file elsewhere."""
        if self.data.path is None:
            fix = "add 'data: {path: FILE}', or hand the data over"
            raise RecipeError(self._source or "The recipe", "name a data file", "data.path is missing", fix)
        return self._inside(("data", "path"), self.data.path)

    def schema_path(self) -> Path | None:
        """The schema file, found like :meth:`data_path`, or None where the recipe names none."""
        return None if self.schema_.file is None else self._inside(("schema", "file"), self.schema_.file)

    def refuse(self, mistakes: Sequence[Mistake]) -> None:
        """Raise a RecipeError if there is any mistake, found once the data are known; it names each with its line."""
        if mistakes:
            whole = self._source or ("The recipe" if len(mistakes) > 1 else "")
            raise report(mistakes, whole=whole, place=self._place or in_python)

    def _inside(self, key: tuple[str, str], text: str) -> Path:
        self.refuse(_path_mistakes(self.folder, key, text))
        return Path(os.path.realpath(self.folder / text))

    def with_changes(self, **changes: Any) -> Recipe:
        """A copy with new values by argument name (see `ARGUMENTS`), by the name of a top-level key, or by dotted path
        (``**{"search.patience": 5}``). None keeps what the recipe says. Raises a RecipeError that names the argument if
        a name or value is not valid."""
        return self.changed(changes, "argument '{}'")

    def changed(self, changes: Mapping[str, Any], argument: str) -> Recipe:
        """As `with_changes`; `argument` is what messages call one of the changes (``--{}`` on the command line)."""
        data = self.model_dump(by_alias=True)
        named: dict[tuple[str | int, ...], str] = {}
        for name, value in changes.items():
            if value is None:
                continue
            keys = ARGUMENTS.get(name, name).split(".")
            section: Any = data
            for key in keys[:-1]:
                section = section.get(key) if isinstance(section, dict) else None
            if not isinstance(section, dict) or keys[-1] not in section:
                fix = nearest_or_all(name, [*ARGUMENTS, "name", "task", "seed"])
                where, found = argument.format(name), "there is none of that name"
                raise RecipeError(where[0].upper() + where[1:], "be a value of a recipe", found, fix)
            # numpy's whole numbers are Integral, but no int.
            whole_number = isinstance(value, Integral) and not isinstance(value, bool | int)
            section[keys[-1]] = int(value) if whole_number else value
            named[tuple(keys)] = name

        place = partial(of_change, named, argument, self._place or in_python)
        made = _validate(data, self._folder, self._source, whole="", place=partial(place, whole=self._source))
        made._place = place
        return made

    def to_yaml(self) -> str:
        """The recipe as YAML: what differs from the defaults, and the essentials; it reads back equal."""
        values = self.model_dump(mode="json", by_alias=True)
        chosen = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        essential: dict[str, Any] = {}
        for section, keys in _ESSENTIALS.items():
            kept = {key: values[section][key] for key in keys if values[section][key] is not None}
            essential[section] = kept | chosen.get(section, {})
        shown = {key: values[key] for key in ("name", "task", "seed")} | chosen | essential
        text = yaml.dump(
            {key: shown[key] for key in values if shown.get(key, {}) != {}},
            Dumper=Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=120,
            default_flow_style=None,
        )
        return str(text)


_ESSENTIALS = {
    "data": ("path", "target"),
    "search": ("algorithm", "trials", "minutes"),
    "evaluate": ("folds", "objective", "strategy"),
}


def _path_mistakes(folder: Path, key: tuple[str, str], text: str) -> list[Mistake]:
    """What is wrong with the path of a file, which a stranger may have written: at most one mistake."""
    root = Path(os.path.realpath(folder))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text):
        found = "it is an address or has a drive letter"
    elif "\0" in text:
        found = "it holds a NUL character"
    elif os.path.isabs(text) or text.startswith(("/", "\\", "~")):
        found = "it is absolute"
    elif not Path(os.path.realpath(root / text)).is_relative_to(root):
        found = "it leads out of that folder"
    else:
        return []
    must, fix = (
        "be a relative path inside the recipe's folder",
        "put the file beside the recipe; write its path from there",
    )
    return [Mistake(path=key, must=must, found=found, fix=fix)]


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """The recipe in a file; it remembers its folder, which its paths are relative to. Raises a RecipeError with all
    mistakes in one message, each with its line and, for names, the nearest valid one."""
    path = Path(path)
    document = load(_read(path), source=path.name)
    whole = f"Recipe {path.name}"
    if not isinstance(document.data, dict):
        found = "it is empty" if document.data is None else "it is a single value or a list"
        fix = "begin with 'data: {path: FILE, target: COLUMN}'"
        raise RecipeError(whole, "consist of sections ('key: value' lines)", found, fix)
    folder, place = Path(os.path.abspath(path.parent)), partial(in_file, document)
    return _validate(document.data, folder, whole, whole=whole, place=place)


def recipe_of(values: Mapping[str, Any]) -> Recipe:
    """The recipe that a dict in the form of a recipe file says; its paths are relative to the current folder. Raises a
    RecipeError with all mistakes in one message, each with the path of its key.

    >>> recipe_of({"data": {"target": "Churn"}, "serach": {"trials": 3}})
    Traceback (most recent call last):
    ...
    autoft.errors.RecipeError: Argument 'recipe', 'serach' must be a key of a recipe, but there is none of that ...
    """
    whole = "Argument 'recipe'"
    return _validate(plain(values), Path.cwd(), whole, whole=whole, place=in_dict)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of recipes, for editors (recipes/recipe.schema.json)."""
    schema = Recipe.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "autoft recipe"}


def _read(path: Path) -> str:
    whole = f"Recipe {path.name}"
    if not path.is_file():
        found = "it is a folder" if path.is_dir() else f"there is no file '{path}'"
        raise RecipeError(whole, "be a file", found, "check the path; 'autoft recipes' lists the shipped ones")
    try:
        with path.open("rb") as file:
            # One byte more than allowed is enough to refuse a large file without reading it.
            return file.read(MAX_BYTES + 1).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The ceiling may cut a character in two; the size is then what is wrong.
        if error.start < MAX_BYTES - 8:
            found = f"byte {error.start + 1:,} is not"
            raise RecipeError(whole, "be UTF-8 text", found, "save the file as UTF-8") from None
        raise RecipeError(whole, "have at most 64 kB", "it has more", "keep data in files of its own") from None
    except OSError as error:
        raise RecipeError(whole, "be readable", f"the system says: {error.strerror}", "check its permissions") from None


def _validate(data: Any, folder: Path | None, source: str, *, whole: str, place: Place) -> Recipe:
    mistakes: list[Mistake] = []
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        mistakes += mistakes_in(error, data, Recipe)
    if folder is not None and isinstance(data, dict):
        for section, key in (("data", "path"), ("schema", "file")):
            values = data.get(section)
            text = values.get(key) if isinstance(values, dict) else None
            mistakes += _path_mistakes(folder, (section, key), text) if isinstance(text, str) else []
    if mistakes:
        raise report(mistakes, whole=whole, place=place)
    recipe._folder, recipe._source, recipe._place = folder, source, place
    return recipe


if __name__ == "__main__":
    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")

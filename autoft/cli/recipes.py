"""``autoft recipes``: the recipes at hand."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autoft.cli.console import SCREEN, safe, text_table
from autoft.data.table import read_file
from autoft.errors import AutoFTError, RecipeError
from autoft.recipe.recipe import read_recipe


def run(options: argparse.Namespace) -> None:
    """Print the recipes at hand and how to run one."""
    folder = recipe_folder()
    table = text_table(safe(f"recipes in {folder}"), "recipe", "task", "rows", "what it is about")
    table.columns[2].justify = "right"
    for recipe in map(describe, sorted(folder.glob("*.yaml"))):
        rows = "-" if recipe.rows is None else f"{recipe.rows:,}"
        table.add_row(safe(recipe.name), safe(recipe.task), rows, safe(recipe.text))
    SCREEN.print(table)
    SCREEN.print(safe(f"run one: autoft fit {folder / 'NAME.yaml'}", "dim"), soft_wrap=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedRecipe:
    """A recipe as the list shows it: `name` is its file's, `rows` is None where its data cannot be read."""

    name: str
    task: str
    rows: int | None
    text: str


def recipe_folder() -> Path:
    """``./recipes``, or the one beside the package's source; raises RecipeError if there is neither."""
    places = (Path("recipes"), Path(__file__).resolve().parents[2] / "recipes")
    for place in places:
        if any(place.glob("*.yaml")):
            return place
    found = f"neither '{places[0]}' nor '{places[1]}' holds any"
    raise RecipeError("The recipes", "be in a folder 'recipes'", found, "run the command in a checkout of autoft")


def describe(path: Path) -> ShippedRecipe:
    """The line of a recipe; one that cannot be read is listed with its error."""
    try:
        recipe = read_recipe(path)
    except RecipeError as error:
        return ShippedRecipe(name=path.stem, task="-", rows=None, text=str(error))
    # The first comment that is not for the editor says what the recipe is about.
    comments = (line[1:].strip() for line in path.read_text("utf-8-sig").splitlines() if line.startswith("#"))
    text = next((comment for comment in comments if not comment.startswith("yaml-language-server:")), "")
    rows = None
    with suppress(AutoFTError):  # a table that is not there or cannot be read
        rows = len(read_file(recipe.data_path())[0]) if recipe.data.path else None
    return ShippedRecipe(name=path.stem, task=recipe.task, rows=rows, text=text)

"""Catalogue of the shipped recipes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autoft.errors import AutoFTError, RecipeError


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedRecipe:
    """A recipe as the list shows it: `name` is its file's, `rows` is None where its data cannot be read."""

    name: str
    task: str
    rows: int | None
    text: str


def recipe_folder() -> Path:
    """``./recipes``, or the one beside the package's source.

    Raises:
        RecipeError: There is neither.
    """
    places = (Path("recipes"), Path(__file__).resolve().parents[2] / "recipes")
    for place in places:
        if any(place.glob("*.yaml")):
            return place
    found = f"neither '{places[0]}' nor '{places[1]}' holds any"
    raise RecipeError("The recipes", "be in a folder 'recipes'", found, "run the command in a checkout of autoft")


def shipped_recipes(folder: Path) -> list[ShippedRecipe]:
    """The recipes of a folder, by name; one that cannot be read is listed with its error."""
    return [_describe(path) for path in sorted(folder.glob("*.yaml"))]


def _describe(path: Path) -> ShippedRecipe:
    from autoft.recipe.recipe import read_recipe

    try:
        recipe = read_recipe(path)
    except RecipeError as error:
        return ShippedRecipe(name=path.stem, task="-", rows=None, text=str(error))
    # The first comment that is not for the editor says what the recipe is about.
    comments = (line[1:].strip() for line in path.read_text("utf-8-sig").splitlines() if line.startswith("#"))
    text = next((comment for comment in comments if not comment.startswith("yaml-language-server:")), "")
    rows = _rows(recipe.data_path) if recipe.data.path else None
    return ShippedRecipe(name=path.stem, task=recipe.task, rows=rows, text=text)


def _rows(find: Callable[[], Path]) -> int | None:
    from autoft.data.files import read_file

    try:
        return len(read_file(find()))
    except AutoFTError:
        return None

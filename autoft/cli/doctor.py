"""What is at hand: the shipped recipes, and what is installed and works on this machine."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autoft.errors import AutoFTError, RecipeError

#: Older versions have known holes in the loading of models, among them CVE-2026-12479 and CVE-2026-12481.
SAFE_KERAS = (3, 15, 1)
PACKAGES = ("autoft", "keras", "tensorflow", "tensorflow-data-validation", "keras-tuner", "numpy", "pandas")
PROBE_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedRecipe:
    """A recipe as the list shows it: `name` is its file's, `rows` is None where its data cannot be read."""

    name: str
    task: str
    rows: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of the doctor's report; `bad` marks what needs attention."""

    name: str
    text: str
    bad: bool = False


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


def diagnose() -> list[Fact]:
    """Versions, the backend, and whether TFDV works here (tried in processes of their own: takes some seconds)."""
    facts = [Fact(name="python", text=f"{platform.python_version()} on {platform.platform()}")]
    installed = {name: _version(name) for name in PACKAGES}
    for name, found in installed.items():
        facts.append(Fact(name=name, text=found or "not installed", bad=found is None and name != PACKAGES[3]))
    keras = installed["keras"]
    if keras and tuple(int(part) for part in re.findall(r"\d+", keras)[:3]) < SAFE_KERAS:
        wanted = ".".join(map(str, SAFE_KERAS))
        text = f"{keras} has known holes in the loading of models: pip install 'keras>={wanted}'"
        facts.append(Fact(name="keras is old", text=text, bad=True))
    probes = {
        "backend": _start("import keras; print(keras.backend.backend())"),
        "tfdv works": _start("import tensorflow_data_validation; print('yes')") if installed[PACKAGES[3]] else None,
    }
    for name, process in probes.items():
        if process is None:
            text = "no: not installed; autoft's own checks run without it (pip install 'autoft[tfdv]', Python 3.11)"
            facts.append(Fact(name=name, text=text))
        else:
            facts.append(_finish(name, process))
    return facts


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _start(code: str) -> subprocess.Popen[str]:
    # A library that does not fit the machine may end the process that imports it.
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _finish(name: str, process: subprocess.Popen[str]) -> Fact:
    try:
        output, errors = process.communicate(timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return Fact(name=name, text=f"no: no answer within {PROBE_SECONDS} s", bad=True)
    lines = (output if process.returncode == 0 else errors).strip().splitlines() or [f"exit {process.returncode}"]
    if process.returncode == 0:
        return Fact(name=name, text=lines[-1])
    return Fact(name=name, text=f"no: {lines[-1]}", bad=True)

"""Source of a run on the command line: a recipe, or a table with options."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from autoft.recipe.recipe import ARGUMENTS, Recipe, read_recipe
from autoft.recipe.yaml import label


def read_source(options: argparse.Namespace) -> tuple[Recipe, Path | None]:
    """The recipe that the command names or implies, and the table where it names one."""
    changes = {name: getattr(options, name, None) for name in (*ARGUMENTS, "task", "seed")}
    changes["private"] = getattr(options, "private", False) or None
    if changes["positive"]:
        changes["positive"] = label(changes["positive"])
    elif changes["positive"] is not None:
        options.usage_error("--positive must name a label, but it is empty")
    path = Path(options.source)
    if path.suffix.lower() in (".yaml", ".yml"):
        return read_recipe(path).changed(changes, "--{}"), None
    if path.is_dir():
        options.usage_error(f"{path} is a folder: name a recipe (.yaml) or a table (CSV, Parquet, ...)")
    if options.target is None:
        options.usage_error("--target is required with a table")
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", path.name.partition(".")[0])[:64].strip("_-") or "run"
    return Recipe(name=name).changed(changes, "--{}"), path

"""The metric that is tuned, and what a recipe may ask for only with certain tasks."""

from __future__ import annotations

from typing import get_args

from autoft.errors import RecipeError
from autoft.evaluation.metrics import default_objective, objectives
from autoft.recipe.recipe import Recipe
from autoft.recipe.sections import Objective
from autoft.records.columns import Target
from autoft.records.decisions import DecisionGoal


def choose_objective(recipe: Recipe, target: Target, goal: DecisionGoal | None = None) -> str:
    """The metric to tune.

    Args:
        recipe: What to do.
        target: The column to predict.
        goal: What decisions follow.

    Raises:
        RecipeError: If it does not fit the task, or class weights or the focal loss do not.
    """
    wanted = recipe.evaluate.objective
    for name in ("class_balance", "focal"):
        if target.task == "regression" and getattr(recipe.search.space, name) is not None:
            where = f"search: space: {name}:"
            raise RecipeError(where, "be left out unless there are classes", "the task is regression", "remove it")
    if wanted == "auto":
        return default_objective(target.task)
    there = objectives(target.task, recipe.evaluate.quantile, goal)
    possible = [name for name in there if name in get_args(Objective)]
    if wanted not in possible:
        raise RecipeError(
            f"Objective '{wanted}'",
            f"fit the task, which is {target.task}",
            "it does not",
            f"choose one of {', '.join(possible)}",
        )
    return wanted

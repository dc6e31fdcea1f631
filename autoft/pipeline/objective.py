"""The metric that is tuned, and what a recipe may ask for only with certain tasks."""

from __future__ import annotations

from autoft.errors import RecipeError
from autoft.evaluation.metrics import default_objective, metrics_of
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Target
from autoft.records.decisions import DecisionGoal
from autoft.records.problem import Problem


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
    problem = Problem(task=target.task, objective=wanted, quantile=recipe.evaluate.quantile, goal=goal)
    possible = [metric.name for metric in metrics_of(problem) if metric.objective]
    if wanted not in possible:
        raise RecipeError(
            f"Objective '{wanted}'",
            f"fit the task, which is {target.task}",
            "it does not",
            f"choose one of {', '.join(possible)}",
        )
    return wanted

"""What is wrong with what a recipe says of decisions (costs and a minimum), seen from the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from autoft.recipe_knowledge import Costs, Knowledge
from autoft.recipe_messages import Problem
from autoft.records import Column, Target

_COSTS = ("knowledge", "costs")


def decision_problems(knowledge: Knowledge, columns: Mapping[str, Column], target: Target) -> Iterator[Problem]:
    """Costs and a minimum that do not fit the task, unknown classes, and a gain that is no number.

    Args:
        knowledge: The section.
        columns: Of the table, by name.
        target: The column to predict.
    """
    costs, task = knowledge.costs, target.task
    if task == "regression":
        if costs != Costs():
            found = "the task is regression"
            yield Problem(path=_COSTS, must="be left out unless there are classes", found=found, fix="remove it")
    elif costs.matrix is not None:
        yield from _labels(costs.matrix, target.classes)
    if task == "multiclass":
        found, fix = "the task is multiclass", "write 'matrix:' with what each wrong answer costs"
        for name in ("false_negative", "false_positive", "gain"):
            if getattr(costs, name) is not None:
                yield Problem(path=(*_COSTS, name), must=_BINARY, found=found, fix=fix)
    column = columns.get(costs.gain or "")
    if column is not None and column.name != target.name and column.kind in ("categorical", "text", "date"):
        found = f"'{column.name}' is {column.kind}"
        yield Problem(path=(*_COSTS, "gain"), must="be a numeric column", found=found, fix="name another one")
    if task != "binary" and knowledge.minimum.stated() is not None:
        must, found = "be left out unless there are two classes", f"the task is {task}"
        yield Problem(path=("knowledge", "minimum"), must=must, found=found, fix="remove it")


_BINARY = "be left out unless the task is binary"


def _labels(matrix: Mapping[str, Mapping[str, float]], labels: Sequence[Any]) -> Iterator[Problem]:
    classes = [str(label) for label in labels]
    short = [f"{label:g}" for label in labels if isinstance(label, float)]
    for label, row in matrix.items():
        for name in (label, *row):
            if name not in classes and name not in short:
                near = get_close_matches(name, classes, n=1)
                fix = f"perhaps '{near[0]}' is meant" if near else f"name one of {', '.join(classes[:5])}"
                path = (*_COSTS, "matrix", label)
                yield Problem(path=path, must="name classes of the target", found=f"there is no '{name}'", fix=fix)

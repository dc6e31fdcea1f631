"""What is wrong with what a recipe says of decisions (costs and a minimum), seen from the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoft.recipe_knowledge import Costs, Knowledge
from autoft.recipe_messages import Problem
from autoft.records import Column, Target

_COSTS = ("knowledge", "costs")


def decision_problems(
    knowledge: Knowledge, columns: Mapping[str, Column], values: Mapping[str, NDArray[Any]], target: Target
) -> Iterator[Problem]:
    """Costs and a minimum that do not fit the task, unknown classes, and a gain that is no amount.

    Args:
        knowledge: The section.
        columns: Of the table, by name.
        values: Converted cells by column id.
        target: The column to predict.
    """
    costs, task = knowledge.costs, target.task
    if task == "regression":
        if costs != Costs():
            found = "the task is regression"
            yield Problem(path=_COSTS, must="be left out unless there are classes", found=found, fix="remove it")
    elif costs.matrix is not None:
        yield from _labels(costs.matrix, [str(label) for label in target.classes])
    if task == "multiclass":
        found, fix = "the task is multiclass", "write 'matrix:' with what each wrong answer costs"
        for name in ("false_negative", "false_positive", "gain"):
            if getattr(costs, name) is not None:
                yield Problem(path=(*_COSTS, name), must=_BINARY, found=found, fix=fix)
    if costs.gain is not None and task == "binary":
        yield from _gain(costs.gain, columns, values, target)
    if task != "binary" and knowledge.minimum.stated() is not None:
        yield Problem(path=("knowledge", "minimum"), must=_BINARY, found=f"the task is {task}", fix="remove it")


_BINARY = "be left out unless the task is binary"


def _labels(matrix: Mapping[str, Mapping[str, float]], classes: Sequence[str]) -> Iterator[Problem]:
    for label, row in matrix.items():
        for name in (label, *row):
            if name not in classes:
                near = get_close_matches(name, classes, n=1)
                fix = f"perhaps '{near[0]}' is meant" if near else f"name one of {', '.join(classes[:5])}"
                path = (*_COSTS, "matrix", label)
                yield Problem(path=path, must="name classes of the target", found=f"there is no '{name}'", fix=fix)


def _gain(
    name: str, columns: Mapping[str, Column], values: Mapping[str, NDArray[Any]], target: Target
) -> Iterator[Problem]:
    """Gains that are no amounts, in the rows that have a target."""
    column, path = columns.get(name), (*_COSTS, "gain")
    if column is None or name == target.name:
        return  # which is reported with the other names
    if column.kind not in ("numeric", "boolean", "constant"):
        yield Problem(path=path, must="be a numeric column", found=f"'{name}' is {column.kind}", fix="name another one")
        return
    try:
        cells = np.asarray(values[column.id], dtype=np.float64)
    except ValueError:  # a constant text
        yield Problem(path=path, must="be a numeric column", found=f"'{name}' holds text", fix="name another one")
        return
    labels = values[columns[target.name].id] if target.name in columns else None
    known = (
        np.ones(len(cells), bool) if labels is None else np.array([one is not None and one == one for one in labels])
    )
    wrong = np.flatnonzero(known & ~(cells >= 0))
    if len(wrong):
        first = int(wrong[0])
        one = "no value" if np.isnan(cells[first]) else f"{cells[first]:g}"
        found = f"{len(wrong):,} of {int(known.sum()):,} rows have none (first: row {first + 1:,}, {one})"
        fix = "correct those cells (0 for rows that are worth nothing)"
        yield Problem(path=path, must="have a number that is not negative in every row", found=found, fix=fix)

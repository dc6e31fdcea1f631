"""Decision goals of a recipe (costs, gains, a minimum), checked against the target and the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autoft.data.convert import numbers_of
from autoft.errors import bare_cell, cell
from autoft.formatting import nearest
from autoft.recipe.knowledge import Knowledge
from autoft.recipe.messages import Mistake
from autoft.records.arrays import Array
from autoft.records.columns import Column, Target
from autoft.records.decisions import Costs, DecisionGoal, Minimum

if TYPE_CHECKING:
    import pandas as pd

Matrix = dict[str, dict[str, float]]

_COSTS = ("knowledge", "costs")
#: Cells of a matrix that a report names.
MOST_CELLS = 20


def decision_problems(knowledge: Knowledge, columns: Mapping[str, Column], target: Target) -> Iterator[Mistake]:
    """Costs and a minimum that do not fit the task, a matrix that decides nothing, and a gain that is no number."""
    costs, task = knowledge.costs, target.task
    if task == "regression":
        if costs.given:
            yield Mistake(_COSTS, "only be given where there are classes", "the task is regression", "remove it")
    elif costs.matrix is not None:
        yield from of_matrix(costs.matrix, target)[1]
    if task == "multiclass":
        found, fix = "the task is multiclass", "write 'matrix:' with what each wrong answer costs"
        for name in ("false_negative", "false_positive", "gain"):
            if getattr(costs, name) is not None:
                yield Mistake((*_COSTS, name), "only be given where the task is binary", found, fix)
    column = columns.get(costs.gain or "")
    if column is not None and column.name != target.name and column.kind in ("categorical", "text", "date"):
        yield Mistake((*_COSTS, "gain"), "be a numeric column", f"'{column.name}' is {column.kind}", "name another one")
    if task != "binary" and knowledge.minimum.stated() is not None:
        found = f"the task is {task}"
        yield Mistake(("knowledge", "minimum"), "only be given where there are two classes", found, "remove it")


def stakes(
    knowledge: Knowledge, target: Target, frame: pd.DataFrame, y: Array, numbers: Array | None = None
) -> tuple[DecisionGoal | None, tuple[Mistake, ...]]:
    """What decisions follow, None where the recipe says nothing, and what is wrong with what it says.

    Args:
        frame: The table, its rows in the order of `y`; the column of gains is read off it.
        y: ``[n]`` class positions.
        numbers: ``[n]`` positions of the rows in the table that was read; None where it has all of them.
    """
    costs, minimum = knowledge.costs, knowledge.minimum.stated()
    if minimum is not None:
        return Minimum(of=minimum[0], share=minimum[1]), ()
    if costs.matrix is not None:
        return of_matrix(costs.matrix, target)
    if costs.gain is not None:
        positive = y == target.positive_index
        gains, problems = gains_of(frame, costs.gain, positive, numbers)
        return Costs(false_positive=costs.false_positive or 1.0, gains=gains), problems
    return costs.stated(), ()


def of_matrix(matrix: Matrix, target: Target) -> tuple[Costs | None, tuple[Mistake, ...]]:
    """Costs of a matrix by true, then by answered label; what it leaves out costs 0 where it is right, 1 where not.

    >>> target = Target(name="grade", task="multiclass", classes=("a", "b", "c"))
    >>> of_matrix({"c": {"a": 9.0}}, target)[0].matrix
    ((0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (9.0, 1.0, 0.0))
    """
    places = {text: c for c, label in enumerate(target.classes) for text in _spellings(label)}
    table = 1.0 - np.eye(len(target.classes))
    unknown = []
    for true, answers in matrix.items():
        if true not in places:
            unknown.append(_unknown((true,), true, target))
        for answer, cost in answers.items():
            if answer not in places:
                unknown.append(_unknown((true, answer), answer, target))
            elif true in places:
                table[places[true], places[answer]] = cost
    if unknown:
        return None, tuple(unknown)
    path = (*_COSTS, "matrix")
    fix = "give wrong answers higher costs than right ones"
    if (table < 0).any():
        return None, (Mistake(path, "hold costs of 0 or more", "one is negative", fix),)
    # An answer that never costs more than another one, whatever the true label, is given to every row.
    always = [a for a in range(len(table)) if (table[:, [a]] <= table).all()]
    if always:
        found = f"'{bare_cell(str(target.classes[always[0]]))}' never costs more than another answer, whatever is true"
        return None, (Mistake(path, "leave something to decide", found, fix),)
    if target.task != "binary":
        return Costs(matrix=tuple(map(tuple, table.tolist()))), ()
    yes, no = target.positive_index, 1 - target.positive_index
    missed, alarm, clear, hit = (float(table[place]) for place in ((yes, no), (no, yes), (no, no), (yes, yes)))
    costs = Costs(false_negative=missed, false_positive=alarm, true_negative=clear, true_positive=hit)
    if not 1e-3 <= costs.threshold <= 1 - 1e-3:
        found = f"a row would count as positive from a probability of {costs.threshold:g} on"
        fix = "give costs that are closer to each other; beyond that the answer is always the same"
        return None, (Mistake(path, "not differ by more than a factor of 999", found, fix),)
    return costs, ()


def gains_of(
    frame: pd.DataFrame, name: str, positive: Array, numbers: Array | None = None
) -> tuple[Array | None, tuple[Mistake, ...]]:
    """What each positive row is worth if it is found, ``[n]``; 0 for the others, whose cells are not looked at.

    Args:
        positive: Which rows are positive, bool ``[n]``.
        numbers: As for `stakes`.
    """
    path = (*_COSTS, "gain")
    cells = numbers_of(frame, name)
    wrong = np.flatnonzero(positive & ~(np.isfinite(cells) & (cells >= 0)))
    if len(wrong):
        row = int(wrong[0]) if numbers is None else int(numbers[wrong[0]])
        value = frame[name].iloc[wrong[0]]
        shown = "no value" if value is None or value != value else cell(value)
        must = "hold a number of 0 or more in every positive row"
        found = f"{len(wrong):,} of {int(positive.sum()):,} such cells do not (first: row {row + 1:,}, {shown})"
        return None, (Mistake(path, must, found, "correct them, or leave those rows out"),)
    if not cells[positive].any():
        fix = "name another column, or give false_negative instead"
        return None, (Mistake(path, "be above 0 in some positive row", "all are 0", fix),)
    return np.where(positive, cells, 0.0), ()


def notes(knowledge: Knowledge) -> list[str]:
    """What a recipe says of decisions, in words for the report."""
    costs, stated, minimum = knowledge.costs, knowledge.costs.stated(), knowledge.minimum.stated()
    if stated is not None:
        return [
            f"A missed positive row costs {stated.false_negative:g}, a false alarm {stated.false_positive:g}: worth an "
            f"alarm from a probability of {stated.threshold:.3g} on."
        ]
    if costs.gain is not None:
        alarm = costs.false_positive or 1.0
        return [f"A positive row that is found is worth its '{costs.gain}'; a false alarm costs {alarm:g}."]
    if minimum is not None:
        other = "precision" if minimum[0] == "recall" else "recall"
        return [f"Decisions must reach a {minimum[0]} of {minimum[1]:g}, with the best {other} at that."]
    cells = [(true, said, cost) for true, row in (costs.matrix or {}).items() for said, cost in row.items()]
    more = [f"{len(cells) - MOST_CELLS:,} further answers have costs."] if len(cells) > MOST_CELLS else []
    return [f"Answering '{b}' where '{a}' is true costs {cost:g}." for a, b, cost in cells[:MOST_CELLS]] + more


def _spellings(label: Any) -> Sequence[str]:
    """How a label may stand in a recipe."""
    return (str(label), f"{label:g}") if isinstance(label, float) else (str(label),)


def _unknown(keys: tuple[str, ...], label: str, target: Target) -> Mistake:
    names = [str(one) for one in target.classes]
    path, near = (*_COSTS, "matrix", *keys), nearest(label, names, 1)
    fix = bare_cell(near) if near else f"name one of {', '.join(map(bare_cell, names[:5]))}"
    return Mistake(path, "name classes of the target", f"there is no '{label}'", fix)

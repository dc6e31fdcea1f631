"""Slices and groups of a run: which columns they are made of, and what is asked of them once a model is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from autoft.recipe.messages import Problem
from autoft.records import Column, Importance

if TYPE_CHECKING:
    from autoft.evaluation.correction import Verdict
    from autoft.evaluation.selection import Candidate
    from autoft.evaluation.slices.groups import Groups
    from autoft.pipeline.prepare import Prepared
    from autoft.recipe.recipe import Recipe
    from autoft.records.slices import Slices

#: Kinds whose groups are conditions of the search for weak slices.
_GROUPED = ("numeric", "boolean", "categorical", "date")

Limits = tuple[float, ...] | None


def declared(recipe: Recipe) -> Iterator[tuple[tuple[str | int, ...], str, Limits]]:
    """Place in the recipe, column and limits of every declared slice."""
    for place, part in enumerate(recipe.knowledge.slices):
        at = ("knowledge", "slices", place)
        if isinstance(part, str):
            yield at, part, None
        else:
            for name, limits in part.items():
                yield (*at, name), name, limits


def audited(recipe: Recipe) -> tuple[str, ...]:
    """Columns whose groups are compared (``use: audit``)."""
    return tuple(name for name, hint in recipe.knowledge.features.items() if hint.use == "audit")


def problems(recipe: Recipe, columns: Sequence[Column], target: str) -> list[Problem]:
    """Slices that the table does not have.

    Args:
        recipe: What to do.
        columns: Of the table, without those that the recipe drops.
        target: The column to predict.
    """
    known = {column.name: column for column in columns}
    mistakes = []
    for at, name, limits in declared(recipe):
        if name == target:
            fix = "name another column; the scores of each class are in the report anyway"
            mistakes.append(Problem(path=at, must="not be the target", found=f"it is '{name}'", fix=fix))
        elif name not in known:
            mistakes.append(_absent(recipe, at, name, list(known)))
        elif limits is not None and known[name].kind != "numeric":
            found = f"'{name}' is understood as {known[name].kind} ({known[name].why})"
            fix = "write the name alone, or set its kind to numeric under data: columns:"
            mistakes.append(Problem(path=at, must="be limits of a column of numbers", found=found, fix=fix))
    return mistakes


def _absent(recipe: Recipe, at: tuple[str | int, ...], name: str, names: list[str]) -> Problem:
    if name in recipe.data.drop:
        fix = "remove it from data: drop: and write 'use: audit' or 'use: never' under knowledge: features:"
        return Problem(path=at, must="be a column that stays in the table", found="data: drop: names it", fix=fix)
    if name == recipe.data.weight:
        return Problem(
            path=at, must="not be the weight of the rows", found=f"it is '{name}'", fix="name another column"
        )
    near = get_close_matches(name, names, n=1)
    fix = f"perhaps '{near[0]}' is meant" if near else "correct the name"
    return Problem(path=at, must="name a column of the table", found=f"there is no '{name}'", fix=fix)


def notes(recipe: Recipe) -> list[str]:
    """What the recipe asks of declared slices, for the report."""
    asked = dict.fromkeys(name for _, name, _ in declared(recipe))
    return [f"Scores are wanted by group of {', '.join(repr(name) for name in asked)}."] if asked else []


def slices_of(
    recipe: Recipe,
    prepared: Prepared,
    verdict: Verdict,
    candidates: Sequence[Candidate],
    *,
    importance: Sequence[Importance],
) -> Slices:
    """Scores of the declared slices, the weakest slices of all, and gaps between audited groups.

    Nothing is trained: everything comes from the held-out answers behind the verdict.

    Args:
        recipe, prepared: The run.
        verdict: The overall score.
        candidates: What it was chosen from.
        importance: Of columns, the largest first: the order in which they take part in the search.
    """
    from autoft.evaluation.slices.gaps import gaps
    from autoft.evaluation.slices.redraws import Redraws
    from autoft.evaluation.slices.scores import scores_by_group
    from autoft.evaluation.slices.weak import weak_slices
    from autoft.records.slices import Slices

    columns = {column.name: column for column in prepared.inspected.columns}
    limits = _limits(recipe)
    grouped = [_groups(prepared, columns[name], given) for _, name, given in declared(recipe)]
    compared = [_groups(prepared, columns[name], limits.get(name)) for name in audited(recipe)]
    conditions = conditions_of(recipe, prepared, importance=importance)
    shared: dict[str, Any] = {"problem": prepared.problem}
    redraws = Redraws.of(verdict, candidates, prepared.split.clusters, questions=1 + len(grouped) + len(compared))
    y = prepared.y
    whole, scored = scores_by_group(redraws, y, grouped, **shared)
    return Slices(
        whole=whole,
        declared=scored,
        weak=weak_slices(redraws, y, conditions, objective=prepared.objective, **shared),
        gaps=gaps(redraws, y, compared, target=prepared.target, **shared) if compared else (),
    )


def conditions_of(
    recipe: Recipe, prepared: Prepared, *, importance: Sequence[Importance] = (), rows: NDArray[Any] | None = None
) -> list[Groups]:
    """The groups by which rows are searched: of declared and audited columns, then of all features.

    Args:
        recipe, prepared: The run.
        importance: Of columns, the largest first: the order of the features.
        rows: Positions of rows that alone have a part in how groups are made; None for all.
    """
    columns, limits = {column.name: column for column in prepared.inspected.columns}, _limits(recipe)
    searched = [name for name in _searched(recipe, prepared, importance) if columns[name].kind in _GROUPED]
    return [_groups(prepared, columns[name], limits.get(name), rows) for name in searched]


def _limits(recipe: Recipe) -> dict[str, tuple[float, ...]]:
    return {name: given for _, name, given in declared(recipe) if given is not None}


def _groups(prepared: Prepared, column: Column, limits: Limits, rows: NDArray[Any] | None = None) -> Groups:
    from autoft.evaluation.slices.groups import groups_of

    values = prepared.inspected.converted.values[column.id]
    return groups_of(column, values if rows is None else values[rows], limits)


def _searched(recipe: Recipe, prepared: Prepared, importance: Sequence[Importance]) -> tuple[str, ...]:
    """Columns by whose groups weak slices are searched: what the recipe names, then the most important features."""
    features = {column.name for column in prepared.features}
    asked = [name for _, name, _ in declared(recipe)]
    ranked = [one.column for one in importance if one.column in features]
    return tuple(dict.fromkeys([*asked, *audited(recipe), *ranked, *(c.name for c in prepared.features)]))

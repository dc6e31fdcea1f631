"""Slices of a run: declared ones, weak ones, gaps between groups."""

from __future__ import annotations

from collections.abc import Sequence

from autoft.data.privacy import LEAST
from autoft.evaluation.correction import CorrectedScore
from autoft.evaluation.selection import Candidate
from autoft.evaluation.slices.gaps import gaps
from autoft.evaluation.slices.groups import Groups, groups_of
from autoft.evaluation.slices.redraws import Redraws
from autoft.evaluation.slices.scores import scores_by_group, weak_slices
from autoft.knowledge.slices import Limits, audited, declared, slice_limits
from autoft.pipeline.dataset import Dataset
from autoft.recipe.recipe import Recipe
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.records.scores import Importance
from autoft.records.slices import Slices

#: Kinds whose groups are conditions of the search for weak slices.
_GROUPED = ("numeric", "boolean", "categorical", "date")


def score_slices(
    recipe: Recipe,
    dataset: Dataset,
    score: CorrectedScore,
    candidates: Sequence[Candidate],
    *,
    importance: Sequence[Importance],
) -> Slices:
    """Scores of the declared slices, the weakest slices of all, and gaps between audited groups.

    Nothing is trained: everything comes from the held-out answers behind the score.

    Args:
        importance: Of columns, the largest first: the order in which they take part in the search.
    """
    columns = {column.name: column for column in dataset.description.columns}
    limits = slice_limits(recipe)
    grouped = [_groups(recipe, dataset, columns[name], given) for _, name, given in declared(recipe)]
    compared = [_groups(recipe, dataset, columns[name], limits.get(name)) for name in audited(recipe)]
    conditions = search_conditions(recipe, dataset, importance=importance)
    parts = 1 + len(grouped) + len(compared)
    redraws = Redraws.affordable(score, candidates, dataset.truth, dataset.problem, parts=parts)
    whole, scored = scores_by_group(redraws, grouped)
    return Slices(
        whole=whole,
        declared=scored,
        weak=weak_slices(redraws, conditions),
        gaps=gaps(redraws, compared, dataset.target) if compared else (),
    )


def search_conditions(
    recipe: Recipe, dataset: Dataset, *, importance: Sequence[Importance] = (), rows: Array | None = None
) -> list[Groups]:
    """The groups by which rows are searched: of declared and audited columns, then of all features.

    Args:
        importance: Of columns, the largest first: the order of the features.
        rows: Positions of rows that alone have a part in how groups are made; None for all.
    """
    columns, limits = {column.name: column for column in dataset.description.columns}, slice_limits(recipe)
    features = [column.name for column in dataset.features]
    asked = [name for _, name, _ in declared(recipe)]
    ranked = [one.column for one in importance if one.column in features]
    searched = dict.fromkeys([*asked, *audited(recipe), *ranked, *features])
    return [_groups(recipe, dataset, columns[n], limits.get(n), rows) for n in searched if columns[n].kind in _GROUPED]


def _groups(recipe: Recipe, dataset: Dataset, column: Column, limits: Limits, rows: Array | None = None) -> Groups:
    values = dataset.description.converted.values[column.id]
    made = groups_of(column, values if rows is None else values[rows], limits)
    return made.without_rare(LEAST) if recipe.report.private else made

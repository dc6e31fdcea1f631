"""What the model is worth on groups of rows: every metric as the overall score has it, from the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autoft.evaluation import costs as row_costs
from autoft.evaluation.metrics import objectives
from autoft.evaluation.slices.groups import Groups
from autoft.evaluation.slices.redraws import DrawGroup, Redraws
from autoft.evaluation.weighted_metrics import of_rows, weighted_scores
from autoft.records import Interval
from autoft.records.arrays import Array
from autoft.records.slices import Slice, SlicedColumn

NO_ROWS, FEW_ROWS = "no rows", "too few rows"


def scores_by_group(
    redraws: Redraws, y: Array, groups: Sequence[Groups], *, problem: Mapping[str, Any]
) -> tuple[Slice, tuple[SlicedColumn, ...]]:
    """Every metric of all rows, and for each group of each column.

    Args:
        redraws: The draws.
        y: Class positions or values of all rows, ``[n]``.
        groups: Of all rows.
        problem: ``task``, ``positive_index``, ``row_weights`` of all rows, ``quantile``, ``costs``.
    """
    names = objectives(problem["task"], problem["quantile"], problem["costs"])
    own = [one.rows(redraws.verdict.rows) for one in groups]
    members = [np.flatnonzero(one.codes == code) for one in own for code in range(len(one.labels))]
    every = np.arange(len(redraws.verdict.rows))
    whole, *rest = scores_of(redraws, y, [every, *members], names=names, problem=problem)
    scored = iter(rest)
    return replace(whole, group="all rows"), tuple(
        SlicedColumn(
            column=one.column, slices=tuple(replace(next(scored), group=label) for label in one.labels), note=one.note
        )
        for one in own
    )


def scores_of(
    redraws: Redraws,
    y: Array,
    members: Sequence[Array],
    *,
    names: Sequence[str],
    problem: Mapping[str, Any],
) -> list[Slice]:
    """Some metrics on some sets of rows, which may overlap.

    Args:
        redraws, y, problem: As for `scores_by_group`.
        members: Of each set the positions among the rows of the verdict.
        names: Metrics.

    Returns:
        Slices without names.
    """
    rows = redraws.verdict.rows
    y, weights = y[rows], of_rows(problem["row_weights"], rows)
    problem = {**problem, "costs": row_costs.of_rows(problem["costs"], rows)}
    samples = [{name: np.full(redraws.number, np.nan) for name in names} for _ in members]
    for part in redraws.parts():
        for some, found in zip(members, samples, strict=True):
            for name, values in _scores(part, y, some, weights, names, problem).items():
                found[name][part.draws] = values
    whole = redraws.whole
    result = []
    for some, found in zip(members, samples, strict=True):
        point = _scores(whole, y, some, weights, names, problem)
        result.append(_slice(redraws, y, some, weights, point, found))
    return result


def _scores(
    part: DrawGroup, y: Array, some: Array, weights: Array | None, names: Sequence[str], problem: Mapping[str, Any]
) -> dict[str, Array]:
    """Metrics on some of the rows under the draws of a part; nothing where none of the rows is drawn."""
    if len(part.weights) == 1:
        some = some[part.weights[0, some] > 0]  # rows that the one draw does not score need not be sorted
    if not len(some):
        return {}
    threshold = part.threshold if isinstance(part.threshold, float) else part.threshold[some]
    costs = row_costs.of_rows(problem["costs"], some)
    return weighted_scores(
        y[some],
        part.predictions[some],
        part.weights[:, some],
        names=names,
        **{**problem, "row_weights": of_rows(weights, some), "threshold": threshold, "costs": costs},
    )


def _slice(
    redraws: Redraws,
    y: Array,
    some: Array,
    weights: Array | None,
    point: Mapping[str, Array],
    samples: Mapping[str, Array],
) -> Slice:
    scores: dict[str, Interval] = {}
    undefined: dict[str, str] = {}
    counted = some if weights is None else some[weights[some] > 0]
    for name, found in samples.items():
        value = float(point[name][0]) if name in point else np.nan
        interval = redraws.interval(value, found)
        if interval is not None:
            scores[name] = interval
        else:
            undefined[name] = FEW_ROWS if np.isfinite(value) else _why(y[counted])
    return Slice(group="", rows=len(counted), scores=scores, undefined=undefined)


def _why(y: Array) -> str:
    """Why a metric is undefined on rows with these true values."""
    if not len(y):
        return NO_ROWS
    kinds = "value" if y.dtype.kind == "f" else "class"
    return f"one {kinds} only" if np.ptp(y) == 0 else "a class is missing"

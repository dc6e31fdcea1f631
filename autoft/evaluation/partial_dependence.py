"""Partial dependence (Friedman 2001) and individual conditional expectation (Goldstein et al. 2015), on held-out rows.

Cells are changed before they are encoded, so that what is derived from a column moves with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autoft.evaluation.fold_model import FoldModel
from autoft.knowledge.orders import evident_order
from autoft.knowledge.trend import ONE_WAY, one_way
from autoft.preprocessing import columns_of_rows as cells
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.records.arrays import Array
from autoft.records.columns import Column, Target
from autoft.records.hint_tests import Curve
from autoft.records.scores import Importance
from autoft.records.split import Member

#: Rows behind a curve.
ROWS = 200
#: Rows that have a line of their own.
LINES = 30
#: Most values of a numeric column, and most categories.
GRID = 20
CATEGORIES = 12
#: Most columns that are chosen by importance.
IMPORTANT = 6
#: With more columns each has fewer rows.
MOST = 12
#: Most classes with a curve.
CLASSES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveRequest:
    """The curves that are wanted.

    Attributes:
        names: Columns and ratios; those that are no input, are texts or have one value get no curve. A ratio is changed
            while its parts stay.
        orders: By column: its categories from the lowest to the highest, where the recipe gives them.
        labels: Classes that hints are about, as texts: they have a curve however rare they are.
    """

    names: Sequence[str]
    orders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Grid:
    """The values that a column is set to: cells of the encoded table, and their names; for the rest see `Curve`."""

    cells: Array
    names: tuple[float | str, ...]
    spread: tuple[float, ...]
    ordered: bool


def wanted(importance: Sequence[Importance], hinted: Sequence[str]) -> tuple[str, ...]:
    """Names of the columns that get a curve: those with a declared effect, then the most important ones."""
    ranked = sorted((line for line in importance if line.drop.value > 0), key=lambda line: -line.drop.value)
    return tuple(dict.fromkeys([*hinted, *(line.column for line in ranked[:IMPORTANT])]))


def curves(
    model: FoldModel,
    y: Array,
    target: Target,
    request: CurveRequest,
    *,
    seed: int = 0,
    over: Callable[[], bool] = lambda: False,
) -> tuple[tuple[Curve, ...], tuple[str, ...]]:
    """Curves of some columns; each row is predicted by the member that did not train on it.

    Args:
        target: Curves are of its positive class, or of the most frequent of more than two classes.
        over: Called before each column: whether the time is over.

    Returns:
        The curves, and the names of the columns for which there was no time.
    """
    layout, members = model.layout, model.members
    by_name = {column.name: column for column in model.columns}
    # Ratios are numbers to a model, whatever the table has.
    by_name |= {one.name: Column(id=one.id, name=one.name, kind="numeric", why="") for one in layout.ratios}
    sizes = max(1, len(request.names))
    rows, own = _sample(members, min(ROWS, max(2 * len(members), ROWS * MOST // sizes)), seed)
    held, sample = model.held_out, model.encoded.rows(rows)
    outputs = _outputs(target, y[held], request.labels)
    usual = _columns(model.predict(sample, own), outputs) if request.names else np.empty(0)
    found: list[Curve] = []
    left, places = list[str](), cells.places(layout)
    for name in request.names:
        column = by_name.get(name)
        where = None if column is None else places.get(column.id)
        if column is None or where is None or not cells.is_one_number(model.encoded, column, where):
            continue
        if over():
            left.append(name)
            continue
        grid = _grid(layout, column, cells.of(layout, model.encoded, where)[held], request.orders.get(name))
        if len(grid.cells) < 2:
            continue
        repeated = sample.rows(np.tile(np.arange(len(rows)), len(grid.cells)))
        moved = cells.set_to(layout, repeated, where, np.repeat(grid.cells, len(rows)))
        predicted = _columns(model.predict(moved, np.tile(own, len(grid.cells))), outputs)
        every = predicted.reshape(len(grid.cells), len(rows), len(outputs))
        for c, (_, label) in enumerate(outputs):
            found.append(_curve(column, label, grid, every[:, :, c].T, own, float(np.std(usual[:, c]))))
    return tuple(found), tuple(left)


def profile(
    plan: InputLayout, columns: Sequence[Column], encoded: Encoded, rows: Array
) -> dict[str, dict[str, list[Any]]]:
    """Quantiles and categories of the columns by name, as `autoft review` needs them.

    Args:
        rows: Those that count: rows that are set aside for the final score do not.

    Returns:
        ``deciles``: eleven quantiles of each numeric column. ``categories``: those of each categorical column that has
        at most `CATEGORIES`.
    """
    deciles, categories, places = {}, {}, cells.places(plan)
    for column in columns:
        if column.kind == "numeric" and (where := places.get(column.id)) is not None:
            own = cells.of(plan, encoded, where)[rows]
            known = own[np.isfinite(own)]
            if len(known):
                deciles[column.name] = [_short(value) for value in np.quantile(known, np.linspace(0, 1, 11))]
    by_id = {column.id: column.name for column in columns}
    for one in plan.categories:
        if one.id in by_id and len(one.vocabulary) <= CATEGORIES:
            categories[by_id[one.id]] = list(one.vocabulary)
    return {"deciles": deciles, "categories": categories}


def _sample(members: Sequence[Member], most: int, seed: int) -> tuple[Array, Array]:
    """Held-out rows of all members, as many of each as it has, and the member that predicts each row."""
    rng = np.random.default_rng([seed, 7])
    each = max(1, most // len(members))
    parts = [np.sort(rng.permutation(member.held_out)[:each]) for member in members]
    own = np.concatenate([np.full(len(rows), k) for k, rows in enumerate(parts)])
    return np.concatenate(parts), own


def _outputs(target: Target, y: Array, labels: Sequence[str]) -> list[tuple[int, str | None]]:
    if target.task == "regression":
        return [(0, None)]
    if target.task == "binary":
        return [(target.positive_index, str(target.positive))]
    counts = np.bincount(y.astype(np.int64), minlength=len(target.classes))
    named = np.array([str(label) in labels for label in target.classes])
    most = np.sort(np.lexsort((np.arange(len(counts)), -counts, ~named))[: max(CLASSES, int(named.sum()))])
    return [(int(c), str(target.classes[c])) for c in most]


def _columns(predictions: Array, outputs: Sequence[tuple[int, str | None]]) -> Array:
    return predictions[:, None] if predictions.ndim == 1 else predictions[:, [c for c, _ in outputs]]


def _grid(layout: InputLayout, column: Column, own: Array, order: Sequence[str] | None) -> _Grid:
    if (category := next((one for one in layout.categories if one.id == column.id), None)) is not None:
        counts = np.bincount(own, minlength=len(category.vocabulary) + 2)[2:]
        grid = _categories(category.vocabulary, counts, len(own), order or evident_order(category.vocabulary))
        return replace(grid, cells=grid.cells.astype(np.int32) + 2)
    known = own[np.isfinite(own)]
    if column.kind == "categorical" and order is not None:
        # Encoded as places in the order.
        return _categories(order, np.bincount(known.astype(np.int64), minlength=len(order)), len(own), order)
    if column.kind == "boolean":
        names = [texts[0] if texts else word for texts, word in ((column.false, "no"), (column.true, "yes"))]
        shares = [float(np.mean(known == value)) if len(known) else 0.0 for value in (0.0, 1.0)]
        return _Grid(cells=np.array([0.0, 1.0]), names=tuple(names), spread=tuple(shares), ordered=True)
    if not len(known):
        return _Grid(cells=known, names=(), spread=(), ordered=True)
    points = np.unique(known)
    if len(points) > GRID:
        # Values of the data, not between two; without the outermost hundredths, which the model knows least.
        points = np.unique(np.quantile(known, np.linspace(0.01, 0.99, GRID), method="nearest"))
    deciles = np.quantile(known, np.linspace(0, 1, 11))
    return _Grid(cells=points, names=tuple(points.tolist()), spread=tuple(map(_short, deciles)), ordered=True)


def _categories(vocabulary: Sequence[str], counts: Array, rows: int, order: Sequence[str] | None) -> _Grid:
    """The most frequent categories, those of an order in that order; cells are their positions."""
    frequent = [int(i) for i in np.argsort(-counts, kind="stable")[:CATEGORIES] if counts[i]]
    if order is not None:
        place = {name: i for i, name in enumerate(order)}
        frequent = sorted((i for i in frequent if vocabulary[i] in place), key=lambda i: place[vocabulary[i]])
    return _Grid(
        cells=np.array(frequent, dtype=np.float64),
        names=tuple(vocabulary[i] for i in frequent),
        spread=tuple(_short(counts[i] / rows) for i in frequent),
        ordered=order is not None,
    )


def _curve(column: Column, label: str | None, grid: _Grid, each: Array, own: Array, spread: float) -> Curve:
    up, down = one_way(each), one_way(-each)
    by_member = [np.flatnonzero(own == k) for k in range(int(own.max()) + 1)]
    some = np.concatenate([rows[: max(1, LINES // len(by_member))] for rows in by_member])
    return Curve(
        column=column.name,
        kind=column.kind,
        label=label,
        grid=grid.names,
        mean=_line(each.mean(axis=0)),
        members=tuple(_line(each[rows].mean(axis=0)) for rows in by_member),
        lines=tuple(_line(each[i]) for i in some),
        rows=len(each),
        rising=_short(np.mean(up >= ONE_WAY)),
        falling=_short(np.mean(down >= ONE_WAY)),
        spread=_short(spread),
        cells=grid.spread,
        ordered=grid.ordered,
    )


def _line(values: Array) -> tuple[float, ...]:
    return tuple(map(_short, values))


def _short(value: Any) -> float:
    """A number with the seven digits that a network's float32 has; more would make the files long."""
    return float(f"{float(value):.7g}")

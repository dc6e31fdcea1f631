"""From a recipe and data to everything that a training needs: read, understood, checked, divided.

Nothing here learns from values but the schema; what is learned is learned later, from training rows only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.data import target as targets
from autoft.data import weights as row_weights
from autoft.data.table import quoted
from autoft.errors import RecipeError, SchemaError
from autoft.knowledge import decisions
from autoft.pipeline import objective as objectives
from autoft.pipeline.context import Tell
from autoft.pipeline.dataset import Dataset, TableDescription
from autoft.pipeline.describe import inspect
from autoft.pipeline.encoder_choice import chosen_encoders
from autoft.records import Column, Progress

if TYPE_CHECKING:
    from autoft.preprocessing.layout import InputLayout
    from autoft.recipe.recipe import Recipe


def prepare(recipe: Recipe, data: Any, tell: Tell) -> Dataset:
    """Read, check and divide a table.

    Raises:
        SchemaError: With every reason for which the table cannot be trained on.
        AutoFTError: If data or recipe cannot be understood.
    """
    from autoft.data.audit import odd_rows

    tell(Progress(stage="reading", message="reading and checking the table"))
    dataset = divide(recipe, inspect(recipe, data, write_schema=True))
    table = dataset.description
    # Not among the findings of a mere check: it needs scikit-learn, which a training imports anyway.
    odd = odd_rows.find_odd_rows(dataset.features, table.converted, kept=table.kept)
    return replace(dataset, findings=(*dataset.findings, *odd))


def layout(recipe: Recipe, description: TableDescription) -> tuple[tuple[Column, ...], InputLayout]:
    """The feature columns of a table with a target, and what happens to each."""
    from autoft.evaluation import folds
    from autoft.preprocessing.layout import LayoutOptions, make_layout

    assert description.target is not None
    unused = (description.target.name, recipe.evaluate.group, *recipe.knowledge.unused)
    features = tuple(c for c in description.columns if c.name not in unused)
    options = LayoutOptions(
        outliers=recipe.preprocess.numeric.outliers,
        scale=recipe.preprocess.numeric.scale,
        max_categories=recipe.preprocess.categorical.max_categories,
        embed_above=recipe.preprocess.categorical.embed_above,
        members=folds.largest_stack(recipe.evaluate.folds, recipe.evaluate.strategy),
        encoders=chosen_encoders(recipe, features, description.hints),
    )
    return features, make_layout(features, description.converted.values, options, description.hints)


def divide(recipe: Recipe, description: TableDescription, *, balance_groups: bool = True) -> Dataset:
    """Encode and divide a table that has been inspected.

    Args:
        recipe: What to do.
        inspected: The table.
        balance_groups: As for `autoft.evaluation.folds.FoldRule`.

    Raises:
        SchemaError: With every reason for which the table cannot be trained on.
    """
    from autoft.evaluation import folds
    from autoft.preprocessing.encode import encode, row_keys
    from autoft.schema import contract as check

    check.refuse(description.findings)
    assert description.target is not None  # its absence is an error among the findings
    description = _with_target(description)
    target, table, values = description.target, description.table, description.converted.values
    assert target is not None
    features, plan = layout(recipe, description)
    encoded = encode(plan, values, len(table.frame))
    y = targets.encode(table.frame[target.name], target, dtype=table.dtypes[target.name])
    stakes, mistakes = decisions.stakes(recipe.knowledge, target, table.frame, y, description.kept)
    recipe.refuse(mistakes)
    strategy = recipe.evaluate.strategy
    origin = folds.RowOrigin(
        keys=row_keys(encoded),
        groups=_cells(description, recipe.evaluate.group, "group"),
        time=_cells(description, recipe.evaluate.time, "time"),
    )
    rule = folds.FoldRule(
        folds=recipe.evaluate.folds,
        seed=recipe.seed,
        holdout=recipe.evaluate.holdout if strategy == "holdout" else 0.0,
        balance_groups=balance_groups,
    )
    split, more = folds.split(y, target.task, origin, rule, target.classes)
    if strategy == "nested" and split.k < 3:
        raise SchemaError(
            "The table",
            "allow at least 3 folds for evaluate: strategy: nested, which holds out two at a time",
            f"there are {split.k}",
            "choose another strategy, or more folds (10 rows each, 3 rows of every class)",
        )
    weights, members = row_weights.telling(description.weights), folds.members(split, strategy)
    row_weights.check_blocks(weights, members, split.blocks)
    return Dataset(
        description=description,
        target=target,
        features=features,
        plan=plan,
        encoded=encoded,
        y=y,
        split=split,
        members=members,
        strategy=strategy,
        objective=objectives.choose_objective(recipe, target, stakes),
        findings=(*description.findings, *more),
        weights=weights,
        quantile=recipe.evaluate.quantile,
        costs=stakes,
    )


def _with_target(description: TableDescription) -> TableDescription:
    """The same without the rows whose target is missing (the recipe has allowed that, or there are none)."""
    assert description.target is not None
    known = description.table.frame[description.target.name].notna().to_numpy()
    if known.all():
        return description
    values = {c: v[known] for c, v in description.converted.values.items()}
    frame = description.table.frame[known].reset_index(drop=True)
    return replace(
        description,
        table=replace(description.table, frame=frame),
        converted=replace(description.converted, values=values),
        weights=None if description.weights is None else description.weights[known],
        kept=np.flatnonzero(known),
    )


def _cells(description: TableDescription, name: str | None, use: str) -> NDArray[Any] | None:
    """Cells of the column by which rows are grouped or ordered."""
    if name is None:
        return None
    column = next(c for c in description.columns if c.name == name)
    values = description.converted.values[column.id]
    if use == "time" and values.dtype == object:
        raise RecipeError(
            f"evaluate: time: '{name}'",
            "be a date or a number",
            f"it is understood as {column.kind} ({column.why})",
            "choose another column, or set its kind under data: columns:",
        )
    missing = np.flatnonzero(np.isnan(values)) if use == "time" else values[:0]
    if len(missing):
        raise SchemaError(
            f"Column {quoted(name)}",
            "have a value in every row, as it orders the rows in time",
            f"{len(missing):,} of {len(values):,} cells have none (first: row {missing[0] + 1:,})",
            "fill them in, leave those rows out, or choose another column",
        )
    return values

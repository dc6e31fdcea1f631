"""Dataset from a described table: inputs are laid out, rows encoded and divided into blocks before anything learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autoft.data import target as targets
from autoft.data import weights as row_weights
from autoft.data.audit import near_copies, outliers
from autoft.data.audit.values import keys
from autoft.data.privacy import LEAST
from autoft.data.row_times import ranks_together, seconds_of_parts
from autoft.errors import RecipeError, SchemaError, quoted
from autoft.evaluation import folds
from autoft.evaluation.folds import largest_stack
from autoft.evaluation.metrics import default_objective, metrics_of
from autoft.evaluation.time_folds import Windows
from autoft.knowledge import decisions
from autoft.pipeline.dataset import Dataset, TableDescription
from autoft.preprocessing.encode import encode, row_keys
from autoft.preprocessing.encoders.base import ENCODERS, ColumnEncoder
from autoft.preprocessing.layout import InputLayout, LayoutOptions, make_layout
from autoft.preprocessing.target_encoding import target_inputs
from autoft.recipe.evaluate import span_of
from autoft.recipe.messages import Mistake, nearest_or_all
from autoft.recipe.recipe import Recipe
from autoft.records.arrays import Array
from autoft.records.columns import Column, Target
from autoft.records.decisions import DecisionGoal
from autoft.records.findings import Finding
from autoft.records.hints import Hints
from autoft.records.problem import Problem
from autoft.records.split import Split
from autoft.schema.contract import refuse


def split(recipe: Recipe, description: TableDescription, *, balance_groups: bool = True) -> Dataset:
    """Encode a table and divide its rows.

    Raises:
        SchemaError: With every reason for which the table cannot be trained on.
    """
    refuse(description.findings)
    description = _drop_unlabelled(description)
    target, table, values = description.target, description.table, description.converted.values
    assert target is not None  # its absence is an error among the findings
    features, layout = lay_out_inputs(recipe, description)
    encoded = encode(layout, values, len(table.frame))
    y = targets.encode(table.frame[target.name], target)
    goal, mistakes = decisions.stakes(recipe.knowledge, target, table.frame, y, description.kept)
    recipe.refuse(mistakes)
    blocks, findings = _divide(recipe, description, y, row_keys(encoded), balance_groups)
    weights, members = row_weights.uneven(description.weights), folds.members(blocks, recipe.evaluate.strategy)
    row_weights.check_blocks(weights, members, blocks.blocks, y, target.classes)
    return Dataset(
        description=description,
        target=target,
        features=features,
        layout=layout,
        encoded=encoded,
        y=y,
        split=blocks,
        members=members,
        strategy=recipe.evaluate.strategy,
        objective=_choose_objective(recipe, target, goal),
        findings=(*description.findings, *findings),
        weights=weights,
        quantile=recipe.evaluate.quantile,
        costs=goal,
        refit=bool(blocks.windows) if recipe.search.refit == "auto" else recipe.search.refit == "full",
    )


def note_odd_rows(dataset: Dataset) -> Dataset:
    """The dataset with a finding on rows that are unlike all others.

    It needs scikit-learn, which a mere check of a table does without.
    """
    table = dataset.description
    odd = outliers.find_odd_rows(dataset.features, table.converted, kept=table.kept)
    return replace(dataset, findings=(*dataset.findings, *odd))


def _divide(
    recipe: Recipe, description: TableDescription, y: Array, keys: Array, balance_groups: bool
) -> tuple[Split, tuple[Finding, ...]]:
    """The blocks, and findings on them."""
    strategy, target = recipe.evaluate.strategy, description.target
    assert target is not None
    together = recipe.evaluate.copies == "together"
    origin = folds.RowOrigin(
        keys=keys if together else np.argsort(np.lexsort((y, keys))).astype(keys.dtype),  # whatever the rows' order
        groups=None if description.rows.group is None else _cells(description, description.rows.group),
        copies=_near_copies(recipe, description) if together else None,
        time=_times(description),
    )
    rule = folds.FoldRule(
        folds=recipe.evaluate.folds,
        seed=recipe.seed,
        holdout=recipe.evaluate.holdout if strategy == "holdout" else 0.0,
        balance_groups=balance_groups,
        windows=_windows(recipe, description),
    )
    found, findings = folds.split(y, target.task, origin, rule, target.classes)
    if strategy == "nested" and found.k < 3:
        must = "allow at least 3 folds for evaluate: strategy: nested, which holds out two at a time"
        fix = "choose another strategy, or more folds (10 rows each, 3 rows of every class)"
        raise SchemaError("The table", must, f"there are {found.k}", fix)
    return found, findings


def _near_copies(recipe: Recipe, description: TableDescription) -> Array | None:
    """Groups of near copies, where the audit has found some."""
    if all(line.code != "near-duplicate-rows" for line in description.findings):
        return None
    target, unused = description.target, {*recipe.knowledge.unused, description.rows.group}
    assert target is not None
    features = [c for c in description.columns if c.used and c.name != target.name and c.name not in unused]
    values = description.converted.values
    found = near_copies.find_near_copies(features, values, keys(features, description.converted).exact)
    return None if found is None else found.group


def _drop_unlabelled(description: TableDescription) -> TableDescription:
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


def _cells(description: TableDescription, name: str) -> Array:
    """Cells of a column by its name."""
    return description.converted.values[next(c.id for c in description.columns if c.name == name)]


def _times(description: TableDescription) -> Array | None:
    """Times of the rows, ``[n]``: seconds since 1970, or numbers that order the rows; None where they have none."""
    names = description.rows.time
    if not names:
        return None
    parts = seconds_of_parts(description.table.frame, names)
    if parts is not None:
        return parts
    columns = [_time_cells(description, name) for name in names]
    return columns[0] if len(columns) == 1 else ranks_together(columns)


def _windows(recipe: Recipe, description: TableDescription) -> Windows | None:
    """The expanding windows that the recipe asks for.

    Raises:
        RecipeError: If the rows have no time, or it has no units.
    """
    own, names = recipe.evaluate, description.rows.time
    if own.windows == "blocks":
        return None
    if not names:
        fix = "name the column under evaluate: time, or set windows: blocks"
        raise RecipeError("evaluate: windows", "be blocks unless there is a time", "it is expanding", fix)
    gap, horizon = span_of(own.gap), None if own.horizon is None else span_of(own.horizon)
    dated = seconds_of_parts(description.table.frame, names) is not None
    dated |= [c.kind for c in description.columns if c.name in names] == ["date"]
    if not dated and (gap.seconds or (horizon is not None and horizon.seconds)):
        must, found = "be numbers of rows unless the time is a date", "one has a unit of time"
        raise RecipeError("evaluate: gap and horizon", must, found, "give a number of rows")
    return Windows(gap=gap, horizon=horizon)


def _time_cells(description: TableDescription, name: str) -> Array:
    """Cells of a column that orders the rows in time."""
    column, values = next(c for c in description.columns if c.name == name), _cells(description, name)
    if values.dtype == object or column.clock:
        where, fix = f"evaluate: time: '{name}'", "choose another column, or set its kind under data: columns:"
        raise RecipeError(where, "be a date or a number", f"it is understood as {column.kind} ({column.why})", fix)
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        must = "have a value in every row, as it orders the rows in time"
        fix = "fill them in, leave those rows out, or choose another column"
        found = f"{len(missing):,} of {len(values):,} cells have none (first: row {missing[0] + 1:,})"
        raise SchemaError(f"Column {quoted(name)}", must, found, fix)
    return values


def _choose_objective(recipe: Recipe, target: Target, goal: DecisionGoal | None) -> str:
    """The metric to tune.

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
        must, fix = f"fit the task, which is {target.task}", f"choose one of {', '.join(possible)}"
        raise RecipeError(f"Objective '{wanted}'", must, "it does not", fix)
    return wanted


def lay_out_inputs(recipe: Recipe, description: TableDescription) -> tuple[tuple[Column, ...], InputLayout]:
    """The feature columns of a table with a target, and what happens to each."""
    assert description.target is not None
    target = description.target
    unused = (target.name, description.rows.group, *recipe.knowledge.unused)
    features = tuple(c for c in description.columns if c.name not in unused)
    options = LayoutOptions(
        outliers=recipe.preprocess.numeric.outliers,
        scale=recipe.preprocess.numeric.scale,
        max_categories=recipe.preprocess.categorical.max_categories,
        embed_above=recipe.preprocess.categorical.embed_above,
        fewest_rows=LEAST if recipe.report.private else 1,
        members=largest_stack(recipe.evaluate.folds, recipe.evaluate.strategy),
        encoders=chosen_encoders(recipe, features, description.hints),
        targets=target_inputs(target.task, len(target.classes)) if recipe.preprocess.features == "auto" else 0,
    )
    return features, make_layout(features, description.converted.values, options, description.hints)


def chosen_encoders(recipe: Recipe, columns: Sequence[Column], hints: Hints) -> dict[str, str]:
    """Names of encoders by column id.

    Raises:
        RecipeError: If a column is no input, is of a kind that the encoder does not take, or has a hint that it cannot
            respect.
    """
    by_name, found, mistakes = {column.name: column for column in columns}, {}, []
    for name, chosen in recipe.preprocess.encoders.items():
        path = ("preprocess", "encoders", name)
        if name not in by_name:
            must, wrong = "be a column that is an input", "there is no such input"
            mistakes.append(Mistake(path=path, must=must, found=wrong, fix=nearest_or_all(name, list(by_name))))
            continue
        column, encoder = by_name[name], ENCODERS[chosen]
        found[column.id] = chosen
        if column.kind not in encoder.kinds:
            must = f"be {' or '.join(sorted(encoder.kinds))}, as encoder '{chosen}' takes no other columns"
            fix = "choose another encoder, or set the column's kind under data: columns:"
            mistakes.append(Mistake(path=path, must=must, found=f"the column is {column.kind}", fix=fix))
        elif hint := _ignored(column, encoder, hints):
            fix = "remove the hint, or the encoder"
            mistakes.append(Mistake(path=path, must=f"respect the column's {hint}", found="it cannot", fix=fix))
    recipe.refuse(mistakes)
    return found


def _ignored(column: Column, encoder: ColumnEncoder, hints: Hints) -> str:
    """The hint that an encoder has no use for, or an empty text."""
    if column.order:
        return "order"
    if column.id in hints.logs:
        return "scale"
    if any(column.id in (ratio.numerator, ratio.denominator) for ratio in hints.ratios):
        return "part in a ratio"
    moves = set(encoder.directions(column)) & {1, -1}
    return "effect" if not moves and any(effect.column == column.id for effect in hints.effects) else ""

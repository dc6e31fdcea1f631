"""From a recipe and data to everything that a training needs: read, understood, checked, divided.

Nothing here learns from values but the schema; what is learned is learned later, from training rows only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.data import target as targets
from autoft.data import weights as row_weights
from autoft.data.table import Table, quoted, read
from autoft.errors import RecipeError, SchemaError
from autoft.knowledge import bind, decisions
from autoft.knowledge.describe import told_lines
from autoft.pipeline import objective as objectives
from autoft.records import Column, Finding, Progress, Stakes, Strategy, Target
from autoft.records.hints import Hints

if TYPE_CHECKING:
    from autoft.data.convert import Converted
    from autoft.data.repair import Repair
    from autoft.evaluation.folds import Member, Split
    from autoft.preprocessing.encode import Encoded
    from autoft.preprocessing.layout import Plan
    from autoft.recipe.recipe import Recipe
    from autoft.schema.contract import Contract
    from autoft.schema.engine import Engine

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inspected:
    """A table that has been read, understood and checked.

    Attributes:
        table: The canonical table, without rows and columns that the recipe leaves out.
        columns: All columns, the target included.
        target: The column to predict, None where it is absent.
        converted: Cells by column id.
        contract: The schema and whether the table fits it.
        engine: What checked it, None if nothing could.
        findings: Everything found.
        weights: ``[n]`` of the rows, None where the recipe names no column of weights.
        kept: ``[n]`` positions of the rows in the table that was read, None where it has all of them.
        repairs: What was repaired in the table, as the recipe accepts it.
        hints: What the recipe knows of the inputs.
    """

    table: Table
    columns: tuple[Column, ...]
    target: Target | None
    converted: Converted
    contract: Contract
    engine: Engine | None
    findings: tuple[Finding, ...]
    weights: NDArray[Any] | None = None
    kept: NDArray[Any] | None = None
    repairs: tuple[Repair, ...] = ()
    hints: Hints = field(default_factory=Hints)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """Everything that a training needs.

    Attributes:
        inspected: The table.
        target: The column to predict.
        features: The feature columns.
        plan, encoded: Layout and cells of the network's inputs.
        y: ``[n]`` class positions or values.
        split, members: Who may see what.
        strategy: How the score is made.
        objective: The metric that is tuned.
        findings: Everything found.
        weights: ``[n]`` of the rows, None where all count the same.
        quantile: Of the objective ``pinball``.
        costs: What decisions follow (costs of answers, or a minimum), where the recipe says it.
    """

    inspected: Inspected
    target: Target
    features: tuple[Column, ...]
    plan: Plan
    encoded: Encoded
    y: NDArray[Any]
    split: Split
    members: tuple[Member, ...]
    strategy: Strategy
    objective: str
    findings: tuple[Finding, ...]
    weights: NDArray[Any] | None = None
    quantile: float | None = None
    costs: Stakes | None = None

    @property
    def problem(self) -> dict[str, Any]:
        """What every score needs to know besides rows and predictions."""
        return {
            "task": self.target.task,
            "positive_index": self.target.positive_index,
            "row_weights": self.weights,
            "quantile": self.quantile,
            "costs": self.costs,
        }

    @property
    def trained_quantile(self) -> float | None:
        """The quantile whose loss is trained, None for the usual loss of the task."""
        from autoft.evaluation.metrics import trained_quantile

        return trained_quantile(self.objective, self.quantile)


def inspect(recipe: Recipe, data: Any, *, write_schema: bool, hold_to_schema: bool = True) -> Inspected:
    """Read a table and collect all findings about it.

    Args:
        recipe: What to do.
        data: Path, DataFrame or ``(X, y)``; None reads the recipe's own data.
        write_schema: Whether a schema file that the recipe names and that does not exist is written.
        hold_to_schema: Whether the recipe's schema engine looks at the table too; without it autoft's own checks do.
    """
    from autoft.data import audit
    from autoft.data.columns import infer_columns
    from autoft.data.convert import convert
    from autoft.schema import contract as check
    from autoft.schema import engine

    table = read(recipe.data_path() if data is None else data, target=recipe.data.target)
    name = recipe.data.target or table.target
    if name is None:
        raise RecipeError(
            "The recipe", "name the column to predict", "data: target: is missing", "set it, or pass target="
        )
    table, repairs, repaired = _repaired(_leave_out(table, recipe, name), recipe, name)
    table, weights = row_weights.take_out(table, recipe.data.weight, name)
    columns, findings = infer_columns(table.frame, kinds=recipe.data.columns, target=name)
    converted = convert(table.frame, columns)
    chosen = engine.choose(recipe.schema_.engine if hold_to_schema else "none")
    target = _target(table, recipe, name)
    hints, columns = bind.of(recipe, columns, converted, target, repairs)
    unused = {*recipe.knowledge.unused, recipe.evaluate.group}  # divide rows or groups, are no inputs
    findings = tuple(f for f in findings if f.column not in recipe.knowledge.unused)
    findings += audit.audit(
        table.frame,
        tuple(column for column in columns if column.name not in unused),
        converted,
        target=name,
        task=target.task if target else "binary",
        allow_leak=recipe.schema_.allow_leak,
        drop_missing_target=recipe.schema_.drop_missing_target,
        folds=recipe.evaluate.folds,
        positive=target.positive if target else None,
        grouped=recipe.evaluate.group is not None,
        timed=recipe.evaluate.time is not None,
    )
    path = recipe.schema_path() if hold_to_schema else None
    contract = check.contract(
        table.frame,
        columns,
        engine=chosen,
        schema_path=path if path is not None and (write_schema or path.exists()) else None,
        target=name,
        known=findings,
        ranges={n: hint.between for n, hint in recipe.knowledge.features.items() if hint.between is not None},
    )
    return Inspected(
        table=table,
        columns=columns,
        target=target,
        converted=converted,
        contract=contract,
        engine=chosen,
        findings=(*repaired, *findings, *contract.findings),
        weights=weights,
        repairs=repairs,
        hints=hints,
    )


def prepare(recipe: Recipe, data: Any, tell: Tell) -> Prepared:
    """Read, check and divide a table.

    Raises:
        SchemaError: With every reason for which the table cannot be trained on.
        AutoFTError: If data or recipe cannot be understood.
    """
    from autoft.data.audit import odd_rows

    tell(Progress(stage="reading", message="reading and checking the table"))
    prepared = divide(recipe, inspect(recipe, data, write_schema=True))
    table = prepared.inspected
    # Not among the findings of a mere check: it needs scikit-learn, which a training imports anyway.
    odd = odd_rows.check(prepared.features, table.converted, kept=table.kept)
    return replace(prepared, findings=(*prepared.findings, *odd))


def layout(recipe: Recipe, inspected: Inspected) -> tuple[tuple[Column, ...], Plan]:
    """The feature columns of a table with a target, and what happens to each."""
    from autoft.evaluation import folds
    from autoft.preprocessing.layout import make_plan

    assert inspected.target is not None
    unused = (inspected.target.name, recipe.evaluate.group, *recipe.knowledge.unused)
    features = tuple(c for c in inspected.columns if c.name not in unused)
    plan = make_plan(
        features,
        inspected.converted.values,
        outliers=recipe.preprocess.numeric.outliers,
        max_categories=recipe.preprocess.categorical.max_categories,
        embed_above=recipe.preprocess.categorical.embed_above,
        scale=recipe.preprocess.numeric.scale,
        members=folds.largest_stack(recipe.evaluate.folds, recipe.evaluate.strategy),
        hints=inspected.hints,
    )
    return features, plan


def divide(recipe: Recipe, inspected: Inspected, *, balance_groups: bool = True) -> Prepared:
    """Encode and divide a table that has been inspected.

    Args:
        recipe: What to do.
        inspected: The table.
        balance_groups: As for `autoft.evaluation.folds.split`.

    Raises:
        SchemaError: With every reason for which the table cannot be trained on.
    """
    from autoft.evaluation import folds
    from autoft.preprocessing.encode import encode, row_keys
    from autoft.schema import contract as check

    check.refuse(inspected.findings)
    assert inspected.target is not None  # its absence is an error among the findings
    inspected = _with_target(inspected)
    target, table, values = inspected.target, inspected.table, inspected.converted.values
    assert target is not None
    features, plan = layout(recipe, inspected)
    plan = replace(plan, lines=told_lines(plan.lines, recipe.knowledge, inspected.columns))
    encoded = encode(plan, values, len(table.frame))
    y = targets.encode(table.frame[target.name], target, dtype=table.dtypes[target.name])
    stakes, mistakes = decisions.stakes(recipe.knowledge, target, table.frame, y, inspected.kept)
    recipe.refuse(mistakes)
    strategy = recipe.evaluate.strategy
    split, more = folds.split(
        y,
        task=target.task,
        folds=recipe.evaluate.folds,
        keys=row_keys(encoded),
        groups=_cells(inspected, recipe.evaluate.group, "group"),
        time=_cells(inspected, recipe.evaluate.time, "time"),
        holdout=recipe.evaluate.holdout if strategy == "holdout" else 0.0,
        seed=recipe.seed,
        classes=target.classes,
        balance_groups=balance_groups,
    )
    if strategy == "nested" and split.k < 3:
        raise SchemaError(
            "The table",
            "allow at least 3 folds for evaluate: strategy: nested, which holds out two at a time",
            f"there are {split.k}",
            "choose another strategy, or more folds (10 rows each, 3 rows of every class)",
        )
    weights, members = row_weights.telling(inspected.weights), folds.members(split, strategy)
    row_weights.check_blocks(weights, members, split.blocks)
    return Prepared(
        inspected=inspected,
        target=target,
        features=features,
        plan=plan,
        encoded=encoded,
        y=y,
        split=split,
        members=members,
        strategy=strategy,
        objective=objectives.of(recipe, target, stakes),
        findings=(*inspected.findings, *more),
        weights=weights,
        quantile=recipe.evaluate.quantile,
        costs=stakes,
    )


def _leave_out(table: Table, recipe: Recipe, target: str) -> Table:
    """The table without the columns that the recipe drops."""
    names = [str(n) for n in table.frame.columns]
    weight = (recipe.data.weight,) if recipe.data.weight else ()
    for key, wanted in (("drop", recipe.data.drop), ("columns", tuple(recipe.data.columns)), ("weight", weight)):
        for name in wanted:
            _exists(name, names, f"data: {key}:")
    for key, one in (("group", recipe.evaluate.group), ("time", recipe.evaluate.time)):
        if one is not None:
            _exists(one, names, f"evaluate: {key}:")
            if one == target:
                raise RecipeError(f"evaluate: {key}:", "not be the target", f"it is '{one}'", "choose another column")
            if one in recipe.data.drop:
                found = "data: drop: names it"
                raise RecipeError(f"evaluate: {key}: '{one}'", "stay in the table", found, "remove it from data: drop:")
    return replace(table, frame=table.frame.drop(columns=list(recipe.data.drop)))


def _repaired(table: Table, recipe: Recipe, target: str) -> tuple[Table, tuple[Repair, ...], tuple[Finding, ...]]:
    """The table after the repairs that the recipe accepts, these, and notes on what they changed."""
    if not recipe.preprocess.accept:
        return table, (), ()
    from autoft.data import repair
    from autoft.data.repair_plan import learn

    keep = (target, recipe.data.weight, recipe.evaluate.group, recipe.evaluate.time, recipe.knowledge.costs.gain)
    repairs = learn(table.frame, recipe.preprocess.accept, keep=keep, kinds=recipe.data.columns)
    done = repair.apply(table.frame, repairs)
    return replace(table, frame=done.frame), repairs, repair.findings(done.changes)


def _exists(name: str, names: list[str], key: str) -> None:
    if name not in names:
        near = get_close_matches(name, names, n=1)
        fix = f"perhaps '{near[0]}' is meant" if near else "correct the name"
        raise RecipeError(f"{key} '{name}'", "name a column of the table", "there is no such column", fix)


def _target(table: Table, recipe: Recipe, name: str) -> Target | None:
    """The target as far as it can be understood; what is wrong with it is the audit's to say."""
    if name not in table.frame.columns:
        return None
    target = targets.understand(
        table.frame[name],
        dtype=table.dtypes[name],
        task=None if recipe.task == "auto" else recipe.task,
        positive=recipe.data.positive,
    )
    if recipe.data.positive is not None and target.task != "binary":
        found = f"it is {recipe.data.positive!r} and the task is {target.task}"
        raise RecipeError("data: positive:", "be left out unless the task is binary", found, "remove it")
    return target


def _with_target(inspected: Inspected) -> Inspected:
    """The same without the rows whose target is missing (the recipe has allowed that, or there are none)."""
    assert inspected.target is not None
    known = inspected.table.frame[inspected.target.name].notna().to_numpy()
    if known.all():
        return inspected
    values = {c: v[known] for c, v in inspected.converted.values.items()}
    frame = inspected.table.frame[known].reset_index(drop=True)
    return replace(
        inspected,
        table=replace(inspected.table, frame=frame),
        converted=replace(inspected.converted, values=values),
        weights=None if inspected.weights is None else inspected.weights[known],
        kept=np.flatnonzero(known),
    )


def _cells(inspected: Inspected, name: str | None, use: str) -> NDArray[Any] | None:
    """Cells of the column by which rows are grouped or ordered."""
    if name is None:
        return None
    column = next(c for c in inspected.columns if c.name == name)
    values = inspected.converted.values[column.id]
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

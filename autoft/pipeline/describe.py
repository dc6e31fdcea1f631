"""Description of a table: read, understood, audited, held to its schema."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from autoft.data import target as targets
from autoft.data import weights as row_weights
from autoft.data.table import Table, read
from autoft.errors import RecipeError
from autoft.knowledge import bind
from autoft.pipeline.dataset import TableDescription
from autoft.records import Finding, Target
from autoft.schema.engines import choose

if TYPE_CHECKING:
    from autoft.data.repair import Repair
    from autoft.recipe.recipe import Recipe


def inspect(recipe: Recipe, data: Any, *, write_schema: bool, hold_to_schema: bool = True) -> TableDescription:
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
    chosen = choose(recipe.schema_.engine if hold_to_schema else "none")
    target = _target(table, recipe, name)
    hints, columns = bind.bind_knowledge(recipe, columns, converted, target, repairs)
    unused = {*recipe.knowledge.unused, recipe.evaluate.group}  # divide rows or groups, are no inputs
    findings = tuple(f for f in findings if f.column not in recipe.knowledge.unused)
    findings += audit.audit(
        table.frame,
        tuple(column for column in columns if column.name not in unused),
        converted,
        target=name,
        task=target.task if target else "binary",
        options=audit.AuditOptions(
            folds=recipe.evaluate.folds,
            positive=target.positive if target else None,
            allow_leak=recipe.schema_.allow_leak,
            drop_missing_target=recipe.schema_.drop_missing_target,
            grouped=recipe.evaluate.group is not None,
            timed=recipe.evaluate.time is not None,
        ),
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
    return TableDescription(
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

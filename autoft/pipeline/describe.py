"""Description of a table: read, understood, audited, compared with its schema."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from autoft.data import repair, target, weights
from autoft.data.audit import AuditOptions, audit
from autoft.data.columns import infer_columns
from autoft.data.convert import convert
from autoft.data.repair_plan import learn
from autoft.data.table import Table, read
from autoft.errors import RecipeError
from autoft.knowledge.compile import bind_knowledge
from autoft.pipeline.dataset import TableDescription
from autoft.recipe.recipe import Recipe
from autoft.records.columns import Target
from autoft.records.findings import Finding
from autoft.schema import contract
from autoft.schema.engines import choose


def inspect_table(recipe: Recipe, data: Any, *, write_schema: bool = False, enforce: bool = True) -> TableDescription:
    """Read a table and collect all findings about it.

    Args:
        data: Path, DataFrame or ``(X, y)``; None reads the recipe's own data.
        write_schema: Whether a schema file that the recipe names and that does not exist is written.
        enforce: Whether the recipe's schema engine looks at the table too, besides autoft's own checks.
    """
    description = audit_table(recipe, describe(recipe, read_table(recipe, data)))
    return enforce_schema(recipe, description, write=write_schema) if enforce else description


def read_table(recipe: Recipe, data: Any) -> Table:
    """The canonical table without the columns that the recipe drops; its `target` is the column to predict.

    Raises:
        RecipeError: If the recipe names no column to predict, or names columns that are not there.
    """
    table = read(recipe.data_path() if data is None else data, target=recipe.data.target)
    name = recipe.data.target or table.target
    if name is None:
        found, fix = "data: target: is missing", "set it, or pass target="
        raise RecipeError("The recipe", "name the column to predict", found, fix)
    return _drop_columns(replace(table, target=name), recipe, name)


def describe(recipe: Recipe, table: Table) -> TableDescription:
    """What each column is, with accepted repairs made and the recipe's knowledge bound to the columns."""
    name = _target_name(table)
    table, repairs, repaired = _repair(table, recipe, name)
    table, own_weights = weights.take_out(table, recipe.data.weight, name)
    columns, findings = infer_columns(table.frame, kinds=recipe.data.columns, target=name)
    converted = convert(table.frame, columns)
    wanted = _understand_target(table, recipe, name)
    hints, columns = bind_knowledge(recipe, columns, converted, wanted, repairs)
    return TableDescription(
        table=table,
        columns=columns,
        target=wanted,
        converted=converted,
        findings=(*repaired, *(f for f in findings if f.column not in recipe.knowledge.unused)),
        weights=own_weights,
        repairs=repairs,
        hints=hints,
    )


def audit_table(recipe: Recipe, description: TableDescription) -> TableDescription:
    """The description with the findings of autoft's own checks."""
    unused = {*recipe.knowledge.unused, recipe.evaluate.group}  # divide rows or groups, are no inputs
    wanted = description.target
    found = audit(
        description.table.frame,
        tuple(column for column in description.columns if column.name not in unused),
        description.converted,
        target=_target_name(description.table),
        task=wanted.task if wanted else "binary",
        options=AuditOptions(
            folds=recipe.evaluate.folds,
            positive=wanted.positive if wanted else None,
            allow_leak=recipe.schema_.allow_leak,
            drop_missing_target=recipe.schema_.drop_missing_target,
            grouped=recipe.evaluate.group is not None,
            timed=recipe.evaluate.time is not None,
        ),
    )
    return replace(description, findings=(*description.findings, *found))


def enforce_schema(recipe: Recipe, description: TableDescription, *, write: bool) -> TableDescription:
    """The description with its schema, and findings where the table departs from the recipe's schema file.

    With `write` a missing schema file is written, but not for a table with errors among its findings.
    """
    engine, path = choose(recipe.schema_.engine), recipe.schema_path()
    made = contract.contract(
        description.table.frame,
        description.columns,
        engine=engine,
        schema_path=path if path is not None and (write or path.exists()) else None,
        target=_target_name(description.table),
        known=description.findings,
        ranges={n: hint.between for n, hint in recipe.knowledge.features.items() if hint.between is not None},
    )
    return replace(description, contract=made, engine=engine, findings=(*description.findings, *made.findings))


def _target_name(table: Table) -> str:
    assert table.target is not None, "read_table names it"
    return table.target


def _drop_columns(table: Table, recipe: Recipe, wanted: str) -> Table:
    names = [str(n) for n in table.frame.columns]
    weight = (recipe.data.weight,) if recipe.data.weight else ()
    for key, columns in (("drop", recipe.data.drop), ("columns", tuple(recipe.data.columns)), ("weight", weight)):
        for name in columns:
            _check_exists(name, names, f"data: {key}:")
    for key, one in (("group", recipe.evaluate.group), ("time", recipe.evaluate.time)):
        if one is not None:
            _check_exists(one, names, f"evaluate: {key}:")
            if one == wanted:
                raise RecipeError(f"evaluate: {key}:", "not be the target", f"it is '{one}'", "choose another column")
            if one in recipe.data.drop:
                found = "data: drop: names it"
                raise RecipeError(f"evaluate: {key}: '{one}'", "stay in the table", found, "remove it from data: drop:")
    return replace(table, frame=table.frame.drop(columns=list(recipe.data.drop)))


def _repair(table: Table, recipe: Recipe, name: str) -> tuple[Table, tuple[repair.Repair, ...], tuple[Finding, ...]]:
    """The table after the repairs that the recipe accepts, these, and notes on what they changed."""
    if not recipe.preprocess.accept:
        return table, (), ()
    keep = (name, recipe.data.weight, recipe.evaluate.group, recipe.evaluate.time, recipe.knowledge.costs.gain)
    repairs = learn(table.frame, recipe.preprocess.accept, keep=keep, kinds=recipe.data.columns)
    done = repair.apply(table.frame, repairs)
    return replace(table, frame=done.frame), repairs, repair.findings(done.changes)


def _check_exists(name: str, names: list[str], key: str) -> None:
    if name not in names:
        near = get_close_matches(name, names, n=1)
        fix = f"perhaps '{near[0]}' is meant" if near else "correct the name"
        raise RecipeError(f"{key} '{name}'", "name a column of the table", "there is no such column", fix)


def _understand_target(table: Table, recipe: Recipe, name: str) -> Target | None:
    """The target as far as it can be understood; the audit finds what is wrong with it."""
    if name not in table.frame.columns:
        return None
    found = target.understand(
        table.frame[name],
        dtype=table.dtypes[name],
        task=None if recipe.task == "auto" else recipe.task,
        positive=recipe.data.positive,
    )
    if recipe.data.positive is not None and found.task != "binary":
        named = f"it is {recipe.data.positive!r} and the task is {found.task}"
        raise RecipeError("data: positive:", "be left out unless the task is binary", named, "remove it")
    return found

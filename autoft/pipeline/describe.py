"""Description of a table: read, understood, audited, compared with its schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from autoft.data import missing_words, repair, target, weights
from autoft.data.audit import AuditOptions, TableView, audit
from autoft.data.audit.dependence import FoundDependence, find_dependence, target_drift
from autoft.data.columns import infer_columns
from autoft.data.convert import Converted, convert
from autoft.data.labels import Given
from autoft.data.missing_words import MissingWords
from autoft.data.privacy import LEAST, Privacy, presentable
from autoft.data.repair_plan import learn, learn_target
from autoft.data.row_times import times_of
from autoft.data.table import Table, read
from autoft.errors import RecipeError, SchemaError
from autoft.knowledge.compile import bind_knowledge
from autoft.pipeline.dataset import TableDescription
from autoft.recipe.messages import Mistake, absent_column
from autoft.recipe.recipe import Recipe
from autoft.records.arrays import Array
from autoft.records.columns import Column, Repair, Target
from autoft.records.findings import Finding
from autoft.schema import contract
from autoft.schema.engines import choose

if TYPE_CHECKING:
    import pandas as pd


def inspect_table(recipe: Recipe, data: Any, *, write_schema: bool = False, enforce: bool = True) -> TableDescription:
    """Read a table and collect all findings about it.

    Args:
        data: Path, DataFrame or ``(X, y)``; None reads the recipe's own data.
        write_schema: Whether a schema file that the recipe names and that does not exist is written.
        enforce: Whether the recipe's schema engine looks at the table too, besides autoft's own checks.
    """
    table = read_table(recipe, data)
    with errors_of(recipe, table):
        description = audit_table(recipe, describe(recipe, table))
        return presented(recipe, enforce_schema(recipe, description, write=write_schema) if enforce else description)


def privacy_of(recipe: Recipe, table: Table) -> Privacy | None:
    """What may be shown of a table, where the recipe asks for privacy; else None."""
    return Privacy.of(table.frame) if recipe.report.private else None


@contextmanager
def errors_of(recipe: Recipe, table: Table | None = None) -> Iterator[None]:
    """Errors about a table show of it what the recipe allows, and of one that is not read yet no cell."""
    privacy = (Privacy() if recipe.report.private else None) if table is None else privacy_of(recipe, table)
    with nullcontext() if privacy is None else privacy.errors():
        yield


def presented(recipe: Recipe, description: TableDescription) -> TableDescription:
    """The description with its findings as they may be shown."""
    privacy = privacy_of(recipe, description.table)
    own = [] if privacy is None else list(_rare_classes(description))
    return replace(description, findings=presentable([*description.findings, *own], privacy))


def _rare_classes(description: TableDescription) -> Iterator[Finding]:
    """An error where a private report would show classes of too few rows."""
    target, frame = description.target, description.table.frame
    if target is None or target.task == "regression":
        return
    counts = frame[target.name].value_counts()
    rare = int((counts < LEAST).sum())
    if rare:
        must = f"have at least {LEAST} rows of each class for a private report"
        found = f"has {rare:,} of {len(counts):,} classes that fewer rows hold, and each has a place in the report"
        fix = "merge those classes, or leave them out"
        yield Finding("rare-classes", "error", target.name, must, found, fix)


def read_table(recipe: Recipe, data: Any) -> Table:
    """The canonical table; its `target` is the column to predict.

    Raises:
        RecipeError: If the recipe names no column to predict.
    """
    words = MissingWords.of(recipe.data.missing, free=(recipe.data.target,))
    with errors_of(recipe):
        table = read(recipe.data_path() if data is None else data, target=recipe.data.target, words=words)
    name = recipe.data.target or table.target
    if name is None:
        found, fix = "data: target: is missing", "set it, or pass target="
        raise RecipeError("The recipe", "name the column to predict", found, fix)
    return replace(table, target=name)


def describe(recipe: Recipe, table: Table) -> TableDescription:
    """What each column is, after accepted repairs; dropped columns are gone, and hints are bound to the others.

    Raises:
        RecipeError: With all mistakes of the recipe against the table.
        SchemaError: If a declared kind, the task or the weights do not fit the cells.
    """
    mistakes = list(_mistaken_columns(recipe, table))
    try:
        return _describe(recipe, table, mistakes)
    except SchemaError:
        recipe.refuse(mistakes)
        raise


def _describe(recipe: Recipe, table: Table, mistakes: list[Mistake]) -> TableDescription:
    """The description; `mistakes` about names are raised together with those of the recipe's knowledge."""
    name = _target_name(table)
    given = None if table.given is None else Given(cells=table.frame[name], values=table.given)
    weight = recipe.data.weight if recipe.data.weight in table.frame.columns else None
    whole, table = table.frame, replace(table, frame=table.frame.drop(columns=list(recipe.data.drop), errors="ignore"))
    table, repairs, repaired = _repair(table, recipe, name)
    table, own_weights = weights.take_out(table, weight, name)
    decimal = recipe.data.decimal
    columns, findings = infer_columns(table.frame, kinds=recipe.data.columns, target=name, decimal=decimal)
    if recipe.data.missing is None:  # else it is as the user wants it
        features = [column for column in columns if column.name != name]
        findings += tuple(missing_words.findings(features, table.missing_words, table.words_apart, len(table.frame)))
    converted = convert(table.frame, columns)
    aimed = next((column for column in columns if column.name == name), None)
    wanted, table = _understand_target(table, recipe, aimed, converted, given)
    if wanted is not None and wanted.task != "regression":
        weights.check_classes(own_weights, table.frame[name], weight)
    if recipe.data.positive is not None and wanted is not None and wanted.task != "binary":
        found = f"it is {recipe.data.positive!r} and the task is {wanted.task}"
        mistakes.append(Mistake(("data", "positive"), "be left out unless the task is binary", found, "remove it"))
    if wanted is None or wanted.number_format is None:  # its labels stay the texts that they are
        findings = tuple(f for f in findings if (f.code, f.column, f.severity) != ("number-format", name, "info"))
    hints, columns = bind_knowledge(recipe, columns, converted, wanted, repairs, mistakes)
    return TableDescription(
        table=table,
        columns=columns,
        target=wanted,
        converted=converted,
        findings=(
            *repaired,
            *weights.dominant(own_weights, weight),
            *(f for f in findings if f.column not in recipe.knowledge.unused),
        ),
        weights=own_weights,
        names=_hash_left_out(whole, table.frame, weight),
        repairs=repairs,
        hints=hints,
        rows=recipe.evaluate.dependence,
    )


def _hash_left_out(whole: pd.DataFrame, used: pd.DataFrame, weight: str | None) -> Array | None:
    """Hashes of the cells of the columns that are left out; None if there are none, or rows are left out as well."""
    import pandas as pd

    left_out = whole.columns.difference([*used.columns, weight], sort=False)
    if not len(left_out) or len(whole) != len(used):
        return None
    return np.asarray(pd.util.hash_pandas_object(whole[left_out].astype(str), index=False))


def audit_table(recipe: Recipe, description: TableDescription) -> TableDescription:
    """The description with the findings of autoft's own checks, and the dependence of the rows."""
    dependence = _find_dependence(recipe, description)
    rows, wanted = dependence.rows, description.target
    unused = {*recipe.knowledge.unused, rows.group}  # divide rows or groups, are no inputs
    found = audit(
        description.table.frame,
        tuple(column for column in description.columns if column.name not in unused),
        description.converted,
        target=_target_name(description.table),
        task=wanted.task if wanted else "binary",
        names=description.names,
        options=AuditOptions(
            folds=recipe.evaluate.folds,
            positive=wanted.positive if wanted else None,
            allow_leak=recipe.schema_.allow_leak,
            drop_missing_target=recipe.schema_.drop_missing_target,
            keep_target_spellings=recipe.schema_.keep_target_spellings,
            max_categories=recipe.preprocess.categorical.max_categories,
            fewest_rows=LEAST if recipe.report.private else 1,
            encoded=tuple(recipe.preprocess.encoders),
            grouped=rows.group is not None,
            timed=bool(rows.time),
            apart=recipe.evaluate.copies == "apart",
            missing_words=description.table.missing_words,
        ),
    )
    return replace(description, rows=rows, findings=(*description.findings, *dependence.findings, *found))


def _find_dependence(recipe: Recipe, description: TableDescription) -> FoundDependence:
    """The columns by which rows depend on one another: the recipe's, or those that show it beyond doubt."""
    declared, target, frame = recipe.evaluate.dependence, description.target, description.table.frame
    looked_for = recipe.evaluate.rows == "auto" and not declared
    if target is None or not (looked_for or declared.time):
        return FoundDependence(rows=declared)
    columns = tuple(c for c in description.columns if c.name not in recipe.knowledge.unused)
    view = TableView.of(frame, columns, description.converted, target=target.name, task=target.task)
    taken = frozenset({*recipe.knowledge.named, *recipe.preprocess.encoders})
    found = find_dependence(view, frame, taken) if looked_for else FoundDependence(rows=declared)
    times = times_of(frame, description.columns, description.converted.values, found.rows.time)
    drift = () if times is None else target_drift(view, times, found.rows.time)
    return replace(found, findings=(*found.findings, *drift))


def enforce_schema(recipe: Recipe, description: TableDescription, *, write: bool) -> TableDescription:
    """The description with its schema, and findings where the table departs from the recipe's schema file.

    With `write` a missing schema file is written, but not for a table with errors among its findings.
    """
    path = recipe.schema_path()
    engine = choose(recipe.schema_.engine, description.table.frame.shape[1])
    options = contract.ContractOptions(
        target=_target_name(description.table),
        path=path,
        write=write and all(finding.severity != "error" for finding in description.findings),
        private=recipe.report.private,
        ranges={n: hint.between for n, hint in recipe.knowledge.features.items() if hint.between is not None},
    )
    made = contract.contract(description.table.frame, description.columns, engine, options)
    return replace(description, contract=made, engine=engine, findings=(*description.findings, *made.findings))


def _target_name(table: Table) -> str:
    assert table.target is not None, "read_table names it"
    return table.target


def _mistaken_columns(recipe: Recipe, table: Table) -> Iterator[Mistake]:
    """Names of columns outside the recipe's knowledge that the table does not have, or that are used twice."""
    names, data = [str(name) for name in table.frame.columns], recipe.data
    own = recipe.evaluate.dependence
    rows: dict[tuple[str | int, ...], str | None] = {("evaluate", "group"): own.group}
    rows |= {("evaluate", "time", i)[: 2 + (len(own.time) > 1)]: name for i, name in enumerate(own.time)}
    places: dict[tuple[str | int, ...], str | None] = {("data", "drop", i): name for i, name in enumerate(data.drop)}
    places |= {("data", "columns", name): name for name in data.columns} | {("data", "weight"): data.weight}
    places |= rows | {("preprocess", "encoders", name): name for name in recipe.preprocess.encoders}
    for path, name in places.items():
        if name is not None and name not in names:
            yield absent_column(path, name, names)
        elif name == table.target and path in rows:
            yield Mistake(path, "not be the target", f"it is '{name}'", "choose another column")
        elif name in data.drop and path[:2] != ("data", "drop"):
            must, found = "name a column that stays in the table", f"data: drop: names '{name}'"
            yield Mistake(path, must, found, "remove one of them")


def _repair(table: Table, recipe: Recipe, name: str) -> tuple[Table, tuple[Repair, ...], tuple[Finding, ...]]:
    """The table after the repairs that the recipe accepts, these, and notes on what they changed."""
    if not recipe.preprocess.accept:
        return table, (), ()
    rows = recipe.evaluate.dependence
    keep = (name, recipe.data.weight, rows.group, *rows.time, recipe.knowledge.costs.gain)
    accept = recipe.preprocess.accept
    repairs = learn_target(table.frame[name], accept) if name in table.frame.columns else ()
    repairs += learn(table.frame, accept, keep=keep, kinds=recipe.data.columns, decimal=recipe.data.decimal)
    done = repair.apply(table.frame, repairs)
    return replace(table, frame=done.frame), repairs, repair.findings(done.changes)


def _understand_target(
    table: Table, recipe: Recipe, column: Column | None, converted: Converted, given: Given | None
) -> tuple[Target | None, Table]:
    """The target as far as it can be understood (the audit finds what is wrong with it), and the table with its target
    in a form that does not depend on where it came from.

    Amounts such as $1,234 are numbers in that table, while classes such as 5 % stay the texts that they are.
    """
    if column is None:
        return None, table
    name, task = column.name, None if recipe.task == "auto" else recipe.task
    series, dtype = table.frame[name], table.dtypes[name]
    if column.number_format is not None:
        import pandas as pd

        amounts = pd.Series(converted.values[column.id], name=name)
        found = target.understand(amounts, dtype="float64", task=task, positive=None)
        if found.task == "regression":
            found = replace(found, number_format=column.number_format)
            frame, dtypes = table.frame.assign(**{name: amounts}), {**table.dtypes, name: "float64"}
            return found, replace(table, frame=frame, dtypes=dtypes, given=None)
    found = target.understand(series, dtype=dtype, task=task, positive=recipe.data.positive, given=given)
    if found.task == "regression":
        return found, replace(table, given=None)
    frame = table.frame.copy(deep=False)
    frame[name] = target.written(series, found, dtype=dtype, given=given)
    return found, replace(table, frame=frame, given=None)

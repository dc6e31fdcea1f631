"""Weights of rows, from a column that is no feature: a row of weight 2 counts as two in training and in every score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from autoft.data.convert import numbers_of
from autoft.data.table import Table
from autoft.errors import SchemaError, bare_cell, cell, quoted
from autoft.records.arrays import Array
from autoft.records.findings import Finding
from autoft.records.split import Member

#: Fewer rows are too few to train on; of equal rows as many as the weighted ones are worth.
ENOUGH = 20


def take_out(table: Table, name: str | None, target: str) -> tuple[Table, Array | None]:
    """The table without its column of weights, and the weights ``[n]``; None where the recipe names none. Rows without
    a target may have any weight: they are left out or refused for that. Raises a SchemaError if another weight is
    missing, negative, infinite or no number, or all are zero.

    >>> import pandas as pd
    >>> from autoft.data.table import read
    >>> table, weights = take_out(read(pd.DataFrame({"x": [5, 6], "w": [1, 2]})), "w", "y")
    >>> list(table.frame.columns), weights.tolist()
    (['x'], [1.0, 2.0])
    """
    if name is None:
        return table, None
    cells, answers = table.frame[name], table.frame.get(target)
    weights = numbers_of(table.frame, name)
    counts = np.ones(len(weights), dtype=bool) if answers is None else answers.notna().to_numpy()
    wrong = np.flatnonzero(counts & ~(weights >= 0))
    must, fix = "hold a number that is not negative in every row, as it weighs the rows", "remove data: weight:"
    if len(wrong):
        first = cells.iloc[wrong[0]]
        shown = "no value" if first is None or first != first else cell(first)
        found = f"{len(wrong):,} of {len(cells):,} cells do not (first: row {wrong[0] + 1:,}, {shown})"
        raise SchemaError(f"Column {quoted(name)}", must, found, f"correct them, leave those rows out, or {fix}")
    if not weights[counts].any():
        raise SchemaError(f"Column {quoted(name)}", "hold a weight above 0", "all are 0", f"correct them, or {fix}")
    return replace(table, frame=table.frame.drop(columns=name)), weights


def dominant(weights: Array | None, name: str | None) -> tuple[Finding, ...]:
    """A warning where a few rows have nearly all of the weight, as a mistyped one has: the others do not count."""
    if weights is None or not (known := weights[weights >= 0]).any():
        return ()
    shares = known / known.max()
    effective = float(shares.sum() ** 2 / (shares**2).sum())  # Kish
    if effective >= ENOUGH or len(known) < ENOUGH:
        return ()
    row = int(np.nanargmax(weights))
    found = f"weighs {len(known):,} rows so unevenly that they count as {effective:.1f} (most: row {row + 1:,}, "
    found += f"{bare_cell(weights[row])})"
    must, fix = f"leave at least {ENOUGH} rows that count", "correct the largest weights, or remove data: weight:"
    return (Finding("dominant-weights", "warning", name, must, found, fix),)


def uneven(weights: Array | None) -> Array | None:
    """The weights, None where all rows have the same."""
    return None if weights is None or np.ptp(weights) == 0 else weights


def check_classes(weights: Array | None, labels: pd.Series[Any], name: str | None) -> None:
    """Every class needs rows that count, one to learn from and one to be scored on: raises a SchemaError that names the
    first with fewer than two rows of a weight above 0. `labels` ``[n]`` are texts, None where missing, `name` is the
    column of weights.

    >>> import pandas as pd
    >>> check_classes(np.array([1.0, 2.0, 0.0, 0.0]), pd.Series(["a", "a", "b", "b"], name="y"), "w")
    Traceback (most recent call last):
    ...
    autoft.errors.SchemaError: Target 'y' must have at least 2 rows of weight above 0 in every class, but 'w' is 0 ...
    """
    if weights is None:
        return
    rows = labels.value_counts()
    # A class of one row is for the audit to find.
    counting = labels[weights > 0].value_counts().reindex(rows.index, fill_value=0)
    lacking = sorted(rows.index[(rows > 1) & (counting < 2)])
    if lacking:
        text = lacking[0]
        count, left = int(rows[text]), int(rows[text] - counting[text])
        found = f"{quoted(name)} is 0 in {left:,} of the {count:,} rows of class {cell(text, rows=count)}"
        if lacking[1:]:
            found += f" (and {len(lacking) - 1:,} other class{'es' * (len(lacking) > 2)} lack such rows)"
        must, fix = "have at least 2 rows of weight above 0 in every class", "correct the weights, or remove those rows"
        raise SchemaError(f"Target {quoted(labels.name)}", must, found, fix)


def check_blocks(
    weights: Array | None, members: Sequence[Member], blocks: Array, y: Array, classes: Sequence[object] = ()
) -> None:
    """Every model needs rows to learn from, of each class, and rows to be scored on.

    Args:
        blocks: Block of each row, negative for the untouched holdout, ``[n]``.
        y: Class positions or values, ``[n]``.
        classes: Labels of the classes, none for a regression.

    Raises:
        SchemaError: If all weights of a member's training rows, of a class among these, of a block or of the holdout
            are zero.
    """
    if weights is None:
        return
    parts = [rows for member in members for rows in (member.train, member.held_out)]
    parts += [blocks == block for block in np.unique(blocks)]
    if not all(weights[part].any() for part in parts):
        found = f"only {np.count_nonzero(weights):,} of {len(weights):,} are, and a fold has none of them"
        must, fix = "be above 0 for some row of every fold", "use fewer folds, or leave out rows of weight 0"
        raise SchemaError("The weights of the rows", must, found, fix)
    for member in members if len(classes) else ():
        there, counting = np.unique(y[member.train]), np.unique(y[member.train[weights[member.train] > 0]])
        if len(there) > len(counting):
            lost = classes[int(np.setdiff1d(there, counting)[0])]
            found = f"all rows of class {cell(lost)} that count are in one fold"
            must = "be above 0 for rows of every class in every training"
            fix = "use fewer folds, or correct the weights"
            raise SchemaError("The weights of the rows", must, found, fix)

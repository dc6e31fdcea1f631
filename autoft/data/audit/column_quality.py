"""Columns that become inputs: their number, missing and infinite cells, rare categories, hardly any variation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import first_cell, share_evidence, share_of
from autoft.data.audit.values import codes, drawn_values, missing_cells, sample
from autoft.data.convert import Converted
from autoft.data.date_formats import words
from autoft.data.dates import read_dates
from autoft.errors import listed, quoted
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding, Severity

#: A larger share of empty cells is a warning.
MANY_MISSING = 0.3
#: So many columns or more have one finding if of the rows in which either is empty this share is empty in both; of more
#: columns with many empty cells than the last each has its own.
TOGETHER, SAME_CELLS, MOST_GROUPED = 3, 0.9, 500
#: A larger share of rows with a category of their own is a warning.
MANY_RARE = 0.5
#: Share of the rows of categories that are not distinguished, from which on it is said, and is a warning.
SOME_UNKNOWN, MANY_UNKNOWN = 0.05, 0.2
#: A column is nearly constant if all but this share of its cells are equal, or so few; not with fewer cells.
OTHERS, FEW_OTHERS, MIN_FILLED = 0.001, 5, 100
#: From this share of the cells on, unreadable numbers or dates are an error: their column says nothing.
MOST_UNREADABLE = 0.9
#: Kinds that do not become inputs, as a person would call such a column.
_READ_AS = {"identifier": "an identifier", "constant": "constant", "empty": "empty"}


@check("no-features", "single-feature", "wider-than-rows", scope="rows")
def number_of_inputs(view: TableView) -> Iterator[Finding]:
    """No input, one input, or at least as many inputs as rows."""
    count, rows, unused = len(view.features), len(view), view.unused
    if count == 0:
        reasons = "; ".join(f"{quoted(column.name)} is {_READ_AS[column.kind]}: {column.why}" for column in unused[:5])
        more = f"; and {len(unused) - 5:,} more" if len(unused) > 5 else ""
        found = f"has no column that can be an input ({reasons}{more})" if unused else "has no column beside the target"
        fix = "add columns, or declare the kind of existing ones under data.columns" if unused else "add columns"
        yield Finding("no-features", "error", None, "have a usable column beside the target", found, fix)
    elif count == 1:
        found, fix = f"has only one input, {quoted(view.features[0].name)}", "add columns if you have them"
        yield Finding("single-feature", "info", None, "have several columns beside the target", found, fix)
    elif count >= rows:
        found, fix = f"has {count:,} inputs for {rows:,} rows", "collect rows or drop columns: overfitting is likely"
        yield Finding("wider-than-rows", "warning", None, "have fewer columns than rows", found, fix)


@check("missing-values", scope="columns")
def missing(view: TableView) -> Iterator[Finding]:
    """Empty cells."""
    together = _missing_together(view)
    for columns in together:
        names, least = listed(column.name for column in columns), min(column.missing for column in columns)
        share = share_of(least, len(view), "rows")
        found = f"has {len(columns):,} columns that are empty in the same rows, {share} at least ({names})"
        fix = "remove those rows if they are blank, else check the source, or add the columns to data.drop; autoft "
        fix += "fills them in and tells the network which they were"
        evidence = share_evidence(least, len(view), "empty", "filled")
        yield Finding("missing-values", "warning", None, "be filled in", found, fix, evidence)
    grouped = {column.id for columns in together for column in columns}
    for column in view.features:
        if not column.missing or column.id in grouped:
            continue
        many = column.missing > MANY_MISSING * len(view)
        must = f"be filled in at least {1 - MANY_MISSING:.0%} of the rows" if many else "be filled in every row"
        fix = "check the source, or add it to data.drop; " if many else "nothing to do: "
        fix += "autoft fills them in and tells the network which they were"
        found = f"is empty in {share_of(column.missing, len(view), 'cells')}"
        evidence = share_evidence(column.missing, len(view), "empty", "filled")
        yield Finding("missing-values", "warning" if many else "info", column.name, must, found, fix, evidence)


def _missing_together(view: TableView) -> list[list[Column]]:
    """Groups of columns that are empty in the same rows, of those that are empty in many."""
    drawn = sample(len(view))
    left = [column for column in view.features if column.missing > MANY_MISSING * len(view)]
    empty = {column.id: missing_cells(view.converted.values[column.id][drawn]) for column in left[:MOST_GROUPED]}
    left, groups = left[:MOST_GROUPED], []
    while len(left) >= TOGETHER:
        first = empty[left[0].id]
        both = [np.sum(first & empty[c.id]) / max(1, int(np.sum(first | empty[c.id]))) for c in left]
        alike = [column for column, share in zip(left, both, strict=True) if share >= SAME_CELLS]
        left = [column for column, share in zip(left[1:], both[1:], strict=True) if share < SAME_CELLS]
        groups += [alike] if len(alike) >= TOGETHER else []
    return groups


@check("infinite-values", scope="columns")
def infinite(view: TableView) -> Iterator[Finding]:
    """Infinite numbers, which often come from a division by zero."""
    for column in view.features:
        yield from infinite_cells(column, view.converted, len(view))


def infinite_cells(column: Column, converted: Converted, rows: int) -> list[Finding]:
    """A warning about the infinite numbers of one column."""
    count = converted.infinite.get(column.id, 0)
    if not count:
        return []
    found = f"is infinite in {share_of(count, rows, 'cells')}"
    fix = "look for a division by zero in the source; these cells count as missing"
    evidence = share_evidence(count, rows, "infinite", "others")
    return [Finding("infinite-values", "warning", column.name, "be finite", found, fix, evidence)]


def unreadable_cells(column: Column, converted: Converted, rows: int) -> list[Finding]:
    """A warning about cells that do not fit the kind of their column; an error if these are nearly all numbers or dates
    of the column, as its values then say nothing. Not part of the audit: `autoft.data.columns` reports them in a
    training table."""
    count = converted.bad.get(column.id, 0)
    if not count:
        return []
    first = converted.first_bad[column.id]
    what = {"numeric": "numbers", "boolean": "one of the two values of the training table"}.get(column.kind)
    dated = np.isfinite(read_dates([first[1]], column.date_format or "iso").seconds[0])
    what = what or words(column.date_format, column.zoned if dated else None)
    found = f"has {share_of(count, rows, 'cells')} that are not {what} ({first_cell(first)})"
    fix = "correct them; they count as missing"
    filled = count + int(np.isfinite(converted.values[column.id]).sum()) + converted.infinite.get(column.id, 0)
    if column.kind == "boolean" or count < MOST_UNREADABLE * filled:
        return [Finding("unreadable-values", "warning", column.name, f"hold {what}", found, fix)]
    how = f", such as {_as_written(column)}," if column.kind == "date" else ""
    fix = f"write them as in the training{how} or leave cells empty where the value is unknown"
    return [Finding("unreadable-values", "error", column.name, f"hold {what}", found, fix)]


def _as_written(column: Column) -> str:
    """A date as a column of dates has it."""
    if column.clock:
        return "14:30:00"
    return "2021-12-31T14:30:00+00:00" if column.zoned else "2021-12-31"


@check("rare-categories", scope="columns")
def rare_categories(view: TableView) -> Iterator[Finding]:
    """Categories most of which appear once: nothing can be learned from those."""
    for column, _ in view.columns("categorical"):
        counts = view.counts(column)
        once, filled = sum(rows == 1 for rows in counts.values()), sum(counts.values())
        if once > MANY_RARE * filled:
            found = f"has {share_of(once, filled, 'rows')} with a category of their own"
            fix = "group the categories, or add the column to data.drop; autoft treats rare ones as unknown"
            evidence = share_evidence(once, filled, "rows of their own category", "others")
            must = "have categories that come back"
            yield Finding("rare-categories", "warning", column.name, must, found, fix, evidence)


@check("unknown-categories", scope="columns")
def unknown_categories(view: TableView) -> Iterator[Finding]:
    """Columns of more categories than are distinguished (preprocess: categorical: max_categories, and in private runs
    rare ones): rows of the others count as unknown. Hints may give a column an order, in which all count."""
    most, fewest = view.options.max_categories, view.options.fewest_rows
    for column, _ in view.columns("categorical"):
        counts = view.counts(column)
        known, filled = [rows for rows in counts.values() if rows >= fewest][:most], sum(counts.values())
        unknown = filled - sum(known)
        if unknown <= SOME_UNKNOWN * filled or column.name in view.options.encoded:
            continue
        found = f"has {len(counts):,} categories, of which the {len(known):,} most frequent are distinguished: "
        found += f"{share_of(unknown, filled, 'rows')} count as unknown"
        fix = "raise preprocess.categorical.max_categories, choose an encoder for it under preprocess.encoders, or "
        fix += "group its categories"
        if len(known) < most:
            fix = f"group its categories; those of fewer than {fewest} rows are kept out of the model of a private run"
        evidence = share_evidence(unknown, filled, "unknown", "distinguished")
        once = sum(rows == 1 for rows in counts.values())  # of most rows: a warning of rare categories says it
        many = unknown > MANY_UNKNOWN * filled and once <= MANY_RARE * filled
        severity: Severity = "warning" if many else "info"
        must = f"have at most {most:,} frequent categories"
        yield Finding("unknown-categories", severity, column.name, must, found, fix, evidence)


@check("quasi-constant", scope="columns")
def quasi_constant(view: TableView) -> Iterator[Finding]:
    """Columns in which hardly a cell differs: too few to learn what they mean."""
    for column, values in view.columns("numeric", "boolean", "date", "categorical"):
        counted = nearly_constant(values)
        if counted is None:
            continue
        same, filled = counted
        found = f"is nearly constant: all but {share_of(filled - same, filled, 'cells')} are equal"
        fix = "accept quasi-constant to leave it out, or add it to data.drop; so few rows teach nothing"
        drawn = charts.bars({"most frequent value": same, "all others": filled - same}, marked=["all others"])
        evidence = Evidence(counts={"equal": same, "others": filled - same}, sketch=drawn)
        yield Finding("quasi-constant", "warning", column.name, "vary", found, fix, evidence)


def nearly_constant(values: Array) -> tuple[int, int] | None:
    """How many cells have the value of all but a few, and how many are filled; None if there is no such value."""
    # Most cells are equal only if a few drawn at random are.
    some = codes(drawn_values(values, 1_000))
    if not len(some) or np.bincount(some[some >= 0], minlength=1).max() < 0.9 * (some >= 0).sum():
        return None
    all_cells = codes(values)
    counts = np.bincount(all_cells[all_cells >= 0], minlength=1)
    filled, same = int(counts.sum()), int(counts.max())
    others = filled - same
    if filled < MIN_FILLED or not others or others > max(OTHERS * filled, min(FEW_OTHERS, 0.01 * filled)):
        return None
    return same, filled

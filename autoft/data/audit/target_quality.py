"""Target: missing cells, number of rows, classes, and values of a regression."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import label_text, row_numbers, share_evidence, share_of
from autoft.data.audit.values import drawn_values
from autoft.data.missing_words import counted_words, keep
from autoft.data.target import MOST_CLASSES, as_text
from autoft.errors import bare_cell, cell, quoted
from autoft.formatting import counted
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

#: Fewer rows with a target are an error, and fewer for each fold a warning.
MIN_ROWS, ROWS_PER_FOLD = 20, 10
#: A smaller share of the rows makes accuracy useless as a measure; of more than four classes, a smaller share of what
#: each would have if all had as many rows.
RARE, RARE_AMONG_MANY = 0.05, 0.2
#: Skewness (third standardised moment) beyond which a few rows dominate a squared error; the exponential
#: distribution has 2.
SKEWED = 3.0
#: A pile at an end of at least so many distinct values has this share of the rows, and so many times as many rows as
#: any other value, at least.
MANY_VALUES, PILE, PILE_TIMES = 50, 0.01, 3


@check("target-missing-values", scope="target")
def missing_target(view: TableView) -> Iterator[Finding]:
    """Cells of the target without a value: an error, or a warning if such rows are dropped."""
    missing, total = np.flatnonzero(view.labels.isna()), len(view)
    if not len(missing):
        return
    drop = view.options.drop_missing_target
    found = f"is empty in {share_of(len(missing), total, 'cells')} (first: row {missing[0] + 1:,})"
    fix = "rows without a target were left out" if drop else "fill them in, or set schema.drop_missing_target: true"
    words = view.options.missing_words
    if own := words.get(view.target):
        found += f", with {counted_words(own)}, which count as missing"
        fix = f"if {' or '.join(map(quoted, own))} is a class, {keep(own, words)}; else {fix}"
    must = "have a value in every row, as it is the target"
    evidence = share_evidence(len(missing), total, "empty", "filled", rows=row_numbers(missing))
    yield Finding("target-missing-values", "warning" if drop else "error", view.target, must, found, fix, evidence)


@check("too-few-rows", "few-rows", scope="target")
def too_few_rows(view: TableView) -> Iterator[Finding]:
    """Fewer rows with a target than a model or its evaluation needs."""
    rows, folds = int(view.labels.notna().sum()), view.options.folds
    if rows < MIN_ROWS:
        must, found = f"have at least {MIN_ROWS} rows with a target", f"has only {counted(rows, 'row')}"
        yield Finding("too-few-rows", "error", None, must, f"{found} with a target", "collect more rows")
    elif rows < ROWS_PER_FOLD * folds:
        must = f"have at least {ROWS_PER_FOLD} rows with a target for each of {folds} folds"
        fix = "collect more rows; autoft uses fewer folds, and the intervals are wide"
        yield Finding("few-rows", "warning", None, must, f"has only {rows} rows for {folds} folds", fix)


#: Squares of larger numbers, and sums of them, are infinite or 0; so are those of its inverse.
LARGEST = 1e150
_VALUE_CODES = ("target-not-numeric", "target-infinite", "target-extreme", "target-capped", "target-heavy-tail")
_CLASS_CODES = ("class-too-small", "class-smaller-than-folds", "imbalanced-target", "positive-absent")


@check("target-constant", *_VALUE_CODES, scope="target", name="target-values")
def target_values(view: TableView) -> Iterator[Finding]:
    """The values of a regression."""
    if view.task != "regression":
        return
    name, values = view.target, view.answers
    texts = np.flatnonzero(np.isnan(values) & view.labels.notna().to_numpy())
    if len(texts):
        example = f"(first: row {texts[0] + 1:,}, {cell(view.labels.iloc[texts[0]])})"
        found = f"is no number in {share_of(len(texts), len(values), 'rows')} {example}"
        fix = "correct them, or set task: multiclass if they are classes"
        evidence = share_evidence(len(texts), len(values), "no numbers", "numbers", rows=row_numbers(texts))
        yield Finding("target-not-numeric", "error", name, "be numeric for regression", found, fix, evidence)
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        found = f"is infinite in {share_of(len(infinite), len(values), 'rows')} (first: row {infinite[0] + 1:,})"
        evidence = share_evidence(len(infinite), len(values), "infinite", "others", rows=row_numbers(infinite))
        must, fix = "be finite, as it is the target", "correct them or remove their rows"
        yield Finding("target-infinite", "error", name, must, found, fix, evidence)
    finite = values[view.usable]
    if not len(finite):
        return
    if finite.min() == finite.max():
        found, fix = f"is {bare_cell(finite[0], len(finite))} in every row", "choose another target"
        yield Finding("target-constant", "error", name, "have different values", found, fix)
        return
    if not 1 / LARGEST < (largest := float(np.abs(finite).max())) < LARGEST:
        must, fix = "have values that can be squared", "give it in another unit, by a power of ten"
        yield Finding("target-extreme", "error", name, must, f"has values of up to {bare_cell(largest)}", fix)
        return
    yield from _capped(name, finite)
    yield from _heavy_tail(name, finite)


def _capped(name: str, values: Array) -> Iterator[Finding]:
    """A pile of rows at the largest value, or at a smallest one that is not zero: what lies beyond was cut off."""
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < MANY_VALUES:
        return
    for end, side in ((0, "smallest"), (-1, "largest")):
        value, rows, usual = float(distinct[end]), int(counts[end]), int(np.delete(counts, end).max())
        if rows < max(PILE * len(values), PILE_TIMES * usual) or (end == 0 and value == 0):
            continue
        found = f"has its {side} value, {bare_cell(value, rows)}, in {share_of(rows, len(values), 'rows')}; "
        found += f"no other value is in more than {usual:,}"
        fix = "if it is a limit, the model learns the limit: leave those rows out, or read answers near it as 'or "
        fix += "beyond'"
        drawn = charts.histogram(drawn_values(values), x_label=name, marks=[value])
        evidence = Evidence(counts={"rows": rows, "most frequent other value": usual}, sketch=drawn)
        yield Finding("target-capped", "warning", name, "go on beyond its ends", found, fix, evidence)


def _heavy_tail(name: str, values: Array) -> Iterator[Finding]:
    # Scaled before the powers are taken: 1e200 cubed is infinite.
    scaled = (values - values.mean()) / np.abs(values - values.mean()).max()
    skewness = float(np.mean(scaled**3) / np.mean(scaled**2) ** 1.5)
    if abs(skewness) <= SKEWED:
        return
    extreme, half = float(values.max() if skewness > 0 else values.min()), float(np.median(values))
    found = f"has a few values far from the others (skewness {skewness:.1f}; the median is {bare_cell(half)}, "
    found += f"the most extreme value {bare_cell(extreme)})"
    fix = "check that they are real; compare mae with rmse, or predict the logarithm"
    counts = {"skewness": round(skewness, 3), "median": half, "most extreme": extreme}
    drawn = charts.histogram(drawn_values(values), x_label=name, marks=[extreme])
    evidence = Evidence(counts=counts, sketch=drawn)
    yield Finding("target-heavy-tail", "info", name, "have values of one order of size", found, fix, evidence)


@check("target-constant", *_CLASS_CODES, scope="target", name="target-classes")
def target_classes(view: TableView) -> Iterator[Finding]:
    """The classes of the rows that have one."""
    if view.task == "regression" or not view.usable.any():
        return
    # Of equally frequent classes the order is that of their labels, not that of the rows.
    counts = view.labels[view.usable].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    name, positive = view.target, view.options.positive
    if len(counts) == 1:
        found = f"is {_label(counts, 0)} in every row"
        fix = "choose another target, or add rows of the other class"
        yield Finding("target-constant", "error", name, "have at least two classes", found, fix)
        return
    yield from _small_classes(name, counts, view.options.folds)
    yield from _rare_class(name, counts)
    if positive is not None and not any(_same(positive, label) for label in counts.index):
        found = f"has no row of the positive class {quoted(label_text(positive))}"
        fix = f"set data.positive to one of {', '.join(_label(counts, k) for k in range(min(20, len(counts))))}"
        yield Finding("positive-absent", "error", name, "have rows of the positive class", found, fix)


def _small_classes(name: str, counts: pd.Series[Any], folds: int) -> Iterator[Finding]:
    """Classes that cannot be in every fold; with one row not even in training and evaluation."""
    single = counts.index[counts == 1]
    if len(single):
        others = f" (and of {len(single) - 1:,} other class{'es' * (len(single) > 2)})" if len(single) > 1 else ""
        found = f"has only 1 row of class {cell(label_text(single[0]))}{others}"
        fix = f"merge it with another class or remove it; {folds} folds need {folds} rows of each"
        if len(counts) > MOST_CLASSES and pd.to_numeric(counts.index.to_series(), errors="coerce").notna().all():
            fix = f"choose the task regression, as the target has {len(counts):,} different numbers"
        elif len(single) > len(counts) / 2:
            fix += "; if the target is a quantity, choose the task regression"
        must = "have at least 2 rows of every class"
        yield Finding("class-too-small", "error", name, must, found, fix, _rows_by_class(counts))
    small = counts[(counts > 1) & (counts < folds)]
    if len(small):
        rows = small.iloc[-1]
        must = f"have {folds} rows of every class, one for each fold"
        found = f"has only {rows} rows of class {_label(small, -1)} for {folds} folds"
        fix = f"add rows or merge classes; autoft uses at most {rows} folds"
        yield Finding("class-smaller-than-folds", "warning", name, must, found, fix, _rows_by_class(counts))


def _rare_class(name: str, counts: pd.Series[Any]) -> Iterator[Finding]:
    """A class so rare that a model may ignore it and still be accurate."""
    total, rows = int(counts.sum()), int(counts.iloc[-1])
    least = min(RARE, RARE_AMONG_MANY / len(counts))
    if rows >= least * total:
        return
    found = f"is {_label(counts, -1)} in only {share_of(rows, total, 'rows')}; always answering "
    found += f"{_label(counts, 0)} is right in {counts.iloc[0] / total:.1%}"
    metric = "pr_auc" if len(counts) == 2 else "balanced_accuracy"
    fix = f"do not compare models by accuracy, set evaluate.objective: {metric}; autoft stratifies the folds"
    must = f"have at least {100 * least:.2g}% of the rows in every class"
    yield Finding("imbalanced-target", "warning", name, must, found, fix, _rows_by_class(counts))


def _rows_by_class(counts: pd.Series[Any]) -> Evidence:
    """Rows by class, the last of which is the rarest."""
    rarest = label_text(counts.index[-1])
    shown = {label_text(label): int(rows) for label, rows in [*counts.iloc[:-1].items()][: charts.BARS - 1]}
    shown[rarest] = int(counts.iloc[-1])
    total = {"rows": int(counts.sum()), "rows of the rarest class": int(counts.iloc[-1])}
    return Evidence(counts=total, sketch=charts.bars(shown, marked=[rarest]))


def _label(counts: pd.Series[Any], place: int) -> str:
    """One of the classes, which have so many rows."""
    return cell(label_text(counts.index[place]), rows=int(counts.iloc[place]))


def _same(positive: object, label: object) -> bool:
    """Whether a label of the table is the one that the user names, who may write True for 'true' and 1 for '1.0'."""
    if isinstance(positive, bool):
        return str(positive).casefold() == str(label).casefold()
    return label_text(positive) == label_text(label) or (isinstance(positive, str) and as_text(positive) == label)

"""Columns that give the answer away: one alone, or two together, predict the target of rows they were not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoft.data.audit import late_columns, pair_leaks, stump
from autoft.data.audit.findings import finding
from autoft.data.audit.target_values import numbers
from autoft.records import Column, Finding, Task

if TYPE_CHECKING:
    import pandas as pd

    from autoft.data.convert import Converted

#: Below this number of different rows, or of rows per class, a column may separate the classes by luck.
MIN_ROWS, MIN_CLASS = 50, 10
#: Beyond this number of rows a sample is looked at; beyond this number of classes only the largest.
MAX_ROWS, MAX_CLASSES = 20_000, 20
LEAK_AUC, LEAK_R2 = 0.999, 0.9999
CLASS_DEPTH, NUMBER_DEPTH = 12, 16
#: So many rows tell whether a column is worth a look at all of the sample: with a score below this it is not. A column
#: of many categories that gives the answer away has far from its true score on few rows, hence the wide margin.
SCREENED, WORTH_A_LOOK = 4_000, 0.7


def check(
    labels: pd.Series[Any],
    rows: NDArray[Any],
    features: tuple[Column, ...],
    converted: Converted,
    *,
    task: Task,
    keys: NDArray[Any],
    allow: tuple[str, ...] = (),
) -> list[Finding]:
    """An error for each feature that predicts the target (almost) perfectly, a warning if it is in `allow`.

    A decision tree of limited depth is fitted on one half of the rows with this feature alone and scores the
    other half, and the reverse; equal rows are taken once, so that it cannot recognise them. In long tables few rows
    tell which columns need that on 20,000. The score is
    ROC-AUC (mean over one-vs-rest for several classes) or R2. What needs no fitting counts too, since a tree
    misses by a hair in short tables: the ROC-AUC of the column's own order, and the squared correlation of ranks.

    Args:
        labels: The target.
        rows: Boolean mask of the rows whose target is usable.
        features: The columns that become inputs.
        converted: Their values.
        task: Kind of problem.
        keys: Hashes of the rows' features, ``[n]``.
        allow: Names of columns that may predict the target.
    """
    chosen = _rows(labels, rows, keys, task) if features else rows[:0]
    if len(chosen) < MIN_ROWS:
        return []
    truth = numbers(labels)[chosen] if task == "regression" else _codes(labels.to_numpy()[chosen])
    score_of = _scorer(truth, task)
    cells = [_codes(converted.values[column.id][chosen]) for column in features]
    alone = np.array([score_of(ordinal) for ordinal in cells])
    leaking = alone >= (LEAK_R2 if task == "regression" else LEAK_AUC)
    scores = {column.name: float(score) for column, score in zip(features, alone, strict=True)}
    metric = "R2" if task == "regression" else "ROC-AUC"
    findings = [
        _leak(features[i].name, scores, metric, str(labels.name), features[i].name in allow)
        for i in np.flatnonzero(leaking)
    ]
    rest = np.flatnonzero(~leaking)
    left, ordinals = tuple(features[i] for i in rest), [cells[i] for i in rest]
    return findings + _softer(left, converted, chosen, ordinals, truth, alone[rest], task, allow)


def _scorer(truth: NDArray[Any], task: Task) -> Callable[[NDArray[Any]], float]:
    """A function from a column's positions to its score, on few rows for columns that are far from a leak."""
    score = _r2 if task == "regression" else _auc
    # For classes every class is divided evenly between the halves, numbers are divided at random.
    half = _halves(np.zeros(len(truth), dtype=int) if task == "regression" else truth)
    if len(truth) <= 2 * SCREENED:
        return lambda ordinal: score(ordinal, truth, half)
    some = np.random.default_rng(3).permutation(len(truth))[:SCREENED]
    few = truth[some]
    if task != "regression" and (np.bincount(few, minlength=int(truth.max()) + 1) < MIN_CLASS).any():
        return lambda ordinal: score(ordinal, truth, half)  # a rare class needs every row
    few_half = _halves(np.zeros(len(few), dtype=int) if task == "regression" else few)

    def screened(ordinal: NDArray[Any]) -> float:
        first = score(ordinal[some], few, few_half)
        return score(ordinal, truth, half) if first >= WORTH_A_LOOK else first

    return screened


def _softer(
    features: tuple[Column, ...],
    converted: Converted,
    chosen: NDArray[Any],
    positions: Sequence[NDArray[Any]],
    truth: NDArray[Any],
    alone: NDArray[Any],
    task: Task,
    allow: tuple[str, ...],
) -> list[Finding]:
    """Columns that are too good or give the target away in pairs, among those that do not alone."""
    if len(features) > late_columns.COLUMNS:
        best = np.sort(np.argsort(-alone, kind="stable")[: late_columns.COLUMNS])
        features, alone, positions = tuple(features[i] for i in best), alone[best], [positions[i] for i in best]
    if not features or len(np.unique(truth)) < 2:
        return []
    cells = [converted.values[column.id][chosen] for column in features]
    ordinals = np.column_stack(positions)
    numeric = [values if values.dtype == np.float64 else np.full(len(chosen), np.nan) for values in cells]
    found = late_columns.check(features, ordinals, truth, alone, task=task, allow=allow)
    return found + pair_leaks.check(features, np.column_stack(numeric), ordinals, truth, alone, task=task, allow=allow)


def _leak(name: str, scores: Mapping[str, float], metric: str, target: str, allowed: bool) -> Finding:
    found = f"it alone predicts '{target}', {metric} {scores[name]:.4f}"
    evidence = late_columns.standing(name, scores, metric)
    if allowed:
        fix = "none needed, schema.allow_leak lists it; make sure that it is known before the answer is"
        return finding("target-leak", "warning", name, "not give the answer away", found, fix, evidence)
    fix = "add it to data.drop or, if it is really known before the answer is, to schema.allow_leak"
    return finding("target-leak", "error", name, "not give the answer away", found, fix, evidence)


def _rows(labels: pd.Series[Any], rows: NDArray[Any], keys: NDArray[Any], task: Task) -> NDArray[Any]:
    """Positions of the rows to look at: usable target, class large enough, each row once, a sample if many."""
    chosen = np.flatnonzero(rows)
    if not len(chosen):
        return chosen[:0]
    _, first = np.unique(keys[chosen], return_index=True)
    # A table with few different rows (one yes/no column, say) has nothing to recognise but its categories.
    if len(first) >= MIN_ROWS:
        chosen = chosen[np.sort(first)]
    if task != "regression":
        codes = _codes(labels.to_numpy()[chosen])
        counts = np.bincount(codes)
        large = np.argsort(-counts, kind="stable")[:MAX_CLASSES]
        large = large[counts[large] >= MIN_CLASS]
        chosen = chosen[np.isin(codes, large)] if len(large) > 1 else chosen[:0]
    if len(chosen) > MAX_ROWS:
        chosen = np.sort(np.random.default_rng(0).choice(chosen, MAX_ROWS, replace=False))
    return chosen


def _codes(values: NDArray[Any]) -> NDArray[Any]:
    """Positions of the values among the sorted distinct ones, -1 for missing ones.

    A tree sees no more than the order; and ranks survive its cast to float32, epoch seconds would not.
    """
    import pandas as pd

    return np.asarray(pd.factorize(values, sort=True)[0])


def _tree_input(ordinal: NDArray[Any]) -> NDArray[Any]:
    """The codes, missing cells so far away that a split between them and the rest is always clean."""
    return np.where(ordinal < 0, -len(ordinal), ordinal)


def _halves(truth: NDArray[Any]) -> NDArray[Any]:
    """Which of two halves each row is in; every class is divided evenly between them."""
    order = np.lexsort((np.random.default_rng(0).permutation(len(truth)), truth))
    half = np.zeros(len(truth), dtype=bool)
    half[order[::2]] = True
    return half


def _auc(ordinal: NDArray[Any], truth: NDArray[Any], half: NDArray[Any]) -> float:
    classes = np.arange(truth.max() + 1)
    # Of two classes one says it all: the other's indicator is its complement, and so are sums and splits.
    told = classes[1:] if len(classes) == 2 else classes
    indicators = (truth[:, None] == told).astype(np.float64)
    predicted = stump.cross_predict(_tree_input(ordinal), indicators, half, CLASS_DEPTH)
    areas = [stump.area(truth == c, predicted[:, i]) for i, c in enumerate(told)]
    if len(classes) > 2:
        return float(np.mean(areas))
    order = stump.area(truth == 1, ordinal)
    return max(areas[0], order, 1 - order)


def _r2(ordinal: NDArray[Any], truth: NDArray[Any], half: NDArray[Any]) -> float:
    if np.ptp(truth) == 0 or np.ptp(ordinal) == 0:
        return 0.0
    order = float(np.corrcoef(_codes(truth), ordinal)[0, 1] ** 2)
    # Around the mean, so that sums of squares keep their digits.
    centred = (truth - truth.mean()) / np.ptp(truth)
    predicted = stump.cross_predict(_tree_input(ordinal), centred[:, None], half, NUMBER_DEPTH)
    return max(stump.explained(centred, predicted[:, 0]), order)

"""Target leaks: columns that, alone or in pairs, predict the target of rows they were not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from autoft.data.audit import late_columns, pair_leaks, stump
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.predictors import LEAK_AUC, LEAK_R2, Predictors, beyond_luck, metric_of, strongest
from autoft.data.audit.values import codes, sample
from autoft.errors import quoted
from autoft.records.arrays import Array
from autoft.records.columns import Column, Task
from autoft.records.findings import Finding, Severity

#: With fewer different rows a column may separate the classes by luck,
MIN_ROWS = 50
#: and with fewer rows per class.
MIN_CLASS = 10
#: Of more classes the largest are looked at.
MAX_CLASSES = 20
#: Of more columns that are no leaks, those that predict best by themselves.
COLUMNS = 60
#: Splits from the root to a leaf of the trees for classes,
CLASS_DEPTH = 12
#: and for numbers.
NUMBER_DEPTH = 16
#: So many rows decide whether a column is worth a look at all of the sample:
SCREENED = 4_000
#: with a lower score it is not. The margin is wide, as a column of many categories that gives the answer away is far
#: from its true score on few rows.
WORTH_A_LOOK = 0.7


@check("target-leak", "suspiciously-strong", "pair-leak", scope="target")
def leaks(view: TableView) -> Iterator[Finding]:
    """An error for each feature that predicts the target (almost) perfectly, a warning if `allow_leak` lists it.

    A decision tree of limited depth is fitted on one half of the rows with this feature alone and scores the
    other half, and the reverse; equal rows are taken once, so that it cannot recognise them. In long tables few rows
    decide which columns need that on 20,000. The score is
    ROC-AUC (mean over one-vs-rest for several classes) or R2. What needs no fitting counts too, since a tree
    misses by a hair in short tables: the ROC-AUC of the column's own order, and the squared correlation of ranks.

    Where so many columns were tried on so few rows that one may separate the classes by luck, there is one warning for
    all that do, unless a column has one value for each class.

    Of the other columns those that are suspiciously strong, or predict the target in pairs, are warnings or notes.
    """
    chosen = _rows(view)
    if len(chosen) < MIN_ROWS:
        return
    regression, allow = view.task == "regression", view.options.allow_leak
    # Positions among the sorted distinct values: a tree sees no more than the order.
    truth = view.answers[chosen] if regression else codes(view.labels.to_numpy()[chosen], ordered=True)
    score_of, width = _scorer(truth, view.task), 1 if regression else int(truth.max()) + 1
    parts = [view.features[some] for some in stump.blocks(len(view.features), len(truth) * width)]
    scored = [(score_of(cells), cells.max(axis=1)) for cells in (_ordinals(view, part, chosen) for part in parts)]
    alone, largest = (np.concatenate(own) for own in zip(*scored, strict=True))
    leaking = alone >= (LEAK_R2 if regression else LEAK_AUC)
    scores = late_columns.ranked_scores(view.features, alone)
    lucky = np.zeros(len(alone), dtype=bool)
    if not regression and not beyond_luck(len(truth), len(alone)):
        lucky = leaking & (largest > truth.max())
        leaking &= ~lucky
        names = [view.features[i].name for i in np.flatnonzero(lucky)]
        yield from _lucky([name for name in names if name not in allow], scores, len(truth))
    for i in np.flatnonzero(leaking):
        yield _leak(view.features[i].name, scores, view.task, view.target, allow)
    rest = np.flatnonzero(~leaking & ~lucky)
    rest = rest[strongest(alone[rest], COLUMNS)]
    if not len(rest) or len(np.unique(truth)) < 2:
        return
    features = tuple(view.features[i] for i in rest)
    predictors = Predictors(
        features=features,
        ordinals=np.ascontiguousarray(_ordinals(view, features, chosen).T),
        truth=truth,
        alone=alone[rest],
        task=view.task,
        allow=allow,
        tried=len(alone),
    )
    values = [view.converted.values[column.id][chosen] for column in predictors.features]
    numeric = [one if one.dtype == np.float64 else np.full(len(chosen), np.nan) for one in values]
    yield from late_columns.late_columns(predictors, np.column_stack(numeric))
    yield from pair_leaks.pair_leaks(predictors, np.column_stack(numeric))


def _ordinals(view: TableView, features: Sequence[Column], rows: Array) -> Array:
    """Cells ``[columns, rows]`` as positions among the sorted values of their column, -1 where missing."""
    return np.stack([codes(view.converted.values[column.id][rows], ordered=True) for column in features])


def _scorer(truth: Array, task: Task) -> Callable[[Array], Array]:
    """A function from the positions in columns to their scores, on few rows for columns that are far from a leak."""
    score = _r2 if task == "regression" else _auc
    # Every class is divided evenly between the halves, numbers are divided at random.
    classes = np.zeros(len(truth), dtype=int) if task == "regression" else truth
    half = stump.even_halves(classes)
    some = np.random.default_rng(3).permutation(len(truth))[:SCREENED]
    rare = (np.bincount(classes[some], minlength=int(classes.max()) + 1) < MIN_CLASS).any()
    if len(truth) <= 2 * SCREENED or rare:  # a rare class needs every row
        return lambda ordinals: score(ordinals, truth, half)
    few, few_half = truth[some], stump.even_halves(classes[some])

    def screened(ordinals: Array) -> Array:
        scores = score(ordinals[:, some], few, few_half)
        if (worth := scores >= WORTH_A_LOOK).any():
            scores[worth] = score(ordinals[worth], truth, half)
        return scores

    return screened


def _leak(name: str, scores: Mapping[str, float], task: Task, target: str, allow: tuple[str, ...]) -> Finding:
    metric = metric_of(task)
    found = f"predicts '{target}' almost perfectly by itself ({metric} {scores[name]:.4f})"
    evidence = late_columns.score_evidence(name, scores, metric)
    fix = "add it to data.drop or, if it is really known before the answer is, to schema.allow_leak"
    if name in allow:
        fix = "nothing to do, as schema.allow_leak lists it; make sure that it is known before the answer is"
    severity: Severity = "warning" if name in allow else "error"
    return Finding("target-leak", severity, name, "not give the answer away", found, fix, evidence)


def _lucky(names: Sequence[str], scores: Mapping[str, float], rows: int) -> Iterator[Finding]:
    """One warning for columns that separate the classes in few rows, of many that were tried."""
    if not names:
        return
    found = f"separates the classes in the {rows:,} rows that were looked at"
    if len(names) > 1:
        found = f"has {len(names):,} columns each of which {found} ({', '.join(map(quoted, names[:5]))}"
        found += ", ...)" if len(names) > 5 else ")"
    found += f"; of {len(scores):,} columns some may do so by luck"
    evidence = late_columns.score_evidence(names[0], scores, "ROC-AUC")
    column, must = names[0] if len(names) == 1 else None, "be known when a prediction is made"
    fix = "if it is filled in only afterwards, add it to data.drop; else list it under schema.allow_leak"
    yield Finding("suspiciously-strong", "warning", column, must, found, fix, evidence)


def _rows(view: TableView) -> Array:
    """Positions of the rows to look at: usable target, class large enough, each row once, a sample if many."""
    chosen = np.flatnonzero(view.usable) if view.features else np.zeros(0, dtype=int)
    if not len(chosen):
        return chosen
    _, first = np.unique(view.hashes.exact[chosen], return_index=True)
    # A table with few different rows (one yes/no column, say) has nothing to recognise but its categories.
    if len(first) >= MIN_ROWS:
        chosen = chosen[np.sort(first)]
    if view.task != "regression":
        classes = codes(view.labels.to_numpy()[chosen], ordered=True)
        counts = np.bincount(classes)
        large = np.argsort(-counts, kind="stable")[:MAX_CLASSES]
        large = large[counts[large] >= MIN_CLASS]
        chosen = chosen[np.isin(classes, large)] if len(large) > 1 else chosen[:0]
    return chosen[sample(len(chosen))]


def _auc(ordinals: Array, truth: Array, half: Array) -> Array:
    classes = np.arange(truth.max() + 1)
    # Of two classes one says it all: the other's indicator is its complement, and so are sums and splits.
    scored = classes[1:] if len(classes) == 2 else classes
    indicators = (truth[:, None] == scored).astype(np.float64)
    predicted = stump.cross_predict(ordinals, indicators, half, CLASS_DEPTH)
    areas = np.column_stack([stump.areas(truth == c, predicted[:, :, i]) for i, c in enumerate(scored)])
    if len(classes) > 2:
        return np.asarray(areas.mean(axis=1))
    order = stump.areas(truth == 1, ordinals)
    return np.asarray(np.max([areas[:, 0], order, 1 - order], axis=0))


def _r2(ordinals: Array, truth: Array, half: Array) -> Array:
    scores, varied = np.zeros(len(ordinals)), np.ptp(ordinals, axis=1) > 0
    if np.ptp(truth) == 0 or not varied.any():
        return scores
    ranks = codes(truth, ordered=True)
    # Around the mean, so that sums of squares keep their digits.
    centred = (truth - truth.mean()) / np.ptp(truth)
    predicted = stump.cross_predict(ordinals[varied], centred[:, None], half, NUMBER_DEPTH)[:, :, 0]
    scores[varied] = [
        max(stump.explained(centred, own), float(np.corrcoef(ranks, ordinal)[0, 1] ** 2))
        for own, ordinal in zip(predicted, ordinals[varied], strict=True)
    ]
    return scores

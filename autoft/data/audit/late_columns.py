"""Late columns: so good that they may be known only after the answer is.

A table cannot say when a cell was filled in. But what happens after the event (how long the call took in which the
customer agreed) tends to know much of the target that no other column knows, and to have little to do with what was
known before. Ordinary strong columns share what they know with others, or are related to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from autoft.data.audit import charts, stump, target_copies
from autoft.data.audit.predictors import Predictors, beyond_luck
from autoft.data.audit.values import ranked
from autoft.records.arrays import Array
from autoft.records.columns import Column
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding, Severity

#: Rows that are looked at, at most.
ROWS = 5_000
#: Fewer rows prove nothing.
MIN_ROWS = 200
#: With fewer columns there is nothing to compare one with.
MIN_COLUMNS = 4
#: Depth of the trees: 16 leaves are a coarse curve, and cheap.
DEPTH = 4
#: Score of a column alone (ROC-AUC or R2) that needs a look, whatever the others do.
NEARLY_PERFECT = 0.98
#: Score from which a column that is related to no other is too good: a copy of the target with noise.
STRONG_AUC, STRONG_R2 = 0.95, 0.9
#: Share of what all columns together know that is lost without the column,
LOST = 0.2
#: and how many times as much as without any other.
TIMES = 5.0
#: Standard errors, of a score without any knowledge, that the loss must have: where nothing predicts the target, shares
#: of what is known are shares of chance.
SURE = 4.0
#: Largest |Spearman's rho| with any other column.
RELATED = 0.2
#: Words of things that are there when the event is over.
_AFTERWARDS = frozenset(
    {
        *("duration", "outcome", "result", "status", "resolution", "resolved", "closed", "closing"),
        *("ended", "ending", "end", "final", "settled", "cancelled", "canceled", "cancellation"),
        *("refund", "refunded", "payout", "returned", "delivered", "recovered", "discharge", "death"),
    }
)


def late_columns(predictors: Predictors, values: Array) -> Iterator[Finding]:
    """Warnings and notes about columns that may be known only afterwards; `values` ``[n, columns]`` are their numbers,
    NaN where they have none."""
    features, alone, truth = predictors.features, predictors.alone, predictors.truth
    copied = set()
    for position, column in enumerate(features):
        share = 0.0
        if predictors.task == "regression":
            share = target_copies.copied_number(values[:, position], truth)
        elif beyond_luck(len(truth), predictors.tried):
            share = target_copies.copied_class(predictors.ordinals[:, position], truth)
        if share:
            copied.add(position)
            found = f"gives the target away in {share:.0%} of the rows, as a copy of it with some mistakes does"
            yield from _finding(column.name, "warning", found, predictors)
    if len(truth) < MIN_ROWS:
        return
    for position in sorted({*np.flatnonzero(alone >= NEARLY_PERFECT).tolist()} - copied):
        found = f"predicts the target nearly perfectly by itself ({predictors.metric} {alone[position]:.3f})"
        yield from _finding(features[position].name, "warning", found, predictors)
    if len(features) < MIN_COLUMNS:
        return
    rows = np.arange(len(truth))
    if len(rows) > ROWS:
        rows = np.sort(np.random.default_rng(1).choice(rows, ROWS, replace=False))
    x, y = predictors.ordinals[rows], truth[rows]
    lost, sure = _lost_numbers(x, y) if predictors.task == "regression" else _lost_classes(x, y)
    first, second = np.argsort(-lost, kind="stable")[:2]
    name, rho = features[first].name, _related(x)[first]
    far_more = sure[first] and lost[first] >= max(LOST, TIMES * lost[second])
    if far_more and rho < RELATED and alone[first] < NEARLY_PERFECT and int(first) not in copied:
        found = f"alone holds {lost[first]:.0%} of what the columns know of the target (no other more than "
        found += f"{max(lost[second], 0.0):.0%}) and is related to none of them (Spearman's rho up to {rho:.2f})"
        strong = alone[first] >= (STRONG_R2 if predictors.task == "regression" else STRONG_AUC)
        yield from _finding(name, "warning" if strong or after(name) else "info", found, predictors)


def after(name: str) -> bool:
    """Whether a column's name speaks of the end of something.

    >>> after("call_duration"), after("age")
    (True, False)
    """
    return bool(_AFTERWARDS & {word.casefold() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)})


def _finding(name: str, severity: Severity, found: str, predictors: Predictors) -> list[Finding]:
    if name in predictors.allow:
        return []
    evidence = score_evidence(name, ranked_scores(predictors.features, predictors.alone), predictors.metric)
    must = "be known when a prediction is made"
    fix = "if it is filled in only afterwards, add it to data.drop; else list it under schema.allow_leak"
    return [Finding("suspiciously-strong", severity, name, must, found, fix, evidence)]


def ranked_scores(features: Sequence[Column], alone: Array) -> dict[str, float]:
    """Scores of the columns alone by name, the best first."""
    return {features[i].name: float(alone[i]) for i in np.argsort(-alone, kind="stable")}


def score_evidence(name: str, scores: Mapping[str, float], metric: str) -> Evidence:
    """What one column alone predicts, beside those that predict best; `scores` as of `ranked_scores`."""
    best = [*islice(scores, charts.BARS)]
    best = best if name in best else [*best[:-1], name]
    drawn = charts.bars({c: scores[c] for c in best}, x_label=f"{metric} of the column alone", marked=[name])
    return Evidence(counts={"alone": scores[name]}, sketch=drawn)


def _lost_numbers(x: Array, y: Array) -> tuple[Array, Array]:
    """Share of the explained variance that a sum of the columns' curves loses without each; whether beyond chance."""
    y = (y - y.mean()) / max(float(y.std()), 1e-300)
    half = np.random.default_rng(0).permutation(len(y)) % 2 == 0
    curves = stump.cross_predict(x.T, y[:, None], half, DEPTH)[:, :, 0]
    design = np.column_stack([*curves, np.ones(len(y))])
    # A little ridge: curves of copies are the same curve.
    inverse = np.linalg.inv(design.T @ design + 1e-6 * len(y) * np.eye(design.shape[1]))
    weights = inverse @ design.T @ y
    explained = stump.explained(y, design @ weights)
    worse = weights[:-1] ** 2 / np.diag(inverse)[:-1] / float((y**2).sum())
    sure = len(y) * worse > SURE**2 * max(1 - explained, 1e-9)
    return worse / max(explained, 1e-9), sure


def _lost_classes(x: Array, y: Array) -> tuple[Array, Array]:
    """Share of the ROC-AUC above 0.5 that naive Bayes loses without each column; and whether that is beyond chance."""
    indicators = (y[:, None] == np.unique(y)).astype(np.float64)
    half = stump.even_halves(y)
    prior = indicators.mean(axis=0)
    parts = []
    for some in stump.blocks(x.shape[1], indicators.size):
        probability = stump.cross_predict(x.T[some], indicators, half, DEPTH)
        parts += [*np.log((probability + 0.01 * prior) / 1.01 / prior)]
    together = sum(parts, np.zeros_like(indicators))

    def score(sums: Array) -> float:
        return float(np.mean([stump.area(indicators[:, c] > 0, sums[:, c]) for c in range(len(prior))]))

    whole = score(together)
    lost = np.array([whole - score(together - part) for part in parts])
    ones = indicators.sum(axis=0)
    # Of the Mann-Whitney statistic where nothing is known, on average over the classes.
    error = float(np.mean(np.sqrt((len(y) + 1) / (12 * ones * (len(y) - ones)))))
    return lost / max(whole - 0.5, 1e-9), lost > SURE * error


def _related(x: Array) -> Array:
    """Largest |Spearman's rho| of each column with another; categories in their sorted order."""
    ranks = ranked(x).copy()  # what pandas gives may be read-only
    ranks -= ranks.mean(axis=0)
    norms = np.sqrt((ranks**2).sum(axis=0))
    ranks /= np.where(norms > 0, norms, 1.0)
    rho = np.abs(ranks.T @ ranks)
    np.fill_diagonal(rho, 0.0)
    return np.asarray(rho.max(axis=0))

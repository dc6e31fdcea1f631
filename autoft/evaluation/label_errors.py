"""Label errors: labels of held-out rows that the model finds improbable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.findings import label_text, share_of
from autoft.errors import bare_cell
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding

#: A given label below this probability is doubted. If the model is right, so are up to one in ten of such labels.
IMPROBABLE = 0.1
SHOWN = 20
#: Bins of the picture.
BINS = 20


def check(y: Array, probabilities: Array, rows: Array, *, target: str, classes: Sequence[object]) -> list[Finding]:
    """At most one note with the rows whose label is probably wrong.

    Confident learning (Northcutt, Jiang and Chuang 2021): the threshold of a class is the mean probability of the class
    in rows with its label; a row is doubted where, of the classes that reach their threshold, another one is the most
    probable. Here the given label must also be improbable: where a table is hard to predict, thresholds are low, and
    classes reach them everywhere.

    Args:
        y: Class positions, ``[n]``.
        probabilities: ``[n, classes]`` calibrated, each from models that were not trained on the row.
        rows: Numbers of the rows in the file, counted from 1, ``[n]``.
    """
    own = probabilities[np.arange(len(y)), y]
    count = np.bincount(y, minlength=len(classes))
    # A class without rows has no threshold and is never the better one.
    thresholds = np.where(count, np.bincount(y, weights=own, minlength=len(classes)) / np.maximum(count, 1), np.inf)
    reaching = np.where(probabilities >= thresholds, probabilities, -1.0)
    other = reaching.argmax(axis=1)
    doubted = np.flatnonzero((reaching.max(axis=1) >= 0) & (other != y) & (own < IMPROBABLE))
    if not len(doubted):
        return []
    worst = doubted[np.argsort(own[doubted], kind="stable")]
    first = worst[0]
    given, better = (bare_cell(label_text(classes[k[first]])) for k in (y, other))
    found = f"has {share_of(len(doubted), len(y), 'rows')} with a label that the model, not trained on them, finds "
    found += f"improbable (most of all row {rows[first]:,}: '{given}' has {_share(own[first])}, '{better}' "
    found += f"{_share(probabilities[first, other[first]])})"
    fix = "look at these rows and correct the labels that are wrong; the others are exceptions that the columns do not "
    fix += "explain"
    names = [label_text(label)[:40] for label in classes]
    examples = tuple(
        (int(rows[i]), names[y[i]], names[k], round(float(probabilities[i, k]), 4), round(float(own[i]), 4))
        for i, k in zip(worst[:SHOWN], other[worst], strict=False)
    )
    drawn = charts.histogram(np.append(own, [0.0, 1.0]), x_label="Probability of the given label", bins=BINS)
    counts = np.histogram(own, bins=BINS, range=(0, 1))[0]
    evidence = Evidence(
        counts={"rows": len(y), "doubted": len(doubted)},
        head=("row", "given", "predicted", "probability of predicted", "of given label"),
        examples=examples,
        sketch=replace(drawn, y=tuple(map(float, counts)), marked=tuple(range(round(BINS * IMPROBABLE)))),
    )
    return [Finding("doubtful-labels", "info", target, "have the right label in every row", found, fix, evidence)]


def _share(probability: float) -> str:
    """A probability in percent; near 0 and 1 only the bound is said.

    >>> _share(0.0004), _share(0.25), _share(0.9996)
    ('under 0.1%', '25.0%', 'over 99.9%')
    """
    if probability < 0.001:
        return "under 0.1%"
    return "over 99.9%" if probability > 0.999 else f"{probability:.1%}"

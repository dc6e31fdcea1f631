"""Checks of the classes of a binary or multiclass target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autoft.data.audit import charts
from autoft.data.audit.findings import finding, label_text, of
from autoft.data.table import quoted
from autoft.records import Finding
from autoft.records.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd

#: A smaller share of the rows makes accuracy useless as a measure.
RARE = 0.05


def check(labels: pd.Series[Any], *, folds: int, positive: Any = None) -> list[Finding]:
    """Findings about the classes of the rows that have one."""
    counts = labels.value_counts()
    if counts.empty:
        return []
    name = str(labels.name)
    if len(counts) == 1:
        found = f"all {counts.iloc[0]:,} rows have {_quoted(counts.index[0])}"
        fix = "choose another target, or add rows of the other class"
        return [finding("target-constant", "error", name, "have at least two classes", found, fix)]
    findings = _small(name, counts, folds) + _rare(name, counts)
    if positive is not None and not any(_same(positive, label) for label in counts.index):
        must = f"have the positive class {_quoted(positive)}"
        fix = f"set data.positive to one of {', '.join(map(_quoted, counts.index[:20]))}"
        findings.append(finding("positive-absent", "error", name, must, "no row has it", fix))
    return findings


def _small(name: str, counts: pd.Series[Any], folds: int) -> list[Finding]:
    """Classes that cannot be in every fold; with one row not even in training and evaluation."""
    findings = []
    single = counts.index[counts == 1]
    if len(single):
        others = f" (and so have {len(single) - 1:,} other classes)" if len(single) > 1 else ""
        fix = f"merge it with another class or remove it; {folds} folds need {folds} rows of each"
        if len(single) > len(counts) / 2:
            fix += "; if the target is a quantity, set task: regression"
        found = f"class {_quoted(single[0])} has 1 row{others}"
        must = "have at least 2 rows of every class"
        findings.append(finding("class-too-small", "error", name, must, found, fix, _drawn(counts)))
    small = counts[(counts > 1) & (counts < folds)]
    if len(small):
        must = f"have {folds} rows of every class, one for each fold"
        found = f"class {_quoted(small.index[-1])} has {small.iloc[-1]}"
        fix = f"add rows or merge classes; autoft uses at most {small.iloc[-1]} folds"
        findings.append(finding("class-smaller-than-folds", "warning", name, must, found, fix, _drawn(counts)))
    return findings


def _rare(name: str, counts: pd.Series[Any]) -> list[Finding]:
    """A class so rare that a model may ignore it and still be accurate."""
    total = int(counts.sum())
    if counts.iloc[-1] >= RARE * total:
        return []
    found = (
        f"class {_quoted(counts.index[-1])} has {of(int(counts.iloc[-1]), total, 'rows')}, and always answering "
        f"{_quoted(counts.index[0])} is right in {counts.iloc[0] / total:.1%}"
    )
    metric = "pr_auc" if len(counts) == 2 else "balanced_accuracy"
    fix = f"do not judge by accuracy, set evaluate.objective: {metric}; autoft stratifies the folds"
    must = f"have at least {RARE:.0%} of the rows in every class"
    return [finding("imbalanced-target", "warning", name, must, found, fix, _drawn(counts))]


def _drawn(counts: pd.Series[Any]) -> Evidence:
    """Rows by class, the last of which is the rarest."""
    rarest = label_text(counts.index[-1])
    shown = {label_text(label): int(rows) for label, rows in [*counts[:-1].items()][: charts.BARS - 1]}
    shown[rarest] = int(counts.iloc[-1])
    return Evidence(
        counts={"rows": int(counts.sum()), "rows of the rarest class": int(counts.iloc[-1])},
        sketch=charts.bars(shown, marked=[rarest]),
    )


def _quoted(label: object) -> str:
    return quoted(label_text(label))


def _same(positive: object, label: object) -> bool:
    """Whether a label of the table is the one that the user names, who may write True for 'true' and 1 for '1.0'."""
    if isinstance(positive, bool):
        return str(positive).casefold() == str(label).casefold()
    return label_text(positive) == label_text(label)

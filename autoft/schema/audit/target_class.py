"""Checks of the classes of a binary or multiclass target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autoft.records import Finding
from autoft.schema.audit.words import finding, label_text

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
        return [_one_class(name, counts)]
    findings = _small_classes(name, counts, folds)
    share = counts.min() / counts.sum()
    if share < RARE:
        findings.append(_imbalance(name, counts, share))
    if positive is not None and not any(_same(positive, label) for label in counts.index):
        options = ", ".join(f"'{label_text(label)}'" for label in counts.index[:20])
        fix = f"choose one of {options}"
        findings.append(
            finding(
                "positive-absent",
                "error",
                name,
                f"have the positive class '{label_text(positive)}'",
                "no row has it",
                fix,
            )
        )
    return findings


def _one_class(name: str, counts: pd.Series[Any]) -> Finding:
    found = f"all {counts.iloc[0]:,} rows have '{label_text(counts.index[0])}'"
    fix = "choose another target, or add rows of the other class"
    return finding("target-constant", "error", name, "have at least two classes", found, fix)


def _small_classes(name: str, counts: pd.Series[Any], folds: int) -> list[Finding]:
    findings = []
    single = counts[counts == 1]
    if len(single):
        others = f", and so have {len(single) - 1:,} others" if len(single) > 1 else ""
        if len(single) == 2:
            others = f", and so has '{label_text(single.index[1])}'"
        found = f"class '{label_text(single.index[0])}' has 1 row{others}"
        fix = f"merge such classes with others or remove their rows (folds: {folds} needs {folds} rows each)"
        if len(single) > len(counts) / 2:
            fix += "; if the target is a quantity, set task: regression"
        findings.append(finding("class-too-small", "error", name, "have at least 2 rows of every class", found, fix))
    small = counts[(counts > 1) & (counts < folds)]
    if len(small):
        found = f"class '{label_text(small.index[-1])}' has {small.iloc[-1]} rows"
        fix = f"add rows or merge classes; only {small.iloc[-1]} folds are used"
        findings.append(
            finding(
                "class-smaller-than-folds",
                "warning",
                name,
                f"have {folds} rows of every class, one per fold",
                found,
                fix,
            )
        )
    return findings


def _imbalance(name: str, counts: pd.Series[Any], share: float) -> Finding:
    metric = "pr_auc" if len(counts) == 2 else "balanced_accuracy"
    most = counts.max() / counts.sum()
    found = (
        f"class '{label_text(counts.index[-1])}' is {share:.2g} of the rows ({counts.iloc[-1]:,}); always answering "
        f"'{label_text(counts.index[0])}' would have an accuracy of {most:.3f}"
    )
    fix = f"do not judge by accuracy: use objective: {metric}; folds are stratified"
    return finding(
        "imbalanced-target", "warning", name, f"have at least {RARE:.0%} of the rows in every class", found, fix
    )


def _same(positive: object, label: object) -> bool:
    """Whether a label of the table is the one that the user names, who may write True for 'true' and 1 for '1.0'."""
    if isinstance(positive, bool):
        return str(positive).casefold() == str(label).casefold()
    return label_text(positive) == label_text(label)

"""Rows that equal others in all features: with the same target they repeat, with another they contradict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.findings import finding, first, label_text, of
from autoft.data.audit.row_hashes import Keys, meeting
from autoft.records import Column, Finding, Severity, Task
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd

    from autoft.data.convert import Converted

#: A smaller share of the rows changes nothing that one would notice.
MANY = 0.01
#: Columns of few values meet by chance; so many times as often as independent ones would still be called chance.
CHANCE = 3.0
SHOWN_ROWS, SHOWN_GROUPS = 10, 5


def check(
    features: tuple[Column, ...], converted: Converted, keys: Keys, labels: pd.Series[Any], *, folds: int, task: Task
) -> list[Finding]:
    """Findings about rows that are equal in all features.

    They are warnings where they are more than 1 % of the rows and more than columns of so few values make by chance.

    Args:
        features: The columns that become inputs.
        converted: Their values.
        keys: Their hashes.
        labels: The target; rows without one do not count.
        folds: Number of folds wanted, for what a random split would have done.
        task: Kind of problem.
    """
    import pandas as pd

    if not features:
        return []
    rows = np.flatnonzero(labels.notna().to_numpy())
    exact = keys.exact[rows]
    equal = pd.Series(exact).duplicated(keep=False).to_numpy()
    if not equal.any():
        return []
    # All else is about the rows that have an equal one.
    chosen = rows[equal]
    group = pd.factorize(exact[equal])[0]
    label = pd.factorize(labels.to_numpy()[chosen])[0]
    case = pd.factorize(group * (int(label.max()) + 1) + label)[0]
    natural = _natural(features, converted, np.bincount(group), len(rows))
    findings = _repeated(chosen, case, len(rows), folds, natural)
    return findings + _conflicting(chosen, group, label, case, labels, len(rows), natural or task == "regression")


def _repeated(chosen: Array, case: Array, total: int, folds: int, natural: bool) -> list[Finding]:
    import pandas as pd

    again = pd.Series(case).duplicated().to_numpy()
    count = int(again.sum())
    if not count:
        return []
    sizes = np.bincount(case).astype(np.float64)
    # A row keeps all of its copies in its own fold with probability folds ** -(copies).
    parted = round(float((sizes * (1 - float(folds) ** -(sizes - 1))).sum()))
    found = f"{of(count, total, 'rows')} repeat an earlier one in every used column and the target, so that a random "
    found += f"split into {folds} folds would have put copies of about {parted:,} rows on both sides"
    fix = "remove them if a case was recorded twice; autoft keeps equal rows in the same fold"
    evidence = Evidence(
        counts={"rows": total, "repeated": count, "parted by a random split": parted},
        rows=first(chosen[again], SHOWN_ROWS),
        sketch=charts.bars({"different": total - count, "repeated": count}, marked=["repeated"]),
    )
    severity = _severity(count, total, natural)
    return [finding("duplicate-rows", severity, None, "hold each case once", found, fix, evidence)]


def _conflicting(
    chosen: Array, group: Array, label: Array, case: Array, labels: pd.Series[Any], total: int, natural: bool
) -> list[Finding]:
    _, earliest = np.unique(case, return_index=True)
    answers = np.bincount(group[earliest])
    wrong = answers[group] > 1
    count = int(wrong.sum())
    if not count:
        return []
    found = f"{of(count, total, 'rows')} equal another one in every used column, but not in the target"
    fix = "add a column that tells them apart, or correct them; no model can get all of them right"
    examples = []
    for one in np.flatnonzero(answers > 1)[:SHOWN_GROUPS]:  # groups are numbered by their first rows
        members = np.flatnonzero(group == one)
        other = members[label[members] != label[members[0]]][0]
        pair = chosen[[members[0], other]]
        examples.append(tuple(value for row in pair for value in (int(row) + 1, label_text(labels.iloc[row])[:40])))
    evidence = Evidence(
        counts={"rows": total, "conflicting": count},
        rows=first(chosen[wrong], SHOWN_ROWS),
        head=("row", "its target", "equal row", "its target"),
        examples=tuple(examples),
        sketch=charts.bars({"consistent": total - count, "conflicting": count}, marked=["conflicting"]),
    )
    severity = _severity(count, total, natural)
    return [finding("conflicting-rows", severity, None, "have one target for equal rows", found, fix, evidence)]


def _severity(count: int, total: int, natural: bool) -> Severity:
    return "warning" if count >= MANY * total and not natural else "info"


def _natural(features: tuple[Column, ...], converted: Converted, sizes: Array, total: int) -> bool:
    """Whether rows meet no more often than chance makes them, as a few columns of few values do."""
    met = float((sizes * (sizes - 1.0)).sum() / 2)
    expected = total * (total - 1) / 2
    for column in features:
        if column.kind == "text":  # nobody writes the same text by chance
            return False
        expected *= meeting(converted.values[column.id])
        if met > CHANCE * expected:
            return False
    return True

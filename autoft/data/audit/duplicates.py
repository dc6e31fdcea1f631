"""Duplicate rows: equal in all features; with the same target they repeat, with another one they conflict."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import label_text, row_numbers, share_of
from autoft.data.audit.row_hashes import meeting
from autoft.data.audit.values import codes, repeated
from autoft.records.arrays import Array
from autoft.records.evidence import Evidence
from autoft.records.findings import Finding, Severity

#: A smaller share of the rows changes nothing that one would notice.
MANY = 0.01
#: Columns of few values meet by chance: up to this many times as often as independent ones would.
CHANCE = 3.0
#: Conflicts that are listed with the finding.
SHOWN_GROUPS = 5


@check("duplicate-rows", "conflicting-rows", scope="rows")
def duplicates(view: TableView) -> Iterator[Finding]:
    """Rows that are equal in all features. They are warnings where they are more than 1 % of the rows and more than
    columns of so few values make by chance."""
    if not view.features:
        return
    rows = np.flatnonzero(view.labels.notna().to_numpy())
    exact = view.hashes.exact[rows]
    equal = repeated(exact)
    if not equal.any():
        return
    # All else is about the rows that have an equal one.
    chosen = rows[equal]
    group, label = codes(exact[equal]), codes(view.labels.to_numpy()[chosen])
    case = codes(group * (int(label.max()) + 1) + label)
    natural = _natural(view, np.bincount(group), len(rows))
    yield from _repeated(chosen, case, len(rows), view.options.folds, natural)
    yield from _conflicting(view, chosen, group, case, len(rows), natural)


def _repeated(chosen: Array, case: Array, total: int, folds: int, natural: bool) -> Iterator[Finding]:
    again = repeated(case, first=False)
    count = int(again.sum())
    if not count:
        return
    sizes = np.bincount(case).astype(np.float64)
    # A row keeps all of its copies in its own fold with probability folds ** -(copies).
    parted = round(float((sizes * (1 - float(folds) ** -(sizes - 1))).sum()))
    found = f"has {share_of(count, total, 'rows')} that repeat an earlier one in every used column and the target; a "
    found += f"random split into {folds} folds would put copies on both sides"
    fix = "remove them if a case was recorded twice; autoft keeps equal rows in the same fold"
    counts = {"rows": total, "repeated": count, "parted by a random split": parted}
    drawn = charts.bars({"different": total - count, "repeated": count}, marked=["repeated"])
    evidence = Evidence(counts=counts, rows=row_numbers(chosen[again]), sketch=drawn)
    yield Finding("duplicate-rows", _severity(count, total, natural), None, "hold each case once", found, fix, evidence)


def _conflicting(
    view: TableView, chosen: Array, group: Array, case: Array, total: int, natural: bool
) -> Iterator[Finding]:
    """Equal rows (`group`) with different targets; rows of one `case` are equal in both."""
    _, earliest = np.unique(case, return_index=True)
    answers = np.bincount(group[earliest])
    wrong = answers[group] > 1
    count = int(wrong.sum())
    if not count:
        return
    found = f"has {share_of(count, total, 'rows')} that equal another one in every used column, but not in the target"
    fix = "add a column that tells them apart, or correct them; no model can get all of them right"
    examples = []
    for one in np.flatnonzero(answers > 1)[:SHOWN_GROUPS]:
        members = np.flatnonzero(group == one)
        other = members[case[members] != case[members[0]]][0]
        pair = chosen[[members[0], other]]
        examples.append(tuple(cell for row in pair for cell in (int(row) + 1, label_text(view.labels.iloc[row])[:40])))
    evidence = Evidence(
        counts={"rows": total, "conflicting": count},
        rows=row_numbers(chosen[wrong]),
        head=("row", "its target", "equal row", "its target"),
        examples=tuple(examples),
        sketch=charts.bars({"consistent": total - count, "conflicting": count}, marked=["conflicting"]),
    )
    severity = _severity(count, total, natural or view.task == "regression")
    yield Finding("conflicting-rows", severity, None, "have one target for equal rows", found, fix, evidence)


def _severity(count: int, total: int, natural: bool) -> Severity:
    return "warning" if count >= MANY * total and not natural else "info"


def _natural(view: TableView, sizes: Array, total: int) -> bool:
    """Whether rows meet no more often than chance makes them, as a few columns of few values do."""
    met = float((sizes * (sizes - 1.0)).sum() / 2)
    expected = total * (total - 1) / 2
    for column, values in view.columns():
        if column.kind == "text":  # nobody writes the same text by chance
            return False
        expected *= meeting(values)
        if met > CHANCE * expected:
            return False
    return True

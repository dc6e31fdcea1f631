"""Duplicate rows: equal in all features; with the same target they repeat, with another one they conflict."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import label_text, row_numbers, share_of
from autoft.data.audit.row_hashes import meeting
from autoft.data.audit.values import codes, missing_cells, repeated
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
    equal = np.array(repeated(exact))
    if not equal.any():
        return
    # Blank rows are no case that was recorded twice; `missing-values` says that there are some.
    blank = np.all([missing_cells(values[rows[equal]]) for _, values in view.columns()], axis=0)
    equal[np.flatnonzero(equal)[blank]] = False
    if not equal.any():
        return
    # All else is about the rows that have an equal one.
    chosen = rows[equal]
    group, label = codes(exact[equal]), codes(view.labels.to_numpy()[chosen])
    case = codes(group * (int(label.max()) + 1) + label)
    natural = _natural(view, np.bincount(group), len(rows))
    yield from _repeated(view, chosen, case, len(rows), natural)
    yield from _conflicting(view, chosen, group, case, len(rows), natural)


def _repeated(view: TableView, chosen: Array, case: Array, total: int, natural: bool) -> Iterator[Finding]:
    again = repeated(case, first=False)
    count = int(again.sum())
    if not count:
        return
    sizes = np.bincount(case).astype(np.float64)
    folds = view.options.folds
    # A row keeps all of its copies in its own fold with probability folds ** -(copies).
    parted = round(float((sizes * (1 - float(folds) ** -(sizes - 1))).sum()))
    same = count - int(_told_apart(view, chosen, case)[again].sum())
    found = f"has {share_of(count, total, 'rows')} that repeat an earlier one in every used column and the target; a "
    found += f"random split into {folds} folds would put copies on both sides"
    fix = "remove them if a case was recorded twice; autoft keeps equal rows in the same fold"
    if same < count:
        found += f"; {'all' if not same else f'{count - same:,}'} of them differ in a column that is no input"
    counts = {"rows": total, "repeated": count, "parted by a random split": parted}
    drawn = charts.bars({"different": total - count, "repeated": count}, marked=["repeated"])
    evidence = Evidence(counts=counts, rows=row_numbers(chosen[again]), sketch=drawn)
    yield Finding("duplicate-rows", _severity(same, total, natural), None, "hold each case once", found, fix, evidence)


def _told_apart(view: TableView, rows: Array, group: Array) -> Array:
    """Which of the rows differ from all others of their group in an identifier or a column that is left out."""
    if view.names is None:
        return np.zeros(len(rows), dtype=bool)
    return ~repeated(codes(group * len(rows) + codes(view.names[rows])))


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
    # Cases that an identifier tells apart are no mistakes, though no model can tell them apart.
    same = count - int(_told_apart(view, chosen, group)[wrong].sum())
    severity = _severity(same, total, natural or view.task == "regression")
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

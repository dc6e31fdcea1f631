"""Duplicate rows: equal in all features, or but for rounding, noise or one column.

Equal rows with the same target repeat, with another one they conflict.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.checks import TableView, check
from autoft.data.audit.findings import label_text, row_numbers, share_of
from autoft.data.audit.near_copies import NearCopies, find_near_copies
from autoft.data.audit.values import Keys, codes, hashed, meeting, missing_cells, ranked, repeated, sample
from autoft.records.arrays import Array
from autoft.records.evidence import Cell, Evidence
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
    fix = f"remove them if a case was recorded twice; {_dealt(view)}"
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


#: With fewer columns, rows that differ in one hardly have anything in common.
FEWEST_COLUMNS = 3
#: So many rows that may have a partner are compared; of more a part, drawn by their hashes so that pairs stay whole.
MOST_CANDIDATES = 100_000
#: Pairs that are listed with the finding.
SHOWN = 5
#: A column follows another if the ranks of so many rows correlate so well.
FOLLOWS, MOST_RANKED = 0.95, 2_000
#: Columns whose correlations with all earlier ones are looked at together.
BLOCK = 512

#: Positions of a row, of its partner, and of the column in which they may differ.
_Pair = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Rows that agree with another in one half of the columns, while one of the other half (`left_out`) may differ;
    `key` ``[m]`` hashes all of their columns, numbers rounded. Of all such rows, one in `share` is looked at."""

    rows: Array
    key: Array
    left_out: range
    share: int


@check("near-duplicate-rows", scope="rows")
def near_duplicates(view: TableView) -> Iterator[Finding]:
    """Rows that equal others but for noise (`near_copies`), and rows with a partner that differs by rounding or in one
    column only. In the latter numbers are equal when they agree to about a thousandth of the column's usual spread. Two
    rows that differ in one column agree in one half of the columns, so that only rows with a partner there need a
    closer look (as in locality-sensitive hashing by blocks). Where so few columns of so few values would meet by
    chance, nothing is said."""
    features, hashes = view.features, view.hashes
    rows = len(hashes.exact)
    copies = find_near_copies(features, view.converted.values, hashes.exact) if features else None
    if copies is not None:
        yield _copies(view, copies)
    if len(features) < FEWEST_COLUMNS or rows < 2:
        return
    near, pairs, share, allowed = np.zeros(rows, dtype=bool), list[_Pair](), 1, None
    for part in _parts(hashes, len(features)):
        if allowed is None:  # needed only where rows agree in half of the columns
            allowed = _telling(view)
        share = max(share, part.share)
        for position in part.left_out:
            if allowed[position]:
                column = features[position]
                values = view.converted.values[column.id][part.rows]
                rest = part.key - hashed(values, position, hashes.steps[column.id])
                met, partners = _met(rest, hashes.exact[part.rows])
                some = zip(met[:SHOWN], partners[:SHOWN], strict=True)
                pairs += [(int(part.rows[a]), int(part.rows[b]), position) for a, b in some]
                near[part.rows[met]] = near[part.rows[partners]] = True
    if copies is not None:  # said already
        near &= np.bincount(copies.group)[copies.group] == 1
        pairs = [pair for pair in pairs if near[pair[0]] and near[pair[1]]]
    if near.any() and pairs:
        yield _partners(view, near, sorted(pairs), share)


def _dealt(view: TableView) -> str:
    """Which folds copies are in, in words."""
    if view.options.apart:
        return "evaluate: copies: apart lets models see copies of the rows that score them"
    return "autoft keeps such rows in the same fold"


def _copies(view: TableView, copies: NearCopies) -> Finding:
    """Rows that equal others but for noise, which folds keep together."""
    rows, total = copies.rows, len(copies.group)
    one, other = rows[copies.group[rows] == copies.group[rows[0]]][:2]
    groups = len(np.unique(copies.group[rows]))
    found = f"has {share_of(len(rows), total, 'rows')} in {groups:,} groups that are equal but for differences of "
    found += f"about {copies.distance:.0e} of a column's spread (first: row {one + 1:,} and row {other + 1:,}); a "
    found += "random split would put copies on both sides"
    fix = f"if a case was recorded or generated several times, keep one row; {_dealt(view)}"
    evidence = Evidence(
        counts={"rows": total, "nearly equal": len(rows), "groups": groups},
        rows=row_numbers(rows),
        sketch=charts.bars({"different": total - len(rows), "nearly equal": len(rows)}, marked=["nearly equal"]),
    )
    severity: Severity = "warning" if len(rows) >= MANY * total and not view.options.grouped else "info"
    return Finding("near-duplicate-rows", severity, None, "hold each case once", found, fix, evidence)


def _parts(keys: Keys, columns: int) -> Iterator[_Part]:
    for half, left_out in ((0, range(1, columns, 2)), (1, range(0, columns, 2))):
        own = keys.halves[half]
        rows = np.flatnonzero(repeated(own))
        share = -(-len(rows) // MOST_CANDIDATES)
        if share > 1:
            rows = rows[(own[rows] >> np.uint64(17)) % np.uint64(share) == 0]
        if len(rows):
            yield _Part(rows=rows, key=own[rows] + keys.halves[1 - half][rows], left_out=left_out, share=share)


def _met(rest: Array, exact: Array) -> tuple[Array, Array]:
    """Positions of rows that are equal in the rest of their columns to an earlier one, which they do not equal in all;
    and the positions of those earlier ones."""
    order = np.flatnonzero(~repeated(exact, first=False))  # of equal rows the first
    group, first = np.unique(rest[order], return_index=True)
    partner = order[first][np.searchsorted(group, rest[order])]
    other = order != partner
    return order[other], partner[other]


def _telling(view: TableView) -> Array:
    """For each column whether rows that agree in all others are more than chance. Columns say less together than apart,
    as they depend on one another: only half of what they say is believed, and nothing of what follows an earlier
    column."""
    rows = len(view.hashes.exact)
    meets = np.log([meeting(values, view.hashes.steps[column.id]) for column, values in view.columns()])
    meets[_followers(view, rows)] = 0.0
    expected = np.log(rows * (rows - 1) / 2) + (meets.sum() - meets) / 2
    return np.asarray(expected < np.log(0.5))


def _followers(view: TableView, rows: int) -> Array:
    """Which columns nearly follow from an earlier one, as copies in another unit do (by the correlation of ranks)."""
    drawn = sample(rows, MOST_RANKED)
    cells = (values[drawn] for _, values in view.columns())
    ranks = np.stack([ranked(codes(own) if own.dtype == object else own) for own in cells])
    ranks -= ranks.mean(axis=1, keepdims=True)
    ranks /= np.maximum(np.linalg.norm(ranks, axis=1, keepdims=True), 1e-300)
    # A block of columns against all earlier ones: all at once would take gigabytes from ten thousand columns.
    blocks = ((start, ranks[start : start + BLOCK]) for start in range(0, len(ranks), BLOCK))
    each = (np.tril(np.abs(own @ ranks[: start + BLOCK].T), start - 1) > FOLLOWS for start, own in blocks)
    return np.concatenate([near.any(axis=1) for near in each])


def _partners(view: TableView, near: Array, pairs: list[_Pair], share: int) -> Finding:
    count, total, grouped = int(near.sum()), len(near), view.options.grouped
    row, partner, _ = pairs[0]
    found = f"has {'at least ' if share > 1 else ''}{share_of(count, total, 'rows')} that equal another one but for "
    found += f"rounding or one used column (first: row {row + 1:,} and row {partner + 1:,}"
    found += f"; one in {share} of the likely ones was compared)" if share > 1 else ")"
    fix = "if they are one case recorded twice, remove one"
    if not grouped:
        fix += ", or name the column that tells cases apart in evaluate: group, so that a case stays in one fold"
    examples: list[tuple[Cell, ...]] = []
    for row, partner, position in pairs[:SHOWN]:
        values = view.converted.values[view.features[position].id]
        texts = (str(values[partner])[:40], str(values[row])[:40])
        same = texts[0] == texts[1]
        name = "rounding" if same else view.features[position].name
        examples.append((partner + 1, row + 1, name, *(("", "") if same else texts)))
    evidence = Evidence(
        counts={"rows": total, "nearly equal": count},
        head=("row", "row", "differ in", "first", "second"),
        examples=tuple(examples),
        sketch=charts.bars({"different": total - count, "nearly equal": count}, marked=["nearly equal"]),
    )
    severity: Severity = "warning" if count >= MANY * total and not grouped else "info"
    return Finding("near-duplicate-rows", severity, None, "hold each case once", found, fix, evidence)

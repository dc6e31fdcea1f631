"""Rows that equal another one but for rounding, or but for one column: often one case that was recorded twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from autoft.data.audit import charts
from autoft.data.audit.findings import finding, of
from autoft.data.audit.row_hashes import Keys, hashed, meeting, sample
from autoft.data.convert import Converted
from autoft.records import Column, Finding, Severity
from autoft.records.arrays import Array
from autoft.records.evidence import Cell, Evidence

#: With fewer columns, rows that differ in one hardly have anything in common.
FEWEST_COLUMNS = 3
#: So many rows that may have a partner are compared; of more a part, drawn by their hashes so that pairs stay whole.
MOST_CANDIDATES = 100_000
#: From this share of the rows on they flatter a score.
MANY = 0.01
SHOWN = 5
#: A column follows another if their ranks correlate so well, in so many rows.
FOLLOWS, MOST_RANKED = 0.95, 2_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Rows that agree with another in one half of the columns, while one of `left_out` may differ.

    Attributes:
        rows: ``[m]`` their positions.
        key: ``[m]`` hashes of all columns, numbers rounded.
        left_out: Positions of the columns in the other half.
        share: Of all rows, how many were looked at: 1 / `share`.
    """

    rows: Array
    key: Array
    left_out: range
    share: int


def check(features: tuple[Column, ...], converted: Converted, keys: Keys, *, grouped: bool) -> list[Finding]:
    """A finding about rows with a partner that differs by rounding only, or in one column.

    Numbers are equal here when they agree to about a thousandth of the column's usual spread. Two rows that differ in
    one column agree in one half of the columns, so that only rows with a partner there need a closer look (as in
    locality-sensitive hashing by blocks). Where so few columns of so few values would meet by chance, nothing is said.

    Args:
        features: The columns that become inputs.
        converted: Their values.
        keys: Their hashes.
        grouped: Whether the recipe names a group already.
    """
    rows = len(keys.exact)
    if len(features) < FEWEST_COLUMNS or rows < 2:
        return []
    near, pairs, share, allowed = np.zeros(rows, dtype=bool), list[tuple[int, int, int]](), 1, None
    for part in _parts(keys, len(features)):
        if allowed is None:  # needed only where rows agree in half of the columns
            allowed = _telling(features, converted, keys, rows)
        share = max(share, part.share)
        for position in part.left_out:
            if allowed[position]:
                column = features[position]
                values = converted.values[column.id][part.rows]
                rest = part.key - hashed(values, position, keys.steps[column.id])
                met, partners = _met(rest, keys.exact[part.rows])
                pairs += [
                    (int(part.rows[a]), int(part.rows[b]), position)
                    for a, b in zip(met[:SHOWN], partners[:SHOWN], strict=True)
                ]
                near[part.rows[met]] = near[part.rows[partners]] = True
    return [_finding(features, converted, near, pairs, share, grouped)] if near.any() else []


def _parts(keys: Keys, columns: int) -> Iterator[_Part]:
    import pandas as pd

    for half, left_out in ((0, range(1, columns, 2)), (1, range(0, columns, 2))):
        own = keys.halves[half]
        rows = np.flatnonzero(pd.Series(own).duplicated(keep=False).to_numpy())
        share = -(-len(rows) // MOST_CANDIDATES)
        if share > 1:
            rows = rows[(own[rows] >> np.uint64(17)) % np.uint64(share) == 0]
        if len(rows):
            yield _Part(rows=rows, key=own[rows] + keys.halves[1 - half][rows], left_out=left_out, share=share)


def _met(rest: Array, exact: Array) -> tuple[Array, Array]:
    """Positions of rows that are equal in the rest of their columns to an earlier one, which they do not equal in all;
    and the positions of those earlier ones."""
    import pandas as pd

    order = np.flatnonzero(~pd.Series(exact).duplicated().to_numpy())  # of equal rows the first
    group, first = np.unique(rest[order], return_index=True)
    partner = order[first][np.searchsorted(group, rest[order])]
    other = order != partner
    return order[other], partner[other]


def _telling(features: tuple[Column, ...], converted: Converted, keys: Keys, rows: int) -> Array:
    """For each column whether rows that agree in all others are more than chance.

    Columns say less together than apart, as they depend on one another: only half of what they say is believed,
    and nothing of what follows an earlier column.
    """
    meets = np.log([meeting(converted.values[column.id], keys.steps[column.id]) for column in features])
    meets[_followers(features, converted, rows)] = 0.0
    expected = np.log(rows * (rows - 1) / 2) + (meets.sum() - meets) / 2
    return np.asarray(expected < np.log(0.5))


def _followers(features: tuple[Column, ...], converted: Converted, rows: int) -> Array:
    """Which columns nearly follow from an earlier one, as copies in another unit do (by the correlation of ranks)."""
    import pandas as pd

    drawn = sample(rows, MOST_RANKED)
    ranks = np.empty((len(features), len(drawn)))
    for position, column in enumerate(features):
        values = converted.values[column.id][drawn]
        codes = pd.factorize(values)[0] if values.dtype == object else values
        ranks[position] = pd.Series(codes).rank(na_option="top")
    ranks -= ranks.mean(axis=1, keepdims=True)
    ranks /= np.maximum(np.linalg.norm(ranks, axis=1, keepdims=True), 1e-300)
    return np.asarray((np.tril(np.abs(ranks @ ranks.T), -1) > FOLLOWS).any(axis=1))


def _finding(
    features: tuple[Column, ...],
    converted: Converted,
    near: Array,
    pairs: list[tuple[int, int, int]],
    share: int,
    grouped: bool,
) -> Finding:
    count, total = int(near.sum()), len(near)
    found = f"{of(count, total, 'rows')} equal another one but for rounding or one used column"
    if share > 1:
        found = f"at least {found} (looked for among one in {share} of the likely ones)"
    row, partner, position = min(pairs)
    found += f" (first: row {row + 1:,} and row {partner + 1:,})"
    fix = "if they are one case recorded twice, remove one"
    if not grouped:
        fix += ", or name the column that tells cases apart in evaluate: group, so that a case stays in one fold"
    examples: list[tuple[Cell, ...]] = []
    for row, partner, position in sorted(pairs)[:SHOWN]:
        values = converted.values[features[position].id]
        texts = (str(values[partner])[:40], str(values[row])[:40])
        same = texts[0] == texts[1]
        name = "rounding" if same else features[position].name
        examples.append((partner + 1, row + 1, name, *(("", "") if same else texts)))
    evidence = Evidence(
        counts={"rows": total, "nearly equal": count},
        head=("row", "row", "differ in", "first", "second"),
        examples=tuple(examples),
        sketch=charts.bars({"different": total - count, "nearly equal": count}, marked=["nearly equal"]),
    )
    severity: Severity = "warning" if count >= MANY * total and not grouped else "info"
    return finding("near-duplicate-rows", severity, None, "hold each case once", found, fix, evidence)

"""Towers: sets of columns that may interact (`no_interaction` of a recipe)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from autoft.errors import RecipeError

#: Hidden units are divided among the towers: with more than these, none of them would have enough.
MOST = 8


def towers(apart: Sequence[tuple[str, str]]) -> tuple[frozenset[str], ...]:
    """For each tower the columns of `apart` that it reads; columns that stand in no pair are read by all of them.

    The towers are the largest sets of columns without a forbidden pair: two columns that may meet do so in one of them.

    Raises:
        RecipeError: If there would be more than `MOST` towers.

    >>> [sorted(tower) for tower in towers([("colour", "price"), ("size", "price")])]
    [['colour', 'size'], ['price']]
    """
    apart_from: dict[str, set[str]] = {}
    for one, other in apart:
        apart_from.setdefault(one, set()).add(other)
        apart_from.setdefault(other, set()).add(one)
    compatible = {c: apart_from.keys() - away - {c} for c, away in apart_from.items()}
    found = tuple(islice(_cliques(compatible, set(), set(apart_from), set()), MOST + 1))
    if len(found) > MOST:
        raise RecipeError(
            "knowledge: no_interaction:",
            f"leave the columns in no more than {MOST} groups that may act on each other",
            "its pairs make more",
            "remove pairs, or name a column that keeps apart from all others rather than each of its pairs",
        )
    return tuple(sorted(found, key=sorted))


def _cliques(
    compatible: Mapping[str, set[str]], inside: set[str], open_: set[str], closed: set[str]
) -> Iterator[frozenset[str]]:
    """Largest sets of mutually compatible columns (Bron & Kerbosch, CACM 1973, with a pivot)."""
    if not open_ and not closed:
        yield frozenset(inside)
        return
    pivot = max(sorted(open_ | closed), key=lambda c: len(compatible[c] & open_))
    for column in sorted(open_ - compatible[pivot]):
        yield from _cliques(compatible, inside | {column}, open_ & compatible[column], closed & compatible[column])
        open_, closed = open_ - {column}, closed | {column}

"""Pairs of columns that no network lets meet: which columns may stand together (`no_interaction` of a recipe)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from autoft.errors import RecipeError

#: Hidden units are divided among the towers: with more than these, none of them would have enough.
MOST = 8


def towers(apart: Sequence[tuple[str, str]]) -> tuple[frozenset[str], ...]:
    """For each tower the columns of `apart` that it reads; columns that stand in no pair are read by all of them.

    The towers are the largest sets of columns without a forbidden pair: two columns that may meet do so in one of them.

    Args:
        apart: Pairs of columns that must not meet.

    Raises:
        RecipeError: If there would be more than `MOST` towers.

    >>> [sorted(tower) for tower in towers([("colour", "price"), ("size", "price")])]
    [['colour', 'size'], ['price']]
    >>> towers([])
    (frozenset(),)
    """
    strangers: dict[str, set[str]] = {}
    for one, other in apart:
        strangers.setdefault(one, set()).add(other)
        strangers.setdefault(other, set()).add(one)
    friends = {c: strangers.keys() - away - {c} for c, away in strangers.items()}
    found = tuple(islice(_cliques(friends, set(), set(strangers), set()), MOST + 1))
    if len(found) > MOST:
        raise RecipeError(
            "knowledge: no_interaction:",
            f"leave the columns in no more than {MOST} groups that may act on each other",
            "its pairs make more",
            "remove pairs, or name a column that keeps apart from all others rather than each of its pairs",
        )
    return tuple(sorted(found, key=sorted))


def _cliques(
    friends: Mapping[str, set[str]], inside: set[str], open_: set[str], closed: set[str]
) -> Iterator[frozenset[str]]:
    """Sets of mutual friends that no further friend fits into (Bron & Kerbosch, CACM 1973, with a pivot)."""
    if not open_ and not closed:
        yield frozenset(inside)
        return
    pivot = max(sorted(open_ | closed), key=lambda c: len(friends[c] & open_))
    for column in sorted(open_ - friends[pivot]):
        yield from _cliques(friends, inside | {column}, open_ & friends[column], closed & friends[column])
        open_, closed = open_ - {column}, closed | {column}

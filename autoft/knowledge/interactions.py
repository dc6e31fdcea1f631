"""Columns that a recipe lets interact or keeps apart: checks of its pairs, and the towers that keep them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from autoft.errors import RecipeError
from autoft.recipe.knowledge import Knowledge
from autoft.recipe.messages import Mistake

#: Most inputs that a pair of columns may become.
MOST_PRODUCTS = 256

Path = tuple[str | int, ...]


def pair_problems(knowledge: Knowledge, width: Callable[[str], int | None], limit: int) -> Iterator[Mistake]:
    """Pairs that are named twice, become too many inputs, or are kept apart although something joins them.

    Args:
        width: Inputs of a column or ratio; 0 for columns that have no inputs of their own (learned vectors, words),
            None for names that are reported for something else.
    """
    yield from _repeated(knowledge)
    yield from _products(knowledge, width, limit)
    yield from _apart(knowledge)


def _repeated(knowledge: Knowledge) -> Iterator[Mistake]:
    for key in ("interactions", "no_interaction"):
        seen: set[frozenset[str]] = set()
        for place, pair in enumerate(getattr(knowledge, key)):
            if frozenset(pair) in seen:
                found = f"'{pair[0]}' and '{pair[1]}' are named before"
                yield Mistake(("knowledge", key, place), "be a new pair", found, "remove it")
            seen.add(frozenset(pair))


def _products(knowledge: Knowledge, width: Callable[[str], int | None], limit: int) -> Iterator[Mistake]:
    for place, pair in enumerate(knowledge.interactions):
        path: Path = ("knowledge", "interactions", place)
        widths = [width(name) for name in pair]
        for name in (name for name, own in zip(pair, widths, strict=True) if own == 0):
            found = f"'{name}' has more than {limit} categories or is text"
            fix = "remove the pair, or raise preprocess: categorical: embed_above"
            yield Mistake(path, "be of columns with few inputs", found, fix)
        products = (widths[0] or 0) * (widths[1] or 0)
        if products > MOST_PRODUCTS:
            yield Mistake(path, f"become at most {MOST_PRODUCTS} inputs", f"it becomes {products:,}", "remove the pair")


def _apart(knowledge: Knowledge) -> Iterator[Mistake]:
    joined = list(_joined(knowledge))
    for place, pair in enumerate(knowledge.no_interaction):
        for what, columns in joined:
            if columns.issuperset(pair):
                found, fix = f"{what} is made of both", f"remove {what}, or this pair"
                path: Path = ("knowledge", "no_interaction", place)
                yield Mistake(path, "be of columns that nothing else joins", found, fix)
    try:
        towers(knowledge.no_interaction)
    except RecipeError as error:
        yield Mistake(("knowledge", "no_interaction"), error.must, error.found, error.fix)


def _joined(knowledge: Knowledge) -> Iterator[tuple[str, set[str]]]:
    made = {ratio.name: {ratio.name, *ratio.of} for ratio in knowledge.ratios}
    for name, columns in made.items():
        yield f"the ratio '{name}'", columns
    for pair in knowledge.interactions:
        parts = [made.get(name, {name}) for name in pair]
        yield f"the interaction of '{pair[0]}' and '{pair[1]}'", set().union(*parts)


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

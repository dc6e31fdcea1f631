"""Checks of the pairs of columns that a recipe lets interact or keeps apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autoft.errors import RecipeError
from autoft.knowledge.towers import towers
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

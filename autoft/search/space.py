"""The search space: dropout and L2 are always in it; widths, depths and batches sit on a small lattice.

A small lattice makes trials share shapes, and a shape that was seen before needs no new program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autoft.networks.family import DEFAULT, FAMILIES, Family, family_of
from autoft.records.dimensions import Choice, Dimension, Range, Value
from autoft.search import portfolio
from autoft.search.portfolio import Tier

#: Dimensions that fix sizes: proposals that agree on them train side by side, and share a program in any case.
SHAPE = frozenset({"architecture", "numbers", "width", "depth", "activation", "batch_size", "embedding"})
#: Those that fix what a program does apart from the sizes of its arrays.
MAKE = frozenset({"architecture", "numbers", "depth", "activation"})


#: Ranges of the space: name, limits (None: searched only where a recipe gives them), default, whether logarithmic.
_RANGES: tuple[tuple[str, tuple[float, float] | None, float, bool], ...] = (
    ("learning_rate", (3e-4, 2e-2), 2e-3, True),
    ("dropout", (0.0, 0.5), 0.2, False),
    ("l2", (1e-6, 3e-3), 3e-5, True),
    ("weight_decay", None, 1e-4, True),
    ("label_smoothing", None, 0.0, False),
    ("clip", None, 1.0, True),
    ("class_balance", None, 0.0, False),
    ("focal", None, 0.0, False),
)


def rounded(dimension: Range, value: float) -> float:
    """A number with six digits, which survive another machine's rounding and JSON, within its range."""
    return min(max(float(f"{value:.6g}"), dimension.low), dimension.high)


def shape_of(params: Mapping[str, Any], names: frozenset[str] = SHAPE) -> tuple[tuple[str, Any], ...]:
    """Some dimensions of a configuration, hashable.

    >>> shape_of({"depth": 2, "dropout": 0.1, "activation": "relu"})
    (('activation', 'relu'), ('depth', 2))
    """
    return tuple((name, params[name]) for name in sorted(names & params.keys()))


def relevant(params: Mapping[str, Any], space: Sequence[Dimension] = ()) -> dict[str, Any]:
    """A configuration without the dimensions that its family does not use, and those whose conditions fail.

    >>> relevant({"architecture": "linear", "width": 64, "l2": 0.001})
    {'architecture': 'linear', 'l2': 0.001}
    """
    unmet = {d.name for d in space if any(params.get(name) not in values for name, values in d.when)}
    idle = family_of(params).idle | unmet
    return {name: value for name, value in params.items() if name not in idle}


def comparable(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the held-out curves of two configurations can be compared at the same epoch.

    Those of weighted classes or the focal loss cannot, with none: what they give away in log-loss they are to win back
    in the objective. Nor can a learning rate in cycles be compared with a steady one: its curves rise and fall.
    """
    if any(params.get(name) for params in (one, other) for name in ("class_balance", "focal")):
        return False
    return family_of(one).traits.schedule == family_of(other).traits.schedule


def first_configurations(
    space: Sequence[Dimension], rows: int = 1_000, tier: Tier = "large"
) -> tuple[dict[str, Any], ...]:
    """The configurations that every search begins with: the best of the portfolio, what the families try first
    themselves (`Family.default`: trees, then linear models), and the rest of the portfolio. Sizes that the space
    excludes become the nearest; configurations with other excluded values are dropped.
    """
    by_name = {d.name: d for d in space}
    default, architecture = default_configuration(space), by_name.get("architecture")
    if not isinstance(architecture, Choice):
        return (default,)
    families = sorted((FAMILIES[str(name)] for name in architecture.values), key=lambda own: not own.trees)
    own_first = [{"architecture": family.name, **entry} for family in families for entry in family.default(rows)]
    best, *others = portfolio.entries(tier)
    batch = by_name.get("batch_size")
    smallest = float(min(batch.values)) if isinstance(batch, Choice) else 0.0
    found: list[dict[str, Any]] = []
    for entry in (best, *own_first, *others):
        own = {**entry, "batch_size": float(entry.get("batch", 1)) * smallest}
        named = {n: d for n, d in by_name.items() if isinstance(own.get(n), str) and isinstance(d, Choice)}
        if all(own[name] in d.values for name, d in named.items()):
            own = relevant({name: _nearest(d, own.get(name, d.default)) for name, d in by_name.items()}, space)
            found += [own] if own not in found else []
    if "width" in default and not any("width" in c for c in found):
        found.insert(0, default)  # what the recipe excludes leaves none of the portfolio's networks
    return tuple(found) or (default,)


def default_configuration(space: Sequence[Dimension]) -> dict[str, Any]:
    """All dimensions at their defaults: a perceptron of middle size, where the recipe has perceptrons."""
    return relevant({d.name: d.default for d in space}, space)


def _nearest(dimension: Dimension, value: Any) -> Any:
    if isinstance(dimension, Range):
        return rounded(dimension, value)
    if isinstance(value, str):
        return value
    return min(dimension.values, key=lambda known: abs(float(known) - value))


def make_space(
    rows: int, *, embedded: bool, numbers: bool = True, rare: bool = False, changes: Mapping[str, Sequence[Any] | None]
) -> tuple[Dimension, ...]:
    """The space for a table. Shape dimensions come first: a grid varies the last dimension fastest, so its neighbours
    share a shape.

    Args:
        rows: Training rows of a fold; larger tables get larger batches.
        embedded, numbers: Whether there are embedded columns (then their length is searched too), and numbers of many
            values (then how they enter is searched too).
        rare: Whether the objective looks at the labels of rare classes (then class weights are searched too).
        changes: The recipe's narrower or wider choices by name; None or absent keeps the standard one. Weight decay,
            label smoothing, clipping, the focal loss and the schedule are searched only where they are given.
    """
    batch = next(size for limit, size in ((1_000, 32), (4_000, 128), (30_000, 256), (10**12, 512)) if rows < limit)
    choices: dict[str, tuple[Sequence[Value], Value]] = {
        "architecture": (searched_families(), DEFAULT),
        **({"numbers": (("piecewise", "plain"), "piecewise")} if numbers else {}),
        "width": ((32, 64, 128, 256), 128),
        "depth": ((1, 2, 3), 2),
        "activation": (("relu", "silu"), "relu"),
        "batch_size": ((batch, 2 * batch), batch),
        **({"embedding": ((4, 8, 16), 8)} if embedded else {}),
    }
    space: list[Dimension] = [_choice(n, changes.get(n) or own, default) for n, (own, default) in choices.items()]
    for name, standard, default, log in _RANGES:
        limits = changes.get(name) or ((0.0, 1.0) if rare and name == "class_balance" else standard)
        if limits:
            low, high = float(limits[0]), float(limits[1])
            space.append(Range(name=name, low=low, high=high, default=min(max(default, low), high), log=log))
    if schedules := changes.get("schedule"):
        space.append(_choice("schedule", schedules, "constant"))
    architecture = space[0]
    assert isinstance(architecture, Choice)
    families = [FAMILIES[str(name)] for name in architecture.values]
    if all(family.trees for family in families):
        space = [d for d in space if any(d.name not in family.idle for family in families)]
    return (*space, *_own_dimensions(families, changes))


def searched_families() -> list[str]:
    """Names of the families that a search has where a recipe names none."""
    return [family.name for family in FAMILIES if family.traits.searched]


def _own_dimensions(families: Sequence[Family], changes: Mapping[str, Sequence[Any] | None]) -> Iterator[Dimension]:
    """Dimensions of some of the families alone, with the recipe's choices or limits."""
    every = {dimension.name: dimension for family in families for dimension in family.own_dimensions}
    for name, dimension in every.items():
        of = tuple(f.name for f in families if name in {own.name for own in f.own_dimensions})
        own, when = changes.get(name), (("architecture", of),)
        if isinstance(dimension, Choice):
            yield replace(_choice(name, own or dimension.values, dimension.default), when=when)
        else:
            low, high = (float(limit) for limit in own or (dimension.low, dimension.high))
            yield replace(dimension, low=low, high=high, default=min(max(dimension.default, low), high), when=when)


def _choice(name: str, values: Sequence[Value], default: Value) -> Choice:
    """A choice whose default is among its values."""
    return Choice(name=name, values=tuple(values), default=default if default in values else values[len(values) // 2])

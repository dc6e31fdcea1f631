"""Hints that shape networks and their training, by name: each can be switched off for a single trial.

The inputs stay as they are, so trials with other hints train side by side in one program (`Trainer`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from autoft.knowledge.hints import Hints

#: The hyperparameter of a trial that names the hints it does without.
WITHOUT = "without"


def names(hints: Hints) -> tuple[str, ...]:
    """Names of all hints that bound or weigh a network's weights, by column id.

    >>> names(Hints(importance={"c001": "high"}, apart=(("c000", "c002"),)))
    ('c000, c002: apart', 'c001: importance')
    """
    effects = [f"{effect.column}: effect" for effect in hints.effects]
    apart = [f"{one}, {other}: apart" for one, other in hints.apart]
    return (*effects, *apart, *(f"{column}: importance" for column in hints.importance))


def without(hints: Hints, off: Collection[str]) -> Hints:
    """The same hints but for those of some names."""
    return replace(
        hints,
        effects=tuple(e for e in hints.effects if f"{e.column}: effect" not in off),
        apart=tuple(pair for pair in hints.apart if f"{pair[0]}, {pair[1]}: apart" not in off),
        importance={c: how for c, how in hints.importance.items() if f"{c}: importance" not in off},
    )

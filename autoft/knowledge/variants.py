"""Hints that shape networks and their training, by name: each can be switched off for a single trial.

The inputs stay as they are, so trials with other hints train side by side in one program (`Trainer`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from autoft.records.hints import Hints

#: The hyperparameter of a trial that names the hints it does without.
WITHOUT = "without"


def names(hints: Hints) -> tuple[str, ...]:
    """Names of all hints that bound or weigh a network's weights, or make inputs of others, by column id.

    >>> names(Hints(importance={"c001": "high"}, apart=(("c000", "c002"),)))
    ('c000, c002: apart', 'c001: importance')
    """
    effects = [f"{effect.column}: effect" for effect in hints.effects]
    apart = [f"{one}, {other}: apart" for one, other in hints.apart]
    importance = [f"{column}: importance" for column in hints.importance]
    made = [f"{ratio.id}: ratio" for ratio in hints.ratios]
    made += [f"{one}, {other}: interaction" for one, other in hints.crosses]
    return (*effects, *apart, *importance, *made)


def without(hints: Hints, off: Collection[str]) -> Hints:
    """The same hints but for those of some names; what they make of inputs stays, and is not read."""
    ratios = [ratio.id for ratio in hints.ratios if f"{ratio.id}: ratio" in off]
    crosses = [f"cross {a} {b}" for a, b in hints.crosses if f"{a}, {b}: interaction" in off]
    return replace(
        hints,
        effects=tuple(e for e in hints.effects if f"{e.column}: effect" not in off),
        apart=tuple(pair for pair in hints.apart if f"{pair[0]}, {pair[1]}: apart" not in off),
        importance={c: how for c, how in hints.importance.items() if f"{c}: importance" not in off},
        unread=(*hints.unread, *ratios, *(f"missing {ratio}" for ratio in ratios), *crosses),
    )

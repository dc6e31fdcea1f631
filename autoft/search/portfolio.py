"""Settings that a search begins with, learned over many data sets.

`python -m benchmarks.portfolio` trained the same candidates on the training rows of each set and chose, greedily, those
that leave least to be gained (as Feurer et al., "Auto-sklearn 2.0", JMLR 2022, build theirs); what it found stands in
``portfolio.json``. There are three, since what is affordable differs: `small` has networks that two cores train on tens
of thousands of rows in minutes, `large` has them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from typing import Any, Literal

Tier = Literal["small", "medium", "large"]

#: From the most expensive to the cheapest.
TIERS: tuple[Tier, ...] = ("large", "medium", "small")

_LEFT_OUT: ContextVar[str | None] = ContextVar("left_out", default=None)


@contextmanager
def without(name: str) -> Iterator[None]:
    """Within the block the portfolio is what was learned without a data set."""
    token = _LEFT_OUT.set(name)
    try:
        yield
    finally:
        _LEFT_OUT.reset(token)


def entries(tier: Tier) -> tuple[Mapping[str, Any], ...]:
    """Settings in the order in which they are worth trying.

    Hyperparameters by name; ``batch`` is a multiple of the smallest batch of the space, ``epochs`` how many a trial of
    it typically takes.

    >>> entries("large")[0]["architecture"]
    'tabm-mini'
    """
    found, left_out = _read(), _LEFT_OUT.get()
    order = found["order"] if left_out is None else found["without"][left_out]
    return tuple(found["candidates"][str(number)] for number in order[tier])


@cache
def _read() -> Any:
    return json.loads((resources.files("autoft.search") / "portfolio.json").read_text(encoding="utf-8"))

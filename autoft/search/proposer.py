"""Proposer: an algorithm behind ask and tell, which keeps the number of compiled programs low.

The journal is its memory: given the remembered scores in the same order, an algorithm with the same seed proposes the
same trials again. So Keras Tuner's own files are never written (they are written in place, and one torn file makes a
search unloadable).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autoft.records.dimensions import Choice, Dimension
from autoft.search.algorithms import ALGORITHMS
from autoft.search.setup import ProgramSharing, Proposal, SearchSetup
from autoft.search.space import SHAPE, default_configuration, relevant, rounded, shape_of


class Proposer:
    """Asks an algorithm for configurations; the first are those of the setup, or the default one.

    Any number of proposals may be out at a time, and their scores may come in any order; the same sequence of `ask` and
    `tell` gives the same proposals.

    Raises:
        RecipeError: If there is no algorithm of this name.
    """

    def __init__(self, algorithm: str, setup: SearchSetup, sharing: ProgramSharing | None = None) -> None:
        setup = setup if setup.first else replace(setup, first=(default_configuration(setup.space),))
        self._oracle = ALGORITHMS[algorithm].oracle(setup)
        self._space = setup.space
        self._sharing = sharing or ProgramSharing()
        self._known: set[tuple[tuple[str, Any], ...]] = set()
        self._asked = 0
        self._held: Proposal | None = None

    def ask(self, like: Mapping[str, Any] | None = None) -> Proposal | None:
        """The next configuration; with `like`, of the shape of these parameters of a proposal that is out.

        Returns:
            With `like`, None says that there is nothing of this shape now: it is used up, or the algorithm's order
            (grid, Hyperband) brings another shape next, which is kept for an ``ask()`` without `like`.
            Without `like`, None while proposals are out says that the algorithm waits for their scores (Hyperband),
            and None while none is out that the space or the plan is exhausted.
        """
        shape = None if like is None else shape_of(like)
        proposal, self._held = self._held or self._next(like), None
        if proposal is None:
            return None
        if shape is not None and shape_of(proposal.params) != shape:
            self._held = proposal
            return None
        self._asked += 1
        self._known.add(self._shape(proposal.params, self._sharing.dimensions))
        return proposal

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """The score of a proposal; None, or what is not finite, if it failed."""
        self._oracle.tell(proposal, score if score is not None and np.isfinite(score) else None)

    def _next(self, like: Mapping[str, Any] | None) -> Proposal | None:
        proposal = self._oracle.ask(*self._restrictions(like))
        if proposal is None:
            return None
        plain = {d.name: _plain(d, proposal.params[d.name]) for d in self._space if d.name in proposal.params}
        return replace(proposal, params=relevant(plain, self._space))

    def _shape(self, params: Mapping[str, Any], names: frozenset[str]) -> tuple[tuple[str, Any], ...]:
        """The shape of a configuration, with the default where its architecture does without a dimension."""
        return shape_of({**{d.name: d.default for d in self._space}, **params}, names)

    def _restrictions(self, like: Mapping[str, Any] | None) -> tuple[tuple[Mapping[str, Any], ...] | None, ...]:
        """Shapes of which the next proposal should be, the most wanted first."""
        each = self._sharing.trials_per_program
        if like is not None:
            return ((dict(self._shape(like, SHAPE)),),)
        if each > 1 and len(self._known) >= 2 + self._asked // each:
            return (tuple(dict(known) for known in sorted(self._known)), None)
        return (None,)


def _plain(dimension: Dimension, value: Any) -> Any:
    """A value as JSON keeps it (the grid's and the defaults have more digits)."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(dimension, Choice) else rounded(dimension, value)

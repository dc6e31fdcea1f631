"""Setup of a search, its proposals, and what an oracle does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from autoft.records.dimensions import Dimension
from autoft.search.lattice import Shapes
from autoft.search.space import SHAPE


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSetup:
    """What an algorithm searches; same seed and same scores give the same proposals."""

    space: tuple[Dimension, ...]
    maximize: bool
    seed: int
    epochs: int
    first: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSharing:
    """How proposals share compiled programs, and when trials train side by side.

    Attributes:
        dimensions: What differs in one of them needs a new program.
        trials_per_program: How many trials p a new program should serve; 1 is no limit. Proposal t (from 0) may bring
            one only while fewer than ``2 + t // p`` are known; otherwise the choice is among the known ones as long as
            they have anything new. A grid goes through all points of a shape before the next, and Hyperband promotes
            what is best: for both it concerns random draws alone.
        trials_alone: Finished trials after which one more trains side by side; None for one at a time.
    """

    dimensions: frozenset[str] = SHAPE
    trials_per_program: int = 1
    trials_alone: int | None = None

    def side_by_side(self, room: Callable[[Mapping[str, Any]], int]) -> Callable[[Mapping[str, Any], int], int]:
        """How many trials with some parameters train at once, after a number of trials, at most as many as have `room`.

        It does not depend on how many trials are planned: a longer search begins as the shorter did.
        """
        alone = self.trials_alone
        return lambda params, trials: 1 if alone is None else min(max(1, trials // alone), room(params))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A configuration to try, with the most epochs of its trial (Hyperband; None for the run's own limit) and a ticket
    by which the oracle knows it again."""

    params: dict[str, Any]
    epochs: int | None = None
    ticket: Any = None


class Oracle(Protocol):
    """One search by ask and tell. Any number of proposals may be out, and their scores may come in any order."""

    def ask(self, *restrictions: Shapes | None) -> Proposal | None:
        """The next proposal, of these shapes; of the next ones where those are exhausted (None: of any).

        None while proposals are out says that it waits for their scores, and else that the space is exhausted.
        """

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """The score of a proposal, None if it failed."""

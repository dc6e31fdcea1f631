"""Search algorithms: who proposes the next trial."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autoft.errors import SearchError
from autoft.registry import Registry
from autoft.search.lattice import Lattice, Shapes
from autoft.search.setup import Oracle, Proposal, SearchSetup
from autoft.search.space import relevant


class Algorithm(ABC):
    """A search algorithm.

    Attributes:
        name: As recipes write it.
        begins_with_portfolio: Whether it begins with the configurations of the setup, not with a point of its own.
        side_by_side: Whether trials of one shape may train side by side; not where they differ in epochs.
    """

    name: str
    begins_with_portfolio: bool = True
    side_by_side: bool = True

    @abstractmethod
    def oracle(self, setup: SearchSetup) -> Oracle:
        """The oracle of one search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What an algorithm may look at.

    Attributes:
        tried: Configurations with their scores, None for failed ones, in the order in which they became known.
        lattice: The space as a unit cube: `draw`, `near`, `encode` and `decode`.
        shapes: The proposal has to be of one of these shapes, None of any.
    """

    setup: SearchSetup
    tried: tuple[tuple[Mapping[str, Any], float | None], ...]
    pending: tuple[Mapping[str, Any], ...]
    lattice: Lattice
    shapes: Shapes | None
    rng: np.random.Generator

    def is_new(self, params: Mapping[str, Any]) -> bool:
        """Whether a configuration has not been proposed."""
        known = [*(own for own, _ in self.tried), *self.pending]
        return relevant(params, self.setup.space) not in known


class ProposingAlgorithm(Algorithm):
    """An algorithm that is one function of the history: the way to add one (docs/extending.md).

    The first proposals are those of the setup. A proposal that was made before ends the search after some repetitions.
    """

    @abstractmethod
    def propose(self, history: History) -> Mapping[str, Any] | None:
        """Values by dimension, None if nothing is left to try."""

    def oracle(self, setup: SearchSetup) -> Oracle:
        return _HistoryOracle(self, setup)


@dataclass(slots=True)
class _HistoryOracle:
    """The history of one search."""

    algorithm: ProposingAlgorithm
    setup: SearchSetup
    _tried: list[tuple[Mapping[str, Any], float | None]] = field(default_factory=list)
    _pending: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    _asked: int = 0

    def ask(self, *restrictions: Shapes | None) -> Proposal | None:
        number, self._asked = self._asked, self._asked + 1
        if number < len(self.setup.first):
            params: Mapping[str, Any] | None = self.setup.first[number]
        else:
            asked = (self.algorithm.propose(self._history(shapes, number)) for shapes in restrictions or (None,))
            params = next((own for own in asked if own is not None), None)
        if params is None:
            return None
        self._check(params)
        self._pending[number] = relevant(params, self.setup.space)
        return Proposal(params=dict(params), ticket=number)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        self._tried.append((self._pending.pop(proposal.ticket), score))

    def _history(self, shapes: Shapes | None, number: int) -> History:
        return History(
            setup=self.setup,
            tried=tuple(self._tried),
            pending=tuple(self._pending.values()),
            lattice=Lattice(self.setup.space),
            shapes=shapes,
            rng=np.random.default_rng([self.setup.seed, number]),
        )

    def _check(self, params: Mapping[str, Any]) -> None:
        """Refuse values that do not lie in the space."""
        for d in self.setup.space:
            value = params.get(d.name, d.default)
            if value not in d:
                where, found = f"The search algorithm '{self.algorithm.name}'", f"it proposed {value!r}"
                raise SearchError(where, f"propose {d.name} within {d.words()}", found, "repair the algorithm")


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasTunerAlgorithm(Algorithm):
    """One of Keras Tuner's oracles, as `autoft.search.oracles` changes it."""

    name: str
    begins_with_portfolio: bool = True
    side_by_side: bool = True

    def oracle(self, setup: SearchSetup) -> Oracle:
        from autoft.search.oracles import make_oracle  # imports Keras Tuner

        return make_oracle(self.name, setup)


#: Search algorithms by name; those of installed packages come last.
ALGORITHMS: Registry[Algorithm] = Registry("search algorithm", "autoft.algorithms")
for _own in (
    KerasTunerAlgorithm(name="bayesian"),
    KerasTunerAlgorithm(name="random"),
    KerasTunerAlgorithm(name="grid", begins_with_portfolio=False),
    KerasTunerAlgorithm(name="hyperband", side_by_side=False),
):
    ALGORITHMS.register(_own)

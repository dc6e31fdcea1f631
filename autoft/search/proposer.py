"""Keras Tuner's oracles behind ask and tell.

The oracle only proposes. What has been learned lives in the journal: told the remembered results in the same
order, an oracle with the same seed proposes the same trials again. So its own files are never written
(they are written in place, and one torn file makes a search unloadable).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.search.oracles import Algorithm, make_oracle
from autoft.search.space import SHAPE, Choice, Dimension, default_configuration, relevant, rounded, shape_of

__all__ = ["Algorithm", "Proposal", "Proposer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A configuration to try.

    Attributes:
        params: Hyperparameters by name.
        epochs: Upper limit of epochs for this trial (Hyperband), None for the run's own limit.
        ticket: What `Proposer.tell` needs to know it by.
    """

    params: dict[str, Any]
    epochs: int | None
    ticket: Any


class Proposer:
    """Asks an oracle for configurations; the first is always the default one, or those that are given.

    Any number of proposals may be out at a time, and they may be told in any order; the same sequence of `ask` and
    `tell` gives the same proposals. The Gaussian process takes those that are out to score as it expects, so that a
    batch spreads.

    What differs in one of the dimensions `programs` needs a new program. With `trials_per_program` p > 1 proposal t
    (from 0) may bring one only while fewer than ``2 + t // p`` are known; otherwise, the choice is among the known
    ones as long as they have anything new. Bayesian proposals and random draws (Hyperband's too) keep to that; a grid
    goes through all points of a shape before the next, and Hyperband promotes what is best.

    Args:
        algorithm: Which oracle.
        space: The dimensions.
        maximize: Whether a higher score is better.
        seed: Same seed and same answers give the same proposals.
        epochs: Upper limit of epochs (Hyperband's resource).
        programs: Dimensions that fix what a program is compiled for.
        trials_per_program: How many trials a new program should serve; 1 is no limit.
        first: Configurations to begin with (a grid begins with its own); none are the default one.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        space: Sequence[Dimension],
        *,
        maximize: bool,
        seed: int,
        epochs: int,
        programs: frozenset[str] = SHAPE,
        trials_per_program: int = 1,
        first: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        with _quiet():
            self._oracle = make_oracle(
                algorithm,
                space,
                maximize=maximize,
                seed=seed,
                epochs=epochs,
                first=first or (default_configuration(space),),
            )
        self._space = tuple(space)
        self._programs, self._per_program = programs, trials_per_program
        self._known: set[tuple[tuple[str, Any], ...]] = set()
        self._asked = self._calls = 0
        self._held: Proposal | None = None

    def ask(self, like: Mapping[str, Any] | None = None) -> Proposal | None:
        """The next configuration.

        Args:
            like: Parameters of a proposal that is out: the next one must have their shape.

        Returns:
            With `like`, None says that there is nothing of this shape now: it is used up, or the oracle's order
            (grid, Hyperband) brings another shape next, which is kept for an ``ask()`` without `like`.
            Without `like`, None while proposals are out says that the oracle waits for their results (Hyperband),
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
        self._known.add(self._shape(proposal.params, self._programs))
        return proposal

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Say how a proposal did; None if it failed."""
        trial = proposal.ticket
        with _quiet():
            if score is None or not np.isfinite(score):
                trial.status = "INVALID"
            else:
                self._oracle.update_trial(trial.trial_id, {"score": float(score)})
                trial.status = "COMPLETED"
            self._oracle.end_trial(trial)

    def _next(self, like: Mapping[str, Any] | None) -> Proposal | None:
        """What the oracle proposes now."""
        self._restrict(like)
        self._calls += 1
        with _quiet():
            trial = self._oracle.create_trial(f"ask {self._calls}")  # the same name again would get the same trial
        if str(trial.status) != "RUNNING":
            return None
        values = trial.hyperparameters.values
        params = relevant({d.name: _plain(d, values[d.name]) for d in self._space if d.name in values}, self._space)
        epochs = values.get("tuner/epochs")
        return Proposal(params=params, epochs=int(epochs) if epochs else None, ticket=trial)

    def _shape(self, params: Mapping[str, Any], names: frozenset[str]) -> tuple[tuple[str, Any], ...]:
        """The shape of a configuration, with the default where its architecture does without a dimension."""
        return shape_of({**{d.name: d.default for d in self._space}, **params}, names)

    def _restrict(self, like: Mapping[str, Any] | None) -> None:
        if like is not None:
            self._oracle.restrict((dict(self._shape(like, SHAPE)),))
        elif self._per_program > 1 and len(self._known) >= 2 + self._asked // self._per_program:
            self._oracle.restrict(tuple(dict(known) for known in sorted(self._known)), None)
        else:
            self._oracle.restrict(None)


@contextmanager
def _quiet() -> Iterator[None]:
    """keras-tuner imports what its dependencies deprecate, and uses threading.currentThread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _plain(dimension: Dimension, value: Any) -> Any:
    """A value as JSON keeps it (the grid's and the defaults have more digits)."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(dimension, Choice) else rounded(dimension, value)

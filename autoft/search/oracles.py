"""Keras Tuner's oracles, changed where a search of small trials needs it.

None of them writes files, all begin with the given configurations, and what they draw can be restricted to some
shapes. The module imports Keras Tuner and is therefore imported late.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import keras_tuner as kt
import numpy as np

from autoft.networks.family import FAMILIES
from autoft.records.dimensions import Choice, Dimension
from autoft.search.acquisition import Acquisition, losses_of
from autoft.search.lattice import Lattice, Shapes
from autoft.search.setup import Proposal, SearchSetup
from autoft.search.space import relevant

#: Random points before the Gaussian process takes over (keras-tuner's own 3 per dimension would leave most searches
#: random). The same however many trials are planned, so that a longer search begins as the shorter one did.
START = 6
#: Draws that were tried before, after which a small space is listed to find what is left of it.
_COLLISIONS = 20


class Restrictable(kt.Oracle):  # type: ignore[misc]
    """Mix-in: ask and tell, no files, the given configurations first, draws from some shapes only."""

    lattice: Lattice
    first: tuple[dict[str, Any], ...]
    _restrictions: tuple[Shapes | None, ...] = (None,)
    _calls = 0

    def ask(self, *restrictions: Shapes | None) -> Proposal | None:
        self._restrictions, self._calls = restrictions or (None,), self._calls + 1
        with _quiet():
            # The same name again would get the same trial.
            trial = self.create_trial(f"ask {self._calls}")
        if str(trial.status) != "RUNNING":
            return None
        values = trial.hyperparameters.values
        epochs = values.get("tuner/epochs")
        return Proposal(params=_own(values), epochs=int(epochs) if epochs else None, ticket=trial)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        trial = proposal.ticket
        with _quiet():
            if score is None:
                trial.status = "INVALID"
            else:
                self.update_trial(trial.trial_id, {"score": float(score)})
                trial.status = "COMPLETED"
            self.end_trial(trial)

    def save(self) -> None:
        """Nothing: the journal is the memory."""

    def _save_trial(self, trial: Any) -> None: ...

    def _fresh(self, values: dict[str, Any]) -> bool:
        # keras-tuner fills in at random what an architecture does without, and takes that for a difference.
        space = self.lattice.space
        own = relevant(values, space)
        return all(relevant(_own(t.hyperparameters.values), space) != own for t in self.trials.values())

    def _random_values(self) -> dict[str, Any] | None:
        if len(self.trials) < len(self.first):
            return dict(self.first[len(self.trials)])
        drawn = (self._drawn(shapes) for shapes in self._restrictions)
        return next((values for values in drawn if values is not None), None)

    def _drawn(self, shapes: Shapes | None) -> dict[str, Any] | None:
        for _ in range(_COLLISIONS):
            rng = self._generator()
            values = self.lattice.decode(self.lattice.draw(rng, 1, shapes)[0])
            if self._fresh(values):
                return values
        listed = self.lattice.listed(shapes)
        left = [] if listed is None else [v for v in map(self.lattice.decode, listed) if self._fresh(v)]
        return left[int(rng.integers(len(left)))] if left else None

    def _generator(self) -> np.random.Generator:
        self._seed_state += 1
        return np.random.default_rng([self.seed, self._seed_state])


class Random(Restrictable, kt.oracles.RandomSearchOracle):  # type: ignore[misc]
    """Points at random."""


class Hyperband(Restrictable, kt.oracles.HyperbandOracle):  # type: ignore[misc]
    """Many short trials, of which the best go on (Li et al., JMLR 2018)."""


class Grid(Restrictable, kt.oracles.GridSearchOracle):  # type: ignore[misc]
    """Goes on while trials are out: the original waits for one to end, in case it brings new dimensions."""

    def populate_space(self, trial_id: str) -> Any:
        answer = super().populate_space(trial_id)
        if answer["status"] == "RUNNING":
            self._populate_next.append(trial_id)
        return answer


class Bayesian(Restrictable, kt.oracles.BayesianOptimizationOracle):  # type: ignore[misc]
    """The original's proposals by a faster Gaussian process (`autoft.search.acquisition`).

    The original fits one length scale 20 times from scratch and descends from 50 points with numerical gradients:
    2 CPU seconds, often more than the trial, for a configuration that is then rounded to the lattice.
    """

    _acquisition: Acquisition | None = None

    def populate_space(self, trial_id: str) -> Any:
        done = [t for t in self.trials.values() if t.status in ("COMPLETED", "INVALID", "FAILED")]
        if sum(t.status == "COMPLETED" for t in done) < self.num_initial_points:
            return self._random_populate_space()
        found = (self._best(done, shapes) for shapes in self._restrictions)
        values = next((values for values in found if values is not None), None)
        return {"status": "STOPPED" if values is None else "RUNNING", "values": values}

    def _best(self, done: Sequence[Any], shapes: Shapes | None) -> dict[str, Any] | None:
        self._acquisition = self._acquisition or Acquisition(self.lattice)
        pending = [t for t in self.trials.values() if t.status == "RUNNING"]
        scores = [t.score if t.status == "COMPLETED" else None for t in done]
        return self._acquisition.best(
            self.lattice.encode([t.hyperparameters.values for t in done]),
            losses_of(scores, maximize=self.objective.direction == "max"),
            self.lattice.encode([t.hyperparameters.values for t in pending]),
            rng=self._generator(),
            shapes=shapes,
            fresh=self._fresh,
        )


_CLASSES = {"bayesian": Bayesian, "random": Random, "grid": Grid, "hyperband": Hyperband}


def make_oracle(name: str, setup: SearchSetup) -> Restrictable:
    """The oracle of a name, which begins with the configurations of the setup."""
    options = {
        "objective": kt.Objective("score", "max" if setup.maximize else "min"),
        "hyperparameters": hyperparameters(_without_idle(setup.space) if name == "grid" else setup.space),
        "allow_new_entries": False,
        "tune_new_entries": False,
        "seed": setup.seed + 1,  # the oracles take seed 0 for "none"
        # Failures are the loop's business; the oracle's own three strikes would end the search.
        "max_consecutive_failed_trials": 10**9,
        **({"max_epochs": setup.epochs} if name == "hyperband" else {"max_trials": None}),
        **({"num_initial_points": max(START, len(setup.first))} if name == "bayesian" else {}),
    }
    with _quiet():
        oracle: Restrictable = _CLASSES[name](**options)
    oracle.verbose = 0
    oracle.lattice, oracle.first = Lattice(setup.space), tuple(map(dict, setup.first))
    return oracle


def hyperparameters(space: Sequence[Dimension]) -> Any:
    """The space as keras-tuner describes it."""
    hps = kt.HyperParameters()
    for d in space:
        with ExitStack() as scopes:
            for name, values in d.when:
                scopes.enter_context(hps.conditional_scope(name, list(values)))
            if isinstance(d, Choice) and isinstance(d.default, bool):
                hps.Boolean(d.name, default=d.default)  # a choice would make whole numbers of the two
            elif isinstance(d, Choice):
                hps.Choice(d.name, list(d.values), default=d.default, ordered=not isinstance(d.default, str))
            else:
                hps.Float(d.name, d.low, d.high, sampling="log" if d.log else "linear", default=d.default)
    return hps


def _own(values: Mapping[str, Any]) -> dict[str, Any]:
    """A trial's values without those that an oracle notes for itself."""
    return {name: value for name, value in values.items() if not name.startswith("tuner/")}


def _without_idle(space: Sequence[Dimension]) -> list[Dimension]:
    """The space of a grid: an architecture that does without some dimensions would come up once for each of theirs."""

    def busy(d: Dimension) -> Dimension:
        if not isinstance(d, Choice) or d.name != "architecture":
            return d
        return replace(d, values=tuple(value for value in d.values if not FAMILIES[str(value)].idle) or d.values)

    return [busy(d) for d in space]


@contextmanager
def _quiet() -> Iterator[None]:
    """keras-tuner imports what its dependencies deprecate, and uses threading.currentThread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

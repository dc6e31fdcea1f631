"""Keras Tuner's oracles, changed where a search of small trials needs it.

None of them writes files, all begin with the defaults, and what they draw can be restricted to some shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from typing import Any, Literal

import numpy as np

from autoft.search.acquisition import Acquisition, losses_of
from autoft.search.lattice import Lattice, Shapes
from autoft.search.space import IDLE, Choice, Dimension, relevant

Algorithm = Literal["bayesian", "random", "grid", "hyperband"]

#: Random points before the Gaussian process takes over (keras-tuner's own 3 per dimension would leave most searches
#: random). The same however many trials are planned, so that a longer search begins as the shorter one did.
START = 6
#: Draws that were tried before, after which a small space is listed to find what is left of it.
_COLLISIONS = 20


def make_oracle(
    algorithm: Algorithm,
    space: Sequence[Dimension],
    *,
    maximize: bool,
    seed: int,
    epochs: int,
    first: Sequence[Mapping[str, Any]],
) -> Any:
    """An oracle; besides keras-tuner's methods it has `restrict`. It begins with the `first` configurations."""
    import keras_tuner as kt

    common = {
        "objective": kt.Objective("score", "max" if maximize else "min"),
        "hyperparameters": hyperparameters(_without_idle(space) if algorithm == "grid" else space),
        "allow_new_entries": False,
        "tune_new_entries": False,
        "seed": seed + 1,  # the oracles take seed 0 for "none"
        # Failures are the loop's business; the oracle's own three strikes would end the search.
        "max_consecutive_failed_trials": 10**9,
    }
    if algorithm == "hyperband":
        common["max_epochs"] = epochs
    else:
        common["max_trials"] = None
    if algorithm == "bayesian":
        common["num_initial_points"] = max(START, len(first))
    oracle = _classes()[algorithm](**common)
    oracle.verbose = 0
    oracle.lattice, oracle.first = Lattice(space), tuple(map(dict, first))
    return oracle


def _own(values: Mapping[str, Any]) -> dict[str, Any]:
    """A trial's values without those that an oracle notes for itself."""
    return {name: value for name, value in values.items() if not name.startswith("tuner/")}


def _without_idle(space: Sequence[Dimension]) -> list[Dimension]:
    """The space of a grid: an architecture that does without some dimensions would come up once for each of theirs."""
    kept = []
    for d in space:
        if isinstance(d, Choice) and d.name == "architecture" and len(d.values) > 1:
            d = replace(d, values=tuple(value for value in d.values if value not in IDLE) or d.values)
        kept.append(d)
    return kept


def hyperparameters(space: Sequence[Dimension]) -> Any:
    """The space as keras-tuner describes it."""
    import keras_tuner as kt

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


@cache
def _classes() -> Mapping[str, Any]:
    """The oracle classes: made here, because keras-tuner is imported late."""
    import keras_tuner as kt

    def restrictable(base: Any) -> Any:
        class Restrictable(base):  # type: ignore[misc]
            """Writes no files, begins with the defaults, and draws from some shapes only."""

            lattice: Lattice
            first: tuple[dict[str, Any], ...]
            _restrictions: tuple[Shapes | None, ...] = (None,)

            def restrict(self, *restrictions: Shapes | None) -> None:
                """Draw from these shapes; from the next ones where those are exhausted (None: from all)."""
                self._restrictions = restrictions

            def save(self) -> None:
                """Nothing: the journal is the memory."""

            def _save_trial(self, trial: Any) -> None:
                """Nothing: the journal is the memory."""

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
                """A configuration at random that is new."""
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

        return Restrictable

    class Grid(restrictable(kt.oracles.GridSearchOracle)):  # type: ignore[misc]
        """Goes on while trials are out: the original waits for one to end, in case it brings new dimensions."""

        def populate_space(self, trial_id: str) -> Any:
            answer = super().populate_space(trial_id)
            if answer["status"] == "RUNNING":
                self._populate_next.append(trial_id)
            return answer

    class Bayesian(restrictable(kt.oracles.BayesianOptimizationOracle)):  # type: ignore[misc]
        """The original's proposals by another road (see `acquire`).

        The original fits one length scale 20 times from scratch and descends from 50 points with numerical
        gradients: 2 CPU seconds, often more than the trial, for a configuration that is then rounded to the lattice.
        """

        def populate_space(self, trial_id: str) -> Any:
            done = [t for t in self.trials.values() if t.status in ("COMPLETED", "INVALID", "FAILED")]
            if sum(t.status == "COMPLETED" for t in done) < self.num_initial_points:
                return self._random_populate_space()
            for shapes in self._restrictions:
                values = self._best(done, shapes)
                if values is not None:
                    return {"status": "RUNNING", "values": values}
            return {"status": "STOPPED", "values": None}

        def _best(self, done: Sequence[Any], shapes: Shapes | None) -> dict[str, Any] | None:
            if not hasattr(self, "_acquisition"):
                self._acquisition = Acquisition(self.lattice)
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

    return {
        "bayesian": Bayesian,
        "random": restrictable(kt.oracles.RandomSearchOracle),
        "grid": Grid,
        "hyperband": restrictable(kt.oracles.HyperbandOracle),
    }

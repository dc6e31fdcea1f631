"""Keras Tuner's oracles behind ask and tell.

The oracle only proposes. What has been learned lives in the journal: told the remembered results in the same
order, an oracle with the same seed proposes the same trials again. So its own files are never written
(they are written in place, and one torn file makes a search unloadable).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from autoft.search.space import Choice, Dimension

Algorithm = Literal["bayesian", "random", "grid", "hyperband"]

#: Points at which the acquisition function is looked at, and how many of the best are then polished.
_POINTS, _POLISHED = 4_096, 3
#: Random points before the Gaussian process takes over (keras-tuner's own 3 per dimension would leave most searches
#: random). The same however many trials are planned, so that a longer search begins as the shorter one did.
_START = 6


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
    """Asks an oracle for configurations; the first is always the default one.

    Args:
        algorithm: Which oracle.
        space: The dimensions.
        maximize: Whether a higher score is better.
        seed: Same seed and same answers give the same proposals.
        epochs: Upper limit of epochs (Hyperband's resource).
    """

    def __init__(
        self,
        algorithm: Algorithm,
        space: Sequence[Dimension],
        *,
        maximize: bool,
        seed: int,
        epochs: int,
    ) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # keras-tuner imports what its dependencies deprecate
            self._oracle = _make_oracle(algorithm, space, maximize, seed, epochs)
        self._space = tuple(space)

    def ask(self) -> Proposal | None:
        """The next configuration, or None when the space or the plan is exhausted."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # threading.currentThread; the Gaussian process' convergence
            trial = self._oracle.create_trial("autoft")
        if str(trial.status) != "RUNNING":
            return None
        values = trial.hyperparameters.values
        params = {d.name: _plain(d, values[d.name]) for d in self._space}
        epochs = values.get("tuner/epochs")
        return Proposal(params=params, epochs=int(epochs) if epochs else None, ticket=trial)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Say how a proposal did; None if it failed."""
        trial = proposal.ticket
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if score is None or not np.isfinite(score):
                trial.status = "INVALID"
            else:
                self._oracle.update_trial(trial.trial_id, {"score": float(score)})
                trial.status = "COMPLETED"
            self._oracle.end_trial(trial)


def _plain(dimension: Dimension, value: Any) -> Any:
    """A value as JSON keeps it; numbers from a range with six digits, which survive another machine's rounding."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(dimension, Choice):
        return value
    return min(max(float(f"{value:.6g}"), dimension.low), dimension.high)


def _make_oracle(algorithm: Algorithm, space: Sequence[Dimension], maximize: bool, seed: int, epochs: int) -> Any:
    import keras_tuner as kt

    hyperparameters = kt.HyperParameters()
    for d in space:
        if isinstance(d, Choice):
            hyperparameters.Choice(d.name, list(d.values), default=d.default, ordered=not isinstance(d.default, str))
        else:
            scale = "log" if d.log else "linear"
            hyperparameters.Float(d.name, d.low, d.high, sampling=scale, default=d.default)
    common = {
        "objective": kt.Objective("score", "max" if maximize else "min"),
        "hyperparameters": hyperparameters,
        "allow_new_entries": False,
        "tune_new_entries": False,
        "seed": seed + 1,  # the oracles take seed 0 for "none"
        # Failures are the loop's business; the oracle's own three strikes would end the search.
        "max_consecutive_failed_trials": 10**9,
    }
    if algorithm == "hyperband":
        oracle = _in_memory(kt.oracles.HyperbandOracle)(max_epochs=epochs, **common)
    elif algorithm == "bayesian":
        oracle = _bayesian()(max_trials=None, num_initial_points=_START, **common)
    else:
        kind = kt.oracles.GridSearchOracle if algorithm == "grid" else kt.oracles.RandomSearchOracle
        oracle = _in_memory(kind)(max_trials=None, **common)
    oracle.verbose = 0
    return oracle


def _in_memory(base: Any) -> Any:
    """An oracle class that writes no files and whose first random values are the defaults."""

    class InMemory(base):  # type: ignore[misc]
        def save(self) -> None:
            """Nothing: the journal is the memory."""

        def _save_trial(self, trial: Any) -> None:
            """Nothing: the journal is the memory."""

        def _random_values(self) -> Any:
            if not self.trials:
                values = {hp.name: hp.default for hp in self.hyperparameters.space}
                self._tried_so_far.add(self._compute_values_hash(values))
                return values
            return super()._random_values()

    return InMemory


def _bayesian() -> Any:
    """The Gaussian-process oracle with a cheaper proposal.

    The original restarts the kernel's fit 20 times and minimises the acquisition function from 50 points with
    numerical gradients, 2 CPU seconds a proposal: often more than the trial. Two restarts, one vectorised look at
    many points and a polish of the best few find the same minimum.
    """
    import keras_tuner as kt
    from scipy import optimize

    class Bayesian(_in_memory(kt.oracles.BayesianOptimizationOracle)):  # type: ignore[misc]
        def _make_gpr(self) -> Any:
            return super()._make_gpr().set_params(n_restarts_optimizer=2)

        def populate_space(self, trial_id: str) -> Any:
            done = sum(t.status == "COMPLETED" for t in self.trials.values())
            if done < self.num_initial_points:
                return self._random_populate_space()
            self.gpr.fit(*self._vectorize_trials())

            def bound(x: NDArray[Any]) -> NDArray[Any]:
                mean, deviation = self.gpr.predict(np.atleast_2d(x), return_std=True)
                return np.asarray(mean - self.beta * deviation)

            limits = self._get_hp_bounds()
            points = self._random_state.uniform(size=(_POINTS, len(limits)))
            best = points[np.argsort(bound(points), kind="stable")[:_POLISHED]]
            polished = [
                optimize.minimize(lambda x: float(bound(x)[0]), x, bounds=limits, method="L-BFGS-B").x for x in best
            ]
            winner = min(polished, key=lambda x: float(bound(x)[0]))
            return {"status": "RUNNING", "values": self._vector_to_values(winner)}

    return Bayesian

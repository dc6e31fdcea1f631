"""Algorithms of Keras Tuner, without importing it."""

from __future__ import annotations

from dataclasses import dataclass

from autoft.search.algorithms import ALGORITHMS, Algorithm
from autoft.search.setup import Oracle, SearchSetup


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasTunerAlgorithm(Algorithm):
    """One of Keras Tuner's oracles, as `autoft.search.oracles` changes it."""

    name: str
    begins_with_portfolio: bool = True
    side_by_side: bool = True

    def oracle(self, setup: SearchSetup) -> Oracle:
        from autoft.search.oracles import make_oracle  # imports Keras Tuner

        return make_oracle(self.name, setup)


for algorithm in (
    KerasTunerAlgorithm(name="bayesian"),
    KerasTunerAlgorithm(name="random"),
    KerasTunerAlgorithm(name="grid", begins_with_portfolio=False),
    KerasTunerAlgorithm(name="hyperband", side_by_side=False),
):
    ALGORITHMS.register(algorithm)

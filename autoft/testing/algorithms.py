"""Suite for search algorithms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from autoft.records.dimensions import Choice, Dimension, Range
from autoft.search.algorithms import ALGORITHMS, Algorithm
from autoft.search.proposer import Proposer
from autoft.search.setup import Oracle, SearchSetup
from autoft.search.space import relevant

_SPACE: tuple[Dimension, ...] = (
    Choice(name="architecture", values=("mlp", "linear"), default="mlp"),
    Choice(name="width", values=(32, 64, 128), default=64),
    Range(name="learning_rate", low=1e-4, high=1e-1, default=1e-3, log=True),
    Range(name="dropout", low=0.0, high=0.5, default=0.1, log=False),
)
_TRIALS = 12


def check_algorithm(algorithm: Algorithm) -> None:
    """Hold a search algorithm to its contract. The same seed and scores give the same proposals; proposals lie in the
    space; failed trials do not end the search; several proposals may be out; a small space ends."""
    assert ALGORITHMS[algorithm.name] is algorithm, f"{algorithm.name} is not registered"
    first = _run(algorithm, _score)
    assert len(first) == _TRIALS, f"only {len(first)} of {_TRIALS} trials were proposed"
    assert _run(algorithm, _score) == first, "the same seed and scores give other proposals"
    for params in first:
        for d in _SPACE:
            value = params.get(d.name, d.default)
            assert value in d, f"{d.name}={value!r} lies outside of {d.words()}"
        assert relevant(params) == params, f"{params} has a dimension that its architecture does without"
    assert len(_run(algorithm, lambda params: None)) == _TRIALS, "failed trials end the search"
    _several_at_a_time(algorithm.oracle(_setup(_SPACE)))
    small = (Choice(name="width", values=(8, 16), default=8), Choice(name="depth", values=(1, 2), default=1))
    distinct = {tuple(sorted(params.items())) for params in _run(algorithm, lambda params: 0.5, small)}
    assert len(distinct) <= 4, "more configurations than the space has"


def _setup(space: tuple[Dimension, ...]) -> SearchSetup:
    first = (relevant({d.name: d.default for d in space}),)
    return SearchSetup(space=space, maximize=True, seed=7, epochs=9, first=first)


def _run(algorithm: Algorithm, score: Any, space: tuple[Dimension, ...] = _SPACE) -> list[dict[str, Any]]:
    proposer, found = Proposer(algorithm.name, _setup(space)), []
    for _ in range(_TRIALS):
        proposal = proposer.ask()
        if proposal is None:
            break
        found.append(proposal.params)
        proposer.tell(proposal, score(proposal.params))
    return found


def _score(params: Mapping[str, Any]) -> float:
    return -abs(math.log10(params["learning_rate"]) + 2.5) - float(params["dropout"])


def _several_at_a_time(oracle: Oracle) -> None:
    out = [oracle.ask() for _ in range(3)]
    known = [proposal for proposal in out if proposal is not None]
    assert known, "nothing is proposed"
    for proposal in reversed(known):
        oracle.tell(proposal, 0.5)
    assert oracle.ask() is not None, "nothing is proposed once all scores are told"

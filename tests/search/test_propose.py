"""Every algorithm begins with the default, can be replayed from remembered answers, and writes no files."""

from __future__ import annotations

import math
import tempfile

import pytest

from autoft.search.propose import Proposer
from autoft.search.space import Choice, Range, make_space

ALGORITHMS = ("bayesian", "random", "grid", "hyperband")
SPACE = make_space(5_000, embedded=True, changes={})
DEFAULT = {d.name: d.default for d in SPACE}


def proposer(algorithm="bayesian", space=SPACE, **changes):
    return Proposer(algorithm, space, **{"maximize": True, "seed": 7, "epochs": 30, **changes})


def score(params) -> float:
    return -abs(math.log10(params["learning_rate"]) + 2.5) - params["dropout"]


def talk(asked: Proposer, trials: int, answer=score) -> list[dict]:
    """What is proposed when every proposal is answered by `answer`."""
    out = []
    for _ in range(trials):
        proposal = asked.ask()
        if proposal is None:
            break
        out.append({**proposal.params, "epochs": proposal.epochs})
        asked.tell(proposal, answer(proposal.params))
    return out


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_default_comes_first(algorithm):
    assert proposer(algorithm).ask().params == DEFAULT


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_same_seed_and_answers_give_the_same_proposals(algorithm):
    first = talk(proposer(algorithm), 9)
    assert talk(proposer(algorithm), 9) == first
    assert len(first) == 9


@pytest.mark.parametrize("algorithm", ["bayesian", "random", "hyperband"])
def test_another_seed_gives_other_proposals(algorithm):
    assert talk(proposer(algorithm), 4)[1:] != talk(proposer(algorithm, seed=8), 4)[1:]


def test_seed_zero_is_a_seed():
    assert talk(proposer("random", seed=0), 4) == talk(proposer("random", seed=0), 4)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_files_are_written(algorithm, tmp_path, monkeypatch):
    for name in ("here", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    talk(proposer(algorithm), 8)
    assert [list((tmp_path / name).iterdir()) for name in ("here", "temporary")] == [[], []]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("failure", [None, float("nan"), float("-inf")])
def test_failed_trials_do_not_stop_it(algorithm, failure):
    assert len(talk(proposer(algorithm), 10, lambda params: failure)) == 10


def test_bayesian_learns_from_what_worked_between_failures():
    proposals = talk(proposer(), 16, lambda params: None if params["depth"] == 3 else score(params))
    assert len(proposals) == 16


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_proposals_lie_in_the_space_and_survive_json(algorithm):
    for params in talk(proposer(algorithm), 12):
        for dimension in SPACE:
            value = params[dimension.name]
            if isinstance(dimension, Choice):
                assert value in dimension.values
                assert type(value) in (int, str)
            else:
                assert dimension.low <= value <= dimension.high
                assert type(value) is float
                assert value in (dimension.low, dimension.high, float(f"{value:.6g}"))


def test_hyperband_gives_epochs_and_promotes_the_best():
    proposals = talk(proposer("hyperband", epochs=27), 60)
    epochs = [p["epochs"] for p in proposals]
    assert min(epochs) == 1
    assert max(epochs) == 27
    first, promoted = [p for p in proposals if p["epochs"] == 1], [p for p in proposals if p["epochs"] == 3]
    best = sorted(first, key=score, reverse=True)
    assert {**promoted[0], "epochs": 1} in best[:3]
    assert [p["epochs"] for p in talk(proposer("bayesian"), 3)] == [None] * 3


def test_a_small_space_ends():
    space = (Choice(name="width", values=(8, 16), default=8), Choice(name="depth", values=(1, 2), default=1))
    for algorithm in ("random", "grid"):
        found = talk(proposer(algorithm, space), 30, lambda params: 0.5)
        assert len(found) == 4
        assert {(p["width"], p["depth"]) for p in found} == {(8, 1), (8, 2), (16, 1), (16, 2)}


@pytest.mark.parametrize("maximize", [True, False])
def test_the_gaussian_process_finds_an_optimum_that_chance_does_not(maximize):
    space = (
        Range(name="x", low=0.0, high=1.0, default=0.9, log=False),
        Range(name="y", low=1e-4, high=1.0, default=0.5, log=True),
    )

    def distance(params) -> float:
        return math.hypot(params["x"] - 0.3, (math.log10(params["y"]) + 3) / 4)

    def found(algorithm: str, seed: int) -> float:
        sign = -1 if maximize else 1
        asked = proposer(algorithm, space, seed=seed, maximize=maximize)
        return min(map(distance, talk(asked, 18, lambda params: sign * distance(params) ** 2)))

    bayesian, chance = found("bayesian", 1), found("random", 1)
    assert bayesian < 0.02
    assert bayesian < chance / 3

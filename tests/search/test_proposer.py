"""Every algorithm begins with the default, can be replayed from remembered answers, and writes no files."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace

import numpy as np
import pytest

from autoft.records.dimensions import Choice, Range
from autoft.search.acquisition import GaussianProcess
from autoft.search.lattice import Lattice
from autoft.search.proposer import Proposer
from autoft.search.setup import ProgramSharing, SearchSetup
from autoft.search.space import MAKE, first_configurations, make_space, relevant, shape_of

ALGORITHMS = ("bayesian", "random", "grid", "hyperband")
SPACE = make_space(5_000, embedded=True, changes={"architecture": ("mlp",)})
DEFAULT = {d.name: d.default for d in SPACE}


def proposer(algorithm="bayesian", space=SPACE, **changes):
    sharing = ProgramSharing(**{k: changes.pop(k) for k in ("dimensions", "trials_per_program") if k in changes})
    setup = SearchSetup(space=tuple(space), **{"maximize": True, "seed": 7, "epochs": 30, **changes})
    return Proposer(algorithm, setup, sharing)


def score(params) -> float:
    return -abs(math.log10(params.get("learning_rate", 1e-3)) + 2.5) - params["dropout"]


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
    for algorithm in ("bayesian", "random", "grid"):
        found = talk(proposer(algorithm, space), 30, lambda params: 0.5)
        assert len(found) == 4
        assert {(p["width"], p["depth"]) for p in found} == {(8, 1), (8, 2), (16, 1), (16, 2)}


@pytest.mark.parametrize("maximize", [True, False])
def test_the_gaussian_process_finds_what_chance_does_not(maximize):
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


def test_the_gaussian_process_tries_a_point_of_a_lattice_once():
    space = tuple(Choice(name=f"x{k}", values=(1, 2, 3), default=2) for k in range(3))
    found = talk(proposer("bayesian", space), 40, lambda params: -sum((v - 3) ** 2 for v in params.values()))
    assert len({tuple(p.values()) for p in found}) == len(found) == 27
    assert (3, 3, 3) in [(p["x0"], p["x1"], p["x2"]) for p in found[:12]]


def test_the_gaussian_process_stays_away_from_what_fails():
    def fails(params) -> bool:
        return params["learning_rate"] > 2e-3

    proposals = talk(proposer(seed=1), 30, lambda params: None if fails(params) else -params["dropout"])
    assert sum(map(fails, proposals[-10:])) <= 2  # six in ten of random ones


# Batches


def batches(asked: Proposer, size: int, rounds: int, *, order: int = 1) -> list[list[dict]]:
    """Proposals of one shape at a time, told when all of a batch are out."""
    out = []
    for _ in range(rounds):
        first = asked.ask()
        if first is None:
            break
        batch = [first]
        while len(batch) < size and (more := asked.ask(first.params)) is not None:
            batch.append(more)
        for proposal in batch[::order]:
            asked.tell(proposal, score(proposal.params))
        out.append([{**p.params, "epochs": p.epochs} for p in batch])
    return out


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_batch_has_one_shape_and_no_repetition(algorithm):
    for batch in batches(proposer(algorithm), 4, 6):
        assert len({shape_of(p) for p in batch}) == 1
        assert len({tuple(p.items()) for p in batch}) == len(batch)
        assert algorithm == "hyperband" or len(batch) == 4


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("order", [1, -1])
def test_same_questions_and_answers_give_the_same_batches(algorithm, order):
    first = batches(proposer(algorithm), 3, 5, order=order)
    assert batches(proposer(algorithm), 3, 5, order=order) == first


def test_the_order_in_which_a_batch_is_told_does_not_matter():
    assert batches(proposer(), 4, 5) == batches(proposer(), 4, 5, order=-1)


@pytest.mark.parametrize("algorithm", ["bayesian", "random", "grid"])
def test_a_dozen_may_be_out_before_the_first_answer(algorithm):
    asked = proposer(algorithm)
    out = [asked.ask() for _ in range(12)]
    assert len({tuple(p.params.items()) for p in out if p is not None}) == 12


def test_what_is_out_spreads_the_batch():
    asked = proposer()
    talk(asked, 12)
    lattice = Lattice(SPACE)
    first = asked.ask()
    out = lattice.encode([first.params, *(asked.ask(first.params).params for _ in range(5))])
    gaps = np.sqrt(((out[:, None] - out[None, :]) ** 2).sum(axis=2))[np.triu_indices(6, 1)]
    assert np.median(gaps) > 0.05


def test_a_grid_loses_nothing_to_batches():
    space = tuple(Choice(name=name, values=(1, 2, 3), default=2) for name in ("width", "depth", "other"))
    plain = talk(proposer("grid", space), 99, lambda params: 0.5)
    found = batches_of_any(proposer("grid", space))
    assert [len(batch) for batch in found] == [3] * 9
    assert [p for batch in found for p in batch] == [{k: v for k, v in p.items() if k != "epochs"} for p in plain]


def batches_of_any(asked: Proposer) -> list[list[dict]]:
    """As many proposals of a shape as there are, until nothing is left."""
    out: list[list[dict]] = []
    while (first := asked.ask()) is not None:
        batch = [first]
        while (more := asked.ask(first.params)) is not None:
            batch.append(more)
        for proposal in batch:
            asked.tell(proposal, 0.5)
        out.append([p.params for p in batch])
    return out


def test_hyperband_gives_the_same_epochs_in_batches():
    """A promotion of another shape than the batch's waits for the next question."""
    plain = talk(proposer("hyperband", epochs=9), 200)
    found = [p for batch in batches(proposer("hyperband", epochs=9), 3, 200) for p in batch]
    assert sorted(p["epochs"] for p in found) == sorted(p["epochs"] for p in plain)


def test_a_shape_that_is_used_up_gives_none():
    space = (Choice(name="width", values=(8, 16), default=8), Choice(name="other", values=(1, 2), default=1))
    for algorithm in ("bayesian", "random", "grid"):
        found = batches_of_any(proposer(algorithm, space))
        assert [len(batch) for batch in found] == [2, 2], algorithm


# Shapes repeat


@pytest.mark.parametrize("algorithm", ["bayesian", "random", "hyperband"])
@pytest.mark.parametrize("per_shape", [3, 8])
def test_new_shapes_come_no_faster_than_wanted(algorithm, per_shape):
    limited, free = (talk(proposer(algorithm, trials_per_program=p), 24) for p in (per_shape, 1))
    known: set = set()
    for t, params in enumerate(limited):
        if shape_of(params) not in known:
            assert len(known) < 2 + t // per_shape
        known.add(shape_of(params))
    assert 2 <= len(known) < len({shape_of(p) for p in free})


@pytest.mark.parametrize("algorithm", ["bayesian", "random"])
def test_the_limit_does_not_end_a_small_space(algorithm):
    space = (Choice(name="width", values=(8, 16, 32), default=8), Choice(name="depth", values=(1, 2), default=1))
    assert len(talk(proposer(algorithm, space, trials_per_program=100), 30, lambda params: 0.5)) == 6


def test_a_grid_stays_with_a_shape():
    found = talk(proposer("grid"), 12)
    assert len({shape_of(p) for p in found}) == 1


# What a proposal costs


def test_a_proposal_looks_at_as_many_points_after_many_trials(monkeypatch):
    looked: list[int] = []
    predict = GaussianProcess.predict

    def counting(self, points):
        looked.append(len(points))
        return predict(self, points)

    monkeypatch.setattr(GaussianProcess, "predict", counting)
    asked, seen = proposer(), []
    for _ in range(40):
        looked.clear()
        talk(asked, 1)
        seen.append((len(looked), sum(looked)))
    calls, points = zip(*seen[10:], strict=True)
    assert len(set(calls)) == 1
    assert calls[0] < 10
    assert points[-1] - points[0] == 29  # the tried configurations themselves
    assert points[-1] < 3_000


# Architectures that do without some dimensions

ARCHITECTURES = make_space(800, embedded=False, changes={})


@pytest.mark.parametrize("algorithm", ["bayesian", "random"])
def test_architectures_are_proposed_without_what_they_have_not(algorithm: str):
    first = first_configurations(ARCHITECTURES)
    asked = proposer(algorithm, ARCHITECTURES, first=first, dimensions=MAKE, trials_per_program=6)
    found = [{k: v for k, v in p.items() if k != "epochs"} for p in talk(asked, 30)]
    assert found[: len(first)] == list(first)
    assert all(p == relevant(p, ARCHITECTURES) for p in found)
    assert len({p["architecture"] for p in found[len(first) :]}) > 1
    assert all(("numbers" in p) is (p["architecture"] in ("linear", "mlp")) for p in found)
    assert len({tuple(sorted(p.items())) for p in found}) == 30


def test_a_small_space_with_linear_models_is_used_up_once():
    space = (
        Choice(name="architecture", values=("mlp", "linear"), default="mlp"),
        Choice(name="width", values=(8, 16, 32), default=8),
        Choice(name="batch_size", values=(32, 64), default=32),
    )
    found = talk(proposer("bayesian", space), 30, lambda params: params.get("width", 0))
    assert len(found) == 3 * 2 + 2


def test_a_grid_goes_without_linear_models():
    found = talk(proposer("grid", ARCHITECTURES), 12)
    assert "linear" not in {p["architecture"] for p in found}


def test_trials_side_by_side_are_of_one_architecture():
    first_ones = first_configurations(ARCHITECTURES)
    asked = proposer("bayesian", ARCHITECTURES, first=first_ones)
    talk(asked, len(first_ones) + 2)
    first = asked.ask()
    assert first is not None
    for _ in range(3):
        like = asked.ask(first.params)
        assert like is not None
        assert shape_of(like.params) == shape_of(first.params)


def test_a_grid_without_perceptrons_has_something_to_try():
    space = make_space(800, embedded=False, changes={"architecture": ("linear", "tabm-mini"), "width": (8, 16)})
    assert {p["architecture"] for p in talk(proposer("grid", space), 6)} <= {"linear", "tabm-mini"}


def test_dimensions_of_an_architecture_that_is_gone_do_no_harm():
    space = tuple(replace(d, values=("mlp", "linear")) if d.name == "architecture" else d for d in ARCHITECTURES)
    found = talk(proposer("bayesian", space), 10)
    assert {p["architecture"] for p in found} == {"mlp", "linear"}
    assert not any("shrinkage" in p for p in found)

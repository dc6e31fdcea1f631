"""The space of a function of Keras Tuner's hyperparameters."""

from __future__ import annotations

import pytest

from autoft.errors import RecipeError
from autoft.records.dimensions import Choice, Range
from autoft.search.proposer import Proposer
from autoft.search.recorded_space import recorded_space
from autoft.search.setup import SearchSetup
from autoft.search.space import relevant


def branches(hp):
    kind = hp.Choice("kind", ["wide", "deep", "linear"])
    if kind == "wide":
        hp.Int("units", 32, 512, step=32)
        if hp.Boolean("drop"):
            hp.Float("rate", 0.1, 0.5)
    elif kind == "deep":
        for layer in range(hp.Int("layers", 1, 3)):
            hp.Int(f"units_{layer}", 4, 8, step=4)
    with hp.conditional_scope("kind", ["linear"]):
        hp.Float("l2", 1e-4, 1e-2, sampling="log")


def test_each_kind_of_hyperparameter_becomes_a_dimension():
    def ask(hp):
        hp.Int("units", 16, 64, step=16, default=32)
        hp.Int("steps", 1, 10_000, sampling="log")
        hp.Float("rate", 1e-4, 1e-2, sampling="log")
        hp.Float("share", 0, 1, step=0.5)
        hp.Choice("activation", ["relu", "tanh"])
        hp.Boolean("normalize", default=True)
        hp.Fixed("constant", 3)

    found = {d.name: d for d in recorded_space(ask)}
    assert found["units"] == Choice(name="units", values=(16, 32, 48, 64), default=32)
    assert found["rate"] == Range(name="rate", low=1e-4, high=1e-2, default=1e-4, log=True)
    assert found["share"].values == (0.0, 0.5, 1.0)
    assert found["activation"].values == ("relu", "tanh")
    assert found["normalize"] == Choice(name="normalize", values=(False, True), default=True)
    assert (found["steps"].values[0], found["steps"].values[-1]) == (1, 10_000)
    assert len(found["steps"].values) <= 33
    assert found["constant"].values == (3,)


def test_branches_become_conditions():
    found = {d.name: dict(d.when) for d in recorded_space(branches)}
    assert found["kind"] == {}
    assert found["units"] == {"kind": ("wide",)}
    assert found["rate"] == {"kind": ("wide",), "drop": (True,)}
    assert found["units_2"] == {"kind": ("deep",), "layers": (3,)}
    assert found["l2"] == {"kind": ("linear",)}


@pytest.mark.parametrize("algorithm", ["bayesian", "random", "grid", "hyperband"])
def test_proposals_name_only_what_has_a_meaning(algorithm):
    space = recorded_space(branches)
    proposer = Proposer(algorithm, SearchSetup(space=space, maximize=True, seed=1, epochs=9))
    asked = [proposer.ask() for _ in range(12)]
    for proposal in filter(None, asked):
        assert proposal.params == relevant(proposal.params, space)
        assert {"wide": "units", "deep": "units_0", "linear": "l2"}[proposal.params["kind"]] in proposal.params
        assert isinstance(proposal.params.get("drop", False), bool)
        proposer.tell(proposal, float(len(proposal.params)))
    if algorithm == "bayesian":
        assert len({str(sorted(p.params.items())) for p in asked}) == len(asked)


def test_an_error_is_raised_at_defaults_elsewhere_hides_the_rest():
    def ask(hp):
        if hp.Int("depth", 1, 3) == 3:
            raise ValueError("too deep")
        hp.Int("units", 1, 4)

    assert {d.name: dict(d.when) for d in recorded_space(ask)} == {"depth": {}, "units": {"depth": (1, 2)}}

    def broken(hp):
        raise ValueError("always")

    with pytest.raises(ValueError, match="always"):
        recorded_space(broken)


@pytest.mark.parametrize("name", ["architecture", "class_balance", "without", "tuner/epochs"])
def test_names_of_autofts_own_are_refused(name):
    with pytest.raises(RecipeError, match="autoft uses this one"):
        recorded_space(lambda hp: hp.Int(name, 1, 3))


def test_a_name_has_one_definition():
    def ask(hp):
        if hp.Boolean("deep"):
            hp.Int("units", 1, 3)
        else:
            hp.Int("units", 1, 4)

    with pytest.raises(RecipeError, match="1, 2, 3, 4 in one place and 1, 2, 3 in another"):
        recorded_space(ask)


def test_a_function_of_many_choices_runs_at_most_100_times():
    calls = []

    def ask(hp):
        calls.append(1)
        for k in range(60):
            hp.Choice(f"c{k}", ["a", "b", "c", "d"])

    assert len(recorded_space(ask)) == 60
    assert len(calls) <= 100

"""Bounds and weighed penalties in the epoch program: each trial has its own, and programs without hints have none."""

from typing import Any

import numpy as np
import pytest

from autoft.knowledge import variants
from autoft.knowledge.bounds import weight_bounds
from autoft.networks.weight_bounds import WeightBounds
from autoft.records.hints import Effect, Hints
from autoft.training.program import Program, Rows, bound_arrays
from autoft.training.trainer import Trainer
from autoft.training.trial_trainer import Limits

HINTS = Hints(
    effects=(Effect(column="n0", sign=-1), Effect(column="d0", sign=1)),
    apart=(("n1", "c1"),),
    importance={"n0": "high", "c0": "low"},
)
VARIANTS: tuple[tuple[str, ...], ...] = ((), ("n0: effect",), ("n1, c1: apart",), variants.names(HINTS))


def trainer(data: Any, hints: Hints = HINTS, epochs: int = 3) -> Trainer:
    limits = Limits(epochs=epochs, patience=epochs)
    return Trainer(data, folds=3, limits=limits, seed=1, clock=lambda: 0.0, hints=hints)


def of_variants(params: dict[str, Any]) -> list[dict[str, Any]]:
    own = {**params, "dropout": 0.2, "l2": 1e-2, "weight_decay": 1e-2}
    return [{**own, variants.WITHOUT: off} for off in VARIANTS]


def test_trials_with_other_hints_train_together_as_alone(make, params: dict[str, Any]):
    stack, trials = trainer(make()), of_variants(params)
    together = stack.train_all(trials, lambda: False)
    programs = {stack._extras([own]) for own in trials}
    assert programs == {frozenset({"bounds", "importance"})}
    for own, off, outcome in zip(trials, VARIANTS, together, strict=True):
        (alone,) = stack.train_all([own], lambda: False)
        for name, array in outcome.weights.items():
            np.testing.assert_allclose(array, alone.weights[name], atol=2e-5, err_msg=f"{off} {name}")
        architecture = stack.architecture(own)
        asked = weight_bounds(variants.without(HINTS, off), stack.data.plan, architecture, 1)
        for name in weight_bounds(HINTS, stack.data.plan, architecture, 1).low:
            array = outcome.weights[name]
            assert (array >= asked.low.get(name, -np.inf)).all()
            assert (array <= asked.high.get(name, np.inf)).all()
    assert (together[-1].weights["hidden_0/kernel"] < 0).mean() > 0.3  # without hints nothing binds


def test_bounds_stay_with_their_trials_when_others_end(make, params: dict[str, Any]):
    """Two of four are pruned after the first epoch: the program that goes on is narrower, its members are others."""
    stack, asked = trainer(make(), epochs=4), iter((True, False, True, False))
    trials = of_variants(params)
    outcomes = stack.train_all(trials, lambda: False, prune=lambda curve: "enough" if next(asked, False) else "")
    assert [o.status for o in outcomes] == ["pruned", "finished", "pruned", "finished"]
    for place in (1, 3):
        (alone,) = stack.train_all([trials[place]], lambda: False)
        for name, array in outcomes[place].weights.items():
            np.testing.assert_allclose(array, alone.weights[name], atol=2e-5, err_msg=name)


def test_programs_without_hints_are_what_they_were(make, params: dict[str, Any]):
    data = make()
    plain, hinted = trainer(data, Hints()), trainer(data)
    architecture = plain.architecture(params)
    assert architecture.activation == "relu"
    assert hinted.architecture(params).activation == "mixed"
    assert plain._extras([params]) == frozenset()
    for hints in (Hints(), Hints(logs=("n0",), crosses=(("n0", "n1"),))):  # which inputs are made from
        assert trainer(data, hints)._extras([params]) == frozenset()
    plain.train(params, lambda: False)
    program = Program(architecture, 16, Rows(data))
    traces = program.traces
    plain.train({**params, variants.WITHOUT: ("n0: effect",)}, lambda: False)
    assert program.traces == traces > 0


def test_the_model_that_leaves_out_two_folds_obeys_too(make, params: dict[str, Any]):
    """What measures the bag's gain trains with the same rules: its answers are those of the trial."""
    stack, own = trainer(make()), of_variants(params)[0]
    outcome = stack.train(own, lambda: False)
    answers = stack.answers_after(own, outcome.epochs, outcome.limit, lambda: False)
    assert answers is not None
    held = outcome.held_out[outcome.checkpoints.index(outcome.epochs)]
    for s, rows in enumerate(stack.data.held_out):
        np.testing.assert_allclose(answers[s], held[rows], atol=1e-5)


@pytest.mark.parametrize("same", [True, False])
def test_arrays_have_one_row_where_trials_agree(same: bool):
    one, other = (WeightBounds(low={"a": np.full((2, 3), value)}, high={}, penalty={}) for value in (0.0, -1.0))
    hinted = [one, one if same else other]
    found = bound_arrays(["a", "b"], hinted, 5, frozenset({"bounds"}))
    assert set(found) == {"low", "high"}
    assert found["low"][0].shape == ((1, 2, 3) if same else (10, 2, 3))
    assert found["low"][1].shape == found["high"][0].shape == (1, 1, 1)
    assert same or (found["low"][0][:5] > found["low"][0][5:]).all()

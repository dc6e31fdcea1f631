"""First weights under bounds: within them, and with units that bend where the member's own training rows are."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from autoft.knowledge.bounds import weight_bounds
from autoft.networks.architecture import MIXED
from autoft.networks.family import FAMILIES, build_network, initial_weights
from autoft.networks.weight_bounds import folded, within
from autoft.records.hints import Effect, Hints
from autoft.training.trainer import Trainer
from autoft.training.trial_trainer import Limits
from tests.networks_help import assigned, given_to, plan_with, small_architecture, start_of

EFFECTS = Hints(effects=(Effect(column="n0", sign=-1), Effect(column="n1", sign=1), Effect(column="d0", sign=1)))
NETWORKS: dict[str, dict[str, Any]] = {
    "plain": {"architecture": "mlp", "numbers": "plain"},
    "piecewise": {"architecture": "mlp", "numbers": "piecewise"},
    "realmlp": {"architecture": "realmlp"},
    "tabm": {"architecture": "tabm"},
    "tabm-mini": {"architecture": "tabm-mini"},
}


def trainer(data: Any, hints: Hints = EFFECTS) -> Trainer:
    limits = Limits(epochs=2, patience=2)
    return Trainer(data, folds=3, limits=limits, seed=1, clock=lambda: 0.0, hints=hints)


def bending(kind: str, *, begun: bool) -> list[float]:
    """For each hidden layer, how evenly the bend of a bound unit divides the rows: half at best, 0 for straight lines.

    Most of what the network reads has an effect, and all numbers have bins: sums of what is not negative.
    """
    columns = tuple(f"n{j}" for j in range(6))
    plan = plan_with(numeric=columns)
    hints = Hints(effects=tuple(Effect(column=name, sign=1) for name in columns))
    architecture, start = small_architecture(kind, width=32, bins=16, activation=MIXED), start_of(plan)
    asked = weight_bounds(hints, plan, architecture, 2)
    weights = initial_weights(architecture, start)
    bounded = FAMILIES[kind].bounded_weights(architecture, start, weights, asked)
    weights = bounded if begun else within(weights, asked)
    network = assigned(build_network(architecture, start.inputs, members=3, outputs=2), weights)
    last = "bend" if kind == "realmlp" else "hidden"
    layers = [network.get_layer(f"{last}_{layer}").output for layer in range(architecture.depth)]
    units = keras.Model(network.inputs, layers)(given_to(network, start))
    low, high = asked.low["hidden_0/kernel"], asked.high["hidden_0/kernel"]
    bound = ((low == 0) != (high == 0)).any(axis=0)
    shares = [(np.abs(np.asarray(out)) > 1e-6).mean(axis=1)[:, bound] for out in units]
    return [float(np.minimum(share, 1 - share).mean()) for share in shares]


def test_bound_units_bend_among_the_rows_in_every_layer():
    """Else they would be straight lines on every row, or dead."""
    assert min(bending("mlp", begun=True)) > 0.2
    assert min(bending("mlp", begun=False)) < 0.05
    assert min(bending("realmlp", begun=True)) > 0.2
    assert min(bending("tabm-mini", begun=True)) > 0.2  # as it is


@pytest.mark.parametrize("network", NETWORKS)
def test_first_weights_lie_in_bounds_and_free_units_as_ever(make, params: dict[str, Any], network: str):
    stack = trainer(make())
    architecture = stack.architecture({**params, **NETWORKS[network]})
    asked = weight_bounds(EFFECTS, stack.data.plan, architecture, 1)
    first = initial_weights(architecture, stack._start)
    found = FAMILIES[architecture.kind].bounded_weights(architecture, stack._start, first, asked)
    for name, low in asked.low.items():
        assert (found[name] >= low).all()
        assert (found[name] <= asked.high[name]).all()
    free = ~((asked.low["hidden_0/kernel"] == 0) != (asked.high["hidden_0/kernel"] == 0)).any(axis=0)
    assert free.any()
    if architecture.kind != "realmlp":  # which lets all units bend among the rows, also without effects
        np.testing.assert_array_equal(found["hidden_0/bias"][..., free], first["hidden_0/bias"][..., free])
    moved = (found["hidden_0/bias"][..., ~free] != first["hidden_0/bias"][..., ~free]).all()
    assert moved == (architecture.kind in ("mlp", "realmlp"))


def test_without_effects_nothing_changes(make, params: dict[str, Any]):
    stack = trainer(make(), Hints(apart=(("n1", "c1"),)))
    architecture = stack.architecture(params)
    first = initial_weights(architecture, stack._start)
    asked = weight_bounds(Hints(apart=(("n1", "c1"),)), stack.data.plan, architecture, 1)
    found = FAMILIES[architecture.kind].bounded_weights(architecture, stack._start, first, asked)
    np.testing.assert_array_equal(found["hidden_0/bias"], first["hidden_0/bias"])
    assert not (found["hidden_0/kernel"] == first["hidden_0/kernel"]).all()  # columns are kept apart


@pytest.mark.parametrize("network", ["piecewise", "realmlp"])
def test_held_out_rows_have_no_part_in_first_weights(make, params: dict[str, Any], network: str):
    data = make.__wrapped__()
    own = {**params, **NETWORKS[network]}

    def first(given: Any) -> dict[str, np.ndarray]:
        stack = trainer(given)
        return stack._initial(stack.architecture(own), stack._bounds([own]))

    dense = data.dense.copy()
    for s, rows in enumerate(data.held_out):
        dense[s, rows] = 1e6
    before, after = first(data), first(replace(data, dense=dense))
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array, err_msg=name)
    dense[:, :] *= 3.0  # the control: their own rows have
    seen = first(replace(data, dense=dense))
    assert any((seen[name] != array).any() for name, array in before.items() if name.endswith("/bias"))


def test_first_weights_begin_within_bounds_and_no_unit_is_weaker():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(2, 40, 6)).astype(np.float32)
    low, high = np.full((1, 40, 6), -np.inf), np.full((1, 40, 6), np.inf)
    low[:, :20] = 0.0
    low[:, :, 5] = high[:, :, 5] = 0.0
    found = folded(weights, low, high)
    assert (found[:, :20] >= 0).all()
    assert (found[:, :, 5] == 0).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1)[:, :5], np.linalg.norm(weights, axis=1)[:, :5], rtol=1e-5)
    free = np.full((1, 1, 1), np.inf)
    np.testing.assert_array_equal(folded(weights, -free, free), weights)

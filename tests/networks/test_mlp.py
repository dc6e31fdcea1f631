"""The network and its first weights."""

import numpy as np
import pytest

from autoft.networks.mlp import Architecture, build_mlp, initial_weights, slots_of
from autoft.preprocess.fit import blocks
from autoft.preprocess.plan import CategoryInput, Plan

ARCHITECTURE = Architecture(width=16, depth=2, activation="relu", embedding=4)


def plan_with(*, first: int = 4, embedded: int = 8) -> Plan:
    categories = (
        CategoryInput(id="t0", vocabulary=("a",), slots=first, embed=False),
        CategoryInput(id="t1", vocabulary=("a",), slots=4, embed=False),
        CategoryInput(id="e0", vocabulary=("a",), slots=embedded, embed=True),
    )
    return Plan(numeric=("n",), boolean=(), date=(), indicated=("n",), categories=categories, outliers="clip", lines=())


def start(plan: Plan, members: int = 3, **changes: object) -> dict[str, np.ndarray]:
    given = {"power": np.full(members, 4.0), "bias": np.zeros((members, 2)), "outputs": 2, "seed": 0, **changes}
    return initial_weights(ARCHITECTURE, plan, blocks=blocks(plan), **given)


def test_first_weights_fit_the_network():
    plan = plan_with()
    dense = sum(width for _, width in blocks(plan))
    network = build_mlp(ARCHITECTURE, slots_of(plan), members=3, dense=dense, outputs=2)
    shapes = {v.path.split("network/")[-1]: tuple(v.shape) for v in network.trainable_variables}
    assert {name: w.shape for name, w in start(plan).items()} == shapes
    assert all(w.dtype == np.float32 for w in start(plan).values())


@pytest.mark.parametrize(("numbers", "dense"), [((), 0), (("n",), 1)])
def test_a_network_takes_the_inputs_that_the_plan_has(numbers: tuple[str, ...], dense: int):
    category = CategoryInput(id="e", vocabulary=("a",), slots=4, embed=True)
    plan = Plan(numeric=numbers, boolean=(), date=(), indicated=(), categories=(category,), outliers="clip", lines=())
    network = build_mlp(ARCHITECTURE, slots_of(plan), members=2, dense=dense, outputs=1)
    inputs = {"slots": np.zeros((2, 5, 1), np.int32), "dense": np.zeros((2, 5, dense), np.float32)}
    given = {k.name: inputs[k.name] for k in network.inputs}
    assert set(given) == ({"slots", "dense"} if dense else {"slots"})
    assert network(given).shape == (2, 5, 1)


def test_equal_seeds_give_equal_weights_and_others_do_not():
    a, b, c = start(plan_with()), start(plan_with()), start(plan_with(), seed=1)
    for name, weights in a.items():
        np.testing.assert_array_equal(weights, b[name])
    assert not np.array_equal(a["hidden_0/kernel"], c["hidden_0/kernel"])


def test_members_start_apart_and_as_they_would_in_a_smaller_stack():
    many, few = start(plan_with()), start(plan_with(), members=2)
    for name, weights in few.items():
        np.testing.assert_array_equal(weights, many[name][:2])
    assert not np.array_equal(many["hidden_0/kernel"][0], many["hidden_0/kernel"][1])


def test_another_columns_categories_do_not_move_a_columns_weights():
    plan, wider = plan_with(), plan_with(first=8, embedded=12)
    a, b = start(plan)["hidden_0/kernel"], start(wider)["hidden_0/kernel"]
    assert [name for name, _ in blocks(plan)] == ["n", "missing n", "t0", "t1"]
    np.testing.assert_array_equal(a[:, :2], b[:, :2])  # n and its indicator
    np.testing.assert_array_equal(a[:, -9:], b[:, -9:])  # t1 (five inputs) and the vector of e0 (four)
    np.testing.assert_array_equal(start(plan)["hidden_1/kernel"], start(wider)["hidden_1/kernel"])


def test_the_bias_of_the_logits_is_the_prior():
    bias = np.array([[0.5, -0.5], [1.0, 2.0], [0.0, 3.0]])
    np.testing.assert_allclose(start(plan_with(), bias=bias)["logits/bias"], bias[:, None])


def test_neurons_start_with_unit_variance_whatever_the_power_of_the_inputs():
    plan = Plan(
        numeric=tuple(f"n{j}" for j in range(50)),
        boolean=(),
        date=(),
        indicated=(),
        categories=(),
        outliers="clip",
        lines=(),
    )
    architecture = Architecture(width=256, depth=1, activation="relu", embedding=0)
    rng = np.random.default_rng(0)
    for scale in (0.3, 2.0):
        x = rng.normal(size=(500, 50)) * scale
        power = np.array([np.square(x).sum(axis=1).mean()])
        weights = initial_weights(
            architecture, plan, power=power, blocks=blocks(plan), outputs=1, bias=np.zeros((1, 1)), seed=0
        )
        assert (x @ weights["hidden_0/kernel"][0]).std() == pytest.approx(1.0, abs=0.1)


def test_a_linear_model_begins_with_the_shares_of_the_classes_whatever_the_inputs():
    plan, architecture = plan_with(), Architecture.linear(4)
    dense = sum(width for _, width in blocks(plan))
    network = build_mlp(architecture, slots_of(plan), members=3, dense=dense, outputs=2)
    bias = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    given = {"power": np.full(3, 4.0), "bias": bias, "outputs": 2, "seed": 0}
    weights = initial_weights(architecture, plan, blocks=blocks(plan), **given)
    for variable in network.trainable_variables:
        variable.assign(weights[variable.path.split("network/")[-1]])
    inputs = {"dense": np.ones((3, 5, dense), np.float32), "slots": np.zeros((3, 5, len(plan.embedded)), np.int32)}
    logits = np.asarray(network({k.name: inputs[k.name] for k in network.inputs}))
    np.testing.assert_allclose(logits, np.repeat(bias[:, None], 5, axis=1), rtol=1e-6)

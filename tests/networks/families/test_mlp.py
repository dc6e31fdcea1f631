"""First weights of the perceptron and the linear model, and what every family's networks have in common."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.families import architecture_of, build_network, initial_weights
from autoft.networks.initial_state import InitialState
from autoft.preprocessing.categories import CategoryInput
from autoft.preprocessing.layout import InputLayout, blocks
from tests.networks_help import KINDS, assigned, given_to, plan_with, small_architecture, start_of

MLP = small_architecture("mlp", bins=0)


def weights_of(plan: InputLayout, **changes: object) -> dict[str, np.ndarray]:
    return initial_weights(MLP, start_of(plan, **changes))


@pytest.mark.parametrize("kind", KINDS)
def test_first_weights_fit_the_network(kind: str):
    architecture, start = small_architecture(kind), start_of(plan_with())
    network = build_network(architecture, start.inputs, members=3, outputs=2)
    shapes = {v.path.split("network/")[-1]: tuple(v.shape) for v in network.variables}
    shapes = {n: shape for n, shape in shapes.items() if not n.endswith(("/rate", "seed_generator_state"))}
    weights = initial_weights(architecture, start)
    assert {name: w.shape for name, w in weights.items()} == {n: s for n, s in shapes.items() if "seed" not in n}
    assert all(w.dtype == np.float32 and np.isfinite(w).all() for w in weights.values())
    logits = np.asarray(assigned(network, weights)(given_to(network, start)))
    assert logits.shape == ((3, 64, 6, 2) if kind.startswith("tabm") else (3, 64, 2))
    assert np.isfinite(logits).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("numbers", "dense"), [((), 0), (("n",), 1)])
def test_a_network_takes_the_inputs_that_the_plan_has(kind: str, numbers: tuple[str, ...], dense: int):
    category = CategoryInput(id="e", vocabulary=("a",), slots=4, embed=True)
    plan = InputLayout(numeric=numbers, boolean=(), date=(), indicated=(), categories=(category,), outliers="clip")
    start = start_of(plan, outputs=1)
    params = {"architecture": kind, "numbers": "piecewise", "width": 8, "depth": 1, "activation": "relu"}
    architecture = architecture_of(params, start.inputs, 100)
    network = assigned(
        build_network(architecture, start.inputs, members=3, outputs=1), initial_weights(architecture, start)
    )
    given = given_to(network, start)
    assert set(given) == ({"slots", "dense"} if dense else {"slots"})
    assert np.asarray(network(given)).shape[:2] == (3, 64)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_seeds_give_equal_weights_and_others_do_not(kind: str):
    architecture, start = small_architecture(kind), start_of(plan_with())
    a, b, c = (initial_weights(architecture, s) for s in (start, start, replace(start, seed=1)))
    for name, weights in a.items():
        np.testing.assert_array_equal(weights, b[name])
    assert not np.array_equal(a["embedding/table_0"], c["embedding/table_0"])


@pytest.mark.parametrize("kind", KINDS)
def test_members_start_apart_and_as_they_would_in_a_smaller_stack(kind: str):
    architecture, plan = small_architecture(kind), plan_with()
    many, few = (initial_weights(architecture, start_of(plan, members=members)) for members in (3, 2))
    for name, weights in few.items():
        np.testing.assert_array_equal(weights, many[name][:2])
    assert not np.array_equal(many["embedding/table_0"][0], many["embedding/table_0"][1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_answers_by_its_own_weights_and_rows_alone(kind: str):
    architecture, start = small_architecture(kind), start_of(plan_with())
    weights = initial_weights(architecture, start)
    network = assigned(build_network(architecture, start.inputs, members=3, outputs=2), weights)
    before = np.asarray(network(given_to(network, start)))
    other = replace(start, dense=start.dense.copy(), slots=start.slots.copy())
    other.dense[1] = -3.0 * other.dense[1]
    for variable in network.variables:  # member 1 gets other weights too
        if variable.path.split("network/")[-1] in weights:
            value = np.array(variable)
            value[1] += 0.5
            variable.assign(value)
    after = np.asarray(network(given_to(network, other)))
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
    assert not np.allclose(after[1], before[1])


def test_another_columns_categories_do_not_move_a_columns_weights():
    plan, wider = plan_with(), plan_with(first=8, embedded=12)
    # Zeros have no power, so that both are of one scale: what is looked at is which numbers are drawn.
    a, b = (weights_of(p, dense=np.zeros((3, 1, Inputs.of(p).dense), np.float32)) for p in (plan, wider))
    one, other, numbers = a["hidden_0/kernel"], b["hidden_0/kernel"], [name for name, _ in blocks(plan)].index("t0")
    np.testing.assert_array_equal(one[:, :numbers], other[:, :numbers])
    np.testing.assert_array_equal(one[:, -9:], other[:, -9:])  # t1 (five inputs) and the vector of e0 (four)
    np.testing.assert_array_equal(a["hidden_1/kernel"], b["hidden_1/kernel"])


@pytest.mark.parametrize("kind", ["mlp", "linear", "tabm", "tabm-mini"])
def test_the_bias_of_the_logits_is_the_prior(kind: str):
    bias = np.array([[0.5, -0.5], [1.0, 2.0], [0.0, 3.0]])
    found = initial_weights(small_architecture(kind), start_of(plan_with(), bias=bias))["logits/bias"]
    np.testing.assert_allclose(found, np.broadcast_to(bias[:, None], found.shape))


def numeric_start(x: np.ndarray) -> InitialState:
    columns = tuple(f"n{j}" for j in range(x.shape[1]))
    plan = InputLayout(numeric=columns, boolean=(), date=(), indicated=(), categories=(), outliers="clip")
    return InitialState(
        inputs=Inputs.of(plan),
        blocks=blocks(plan),
        categories=(),
        dense=x[None].astype(np.float32),
        slots=np.zeros((1, len(x), 0), np.int32),
        numbers=x[None],
        outputs=1,
        bias=np.zeros((1, 1)),
        seed=0,
    )


@pytest.mark.parametrize("bins", [0, 8])
def test_neurons_start_with_unit_variance_whatever_the_power_of_the_inputs(bins: int):
    architecture = Architecture(kind="mlp", width=256, depth=1, activation="relu", embedding=0, bins=bins)
    for scale in (0.3, 2.0):
        start = numeric_start(np.random.default_rng(0).normal(size=(500, 50)) * scale)
        weights = initial_weights(architecture, start)
        network = assigned(build_network(architecture, start.inputs, members=1, outputs=1), weights)
        features = network.get_layer("features").output if bins else network.inputs[0]
        x = np.asarray(keras.Model(network.input, features)({"dense": start.dense}))[0]
        assert np.sqrt(np.square(x @ weights["hidden_0/kernel"][0]).mean()) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("bins", [0, 5])
def test_a_linear_model_begins_with_the_shares_of_the_classes_whatever_the_inputs(bins: int):
    bias = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    architecture, start = Architecture(kind="linear", embedding=4, bins=bins), start_of(plan_with(), bias=bias)
    network = build_network(architecture, start.inputs, members=3, outputs=2)
    logits = np.asarray(assigned(network, initial_weights(architecture, start))(given_to(network, start)))
    np.testing.assert_allclose(logits, np.repeat(bias[:, None], 64, axis=1), rtol=1e-6)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"architecture": "linear"}, {"kind": "linear", "width": 0, "bins": 0}),
        ({"architecture": "linear", "numbers": "piecewise"}, {"kind": "linear", "bins": 25}),
        ({"numbers": "piecewise"}, {"kind": "mlp", "bins": 25, "ensemble": 1}),
        ({"numbers": "plain"}, {"kind": "mlp", "bins": 0}),
        ({"architecture": "realmlp", "numbers": "piecewise"}, {"kind": "realmlp", "bins": 0}),
        ({"architecture": "tabm"}, {"kind": "tabm", "bins": 25, "ensemble": 32}),
    ],
)
def test_an_architecture_is_read_off_a_trials_hyperparameters(params: dict[str, str], expected: dict[str, object]):
    found = architecture_of({"width": 8, "depth": 1, "activation": "relu", **params}, Inputs.of(plan_with()), 1_000)
    assert {name: getattr(found, name) for name in expected} == expected
    few = Inputs(dense=0, numbers=(), embedded=(4,))
    assert architecture_of({"width": 8, "depth": 1, "activation": "relu", **params}, few, 1_000).bins == 0

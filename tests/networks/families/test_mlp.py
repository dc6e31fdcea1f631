"""First weights of the perceptron and the linear model, and sizes from hyperparameters."""

import keras
import numpy as np
import pytest

from autoft.networks.architecture import Architecture, Inputs
from autoft.networks.family import architecture_of, build_network, initial_weights
from autoft.networks.initial_state import InitialState
from autoft.preprocessing.layout import InputLayout, blocks
from tests.networks_help import assigned, given_to, plan_with, small_architecture, start_of

MLP = small_architecture("mlp", bins=0)


def weights_of(plan: InputLayout, **changes: object) -> dict[str, np.ndarray]:
    return initial_weights(MLP, start_of(plan, **changes))


def test_categories_of_another_column_move_no_weights():
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
def test_neurons_start_with_unit_variance_whatever_the_inputs(bins: int):
    architecture = Architecture(kind="mlp", width=256, depth=1, activation="relu", embedding=0, bins=bins)
    for scale in (0.3, 2.0):
        start = numeric_start(np.random.default_rng(0).normal(size=(500, 50)) * scale)
        weights = initial_weights(architecture, start)
        network = assigned(build_network(architecture, start.inputs, members=1, outputs=1), weights)
        features = network.get_layer("features").output if bins else network.inputs[0]
        x = np.asarray(keras.Model(network.input, features)({"dense": start.dense}))[0]
        assert np.sqrt(np.square(x @ weights["hidden_0/kernel"][0]).mean()) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("bins", [0, 5])
def test_a_linear_model_begins_with_the_shares_of_the_classes(bins: int):
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

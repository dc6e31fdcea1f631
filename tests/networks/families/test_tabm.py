"""TabM: k networks that share kernels, against k networks one by one in numpy."""

import keras
import numpy as np
import pytest

from autoft.networks.family import build_network, initial_weights
from autoft.networks.layers.ensemble import EnsembleMean, mean_logits
from autoft.preprocessing.bins import encoded
from tests.networks_help import assigned, given_to, plan_with, small_architecture, start_of

START = start_of(plan_with())


def changed(kind: str) -> dict[str, np.ndarray]:
    """First weights with all that begins at 0 or 1 moved away from it."""
    rng, weights = np.random.default_rng(0), initial_weights(small_architecture(kind), START)
    for name in weights:
        if name.endswith(("/into", "/out", "/bias", "/bend")):
            weights[name] = weights[name] + rng.normal(0, 0.3, weights[name].shape).astype(np.float32)
    return weights


def network_alone(weights: dict[str, np.ndarray], s: int, k: int) -> np.ndarray:
    """Network k of member s as a plain perceptron: multipliers folded into kernels of its own."""
    own = {name: w[s] for name, w in weights.items()}
    dense, numbers = START.dense[s], list(START.inputs.numbers)
    shares = encoded(dense[:, numbers], own["bins/begin"], own["bins/factor"])
    vectors = [
        dense[:, [p]] * own["vectors/slope"][j]
        + own["vectors/shift"][j]
        + shares[:, j] @ own["vectors/bend"][5 * j : 5 * j + 5]
        for j, p in enumerate(numbers)
    ]
    x = np.hstack([*vectors, dense, own["embedding/table_0"][START.slots[s, :, 0]]])
    x = x * own["view/into"][k] if "view/into" in own else x
    for layer in range(2):
        into, kernel, out, bias = (own.get(f"hidden_{layer}/{name}") for name in ("into", "kernel", "out", "bias"))
        kernel = kernel if into is None else into[k][:, None] * kernel
        kernel = kernel if out is None else kernel * out[k]
        x = np.maximum(x @ kernel + bias[k if len(bias) > 1 else 0], 0.0)
    return x @ own["logits/kernel"][16 * k : 16 * k + 16] + own["logits/bias"][k]


@pytest.mark.parametrize(("kind", "merged"), [("tabm", False), ("tabm-mini", False), ("tabm-mini", True)])
def test_each_network_is_a_perceptron_of_its_own(kind: str, merged: bool):
    weights = changed(kind)
    network = assigned(
        build_network(small_architecture(kind, merged=merged), START.inputs, members=3, outputs=2), weights
    )
    logits = np.asarray(network(given_to(network, START)))
    for s in range(3):
        for k in range(6):
            np.testing.assert_allclose(logits[s, :, k], network_alone(weights, s, k), rtol=1e-3, atol=1e-4)


def test_only_first_multipliers_are_random_one_for_each_column():
    weights, mini = (initial_weights(small_architecture(kind), START) for kind in ("tabm", "tabm-mini"))
    first = weights["view/into"]
    sizes = [16] * len(START.inputs.numbers) + [size for _, size in START.blocks] + [4]
    ends = np.cumsum(sizes)
    for begin, end in zip([0, *ends[:-1]], ends, strict=True):
        assert (first[:, :, begin:end] == first[:, :, [begin]]).all()
    assert len(np.unique(first)) == 3 * 6 * len(sizes)
    for name in ("hidden_0/out", "hidden_1/into", "hidden_1/out"):
        assert (weights[name] == 1.0).all()
    assert (weights["hidden_0/bias"] == weights["hidden_0/bias"][:, :1]).all()
    assert (weights["vectors/bend"] == 0.0).all()
    np.testing.assert_array_equal(mini["hidden_0/into"], first)
    np.testing.assert_array_equal(mini["hidden_1/kernel"], weights["hidden_1/kernel"])
    assert not {"hidden_0/out", "hidden_1/into"} & set(mini)


@pytest.mark.parametrize(("task", "outputs"), [("binary", 1), ("multiclass", 3), ("regression", 1)])
def test_the_answer_is_the_mean_answer(task: str, outputs: int):
    logits = np.random.default_rng(0).normal(0, 4, (2, 5, 6, outputs)).astype(np.float32)

    def answer(z: np.ndarray) -> np.ndarray:
        if task == "regression":
            return z
        if task == "binary":
            return 1.0 / (1.0 + np.exp(-z))
        return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)

    found = np.asarray(EnsembleMean(task)(logits))
    np.testing.assert_allclose(answer(found), answer(logits.astype(np.float64)).mean(axis=2), rtol=1e-4, atol=1e-6)


def test_a_mean_of_near_certainties_keeps_its_digits():
    logits = np.array([40.0, 42.0], np.float32).reshape(1, 1, 2, 1)
    for sign in (1.0, -1.0):
        expected = sign * -np.log(np.mean(np.exp([-40.0, -42.0])))
        found = float(np.asarray(mean_logits("binary", keras.ops.convert_to_tensor(sign * logits))).item())
        assert found == pytest.approx(expected, rel=1e-5)

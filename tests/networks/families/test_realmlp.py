"""RealMLP: its first weights, and its pass through the network, against numpy."""

import numpy as np
import pytest

from autoft.networks.families.realmlp import RATE
from autoft.networks.family import FAMILIES, build_network, initial_weights
from tests.networks_help import assigned, given_to, plan_with, small_architecture, start_of

START = start_of(plan_with(), rows=200)


def mish(x: np.ndarray) -> np.ndarray:
    return x * np.tanh(np.log1p(np.exp(x)))


def by_hand(weights: dict[str, np.ndarray], s: int) -> list[np.ndarray]:
    """What each layer says of member s's rows before it is bent, and the logits."""
    own = {name: w[s].astype(np.float64) for name, w in weights.items()}
    dense, numbers = START.dense[s].astype(np.float64), list(START.inputs.numbers)
    vectors = []
    for j, p in enumerate(numbers):
        x = dense[:, [p]]
        waves = np.cos(2 * np.pi * x * own["waves/frequency"][j] + own["waves/phase"][j])
        learned = waves @ own["waves/mix"][16 * j : 16 * j + 16] + own["waves/shift"][j]
        vectors += [x, learned]
    x = np.hstack([*vectors, dense, own["embedding/table_0"][START.slots[s, :, 0]]]) * own["front/scale"]
    said = []
    for layer in range(2):
        x = x @ own[f"hidden_{layer}/kernel"] / np.sqrt(x.shape[1]) + own[f"hidden_{layer}/bias"]
        said.append(x)
        x = x + own[f"bend_{layer}/share"] * (mish(x) - x)
    return [*said, x @ own["logits/kernel"] / np.sqrt(x.shape[1]) + own["logits/bias"]]


def test_the_network_says_what_numpy_says():
    architecture = small_architecture("realmlp")
    weights = initial_weights(architecture, START)
    rng = np.random.default_rng(0)
    for key in ("front/scale", "bend_0/share", "bend_1/share"):  # not the ones that they begin with
        weights[key] = rng.uniform(0.3, 1.5, weights[key].shape).astype(np.float32)
    network = assigned(build_network(architecture, START.inputs, members=3, outputs=2), weights)
    logits = np.asarray(network(given_to(network, START)))
    for s in range(3):
        np.testing.assert_allclose(logits[s], by_hand(weights, s)[-1], rtol=1e-3, atol=1e-4)


def test_neurons_begin_with_unit_spread_and_kinks_among_the_rows():
    weights = initial_weights(small_architecture("realmlp", width=64), START)
    for s in range(3):
        for name, said in zip(("hidden_0", "hidden_1", "logits"), by_hand(weights, s), strict=True):
            bias = weights[f"{name}/bias"][s].astype(np.float64)
            products = said - bias
            np.testing.assert_allclose(products.std(axis=0), 1.0, atol=1e-3)
            # Minus a convex combination of products: never outside of them.
            assert (-bias <= products.max(axis=0) + 1e-4).all()
            assert (-bias >= products.min(axis=0) - 1e-4).all()
        assert (weights["hidden_0/bias"][s] != 0).all()


def test_frequencies_and_phases_are_drawn_as_the_paper_has_them():
    weights = initial_weights(small_architecture("realmlp"), start_of(plan_with(), members=200, rows=2))
    assert weights["waves/frequency"].std() == pytest.approx(0.1, rel=0.05)
    assert np.abs(weights["waves/phase"]).max() == pytest.approx(np.pi, rel=0.01)
    assert np.abs(weights["waves/mix"]).max() == pytest.approx(0.25, rel=0.01)
    assert weights["embedding/table_0"].std() == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(
    ("name", "rate", "decay"),
    [
        ("hidden_0/kernel", 1.0, 1.0),
        ("hidden_0/bias", 0.1, 0.0),
        ("front/scale", 6.0, 36.0),
        ("bend_1/share", 0.1, 0.01),
        ("waves/frequency", 0.1, 0.01),
        ("waves/mix", 0.1, 0.01),
        ("embedding/table_0", 1.0, 1.0),
    ],
)
def test_rates_and_decays_are_the_authors(name: str, rate: float, decay: float):
    found = FAMILIES["realmlp"].factor(name)
    assert (found.rate, found.decay) == (pytest.approx(RATE * rate), pytest.approx(RATE * decay))
    assert (found.l2 > 0) is name.endswith("kernel")

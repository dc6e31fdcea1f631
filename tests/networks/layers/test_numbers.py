"""Piecewise-linear encodings, vectors of numbers and periodic vectors, each against numpy; and bins by hand."""

import numpy as np
import pytest

from autoft.networks.layers.numbers import NumberVectors, PeriodicVectors, PiecewiseLinear
from autoft.preprocessing.bins import begin_and_factor, bin_edges, encoded

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 7, 5)).astype(np.float32)
POSITIONS = [3, 0, 4]


def built(layer, *shapes: tuple[int, ...]):
    layer.build(list(shapes) if shapes[1:] else shapes[0])
    layer.set_weights([RNG.normal(size=w.shape).astype(np.float32) for w in layer.weights])
    return layer


def test_piecewise_linear_is_the_numpy_encoding():
    layer = PiecewiseLinear(POSITIONS, 4)
    layer.build(X.shape)
    edges = [[begin_and_factor(bin_edges(X[s, :, p], 4), 4) for p in POSITIONS] for s in range(2)]
    begin, factor = np.array(edges, dtype=np.float32).transpose(2, 0, 1, 3)
    layer.set_weights([begin, factor])
    expected = encoded(X[:, :, POSITIONS], begin[:, None], factor[:, None]).reshape(2, 7, 12)
    np.testing.assert_allclose(np.asarray(layer(X)), expected, rtol=1e-6)
    assert not layer.trainable_weights
    # The smallest value has passed through no bin, the largest through all of them.
    lowest = X[0, :, POSITIONS[0]].argmin()
    assert (expected[0, lowest, :4] == 0).all()


@pytest.mark.parametrize(
    ("x", "bins", "edges"),
    [
        (np.arange(101.0), 4, [0, 25, 50, 75, 100]),
        (np.array([1.0, 2.0, 1.0]), 4, [1, 2]),
        (np.array([3.0]), 4, [3]),
        (np.r_[np.zeros(90), np.arange(1, 11)], 4, [0, 1, 5.5, 10]),
        (np.r_[np.full(50, 5.0), np.arange(50) / 10 + 10.03], 6, [5, 10.03, 11.25, 12.48, 13.7, 14.93]),
    ],
)
def test_bins_lie_between_quantiles_and_around_frequent_values(x: np.ndarray, bins: int, edges: list[float]):
    np.testing.assert_allclose(bin_edges(x, bins), edges, atol=0.01)


@pytest.mark.parametrize("seed", range(20))
def test_there_are_never_more_bins_than_wanted_and_edges_ascend(seed: int):
    rng = np.random.default_rng(seed)
    frequent = rng.choice(rng.normal(size=rng.integers(1, 12)), 300)
    x = np.r_[frequent, rng.exponential(size=rng.integers(1, 300))]
    bins = int(rng.integers(2, 30))
    edges = bin_edges(rng.permutation(x), bins)
    assert 2 <= len(edges) <= bins + 1
    assert (np.diff(edges) > 0).all()
    assert edges[0] == x.min()


def test_a_bin_that_is_not_there_says_nothing():
    begin, factor = begin_and_factor(np.array([1.0]), 3)
    assert encoded(np.array([-9.0, 1.0, 9.0]), begin, factor).tolist() == [[0.0] * 3] * 3


def test_vectors_of_numbers_have_slope_shift_and_bend():
    shares = RNG.random((2, 7, 3 * 4)).astype(np.float32)
    layer = built(NumberVectors(POSITIONS, 6), X.shape, shares.shape)
    slope, shift, bend = (np.asarray(w) for w in layer.weights)
    expected = np.empty((2, 7, 3, 6))
    for s in range(2):
        for j, p in enumerate(POSITIONS):
            bent = shares[s, :, 4 * j : 4 * j + 4] @ bend[s, 4 * j : 4 * j + 4]
            expected[s, :, j] = X[s, :, [p]].T * slope[s, j] + shift[s, j] + bent
    np.testing.assert_allclose(np.asarray(layer([X, shares])), expected.reshape(2, 7, 18), rtol=1e-5, atol=1e-5)


def test_periodic_vectors_hold_the_value_and_mixed_waves_of_it():
    layer = built(PeriodicVectors(POSITIONS, waves=5, dim=2), X.shape)
    frequency, phase, mix, shift = (np.asarray(w) for w in layer.weights)
    expected = np.empty((2, 7, 3, 3))
    for s in range(2):
        for j, p in enumerate(POSITIONS):
            waves = np.cos(2 * np.pi * X[s, :, [p]].T * frequency[s, j] + phase[s, j])
            expected[s, :, j, 0] = X[s, :, p]
            expected[s, :, j, 1:] = waves @ mix[s, 5 * j : 5 * j + 5] + shift[s, j]
    np.testing.assert_allclose(np.asarray(layer(X)), expected.reshape(2, 7, 9), rtol=1e-5, atol=1e-5)


def test_half_waves_rise_once_and_are_flat_elsewhere():
    layer = PeriodicVectors([0], waves=1, dim=1, clipped=True)
    x = np.linspace(-9, 9, 181, dtype=np.float32).reshape(1, -1, 1)
    layer.build(x.shape)
    one = np.ones((1, 1, 1), np.float32)
    free = [0.25 * one, -np.pi / 2 * one, one, 0 * one]
    layer.set_weights([*free, -np.inf * one, np.inf * one])
    assert np.diff(np.asarray(layer(x))[0, :, 1]).min() < -0.1  # a whole wave
    layer.set_weights([*free, -np.float32(np.pi) * one, 0 * one])
    found = np.asarray(layer(x))[0, :, 1]
    assert (np.diff(found) >= 0).all()
    np.testing.assert_allclose(
        found[np.abs(x[0, :, 0]) < 0.99], np.sin(np.pi / 2 * x[0, np.abs(x[0, :, 0]) < 0.99, 0]), atol=1e-5
    )
    np.testing.assert_allclose(found[x[0, :, 0] > 1.01], 1.0)
    assert len(layer.trainable_weights) == 4

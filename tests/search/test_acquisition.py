"""The Gaussian process agrees with scikit-learn's, and points with the configurations that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from autoft.records.dimensions import Choice, Range
from autoft.search import acquisition
from autoft.search.acquisition import log_improvement, losses_of
from autoft.search.lattice import Lattice
from autoft.search.space import make_space

SPACE = (
    *make_space(5_000, embedded=True, changes={"architecture": ("mlp",), "schedule": ("constant", "cosine")}),
    Choice(name="color", values=("red", "green", "blue"), default="red"),
)


def wave(x):
    return np.sin(5 * x[:, 0]) + x[:, 1] ** 2


def standard(y):
    return (y - y.mean()) / y.std()


def test_predictions_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    x, points = rng.random((20, 3)), rng.random((50, 3))
    y, scales, noise = standard(wave(x)), np.array([0.3, 0.8, 2.0]), 1e-3
    log = np.log([*scales, noise])
    mean, deviation = acquisition.fit(x, y, np.arange(3), log, steps=0).predict(points)
    theirs = GaussianProcessRegressor(Matern(scales, nu=2.5), alpha=noise, optimizer=None).fit(x, y)
    their_mean, their_deviation = theirs.predict(points, return_std=True)
    np.testing.assert_allclose(mean, their_mean, atol=1e-5)
    np.testing.assert_allclose(deviation, their_deviation, atol=1e-4)


def test_a_fit_tells_what_matters_from_what_does_not():
    rng = np.random.default_rng(0)
    x, points = rng.random((40, 4)), rng.random((200, 4))
    process = acquisition.fit(x, standard(wave(x)), np.arange(4), steps=50)
    assert process.scales[0] < process.scales[1] < min(process.scales[2:])
    assert np.corrcoef(process.predict(points)[0], wave(points))[0, 1] > 0.98


def test_the_slope_by_which_it_climbs(monkeypatch):
    import scipy.optimize

    seen = {}

    def looking(loss, start, **options):
        seen["loss"] = loss
        return minimize(loss, start, **options)

    minimize = scipy.optimize.minimize
    monkeypatch.setattr(scipy.optimize, "minimize", looking)
    rng = np.random.default_rng(0)
    x = rng.random((25, 4))
    acquisition.fit(x, standard(wave(x)), np.array([0, 1, 2, 2]))
    at = rng.normal(size=4)
    measured = approx_fprime(at, lambda log: seen["loss"](log)[0], 1e-6)
    np.testing.assert_allclose(seen["loss"](at)[1], measured, rtol=1e-4, atol=1e-4)


def test_repeated_points_and_equal_scores_are_no_trouble():
    x = np.repeat(np.random.default_rng(0).random((2, 3)), 6, axis=0)
    for y in (np.zeros(12), standard(np.arange(12.0))):
        mean, deviation = acquisition.fit(x, y, np.arange(3)).predict(x)
        assert np.isfinite(mean).all()
        assert np.isfinite(deviation).all()


@pytest.mark.parametrize("z", [4.0, 1.0, 0.0, -1.0, -5.0, -30.0])
def test_expected_improvement(z):
    wanted = np.log(0.5 * (norm.pdf(z) + z * norm.cdf(z)))
    got = log_improvement(np.array([1.0 - 0.5 * z]), np.array([0.5]), 1.0)[0]
    assert got == pytest.approx(wanted, rel=1e-4)


def test_expected_improvement_falls_where_floats_end():
    means = np.array([0.0, 1.0, 1e1, 1e2, 1e3, 1e5])
    found = log_improvement(means, np.full(6, 0.1), 0.0)
    assert np.isfinite(found).all()
    assert (np.diff(found) < 0).all()


def test_failures_count_as_the_worst_result():
    assert losses_of([0.5, None, 0.9], maximize=True).tolist() == [-0.5, -0.5, -0.9]
    assert losses_of([0.5, None, 0.9], maximize=False).tolist() == [0.5, 0.9, 0.9]


def test_points_stand_for_configurations():
    lattice, rng = Lattice(SPACE), np.random.default_rng(0)
    points = lattice.draw(rng, 200, None)
    for drawn in (points, lattice.near(rng, points, 0.1, None)):
        configurations = [lattice.decode(p) for p in drawn]
        np.testing.assert_allclose(lattice.encode(configurations), drawn, atol=1e-5)
        for d in SPACE:
            values = [c[d.name] for c in configurations]
            if isinstance(d, Range):
                assert all(d.low <= v <= d.high for v in values)
            else:
                assert set(values) == set(d.values)


def test_categories_are_equally_far_apart():
    lattice = Lattice(SPACE)
    default = {d.name: d.default for d in SPACE}
    points = lattice.encode([{**default, "color": color} for color in ("red", "green", "blue")])
    columns = lattice.columns(points)
    gaps = [np.square(columns[a] - columns[b]).sum() for a, b in ((0, 1), (0, 2), (1, 2))]
    assert gaps == pytest.approx([1, 1, 1])
    assert len(lattice.groups) == columns.shape[1] == len(SPACE) + 2


def test_restricted_points_have_the_wanted_shapes():
    lattice, rng = Lattice(SPACE), np.random.default_rng(0)
    wanted = [lattice.decode(p) for p in lattice.draw(rng, 2, None)]
    for points in (lattice.draw(rng, 50, wanted), lattice.near(rng, lattice.draw(rng, 50, None), 0.1, wanted)):
        found = {(c["width"], c["depth"], c["activation"]) for c in map(lattice.decode, points)}
        assert found == {(c["width"], c["depth"], c["activation"]) for c in wanted}


def test_a_long_search_looks_at_the_best_and_the_newest():
    rng = np.random.default_rng(0)
    points, losses = rng.random((2_000, 3)), rng.random(2_000)
    few, own = acquisition._few(points, losses)
    assert len(few) == len(own) == 500
    assert own.min() == losses.min()
    assert (few[-250:] == points[-250:]).all()
    assert len(acquisition._few(points[:500], losses[:500])[0]) == 500

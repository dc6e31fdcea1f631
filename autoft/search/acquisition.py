"""Acquisition: the point with the highest expected improvement under a Gaussian process over the trials so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.records.arrays import Array
from autoft.search.lattice import Lattice, Shapes

#: Points drawn at random, neighbours of each of the best configurations so far, and how many of those.
_DRAWN, _NEIGHBOURS, _BEST = 768, 48, 5
#: Rounds in which the most promising points' neighbours are looked at, nearer every time.
_ROUNDS, _PROMISING, _EACH = (0.1, 0.04, 0.015, 0.005), 6, 40
#: Configurations that the process looks at: half of them the best, half the newest. A fit takes time with their cube.
_MOST = 500


class Acquisition:
    """Chooses points; remembers length scales from one choice to the next."""

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice
        self._log: Array | None = None

    def best(
        self,
        done: Array,
        losses: Array,
        pending: Array,
        *,
        rng: np.random.Generator,
        shapes: Shapes | None,
        fresh: Callable[[dict[str, Any]], bool],
    ) -> dict[str, Any] | None:
        """The configuration to try next (of some shapes, and `fresh`), None if none is left.

        Args:
            done, losses: Points ``[n, d]`` and what they scored, lower is better.
            pending: ``[p, d]`` points whose result is awaited. Each is taken to score what is expected of it, which
                leaves nothing to learn there (GP-BUCB: Desautels, Krause, Burdick, 2014).
        """
        done, losses = _few(done, losses)
        lattice, process = self._lattice, self._process(done, _evened(losses), pending)
        target = process.predict(lattice.columns(done))[0].min()

        def score(points: Array) -> Array:
            return log_improvement(*process.predict(lattice.columns(points)), target)

        points = lattice.listed(shapes)
        if points is None:
            points, scores = self._climb(score, done[np.argsort(losses, kind="stable")[:_BEST]], rng, shapes)
        else:
            scores = score(points) if len(points) else np.zeros(0)
        ranked = (lattice.decode(point) for point in points[np.argsort(-scores, kind="stable")])
        return next((configuration for configuration in ranked if fresh(configuration)), None)

    def _process(self, done: Array, y: Array, pending: Array) -> GaussianProcess:
        lattice = self._lattice
        x = lattice.columns(done)
        process = fit(x, y, lattice.groups, self._log)
        self._log = process.log
        if not len(pending):
            return process
        waiting = lattice.columns(pending)
        y = np.concatenate([y, process.predict(waiting)[0]])
        return fit(np.vstack([x, waiting]), y, lattice.groups, process.log, steps=0)

    def _climb(
        self, score: Callable[[Array], Array], best: Array, rng: np.random.Generator, shapes: Shapes | None
    ) -> tuple[Array, Array]:
        """Candidates and their scores: points from everywhere and near the best, then neighbours of the promising."""
        lattice = self._lattice
        around = lattice.near(rng, np.repeat(best, _NEIGHBOURS, axis=0), 0.15, shapes)
        points = np.vstack([lattice.draw(rng, _DRAWN, shapes), around])
        scores = score(points)
        for scale in _ROUNDS:
            top = np.argsort(-scores, kind="stable")[:_PROMISING]
            closer = lattice.near(rng, np.repeat(points[top], _EACH, axis=0), scale, shapes)
            points, scores = np.vstack([points, closer]), np.concatenate([scores, score(closer)])
        return points, scores


def _few(done: Array, losses: Array) -> tuple[Array, Array]:
    """The best and the newest of many points, in their order."""
    if len(done) <= _MOST:
        return done, losses
    best = np.argsort(losses[: -_MOST // 2], kind="stable")[: _MOST // 2]
    kept = np.sort(np.concatenate([best, np.arange(len(done) - _MOST // 2, len(done))]))
    return done[kept], losses[kept]


def log_improvement(mean: Array, deviation: Array, target: float) -> Array:
    """Logarithm of the expected improvement over `target` (lower is better).

    In logarithms because far from the best it is smaller than any float (Ament et al., "Unexpected Improvements to
    Expected Improvement for Bayesian Optimization", 2023).
    """
    from scipy.special import erfcx, ndtr

    z = (target - mean) / deviation
    density = -0.5 * z * z - 0.5 * np.log(2 * np.pi)
    below, above = np.clip(z, -1e4, 0.0), np.maximum(z, 0.0)
    # The tail: 1 - |z| * Mills' ratio, which cancels to 1 / z^2 (ten digits are left at -1e3).
    tail = np.maximum(1 + below * np.sqrt(np.pi / 2) * erfcx(-below / np.sqrt(2)), 1e-16)
    near = np.log(np.exp(np.where(z > 0, density, 0.0)) + above * ndtr(above))
    gain = np.where(z > 0, near, density + np.log(tail))
    return np.asarray(gain + np.log(deviation))


def _evened(losses: Array) -> Array:
    """Losses with mean 0 and deviation 1, the worse half drawn in.

    A configuration that diverges may score a thousand times worse than the median; on its scale all good ones are
    alike. Below the median nothing changes; above it, distances count logarithmically.
    """
    middle = np.median(losses)
    if (unit := middle - losses.min()) > 0:
        losses = np.minimum(losses, middle) + unit * np.log1p(np.maximum(losses - middle, 0.0) / unit)
    spread = losses.std()
    return np.asarray((losses - losses.mean()) / (spread if spread > 0 else 1.0))


def losses_of(scores: Sequence[float | None], *, maximize: bool) -> Array:
    """Scores as losses; what failed is as bad as the worst that did not."""
    sign = -1.0 if maximize else 1.0
    worst = max((sign * score for score in scores if score is not None), default=0.0)
    return np.array([worst if score is None else sign * score for score in scores])


#: Logarithms of length scales and of the noise's variance stay within these (in units of the cube and of the scores).
_LENGTHS, _NOISE = (math.log(0.03), math.log(100.0)), (math.log(1e-6), math.log(1.0))
#: Mean and deviation a priori of the logarithms: a dimension matters over about half its range, noise is little.
#: Chosen on functions that benchmarks/proposals.py does not use; with priors that let length scales grow, as is
#: advised for many dimensions, six random points say too little, and most proposals end up on the cube's corners.
_LENGTH_PRIOR, _NOISE_PRIOR = (-0.8, 0.8), (-4.0, 1.0)
#: Steps of a fit. It goes on where the last one ended, so that a search climbs further with every proposal.
_STEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GaussianProcess:
    """A fitted process over points of the unit cube; scores in units of their own deviation.

    Attributes:
        x, scales: ``[n, f]`` where it was seen, and ``[f]`` length scale of each column.
        weights: ``[n]`` inverse covariance times scores.
        half: ``[n, n]`` lower Cholesky factor of the covariance.
        log: ``[d + 1]`` logarithms of the length scales by dimension and of the noise: where the next fit starts.
    """

    x: Array
    scales: Array
    weights: Array
    half: Array
    log: Array

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the function (without noise) at points ``[m, f]``."""
        from scipy.linalg import solve_triangular

        cross = _matern(_squares(points / self.scales, self.x / self.scales))[0]
        spread = solve_triangular(self.half, cross.T, lower=True, check_finite=False)
        variance = 1.0 - np.einsum("nm,nm->m", spread, spread)
        return cross @ self.weights, np.sqrt(np.maximum(variance, 1e-12))


def fit(x: Array, y: Array, groups: Array, start: Array | None = None, *, steps: int = _STEPS) -> GaussianProcess:
    """Fit length scales and noise (Matern 5/2 kernel, one length scale per dimension) to standardised scores.

    The maximum a posteriori: a likelihood of a dozen points alone has its maximum at absurd length scales. It is one
    short climb from where the last fit ended; scikit-learn's restarts would take far longer.

    Args:
        x, y: ``[n, f]`` columns in 0 to 1, and ``[n]`` scores with mean 0 and deviation 1.
        groups: ``[f]`` dimension of each column (a category has several).
        steps: Most steps; 0 keeps `start`.
    """
    from scipy.linalg import cho_solve, lapack

    dimensions = int(groups.max()) + 1
    prior = np.array([_LENGTH_PRIOR[0]] * dimensions + [_NOISE_PRIOR[0]])
    width = np.array([_LENGTH_PRIOR[1]] * dimensions + [_NOISE_PRIOR[1]])
    gaps = np.zeros((dimensions, len(x), len(x)))
    for column, dimension in enumerate(groups):
        gaps[dimension] += (x[:, None, column] - x[None, :, column]) ** 2
    flat = gaps.reshape(dimensions, -1)

    def loss(log: Array) -> tuple[float, Array]:
        """Minus the log posterior, and its gradient."""
        rates = np.exp(-2 * log[:-1])
        kernel, slope = _matern((rates @ flat).reshape(len(x), len(x)))
        half = _cholesky(kernel, math.exp(log[-1]))
        lower = lapack.dpotri(half, lower=1)[0]
        inverse = np.tril(lower) + np.tril(lower, -1).T
        weights = inverse @ y
        apart = (log - prior) / width
        value = 0.5 * y @ weights + np.log(np.diag(half)).sum() + 0.5 * apart @ apart
        pull = 0.5 * (inverse - np.outer(weights, weights))
        gradient = np.empty_like(log)
        gradient[:-1] = (flat @ (pull * slope).ravel()) * -2 * rates
        gradient[-1] = np.trace(pull) * math.exp(log[-1])
        return float(value), gradient + apart / width

    log = prior if start is None else start
    if steps:
        from scipy.optimize import minimize

        bounds = [_LENGTHS] * dimensions + [_NOISE]
        log = minimize(loss, log, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps}).x
    scales = np.exp(log[:-1])[groups]
    half = _cholesky(_matern(_squares(x / scales, x / scales))[0], math.exp(log[-1]))
    return GaussianProcess(x=x, scales=scales, weights=cho_solve((half, True), y), half=half, log=log)


def _squares(a: Array, b: Array) -> Array:
    """Squared distances ``[m, n]``."""
    apart = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2 * (a @ b.T)
    return np.asarray(np.maximum(apart, 0.0))


def _matern(squares: Array) -> tuple[Array, Array]:
    """Matern 5/2 of squared distances, and its derivative by the squared distance."""
    far = np.sqrt(5 * squares)
    falling = np.exp(-far)
    return (1 + far + far * far / 3) * falling, (-5 / 6) * (1 + far) * falling


def _cholesky(kernel: Array, noise: float) -> Array:
    covariance = kernel.copy()
    covariance.flat[:: len(kernel) + 1] += noise + 1e-8
    return np.asarray(np.linalg.cholesky(covariance))

"""A Gaussian process small enough to be fitted before every trial.

scikit-learn's would do, but not cheaply: one length scale per dimension needs its gradient over all pairs of points
at every step of every restart. Here a fit is one short climb from where the last one ended.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autoft.records.arrays import Array

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

    The maximum a posteriori: a likelihood of a dozen points alone has its maximum at absurd length scales.

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

"""Acquisition: the point with the highest expected improvement under a Gaussian process over the trials so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autoft.records.arrays import Array
from autoft.search.gaussian_process import GaussianProcess, fit
from autoft.search.lattice import Lattice, Shapes

#: Points drawn at random, neighbours of each of the best configurations so far, and how many of those.
_DRAWN, _NEIGHBOURS, _BEST = 768, 48, 5
#: Rounds in which the most promising points' neighbours are looked at, nearer every time.
_ROUNDS, _PROMISING, _EACH = (0.1, 0.04, 0.015, 0.005), 6, 40


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

"""Calibration of probabilities: temperature, and isotonic regression on large binary tables.

Temperature: probabilities to the power of 1 / T, made to sum to 1; one parameter, fitted by log-loss (Guo, Pleiss, Sun,
Weinberger, "On calibration of modern neural networks", ICML 2017). Isotonic regression: the best rising step function
(Zadrozny & Elkan, "Transforming classifier scores into accurate multiclass probability estimates", KDD 2002), here with
straight lines between its steps.

A fit is repeated on every draw of the bias correction, so it must be cheap. Of two classes it sees counts of rows by
class and by bin of the logit, of more classes a fixed sample of the rows. Temperatures come in steps of 2 %, far finer
than they are known, so that many draws share one.
"""

from __future__ import annotations

import math

import numpy as np

from autoft.records.arrays import Array
from autoft.records.decisions import Calibration, CalibrationMethod

#: Bins of the logit reach from -`REACH` to `REACH` and have the width `STEP`.
REACH, STEP = 20.0, 0.02
BINS = round(2 * REACH / STEP)
#: Temperatures lie between 1 / `HOTTEST` and `HOTTEST`.
HOTTEST = 10.0
#: Difference of neighbouring temperatures in their logarithm.
FINENESS = 0.02
#: Summed log-loss by which a temperature must be better than 1: half the 95 % point of chi-squared with one degree of
#: freedom (likelihood ratio test). Less is within noise.
NOISE = 1.92
#: Most probabilities (rows x classes) on which a temperature of several classes is fitted.
MOST_NUMBERS = 80_000
#: Fewest rows on which it is fitted, whatever `MOST_NUMBERS` says.
FEWEST_ROWS = 2_000
#: Smallest probability before a logarithm is taken; far below what float32 holds, so that no two become equal.
TINY = 1e-30
#: Logits of the middle of each bin, and the logarithms of the two probabilities there, ``[BINS, 2]``.
MIDDLES = (np.arange(BINS) + 0.5) * STEP - REACH
_MIDDLE_LOGS = np.stack([-np.logaddexp(0, MIDDLES), -np.logaddexp(0, -MIDDLES)], axis=1)


def apply(calibration: Calibration, probabilities: Array) -> Array:
    """Calibrated probabilities ``[..., classes]``, float64; the array itself where there is nothing to do.

    >>> hot = Calibration(method="temperature", temperature=2.0)
    >>> apply(hot, np.array([[0.1, 0.9], [0.5, 0.5]])).round(3).tolist()
    [[0.25, 0.75], [0.5, 0.5]]
    """
    if calibration.method == "none":
        return probabilities
    logs = log_probabilities(probabilities)
    if calibration.method == "temperature":
        scaled = logs / calibration.temperature
        with np.errstate(invalid="ignore"):  # rows without a prediction stay without
            return np.asarray(np.exp(scaled - _log_sums(scaled)[..., None]))
    rising = np.interp(logs[..., 1] - logs[..., 0], *np.array(calibration.knots).T)
    return np.stack([1.0 - rising, rising], axis=-1)


def log_probabilities(probabilities: Array) -> Array:
    """Logarithms of probabilities, finite, float64."""
    return np.asarray(np.log(np.maximum(probabilities.astype(np.float64), TINY)))


def _log_sums(logs: Array) -> Array:
    if logs.shape[-1] == 2:
        return np.asarray(np.logaddexp(logs[..., 0], logs[..., 1]))
    top = logs.max(axis=-1)
    return np.asarray(np.log(np.exp(logs - top[..., None]).sum(axis=-1)) + top)


def bins(probabilities: Array) -> Array:
    """Bin of each row ``[n]`` by the logit of the second of two classes."""
    logs = log_probabilities(probabilities)
    places = np.floor((logs[:, 1] - logs[:, 0] + REACH) / STEP)
    return np.asarray(np.clip(places, 0, BINS - 1).astype(np.int64))


def sample(rows: int, classes: int) -> Array:
    """Positions of the rows that a temperature of several classes is fitted on, evenly spaced."""
    most = max(FEWEST_ROWS, MOST_NUMBERS // classes)
    return np.arange(rows) if rows <= most else np.linspace(0, rows - 1, most).round().astype(int)


def temperature(logs: Array, y: Array, weights: Array) -> Calibration:
    """The temperature with the lowest log-loss, or none where that is within noise of 1 (`NOISE`).

    The loss is convex in 1 / T: Newton's method, kept within a factor of three a step.

    Args:
        logs: Logarithms of probabilities, ``[m, classes]``.
        y, weights: Class positions and weights of the rows, ``[m]``.

    >>> sure = np.log(np.array([[0.01, 0.99]] * 10))  # wrong in three of ten rows
    >>> round(temperature(sure, np.array([1] * 7 + [0] * 3), np.ones(10)).temperature, 1)
    5.5
    """
    used = weights > 0
    if len(np.unique(y[used])) < 2:  # the best temperature would be 0
        return Calibration()
    logs, weights = logs[used], weights[used].astype(np.float64)
    own = logs[np.arange(len(logs)), y[used]]

    def at(power: float) -> tuple[float, Array]:
        scaled = logs * power
        total = _log_sums(scaled)
        return float(weights @ (total - power * own)), np.exp(scaled - total[:, None])

    power = 1.0
    for _ in range(20):
        shares = at(power)[1]
        mean = np.einsum("ij,ij->i", shares, logs)
        slope = float(weights @ (mean - own))
        curve = float(weights @ (np.einsum("ij,ij->i", shares, np.square(logs)) - np.square(mean)))
        step = power - slope / curve if curve > 0 else power
        following = min(max(step, power / 3, 1 / HOTTEST), power * 3, HOTTEST)
        if abs(following - power) < 1e-3 * power:
            break
        power = following
    rounded = math.exp(-round(math.log(power) / FINENESS) * FINENESS)
    if at(1.0)[0] - at(1.0 / rounded)[0] <= NOISE:
        return Calibration()
    return Calibration(method="temperature", temperature=rounded)


def binned_temperature(counts: Array) -> Calibration:
    """As `temperature`, of rows counted by class and bin, ``[2, BINS]``."""
    here = np.flatnonzero(counts.any(axis=0))
    logs = np.concatenate([_MIDDLE_LOGS[here]] * 2)
    return temperature(logs, np.repeat([0, 1], len(here)), counts[:, here].ravel())


def isotonic(counts: Array) -> Calibration:
    """Isotonic regression of rows counted by class and bin, ``[2, BINS]``; 1 / (rows + 2) away from 0 and 1."""
    from sklearn.isotonic import isotonic_regression

    rows = counts.sum(axis=0)
    here = np.flatnonzero(rows)
    edge = 1.0 / (rows.sum() + 2.0)
    rising = isotonic_regression(counts[1, here] / rows[here], sample_weight=rows[here], y_min=edge, y_max=1 - edge)
    turns = np.diff(rising) != 0
    kept = np.append(turns, True) | np.append(True, turns)  # both ends of each step
    knots = zip(MIDDLES[here][kept].tolist(), rising[kept].tolist(), strict=True)
    return Calibration(method="isotonic", knots=tuple(knots))


def of_middles(calibration: Calibration) -> Array:
    """Calibrated probabilities of the second class at the middle of each bin, ``[BINS]``, ascending."""
    return apply(calibration, np.exp(_MIDDLE_LOGS))[:, 1]


def binned_losses(calibration: Calibration, counts: Array) -> tuple[float, float]:
    """Summed log-loss and Brier score of rows counted by class and bin."""
    second = np.clip(of_middles(calibration), TINY, 1 - 1e-16)
    log_loss = -float(counts[0] @ np.log1p(-second) + counts[1] @ np.log(second))
    return log_loss, float(counts[0] @ np.square(second) + counts[1] @ np.square(1 - second))


def fitted(method: CalibrationMethod, y: Array, probabilities: Array, weights: Array | None = None) -> Calibration:
    """A calibration by one method, fitted on all rows; a temperature within noise of 1 is none.

    Args:
        y, weights: Class positions and weights of the rows, ``[n]``; None where all count the same.
        probabilities: ``[n, classes]``.
    """
    if method == "none":
        return Calibration()
    if probabilities.shape[1] > 2:
        rows = sample(*probabilities.shape)
        own = np.ones(len(rows)) if weights is None else weights[rows]
        return temperature(log_probabilities(probabilities[rows]), y[rows], own)
    cells = y * BINS + bins(probabilities)
    counts = np.bincount(cells, weights=weights, minlength=2 * BINS).reshape(2, BINS).astype(np.float64)
    return isotonic(counts) if method == "isotonic" else binned_temperature(counts)


def cross_fitted(
    method: CalibrationMethod, y: Array, probabilities: Array, blocks: Array, weights: Array | None = None
) -> Array:
    """Probabilities ``[n, classes]``, each block calibrated by a fit on the other blocks."""
    if method == "none":
        return probabilities
    result = np.empty(probabilities.shape)
    for block in np.unique(blocks):
        here = blocks == block
        others = None if weights is None else weights[~here]
        result[here] = apply(fitted(method, y[~here], probabilities[~here], others), probabilities[here])
    return result

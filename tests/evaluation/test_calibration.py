"""Calibration: known distortions are found, ranks stay, and the fit is the one that brute force finds."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss, roc_auc_score

from autoft.evaluation import calibration
from autoft.records.decisions import Calibration


def calibrated_rows(rows: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels drawn from them."""
    rng = np.random.default_rng(seed)
    p = np.exp(rng.normal(0, 1.5, (rows, classes)))
    p /= p.sum(axis=1, keepdims=True)
    return p, (p.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(0, classes - 1)


def sharpened(p: np.ndarray, power: float) -> np.ndarray:
    powered = p**power
    return np.asarray(powered / powered.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("power", [0.6, 2.5])
def test_the_temperature_of_a_distortion_is_found(classes: int, power: float):
    p, y = calibrated_rows(6000, classes)
    wrong = sharpened(p, power)
    found = calibration.fitted("temperature", y, wrong)
    assert found.temperature == pytest.approx(power, rel=0.08)
    fresh, labels = calibrated_rows(6000, classes, seed=1)
    before, after = sharpened(fresh, power), calibration.apply(found, sharpened(fresh, power))
    assert log_loss(labels, after) < log_loss(labels, before) - 0.01
    assert log_loss(labels, after) == pytest.approx(log_loss(labels, fresh), abs=0.003)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_fit_is_that_of_a_numerical_search(classes: int):
    p, y = calibrated_rows(1500, classes, seed=2)
    wrong = sharpened(p, 1.9)
    least = minimize_scalar(lambda t: log_loss(y, sharpened(wrong, 1 / t)), bounds=(0.2, 5), method="bounded")
    assert calibration.fitted("temperature", y, wrong).temperature == pytest.approx(least.x, rel=0.015)


def test_right_probabilities_stay_in_19_of_20_cases():
    found = [calibration.fitted("temperature", y, p) for p, y in (calibrated_rows(400, 2, seed) for seed in range(100))]
    assert sum(f.method == "none" for f in found) >= 88
    assert all(0.7 < f.temperature < 1.4 for f in found)


def test_a_temperature_keeps_ranks_and_decisions_at_one_half():
    p, y = calibrated_rows(3000, 2)
    p = np.concatenate([p, [[0.5, 0.5], [1.0, 0.0], [1 - 1e-7, 1e-7]]]).astype(np.float32)
    y = np.append(y, [0, 1, 1])
    for temperature in (0.5, 1.7):
        after = calibration.apply(Calibration(method="temperature", temperature=temperature), p)
        assert roc_auc_score(y, after[:, 1]) == roc_auc_score(y, p[:, 1])
        assert ((after[:, 1] >= 0.5) == (p[:, 1] >= 0.5)).all()


def test_isotonic_regression_is_scikit_learns():
    p, y = calibrated_rows(4000, 2)
    wrong = np.stack([1 - p[:, 1] ** 3, p[:, 1] ** 3], axis=1)
    ours = calibration.apply(calibration.fitted("isotonic", y, wrong), wrong)[:, 1]
    theirs = IsotonicRegression().fit(wrong[:, 1], y).predict(wrong[:, 1])
    assert np.abs(ours - theirs).mean() < 0.005
    order = np.argsort(wrong[:, 1])
    assert (np.diff(ours[order]) >= 0).all()
    assert 0 < ours.min() < ours.max() < 1


def test_cross_fitting_keeps_a_block_out_of_its_own_calibration():
    p, y = calibrated_rows(1200, 2)
    blocks = np.arange(1200) % 4
    other_labels = np.where(blocks == 1, 1 - y, y)
    before, after = (calibration.cross_fitted("temperature", t, sharpened(p, 2), blocks) for t in (y, other_labels))
    assert (before[blocks == 1] == after[blocks == 1]).all()
    assert (before[blocks != 1] != after[blocks != 1]).any()


def test_random_labels_and_certainty_have_a_finite_temperature():
    rng = np.random.default_rng(0)
    second = rng.integers(0, 2, 500).astype(np.float32)
    found = calibration.fitted("temperature", rng.integers(0, 2, 500), np.stack([1 - second, second], axis=1))
    assert found.temperature == pytest.approx(calibration.HOTTEST, rel=0.02)
    right = calibration.fitted("temperature", np.arange(500) % 2, np.eye(2)[np.arange(500) % 2] * 0.8 + 0.1)
    assert right.temperature == pytest.approx(1 / calibration.HOTTEST, rel=0.02)


def test_rows_of_one_class_say_nothing_of_how_sure_to_be():
    """A draw may hold one class alone; the rows left out then hold the other."""
    sure = np.log(np.array([[0.9, 0.1]] * 20))
    assert calibration.temperature(sure, np.zeros(20, dtype=np.int64), np.ones(20)).method == "none"
    y = np.array([0] * 19 + [1])
    assert calibration.temperature(sure, y, np.array([1.0] * 19 + [0.0])).method == "none"

"""The layers at the end of a deployed model answer as what was fitted does."""

import keras
import numpy as np
import pytest

from autoft.evaluation import calibration as calibrate
from autoft.networks.layers.calibration import Isotonic, Temperature
from autoft.records.decisions import Calibration

KNOTS = ((-6.0, 0.001), (-2.0, 0.1), (-1.0, 0.1), (0.5, 0.6), (9.0, 0.98))


def probabilities(classes: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(classes, 0.3), 200).astype(np.float32)
    p[0], p[1] = 1.0 / classes, np.eye(classes)[0]
    return p


def layer_of(calibration: Calibration) -> keras.layers.Layer:
    if calibration.method == "temperature":
        return Temperature(calibration.temperature)
    return Isotonic(calibration.knots)


@pytest.mark.parametrize(
    ("calibration", "classes"),
    [
        (Calibration(method="temperature", temperature=1.8), 2),
        (Calibration(method="temperature", temperature=0.7), 5),
        (Calibration(method="isotonic", knots=KNOTS), 2),
        (Calibration(method="isotonic", knots=KNOTS[:2]), 2),
        (Calibration(method="isotonic", knots=KNOTS[:1]), 2),
    ],
)
def test_layers_equal_numpy_and_survive_their_configuration(calibration: Calibration, classes: int):
    p = probabilities(classes)
    layer = layer_of(calibration)
    again = type(layer).from_config(layer.get_config())
    expected = calibrate.apply(calibration, p)
    for each in (layer, again):
        answers = np.asarray(each(keras.ops.convert_to_tensor(p)))
        np.testing.assert_allclose(answers, expected, rtol=0, atol=2e-6)
        np.testing.assert_allclose(answers.sum(axis=1), 1.0, atol=1e-6)


def test_rows_are_calibrated_one_by_one():
    p = probabilities(2)
    layer = Isotonic(KNOTS)
    whole = np.asarray(layer(keras.ops.convert_to_tensor(p)))
    np.testing.assert_array_equal(np.asarray(layer(keras.ops.convert_to_tensor(p[7:8])))[0], whole[7])

"""Labels that held-out predictions find improbable."""

from __future__ import annotations

import numpy as np
import pytest

from autoft.evaluation import label_errors

ROWS = 500
NUMBERS = np.arange(1, ROWS + 1)


def problem(classes: int, sure: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and the probabilities of a calibrated model that gives the true class `sure`."""
    rng = np.random.default_rng(seed)
    seen = rng.integers(0, classes, ROWS)
    probabilities = np.full((ROWS, classes), (1 - sure) / (classes - 1))
    probabilities[np.arange(ROWS), seen] = sure
    return seen, probabilities


@pytest.mark.parametrize("classes", [2, 4])
def test_swapped_labels_are_found_with_what_they_should_be(classes):
    y, probabilities = problem(classes, 0.96)
    wrong = np.array([3, 77, 400])
    given = y.copy()
    given[wrong] = (y[wrong] + 1) % classes
    names = [f"class {k}" for k in range(classes)]
    (finding,) = label_errors.check(given, probabilities, NUMBERS, target="kind", classes=names)
    assert (finding.code, finding.severity, finding.column) == ("doubtful-labels", "info", "kind")
    assert "3 of 500 rows" in finding.found
    assert {row[:3] for row in finding.evidence.examples} == {
        (int(row) + 1, names[given[row]], names[y[row]]) for row in wrong
    }
    assert finding.evidence.sketch.marked == (0, 1)
    assert sum(finding.evidence.sketch.y[:2]) == 3


def test_a_table_that_is_hard_to_predict_has_no_doubtful_labels():
    rng = np.random.default_rng(1)
    chance = rng.uniform(0.2, 0.8, ROWS)
    y = (rng.random(ROWS) < chance).astype(int)
    probabilities = np.stack([1 - chance, chance], axis=1)
    assert label_errors.check(y, probabilities, NUMBERS, target="y", classes=[False, True]) == []


def test_the_twenty_least_probable_labels_are_listed():
    y, probabilities = problem(2, 0.97)
    given = y.copy()
    given[:60] = 1 - y[:60]
    probabilities[50] = np.where(np.arange(2) == y[50], 0.9999, 0.0001)
    (finding,) = label_errors.check(given, probabilities, NUMBERS + 1000, target="y", classes=[0, 1])
    assert len(finding.evidence.examples) == 20
    assert finding.evidence.examples[0][0] == 1051
    assert "row 1,051" in finding.found
    assert "under 0.1%" in finding.found


def test_a_class_without_rows_is_never_the_better_one():
    y, probabilities = problem(3, 0.96)
    given = np.where(y == 2, 0, y)
    assert label_errors.check(given, probabilities, NUMBERS, target="y", classes=list("abc")) == []

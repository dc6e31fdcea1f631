"""Pictures of findings as numbers: small whatever the table, and finite."""

from __future__ import annotations

import numpy as np
import pytest

from autoft.data.audit import charts

LONG = np.random.default_rng(0).normal(size=50_000)


def test_sketches_of_long_columns_are_small() -> None:
    assert len(charts.over_rows(LONG, y_label="y").y) == charts.PIECES
    assert len(charts.histogram(LONG, x_label="x").y) == charts.BINS
    assert len(charts.scatter(LONG, LONG, x_label="x", y_label="y").y) == charts.POINTS
    assert len(charts.bars({k: k for k in range(100)}).y) == charts.BARS
    assert len(charts.bars({"x" * 10_000: 1}).names[0]) == charts.NAME


def test_a_far_value_does_not_stretch_the_histogram() -> None:
    far = charts.histogram(np.append(LONG, 1e9), x_label="x", marks=[1e9])
    assert far.x[-1] < 10
    assert far.marks == (1e9,)
    near = charts.histogram(np.append(LONG, 9.0), x_label="x", marks=[9.0])
    assert near.x[-1] == 9.0
    assert sum(near.y) == len(LONG) + 1


def test_marked_points_are_never_left_out() -> None:
    marked = np.zeros(len(LONG), dtype=bool)
    marked[[5, 49_999]] = True
    drawn = charts.scatter(np.arange(len(LONG)), LONG, x_label="x", y_label="y", marked=marked)
    assert [drawn.x[i] for i in drawn.marked] == [5.0, 49_999.0]


@pytest.mark.parametrize("values", [np.full(5, np.nan), np.full(5, 3.0), np.array([np.inf, 1.0, np.nan]), np.array([])])
def test_awkward_columns_give_finite_sketches(values: np.ndarray) -> None:
    drawn = [
        charts.histogram(values, x_label="x", marks=[np.inf, 3.0]),
        charts.over_rows(values, y_label="y"),
        charts.scatter(values, values, x_label="x", y_label="y"),
    ]
    for one in drawn:
        assert np.isfinite([*one.x, *one.y, *one.marks, one.reference or 0.0]).all()

"""The summary of overfitting in words."""

from dataclasses import replace

import numpy as np
import pytest

from autoft.evaluation.overfitting import fold_reports, summary
from autoft.records.trials import Trial


def reports(train, held_out, direction="max"):
    best = Trial(
        number=3,
        params={},
        status="finished",
        curves={
            "train": [[1.0] * len(train), [0.5] * len(train)],
            "held_out": [[1.0] * len(train), [0.7] * len(train)],
        },
    )
    return fold_reports(
        best,
        train_rows=[80] * len(train),
        held_out_rows=[20] * len(train),
        train_scores=train,
        held_out_scores=held_out,
        direction=direction,
    )


def test_reports_carry_gap_and_curves():
    up, down = reports([0.9, 0.8], [0.8, 0.85]), reports([0.5], [0.7], direction="min")
    assert [report.gap for report in up] == pytest.approx([0.1, -0.05])
    assert down[0].gap == pytest.approx(0.2)
    assert down[0].train_curve == (1.0, 0.5)
    assert down[0].held_out_curve == (1.0, 0.7)


@pytest.mark.parametrize(
    ("train", "headline"), [(0.851, "No sign of"), (0.83, "No sign of"), (0.88, "Some"), (0.99, "Strong")]
)
def test_the_gap_is_judged_by_the_spread_over_folds(train, headline):
    held_out = [0.83, 0.84, 0.85, 0.86, 0.87]
    text = summary(reports([train] * 5, held_out))
    assert text.startswith(f"{headline} overfitting")
    assert ("in 5 of 5 folds" in text) == (headline != "No sign of")


def test_one_epoch_allows_no_verdict():
    folds = [replace(report, held_out_curve=(1.0,)) for report in reports([0.99] * 3, [0.8, 0.81, 0.82])]
    assert summary(folds).startswith("No verdict after one epoch of training: train 0.990")


def test_losses_are_judged_the_same_way():
    text = summary(reports([0.1] * 4, [1.0, 1.01, 0.99, 1.0], direction="min"))
    assert text.startswith("Strong overfitting")
    assert "in 4 of 4 folds" in text


def test_undefined_folds_are_left_out():
    assert "in 2 of 2 folds" in summary(reports([0.9, 0.9, 0.9], [0.8, np.nan, 0.7]))
    assert summary(reports([0.9], [0.8])).startswith("No verdict")

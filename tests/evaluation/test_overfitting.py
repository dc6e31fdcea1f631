"""The summary of overfitting in words."""

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
    text = summary(reports([train] * 5, held_out), "max", 0.004)
    assert text.startswith(f"{headline} overfitting")
    assert "flattered its score by 0.004" in text


def test_losses_are_judged_the_same_way():
    text = summary(reports([0.1] * 4, [1.0, 1.01, 0.99, 1.0], direction="min"), "min", -0.01)
    assert text.startswith("Strong overfitting")
    assert "in 4 of 4 folds" in text
    assert "did not flatter" in text


def test_undefined_folds_are_left_out():
    assert "in 2 of 2 folds" in summary(reports([0.9, 0.9, 0.9], [0.8, np.nan, 0.7]), "max", np.nan)
    assert summary(reports([0.9], [0.8]), "max", 0.0).startswith("No verdict")

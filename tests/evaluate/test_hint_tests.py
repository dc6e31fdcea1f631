"""Verdicts about hints: what the data say beyond doubt, and what they leave open."""

import numpy as np
import pytest

from autoft.evaluate.hint_tests import gain_over_blocks, obeyed, verdict


def test_the_interval_is_wider_than_that_of_independent_blocks():
    from scipy import stats

    gains = [0.01, 0.03, 0.02, 0.015, 0.025]
    found = gain_over_blocks(gains, share=0.25)
    plain = stats.t.interval(0.95, 4, loc=np.mean(gains), scale=stats.sem(gains))
    assert found.value == pytest.approx(np.mean(gains))
    assert (found.high - found.low) / (plain[1] - plain[0]) == pytest.approx(np.sqrt((1 / 5 + 0.25) / (1 / 5)))


def test_noise_is_seldom_told_apart():
    """Differences without a mean, as correlated as those of networks that share their rows."""
    rng = np.random.default_rng(0)
    shared, own = rng.normal(size=(2_000, 1)) * 0.5, rng.normal(size=(2_000, 5))
    words = [verdict(gains, share=0.25)[0] for gains in shared + own]
    assert np.mean([word == "contradicted" for word in words]) < 0.025
    assert np.mean([word == "helps" for word in words]) < 0.025


def test_blocks_without_a_score_do_not_count():
    assert gain_over_blocks([0.02, np.nan, 0.02, 0.02], share=0.25).value == pytest.approx(0.02)
    assert gain_over_blocks([0.02], share=0.25).low == -np.inf


@pytest.mark.parametrize(
    ("gains", "by_member", "expected"),
    [
        ([0.02, 0.03, 0.02, 0.03, 0.02], [0.9] * 5, "helps"),
        ([0.02, 0.03, 0.02, 0.03, 0.02], [1.0] * 5, "helps"),
        ([0.02, -0.03, 0.02, -0.03, 0.01], [1.0] * 5, "satisfied anyway"),
        ([0.02, -0.03, 0.02, -0.03, 0.01], [0.5] * 5, "no measurable effect"),
        ([0.02, -0.03, 0.02, -0.03, 0.01], [], "no measurable effect"),
        ([-0.01, -0.004, -0.012, -0.002, -0.015], [0.1] * 5, "contradicted"),
        # The model without it obeys: that the bounds cost something is no word about the data.
        ([-0.03, -0.02, -0.03, -0.025, -0.02], [1.0] * 5, "satisfied anyway"),
        ([-0.03, -0.02, -0.03, -0.025, -0.02], [0.9] * 5, "no measurable effect"),
        ([-0.03, -0.02, -0.03, -0.025, -0.02], [0.5] * 5, "contradicted"),
        # One network that does not go the other way, and the doubt remains.
        ([-0.01, 0.001, -0.012, -0.002, -0.015], [0.1, 0.1, 0.4, 0.1, 0.1], "no measurable effect"),
        # All go the other way, but the score does not suffer: no contradiction.
        ([0.001, -0.001, 0.0, 0.001, -0.001], [0.1] * 5, "no measurable effect"),
    ],
)
def test_verdicts(gains, by_member, expected):
    assert verdict(gains, share=0.25, by_member=by_member)[0] == expected


def test_obeyed_is_the_share_of_the_movement():
    assert obeyed(np.array([[0.0, 1.0, 0.5]]), 1) == pytest.approx(2 / 3)
    assert obeyed(np.array([[0.0, 1.0, 0.5]]), -1) == pytest.approx(1 / 3)
    assert obeyed(np.zeros((3, 4)), 1) == 1.0


def test_how_columns_are_read_is_nothing_that_data_contradict():
    gains = [-0.03, -0.02, -0.03, -0.025, -0.02]
    assert verdict(gains, share=0.25)[0] == "contradicted"
    assert verdict(gains, share=0.25, claim=False)[0] == "hurts"
    assert verdict([-g for g in gains], share=0.25, claim=False)[0] == "helps"

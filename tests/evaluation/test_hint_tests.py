"""Verdicts about hints: what the data say beyond doubt, and what they leave open."""

import numpy as np
import pytest

from autoft.evaluation.hint_tests import declared_share, gain_over_blocks, verdict_on
from autoft.records.hint_tests import HintVerdict


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
    words = [verdict_on(gains, share=0.25)[0] for gains in shared + own]
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
        ([-0.03, -0.02, -0.03, -0.025, -0.02], [0.5] * 5, "no measurable effect"),
        ([-0.03, -0.02, -0.03, -0.025, -0.02], [0.45] * 5, "contradicted"),
        # One network that does not go the other way, and the doubt remains.
        ([-0.01, 0.001, -0.012, -0.002, -0.015], [0.1, 0.1, 0.4, 0.1, 0.1], "no measurable effect"),
        # All go the other way, but the score does not suffer: no contradiction.
        ([0.001, -0.001, 0.0, 0.001, -0.001], [0.1] * 5, "no measurable effect"),
    ],
)
def test_verdicts(gains, by_member, expected):
    assert verdict_on(gains, share=0.25, by_member=by_member)[0] == expected


def test_obeyed_is_the_share_of_the_movement():
    assert declared_share(np.array([[0.0, 1.0, 0.5]]), 1) == pytest.approx(2 / 3)
    assert declared_share(np.array([[0.0, 1.0, 0.5]]), -1) == pytest.approx(1 / 3)
    assert declared_share(np.zeros((3, 4)), 1) == 1.0


def test_how_columns_are_read_is_nothing_that_data_contradict():
    gains = [-0.03, -0.02, -0.03, -0.025, -0.02]
    assert verdict_on(gains, share=0.25)[0] == "contradicted"
    assert verdict_on(gains, share=0.25, claim=False)[0] == "hurts"
    assert verdict_on([-g for g in gains], share=0.25, claim=False)[0] == "helps"


def test_significance_of_a_loss_counts_all_tested_hints():
    gains = [-0.03, -0.015, -0.03, -0.025, -0.015]
    alone, interval = verdict_on(gains, share=0.25)
    assert alone == "contradicted"
    assert interval.high < 0
    # The interval that is shown is the hint's own.
    assert verdict_on(gains, share=0.25, tested=6) == ("no measurable effect", interval)
    assert verdict_on(gains, share=0.25, tested=6, claim=False)[0] == "no measurable effect"
    assert verdict_on([g - 0.05 for g in gains], share=0.25, tested=6)[0] == "contradicted"


def test_opposite_networks_contradict_with_any_number_of_hints():
    gains = [-0.01, -0.004, -0.012, -0.002, -0.015]
    assert verdict_on(gains, share=0.25, by_member=[0.1] * 5, tested=20)[0] == "contradicted"


FOLDS, HINTS = 5, 6


@pytest.mark.parametrize("asked", [True, False])
def test_six_true_hints_are_seldom_contradicted(asked: bool):
    """Nothing but the noise of training, whose folds share their rows; networks that are asked move either way."""
    rng = np.random.default_rng(0)

    def contradicted(tested: int) -> bool:
        gains = 0.5 * rng.normal(size=(HINTS, 1)) + rng.normal(size=(HINTS, FOLDS))
        ways = np.clip(rng.uniform(0.2, 0.8, (HINTS, 1)) + rng.uniform(-0.2, 0.2, (HINTS, FOLDS)), 0.26, 1.0)
        words = [
            verdict_on(own, share=0.25, by_member=way if asked else (), tested=tested)[0]
            for own, way in zip(gains, ways, strict=True)
        ]
        return "contradicted" in words

    assert np.mean([contradicted(HINTS) for _ in range(500)]) < 0.05
    assert np.mean([contradicted(1) for _ in range(500)]) > 0.05  # the control: each tested as if it were alone


def run_of_six(rng: np.random.Generator, slopes: np.ndarray, rows: int = 400) -> list[HintVerdict]:
    """Verdicts on six rising effects, by linear models that are fitted with bounds and without each of them.

    The models of the folds share their rows, as those of a run do, so that what is luck in one is luck in all.
    """
    x = rng.normal(size=(rows, HINTS + 1))
    y = x[:, :HINTS] @ slopes + x[:, HINTS] + rng.normal(size=rows)
    blocks = np.arange(rows) % FOLDS

    def errors(free: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Of each fold on its block, with all bounds but one, and the slopes of that one."""
        found, own = [], []
        for block in range(FOLDS):
            into, held = blocks != block, blocks == block
            products, moments, w = x[into].T @ x[into], x[into].T @ y[into], np.zeros(HINTS + 1)
            for _ in range(6):
                for j in range(HINTS + 1):
                    w[j] += (moments[j] - products[j] @ w) / products[j, j]
                    w[j] = w[j] if j in (free, HINTS) else max(w[j], 0.0)
            found.append(np.sqrt(np.mean((y[held] - x[held] @ w) ** 2)))
            own.append(0.0 if free is None else w[free])
        return np.array(found), np.array(own)

    hinted, tests = errors(None)[0], []
    for hint in range(HINTS):
        without, own = errors(hint)
        gains, by_member = list(without - hinted), list((own > 0).astype(float))
        tests.append(verdict_on(gains, share=1 / (FOLDS - 1), by_member=by_member, tested=HINTS)[0])
    return tests


def test_a_false_one_among_six_is_found():
    rng = np.random.default_rng(1)
    slopes = np.array([-0.5, 0.5, 0.2, 0.0, 0.0, 0.3])
    runs = [run_of_six(rng, slopes) for _ in range(25)]
    assert np.mean([run[0] == "contradicted" for run in runs]) > 0.9
    assert not any("contradicted" in (run[1], run[2], run[5]) for run in runs)


def test_slopes_that_fall_by_chance_seldom_contradict_a_hint():
    """A model of one slope always moves one way, and all folds go it together: the rule for those is less certain."""
    rng = np.random.default_rng(5)
    runs = [run_of_six(rng, np.zeros(HINTS)) for _ in range(150)]
    assert 0 < np.mean(["contradicted" in run for run in runs]) < 0.12

"""The median rule."""

import pytest

from autoft.search.pruning import pruning_reason

GOOD = [0.9, 0.8, 0.7, 0.6, 0.5, 0.45, 0.4]


def test_worse_than_the_median_at_the_same_epoch_is_hopeless():
    others = [[x + shift for x in GOOD] for shift in (0.0, 0.1, 0.2, 0.3)]
    assert pruning_reason([0.9] * 6, others).startswith(
        "pruned after epoch 6: held-out loss 0.9, median of 4 other trials 0.6"
    )
    assert pruning_reason([0.61, *[0.9] * 5], others) != ""
    assert pruning_reason([0.59, *[0.9] * 5], others) == ""  # its best so far counts


def test_later_epochs_of_the_others_do_not_count():
    assert pruning_reason([0.5] * 6, [[*[0.6] * 6, 0.1]] * 4) == ""


@pytest.mark.parametrize(("epochs", "others"), [(5, 4), (6, 3), (0, 4)])
def test_every_trial_gets_some_epochs_and_needs_some_others(epochs: int, others: int):
    assert pruning_reason([9.0] * epochs, [GOOD] * others) == ""
    assert pruning_reason([9.0] * 6, [GOOD] * 4) != ""


def test_trials_that_ended_early_count_with_their_best():
    assert pruning_reason([0.5] * 7, [[0.4, 0.9]] * 4) != ""
    assert pruning_reason([0.5] * 7, [[0.6, 0.9]] * 4) == ""


def test_equal_is_not_hopeless():
    assert pruning_reason(GOOD, [GOOD] * 5) == ""


def test_trials_without_a_curve_do_not_count():
    assert pruning_reason([9.0] * 6, [[], GOOD, GOOD, GOOD]) == ""

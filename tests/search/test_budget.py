"""The budget, on a clock that the tests turn."""

import pytest

from autoft.search.budget import Budget, plan_epochs


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(
    ("seconds", "trials", "expected"),
    [(1e4, 30, 100), (200, 30, 50), (60, 30, 15), (60, 2, 30), (40, 1, 40), (1, 30, 3), (0, 30, 3)],
)
def test_epochs_are_planned_so_that_a_handful_of_trials_fit(seconds: float, trials: int, expected: int):
    assert plan_epochs(seconds=seconds, epoch_seconds=1.0, epochs=100, trials=trials) == expected


def test_a_recipe_with_few_epochs_keeps_them():
    assert plan_epochs(seconds=60, epoch_seconds=1.0, epochs=8, trials=6) == 8


def test_what_follows_the_search_is_set_aside(clock: Clock):
    budget = Budget(trials=9, deadline=100.0, clock=clock, reserve=lambda trials: 10.0 + trials)
    assert budget.left() == 90
    assert budget.left(5) == 85
    clock.now = 50.0
    assert budget.left(5) == 35
    assert Budget(trials=9, deadline=None, clock=clock).left() is None


def test_without_a_number_of_trials_time_alone_counts(clock: Clock):
    assert Budget(trials=9, deadline=None, clock=clock).allowed(7, 4) == 2
    assert Budget(trials=9, deadline=None, clock=clock).allowed(9) == 0
    assert Budget(trials=None, deadline=9.0, clock=clock).allowed(5_000, 4) == 4
    assert plan_epochs(seconds=60, epoch_seconds=1.0, epochs=100, trials=None) == 15


def test_an_epoch_mostly_beyond_the_end_is_not_begun(clock: Clock):
    budget = Budget(trials=9, deadline=100.0, clock=clock)
    budget.begin()
    ended = []
    while not ended or not ended[-1]:
        clock.now += 30
        ended.append(budget.spent(0))
    assert clock.now == 90  # 10 of the next 30 seconds are left
    clock.now = 0.0
    budget.begin()
    for clock.now in (40.0, 79.0):
        assert not budget.spent(0)  # 21 of 39 are left


def test_a_trial_needs_half_the_time_of_the_others(clock: Clock):
    budget = Budget(trials=9, deadline=100.0, clock=clock)
    clock.now = 94.0
    assert budget.fit(1, [10.0, 11.0]) == 1
    clock.now = 95.0
    assert budget.fit(1, [10.0, 11.0]) == 0
    assert budget.fit(3, []) == 3
    clock.now = 70.0
    assert budget.fit(9, [10.0]) == 3
    assert budget.fit(2, [10.0]) == 2


def test_without_a_limit_nothing_is_too_late(clock: Clock):
    budget = Budget(trials=9, deadline=None, clock=clock)
    clock.now = 1e9
    assert not budget.spent(3)
    assert budget.fit(4, [1.0]) == 4


def test_the_first_trial_alone_may_go_on_beyond_the_end(clock: Clock):
    """Short epochs would otherwise end after the first one, at a score far behind a linear model's."""
    budget = Budget(trials=9, deadline=10.0, clock=clock, least=1.0)
    clock.now = 20.0
    budget.begin()
    ended = []
    for clock.now in (20.3, 20.6, 20.9, 21.2):
        ended.append(budget.spent(1))
    assert ended == [False, False, True, True]  # of an epoch that begins at 20.9 most lies beyond 21
    budget.begin()
    clock.now += 0.3
    assert budget.spent(2)

"""Which trainings without a hint there is time for, and which of them count."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from autoft.pipeline.hint_tests.jobs import ALL
from autoft.pipeline.hint_tests.stage import Variants
from autoft.records.hints import Effect, Hints
from autoft.records.trials import OUT_OF_TIME, TrialResult

COLUMNS = ("c000", "c001", "c002")
JOBS = (*(f"{column}: effect" for column in COLUMNS), ALL)
#: Of the trial: so many epochs, a second each.
EPOCHS = 5


def outcome(epochs: int, reason: str = "") -> TrialResult:
    curves = {"held_out": [[0.5]] * epochs}
    return TrialResult(params={}, status="finished", curves=curves, reason=reason, seconds=float(epochs), limit=100)


class Stack:
    """Trains an epoch of one trial a second, until it wants no more or must end."""

    def __init__(self, wanted: int, side_by_side: int = 1) -> None:
        self.now, self.wanted, self.side_by_side = 0.0, wanted, side_by_side
        self.groups: list[int] = []

    def together(self, params: Any) -> int:
        return self.side_by_side

    def train_all(self, params: Any, out_of_time: Any, epochs: int | None) -> list[TrialResult]:
        self.groups.append(len(params))
        for epoch in range(1, self.wanted + 1):
            self.now += len(params)
            if epoch < self.wanted and out_of_time():
                return [outcome(epoch, f"{OUT_OF_TIME} after epoch {epoch}")] * len(params)
        return [outcome(self.wanted)] * len(params)


def trained(stack: Stack, end: float, interrupt: bool = False) -> dict[str, TrialResult]:
    run: Any = SimpleNamespace(interrupt=interrupt, clock=lambda: stack.now)
    hints = Hints(effects=tuple(Effect(column=column, sign=1) for column in COLUMNS))
    dataset: Any = SimpleNamespace(description=SimpleNamespace(hints=hints), layout=SimpleNamespace(orders={}))
    any_stack: Any = stack
    never: Any = None
    variants = Variants(
        run=run, dataset=dataset, trainer=any_stack, make_trainer=never, result=outcome(EPOCHS), end=end
    )
    return variants.train()


def test_what_was_trained_before_time_ran_out_is_kept():
    found = trained(stack := Stack(wanted=EPOCHS), end=2 * EPOCHS + 3.0)
    assert tuple(found) == JOBS[:2]
    assert stack.now <= 2 * EPOCHS + 3.0


def test_they_train_side_by_side_where_the_device_gains_by_it():
    found = trained(stack := Stack(wanted=EPOCHS, side_by_side=3), end=math.inf)
    assert tuple(found) == JOBS
    assert stack.groups == [3, 1]


def test_more_epochs_of_one_do_not_take_the_time_of_others():
    found = trained(Stack(wanted=4 * EPOCHS), end=len(JOBS) * EPOCHS + 2.0)
    assert tuple(found) == JOBS
    # As many epochs as the trial had are enough to compare with it.
    assert [one.reason for one in found.values()] == [""] * len(JOBS)
    assert all(len(one.curves["held_out"]) >= EPOCHS for one in found.values())


def test_where_there_is_time_it_gets_the_epochs_that_it_wants():
    found = trained(Stack(wanted=3 * EPOCHS), end=20.0 * EPOCHS)
    assert {len(one.curves["held_out"]) for one in found.values()} == {3 * EPOCHS}


@pytest.mark.parametrize(("end", "interrupt"), [(EPOCHS - 0.5, False), (math.inf, True)])
def test_none_begins_that_would_not_be_done(end: float, interrupt: bool):
    assert trained(stack := Stack(wanted=EPOCHS), end=end, interrupt=interrupt) == {}
    assert stack.groups == []


def test_a_training_of_fewer_epochs_than_the_trial_is_left_out():
    stack = Stack(wanted=EPOCHS)
    slow = stack.train_all
    stack.train_all = lambda *a: [setattr(stack, "now", stack.now + 3.0), *slow(*a)][1:]  # type: ignore[method-assign]
    assert trained(stack, end=EPOCHS + 1.0) == {}

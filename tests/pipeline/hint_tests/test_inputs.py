"""Orders and logarithmic scales put to the test: the same rows, divided as they are, read without them."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from autoft.pipeline import prepare, trainers
from autoft.pipeline.describe import inspect
from autoft.pipeline.hint_tests import inputs as hint_inputs
from autoft.pipeline.hint_tests import stage as hint_trials
from autoft.pipeline.hint_tests import trainings as hint_trainings
from autoft.preprocessing.statistics import fit_statistics
from autoft.search.journal import Journal
from tests.knowledge_help import context_of
from tests.tables import tiny_recipe

ROWS = 300
GRADES = ("poor", "fair", "good", "very good", "ideal")
#: What a linear model of plain numbers cannot make good: a wrong order, a missing logarithm.
PARAMS = {
    "architecture": "linear",
    "numbers": "plain",
    "batch_size": 32,
    "learning_rate": 0.05,
    "dropout": 0.0,
    "l2": 1e-5,
}


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    grade, mood = rng.integers(0, 5, (2, ROWS))
    size = np.exp(rng.normal(0, 2, ROWS))
    price = 2 * grade + 2.0 * mood + 2 * np.log(size) + rng.normal(0, 0.3, ROWS)
    names = np.array(GRADES)
    return pd.DataFrame({"grade": names[grade], "mood": names[mood], "size": size, "price": price})


def told(**more):
    features = {
        "grade": {"order": list(GRADES), "effect": "increasing"},
        # The best of all in the middle, and the one in the middle first.
        "mood": {"order": ["good", "poor", "ideal", "fair", "very good"], "because": "hearsay"},
        "size": {"scale": "log"},
    }
    return tiny_recipe(
        target="price",
        **{"folds": 5, "search.epochs": 60, "search.patience": 60, "knowledge.features": features, **more},
    )


@pytest.fixture(scope="module")
def dataset():
    return prepare.divide(told(), inspect(told(), table(), write_schema=False))


@pytest.fixture(scope="module")
def tested(dataset, tmp_path_factory):
    context = context_of(told(), tmp_path_factory.mktemp("inputs"))
    trained, stack = [], trainers.trainer(context, dataset, dataset.members)

    def trainer(rows, members):
        trained.append((rows, members))
        return trainers.trainer(context, rows, members)

    outcome = stack.train(PARAMS, lambda: False)
    journal = Journal(context.folder / "journal.jsonl", {"autoft": "0"})
    return hint_trials.test(context, dataset, journal, stack, outcome, trainer, threshold=0.5, end=np.inf), trained


def test_a_wrong_order_hurts_and_right_ones_do_not(tested):
    found, _ = tested
    by_hint = {one.hint: one for one in found.hints}
    assert list(by_hint) == ["grade: effect increasing", "grade: order", "mood: order", "size: scale log"]
    assert by_hint["mood: order"].verdict == "hurts"
    assert by_hint["mood: order"].because == "hearsay"
    assert by_hint["size: scale log"].verdict == "helps"
    for hint in ("grade: effect increasing", "grade: order"):
        assert by_hint[hint].verdict in ("no measurable effect", "satisfied anyway", "helps")
    assert found.together is not None
    (noted,) = hint_trials.findings(found)
    assert (noted.code, noted.severity, noted.column) == ("hint-hurts", "info", "mood")


def test_rows_stay_divided_and_only_the_hint_is_missing(dataset, tested):
    _, trained = tested
    by_job = dict(zip(["grade", "mood", "size", "all"], trained, strict=True))
    for rows, members in by_job.values():
        assert members == dataset.members[: dataset.split.k]
        assert rows.split is dataset.split
        np.testing.assert_array_equal(rows.y, dataset.y)
    ids = {column.name: column.id for column in dataset.features}
    plans = {name: rows.plan for name, (rows, _) in by_job.items()}
    assert [c.id for c in plans["grade"].categories] == [ids["grade"]]
    assert set(plans["grade"].orders) == {ids["mood"]}
    assert plans["grade"].logs == plans["mood"].logs == (ids["size"],)
    assert plans["size"].logs == ()
    assert set(plans["size"].orders) == {ids["grade"], ids["mood"]}
    assert (plans["all"].orders, plans["all"].logs) == ({}, ())


def test_with_little_time_all_trainings_are_shorter_and_say_so(dataset, tmp_path):
    context = context_of(told(), tmp_path)
    limits, stack = [], trainers.trainer(context, dataset, dataset.members)
    outcome = replace(stack.train(PARAMS, lambda: False, 40), seconds=100.0)
    noting = SimpleNamespace(
        together=lambda _: 4,
        architecture=stack.architecture,
        data=stack.data,
        train_all=lambda params, out, epochs: limits.append(epochs) or stack.train_all(params, out, epochs),
    )
    journal = Journal(context.folder / "journal.jsonl", {"autoft": "0"})
    # Half of what the trial's trainings, and one more with all hints, would take.
    end = context.watch.clock() + 0.5 * (hint_trainings.seconds(dataset, 100.0) + 100.0)
    trainer = lambda rows, members: trainers.trainer(context, rows, members)  # noqa: E731
    found = hint_trials.test(context, dataset, journal, noting, outcome, trainer, threshold=0.5, end=end)
    assert limits == [17, 17]  # .9 of the half of 40: with all hints, and without one
    tested = [one for one in found.hints if one.verdict != "not tested"]
    assert len(tested) == 4
    assert {one.where for one in tested} == {"17 epochs, for lack of time"}


def test_shortened_trainings_end_when_interrupted(dataset, tmp_path):
    from autoft.records.trials import TrialResult

    context, asked = context_of(told(), tmp_path, interrupt=True), []

    def ended(params, out_of_time, epochs):
        asked.append(out_of_time())
        return [TrialResult(params=params[0], status="failed", reason="ended")]

    outcome = SimpleNamespace(params=PARAMS, limit=40, epochs=40, seconds=100.0, curves={"held_out": [0.0] * 40})
    stack, end = SimpleNamespace(train_all=ended, together=lambda _: 1), context.watch.clock() + 500.0
    journal = Journal(context.folder / "journal.jsonl", {"autoft": "0"})
    anew = partial(pytest.fail, "it trained")
    found = hint_trials.test(context, dataset, journal, stack, outcome, anew, threshold=0.5, end=end)
    assert asked == [True]  # of the training with all hints; no other one begins
    assert {one.verdict for one in found.hints} == {"not tested"}


def test_what_is_read_anew_is_learned_from_training_rows_alone(dataset):
    """Cells of held-out rows, however wrong, change nothing that their member knows."""
    without = hint_inputs.without(told(), dataset, (f"{dataset.plan.logs[0]}: scale",))
    member = without.members[0]
    before = fit_statistics(without.plan, without.encoded, [member.train])
    changed = without.encoded.rows(np.arange(ROWS))
    changed.numbers[member.held_out] = 1e9
    after = fit_statistics(without.plan, changed, [member.train])
    for name in ("center", "factor", "gaps"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    changed.numbers[member.train] = 1e9  # the control
    assert not np.array_equal(fit_statistics(without.plan, changed, [member.train]).center, before.center)


def test_an_order_is_judged_beside_networks_without_the_effect(dataset):
    ids = {column.name: column.id for column in dataset.features}
    assert hint_trainings.reference(dataset, f"{ids['grade']}: order") == f"{ids['grade']}: effect"
    assert hint_trainings.reference(dataset, f"{ids['mood']}: order") is None
    assert hint_trainings.reference(dataset, f"{ids['size']}: scale") is None


def test_an_order_within_an_interaction_is_not_tested():
    recipe = told(**{"knowledge.interactions": [["mood", "size"]]})
    crossed = prepare.divide(recipe, inspect(recipe, table(), write_schema=False))
    (name,) = hint_inputs.crossed(crossed)
    assert name in hint_inputs.names(crossed)
    assert name not in hint_trainings.names(crossed)


def test_trainings_on_other_inputs_are_planned_for(dataset):
    assert len(hint_trainings.jobs(dataset)) == 5
    assert hint_trainings.seconds(dataset, 1.0) == 1 + 4 * 2  # the effect; two orders, the scale, and without all


def test_nothing_begins_that_there_is_no_time_for(dataset, tmp_path):
    context = context_of(told(), tmp_path)
    outcome = SimpleNamespace(params={}, limit=1, seconds=100.0, curves={})
    stack = SimpleNamespace(train_all=lambda *_: pytest.fail("it trained"), together=lambda _: 1)
    given = (context, dataset, stack, outcome, partial(pytest.fail, "it trained"))
    for left in (50.0, -500.0):
        assert hint_trainings.trained(*given, end=time.monotonic() + left) == {}

"""Orders and logarithmic scales put to the test: the same rows, divided as they are, read without them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from autoft.pipeline.describe import inspect_table
from autoft.pipeline.hint_tests import stage
from autoft.pipeline.hint_tests.jobs import (
    crossed_orders,
    hints_to_test,
    jobs_seconds,
    read_without,
    reading_hints,
    reference_job,
    training_jobs,
)
from autoft.pipeline.hint_tests.stage import Variants
from autoft.pipeline.split import split
from autoft.pipeline.trainers import make_trainer
from autoft.preprocessing.statistics import fit_statistics
from autoft.records.trials import TrialResult
from tests.knowledge_help import run_in
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
    return split(told(), inspect_table(told(), table()))


@pytest.fixture(scope="module")
def tested(dataset, tmp_path_factory):
    run = run_in(told(), tmp_path_factory.mktemp("inputs"))
    trained, trainer = [], make_trainer(run, dataset, dataset.members)

    def make(rows, members):
        trained.append((rows, members))
        return make_trainer(run, rows, members)

    result = trainer.train(PARAMS, lambda: False)
    variants = Variants(run=run, dataset=dataset, trainer=trainer, make_trainer=make, result=result, end=np.inf)
    return stage.run_hint_tests(variants, threshold=0.5), trained


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
    (noted,) = stage.hint_findings(found)
    assert (noted.code, noted.severity, noted.column) == ("hint-hurts", "info", "mood")


def test_rows_stay_divided_and_only_the_hint_is_missing(dataset, tested):
    _, trained = tested
    by_job = dict(zip(["grade", "mood", "size", "all"], trained, strict=True))
    for rows, members in by_job.values():
        assert members == dataset.folds
        assert rows.split is dataset.split
        np.testing.assert_array_equal(rows.y, dataset.y)
    ids = {column.name: column.id for column in dataset.features}
    plans = {name: rows.layout for name, (rows, _) in by_job.items()}
    assert [c.id for c in plans["grade"].categories] == [ids["grade"]]
    assert set(plans["grade"].orders) == {ids["mood"]}
    assert plans["grade"].logs == plans["mood"].logs == (ids["size"],)
    assert plans["size"].logs == ()
    assert set(plans["size"].orders) == {ids["grade"], ids["mood"]}
    assert (plans["all"].orders, plans["all"].logs) == ({}, ())


def test_with_little_time_all_trainings_are_shorter_and_say_so(dataset, tmp_path):
    run = run_in(told(), tmp_path)
    limits, trainer = [], make_trainer(run, dataset, dataset.members)
    result = replace(trainer.train(PARAMS, lambda: False, 40), seconds=100.0)
    noting = SimpleNamespace(
        together=lambda _: 4,
        ensemble=trainer.ensemble,
        train_all=lambda params, out, epochs: limits.append(epochs) or trainer.train_all(params, out, epochs),
    )
    # Half of what the trial's trainings, and one more with all hints, would take.
    end = run.clock() + 0.5 * (jobs_seconds(dataset, 100.0) + 100.0)
    make = partial(make_trainer, run)
    variants = Variants(run=run, dataset=dataset, trainer=noting, make_trainer=make, result=result, end=end)
    found = stage.run_hint_tests(variants, threshold=0.5)
    assert limits == [17, 17]  # .9 of the half of 40: with all hints, and without one
    tested = [one for one in found.hints if one.verdict != "not tested"]
    assert len(tested) == 4
    assert {one.where for one in tested} == {"17 epochs, for lack of time"}


def test_shortened_trainings_end_when_interrupted(dataset, tmp_path):
    run, asked = run_in(told(), tmp_path), []
    run.interrupt.asked = True

    def ended(params, out_of_time, epochs):
        asked.append(out_of_time())
        return [TrialResult(params=params[0], status="failed", reason="ended")]

    result = TrialResult(
        params=PARAMS, status="finished", limit=40, epochs=40, seconds=100.0, curves={"held_out": [[0.0]] * 40}
    )
    trainer, make = SimpleNamespace(train_all=ended, together=lambda _: 1), partial(pytest.fail, "it trained")
    end = run.clock() + 500.0
    variants = Variants(run=run, dataset=dataset, trainer=trainer, make_trainer=make, result=result, end=end)
    found = stage.run_hint_tests(variants, threshold=0.5)
    assert asked == [True]  # of the training with all hints; no other one begins
    assert {one.verdict for one in found.hints} == {"not tested"}


def test_what_is_read_anew_is_learned_from_training_rows_alone(dataset):
    """Cells of held-out rows, however wrong, change nothing that their member knows."""
    without = read_without(told(), dataset, (f"{dataset.layout.logs[0]}: scale",))
    member = without.members[0]
    before = fit_statistics(without.layout, without.encoded, [member.train])
    changed = without.encoded.rows(np.arange(ROWS))
    changed.numbers[member.held_out] = 1e9
    after = fit_statistics(without.layout, changed, [member.train])
    for name in ("center", "factor"):
        np.testing.assert_array_equal(after.scale[name], before.scale[name])
    np.testing.assert_array_equal(after.gaps, before.gaps)
    changed.numbers[member.train] = 1e9  # the control
    assert not np.array_equal(
        fit_statistics(without.layout, changed, [member.train]).scale["center"], before.scale["center"]
    )


def test_an_order_is_judged_beside_networks_without_the_effect(dataset):
    ids = {column.name: column.id for column in dataset.features}
    assert reference_job(dataset, f"{ids['grade']}: order") == f"{ids['grade']}: effect"
    assert reference_job(dataset, f"{ids['mood']}: order") is None
    assert reference_job(dataset, f"{ids['size']}: scale") is None


def test_an_order_within_an_interaction_is_not_tested():
    recipe = told(**{"knowledge.interactions": [["mood", "size"]]})
    crossed = split(recipe, inspect_table(recipe, table()))
    (name,) = crossed_orders(crossed)
    assert name in reading_hints(crossed)
    assert name not in hints_to_test(crossed)


def test_trainings_on_other_inputs_are_planned_for(dataset):
    assert len(training_jobs(dataset)) == 5
    assert jobs_seconds(dataset, 1.0) == 1 + 4 * 2  # the effect; two orders, the scale, and without all


def test_nothing_begins_that_there_is_no_time_for(dataset, tmp_path):
    run, make = run_in(told(), tmp_path), partial(pytest.fail, "it trained")
    result = SimpleNamespace(params={}, limit=1, seconds=100.0, curves={})
    trainer = SimpleNamespace(train_all=lambda *_: pytest.fail("it trained"), together=lambda _: 1)
    for left in (50.0, -500.0):
        end = run.clock() + left
        variants = Variants(run=run, dataset=dataset, trainer=trainer, make_trainer=make, result=result, end=end)
        assert variants.train() == {}

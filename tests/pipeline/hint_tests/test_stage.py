"""Hints put to the test: a false one is contradicted, a true one is not, and nothing is trained twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autoft import AutoFineTuner
from autoft.pipeline import fit
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.hint_tests import verdicts
from autoft.pipeline.hint_tests.jobs import choose_trial, fitting_epochs, training_jobs
from autoft.pipeline.hint_tests.stage import Variants, rank_trials
from autoft.pipeline.results import HintTests, Selection
from autoft.pipeline.split import split
from autoft.records.decisions import DecisionRule
from tests.tables import tiny_recipe

ROWS = 240
SPACE = {"architecture": ["mlp"], "width": [16], "depth": [2], "batch_size": [32], "numbers": ["piecewise"]}


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    dose, age, noise = rng.normal(size=(3, ROWS))
    healed = 2.5 * dose - 1.5 * age + rng.normal(0, 0.5, ROWS) > 0
    return pd.DataFrame({"dose": dose, "age": age, "noise": noise, "healed": np.where(healed, "yes", "no")})


def recipe(**features):
    return tiny_recipe(
        target="healed", trials=1, **{"search.space": SPACE, "search.epochs": 12, "knowledge.features": features}
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    told = recipe(
        dose={"effect": "decreasing", "because": "a mistake"},
        age={"effect": "decreasing"},
        noise={"importance": "high"},
    )
    folder = tmp_path_factory.mktemp("hints")
    return told, folder, AutoFineTuner(recipe=told, directory=folder).fit(table())


def test_a_false_hint_is_contradicted_and_a_true_one_is_not(run):
    _, _, tuner = run
    by_hint = {test.hint: test for test in tuner.evaluation_.hints}
    assert list(by_hint) == ["dose: effect decreasing", "age: effect decreasing", "noise: importance high"]
    false, true, _ = by_hint.values()
    assert false.verdict == "contradicted"
    assert false.because == "a mistake"
    assert false.gain.value < -0.2
    assert false.obeyed < 0.05
    assert true.verdict in ("helps", "satisfied anyway", "no measurable effect")
    assert true.obeyed > 0.75
    assert tuner.evaluation_.all_hints.value < 0


def test_the_user_is_warned_of_it(run):
    _, _, tuner = run
    (warned,) = [f for f in tuner.findings_ if f.code == "hint-contradicted"]
    assert (warned.column, warned.severity) == ("dose", "warning")
    assert "The data contradict “dose: effect decreasing”" in (tuner.directory_ / "report.html").read_text("utf-8")


def test_a_repeated_run_trains_nothing_for_it(run, monkeypatch):
    told, folder, tuner = run
    monkeypatch.setattr(Variants, "train", lambda *_: pytest.fail("it trained again"))
    again = AutoFineTuner(recipe=told, directory=folder).fit(table())
    assert again.evaluation_.hints == tuner.evaluation_.hints


def test_without_time_hints_are_not_tested_but_a_model_is_made(monkeypatch):
    monkeypatch.setattr(Variants, "train", lambda *_: {})
    tuner = AutoFineTuner(recipe=recipe(dose={"effect": "increasing"})).fit(table())
    (test,) = tuner.evaluation_.hints
    assert (test.verdict, test.gain, test.where) == ("not tested", None, "there was no time to train without it")
    assert tuner.evaluation_.all_hints is None
    assert len(tuner.predict(table())) == ROWS


def test_the_trial_that_is_tested_is_the_heaviest_that_fits(run):
    from types import SimpleNamespace

    from autoft.records.hints import Effect, Hints

    hints = Hints(effects=(Effect(column="c000", sign=1),))
    dataset = SimpleNamespace(description=SimpleNamespace(hints=hints), layout=SimpleNamespace(orders={}))
    whole: dict[str, str] = {"status": "finished", "reason": ""}
    curves = {"held_out": [0.0] * 40}
    dear, middling, cheap = (SimpleNamespace(seconds=s, curves=curves, **whole) for s in (50.0, 8.0, 1.0))
    assert choose_trial(dataset, [dear, middling, cheap], 100.0) is dear
    assert choose_trial(dataset, [dear, middling, cheap], 10.0) is middling
    assert choose_trial(dataset, [dear, middling, cheap], 0.02) is cheap
    assert choose_trial(dataset, [dear, middling, cheap], 3.0) is middling  # with fewer epochs
    assert [fitting_epochs(dataset, middling, left) for left in (9.0, 4.0, 1.0)] == [None, 9, 0]
    cut = SimpleNamespace(seconds=2.0, curves=curves, status="finished", reason="out of time after epoch 3")
    assert choose_trial(dataset, [cut, middling, cheap], 100.0) is middling
    assert choose_trial(dataset, [cut], 100.0) is cut


def test_a_training_that_failed_is_not_called_a_lack_of_time(run, monkeypatch):
    from autoft.records.trials import TrialResult

    told, _, _ = run
    failed = TrialResult(params={}, status="failed", reason="the loss is no number")
    monkeypatch.setattr(Variants, "train", lambda own: dict.fromkeys(training_jobs(own.dataset), failed))
    evaluation = AutoFineTuner(recipe=told).fit(table()).evaluation_
    assert {test.verdict for test in evaluation.hints} == {"not tested"}
    assert evaluation.hints[0].where == "training without it ended early: the loss is no number"
    assert evaluation.all_hints is None


def test_rows_set_aside_have_no_part_in_the_test(monkeypatch):
    from types import SimpleNamespace

    from autoft.records.hints import Effect

    told = recipe(dose={"effect": "increasing"}).with_changes(strategy="holdout")
    dataset = split(told, inspect_table(told, table()))
    aside = dataset.split.blocks < 0
    assert aside.any()
    j, asked = dataset.layout.numbers.index("c000"), []
    ensemble = SimpleNamespace(own_answers=lambda rows, own: asked.append(rows.numbers[:, j]) or rows.numbers[:, j])
    monkeypatch.setattr(verdicts.Response, "_ensemble", ensemble)

    def moves():
        asked.clear()
        found = verdicts.Response(dataset, None, None, Effect(column="c000", sign=1)).by_member()
        return found, np.concatenate(asked)

    before = moves()
    assert before[0] == [1.0] * 3
    dataset.encoded.numbers[aside, j] = 1e9
    np.testing.assert_array_equal(moves()[1], before[1])
    dataset.encoded.numbers[np.flatnonzero(~aside)[:20], j] = 1e9  # the control: others have
    assert not np.array_equal(moves()[1], before[1])


def test_the_search_is_the_same_whether_hints_are_tested_or_not(run, monkeypatch):
    told, _, tuner = run
    monkeypatch.setattr(fit, "test_hints", lambda *_, **__: HintTests())
    untested = AutoFineTuner(recipe=told).fit(table()).evaluation_
    assert untested.metrics == tuner.evaluation_.metrics
    assert untested.hints == ()


def test_where_no_part_fits_the_best_other_trial_is_tested():
    from types import SimpleNamespace

    score = {"score": 0.0, "status": "finished"}
    trials = [SimpleNamespace(number=n, score=s) for n, s in enumerate((0.6, 0.7, None, 0.9, 0.8))]
    outcomes = [SimpleNamespace(name=n, **score) for n in range(5)]
    outcomes[3].status = "pruned"
    found = SimpleNamespace(trials=trials, outcomes=outcomes)
    chosen = Selection(blend=((0, 0.25), (1, 0.75)), rule=DecisionRule())
    order = [one.name for one in rank_trials(SimpleNamespace(objective="roc_auc"), found, chosen)]
    assert order == [1, 0, 4]
    none = Selection(blend=(), rule=DecisionRule())
    assert [one.name for one in rank_trials(SimpleNamespace(objective="rmse"), found, none)] == [0, 1, 4]

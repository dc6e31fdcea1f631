"""A run as a list of stages: their order, and each of them called and replaced alone."""

from __future__ import annotations

import gc
import weakref
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft.errors import SchemaError
from autoft.pipeline import fit as stages
from autoft.pipeline.context import Run
from autoft.pipeline.ensemble_gain import measure_ensemble_gain
from autoft.pipeline.reserve import gain_seconds
from autoft.pipeline.results import EnsembleGain, HintTests, SearchResult
from autoft.recipe.recipe import Recipe
from autoft.records.decisions import DecisionRule
from autoft.search.interrupt import Interrupt
from autoft.search.journal import read
from tests.tables import features, tiny_recipe

#: All stages, in the order in which a run calls them.
ORDER = (
    *("read_table", "describe", "audit_table", "enforce_schema", "refuse", "split", "note_odd_rows"),
    *("train_baselines", "make_trainer", "plan_search", "search", "select", "assemble"),
    *("test_hints", "measure_ensemble_gain", "refit", "correct_score", "evaluate", "prove_ensemble", "save"),
)


class Trainer:
    """Stands for a trainer, whose rows fill the memory of the device."""


@dataclass
class Ensemble:
    """Stands for the deployed model."""

    calibration: Any = None

    def answers(self, encoded: Any) -> str:
        return "answers"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces each stage by a stand-in that notes that it was called."""
    order: list[str] = []
    made: list[weakref.ref[Trainer]] = []
    results = {
        "plan_search": SimpleNamespace(space=(), seconds_after=lambda trials: 0.0),
        "search": SimpleNamespace(trials=()),
        "assemble": Ensemble(),
        "test_hints": HintTests(),
        "measure_ensemble_gain": EnsembleGain(),
        "refit": None,
    }

    described = SimpleNamespace(hints=None)

    def stand_in(name: str) -> Any:
        def stage(*_: Any, **__: Any) -> Any:
            order.append(name)
            if name == "make_trainer":
                trainer = Trainer()
                made.append(weakref.ref(trainer))
                return trainer
            if name == "measure_ensemble_gain":
                gc.collect()
                assert made[0]() is None, "the rows of the search are still in memory"
            return results.get(name, SimpleNamespace(findings=(), members=(), encoded=None, description=described))

        return stage

    for name in ORDER:
        monkeypatch.setattr(stages, name, stand_in(name))
    monkeypatch.setattr(stages, "errors_of", lambda recipe, table: nullcontext())
    monkeypatch.setattr(stages, "presented", lambda recipe, description: description)
    monkeypatch.setattr(stages, "journal_key", lambda recipe, dataset: {"data": "a"})
    monkeypatch.setattr(stages, "key_settings", lambda recipe, dataset: {})
    return order


def test_a_run_calls_each_stage_once_and_in_order(called: list[str], tmp_path: Path):
    """And frees the rows of the search before the gain of the ensemble allocates its own (`called`)."""
    run = Run(recipe=Recipe(), folder=tmp_path)
    stages.fit(None, run)
    assert called == list(ORDER)
    assert list(run.seconds) == ["preparing", "search", "evaluation", "saving"]
    assert [fact["key"] for fact in read(tmp_path / "journal.jsonl").facts] == [{"data": "a"}] * 2


def test_nothing_is_trained_on_a_table_that_is_refused(
    called: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.undo()
    run = Run(recipe=tiny_recipe(target="y"), folder=tmp_path)
    with pytest.raises(SchemaError):
        stages.fit(pd.DataFrame({"x": [1, 2, 3], "y": ["a", "a", "a"]}), run)
    assert called == []
    assert not (tmp_path / "journal.jsonl").exists()


@pytest.fixture(scope="module")
def staged(binary: Any, table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The stages of the run of `binary`, called one by one in a folder of their own."""
    run = Run(recipe=binary.recipe, folder=tmp_path_factory.mktemp("staged"))
    dataset = stages.prepare_dataset(run.recipe, features(table, "outcome"))
    run.open_journal(stages.journal_key(run.recipe, dataset))
    trainer = stages.make_trainer(run, dataset, dataset.members)
    plan = stages.plan_search(dataset, trainer, run)
    trials = stages.search(dataset, plan, trainer, run)
    selection = stages.select(dataset, trials, run.recipe)
    ensemble = stages.assemble(trials, selection, trainer, run)
    found = SearchResult(
        space=plan.space,
        trials=trials,
        selection=selection,
        ensemble=ensemble,
        hints=HintTests(),
        gain=EnsembleGain(),
    )
    return {"run": run, "dataset": dataset, "found": found, "trainer": trainer, "plan": plan}


def test_stages_called_alone_find_what_a_run_finds(binary: Any, staged: dict[str, Any]):
    found, evaluation = staged["found"], binary.evaluation_
    assert [trial.score for trial in found.trials.trials] == [trial.score for trial in evaluation.trials]
    assert found.selection.blend == evaluation.blend
    assert found.selection.rule == evaluation.finish


def test_a_stage_that_is_replaced_changes_only_its_part(binary: Any, staged: dict[str, Any]):
    """Where the gain of the ensemble was not measured, it is estimated; a measured one moves the score."""
    dataset, found, run = staged["dataset"], staged["found"], staged["run"]
    answers = found.ensemble.answers(dataset.encoded)
    estimated = stages.correct_score(dataset, found, answers, run)
    assert estimated.naive == binary.evaluation_.naive
    assert set(estimated.ensemble_gain) == set(estimated.held_out)
    assert 0 < estimated.ensemble_gain["roc_auc"] < 0.1
    single = estimated.held_out["f1"].value - estimated.ensemble_gain["f1"]
    halved = replace(found, gain=EnsembleGain(left={"roc_auc": 0.5}))
    moved = stages.correct_score(dataset, halved, answers, run)
    assert (estimated.gain.source, moved.gain.source) == ("estimated", "measured")
    error = 1 - estimated.held_out["roc_auc"].value + estimated.ensemble_gain["roc_auc"]
    assert moved.held_out["roc_auc"].value == pytest.approx(1 - error / 2)
    assert moved.held_out["f1"].value == pytest.approx(single)


@pytest.mark.parametrize(("seconds", "models"), [(1e9, 10), (None, 5), (0.0, 0)], ids=["all", "half", "none"])
def test_the_gain_is_measured_by_as_many_networks_as_there_is_time_for(
    staged: dict[str, Any], tmp_path: Path, seconds: float | None, models: int
) -> None:
    run, dataset = replace(staged["run"], folder=tmp_path, findings=[], clock=lambda: 0.0), staged["dataset"]
    run.open_journal("gain")
    found, asked = staged["found"], []

    def make_trainer(dataset: Any, members: Any) -> Any:
        asked.extend(member.blocks for member in members)
        rng = np.random.default_rng(0)
        answers = [np.stack([1 - p, p], 1) for p in (rng.random(len(m.held_out)) for m in members)]
        return SimpleNamespace(answers_after=lambda *_: answers)

    dataset = replace(dataset, split=replace(dataset.split, blocks=np.arange(len(dataset.y)) % 5, k=5))
    parts = found.selection.parts(found.trials)
    half = gain_seconds(dataset, [trial for trial, _ in parts], 1)
    end = half * 1.01 if seconds is None else seconds
    gain = measure_ensemble_gain(dataset, found.trials, found.selection, make_trainer, run, end=end)
    assert len(asked) == models
    assert {sum(b in pair for pair in asked) for b in range(5)} == {models * 2 // 5}
    assert bool(gain.left) == bool(models)
    assert [finding.code for finding in run.findings] == ([] if models else ["bag-gain-estimated"])
    assert models or "no time to measure it" in run.findings[0].found


def test_an_interrupt_after_the_last_trial_is_told_too(staged: dict[str, Any]):
    """It cuts the tests of hints and the gain of the ensemble short."""
    dataset, found, run = staged["dataset"], staged["found"], staged["run"]
    answers = found.ensemble.answers(dataset.encoded)
    score = stages.correct_score(dataset, found, answers, run)
    interrupt = Interrupt()
    interrupt.asked = True
    assert stages.evaluate(dataset, found, answers, score, replace(run, interrupt=interrupt)).interrupted


def test_the_selection_decides_what_is_deployed(staged: dict[str, Any]):
    dataset, found, run = staged["dataset"], staged["found"], staged["run"]
    last = replace(found.selection, blend=((len(found.trials.trials) - 1, 1.0),), rule=DecisionRule())
    other = stages.assemble(found.trials, last, staged["trainer"], run)
    assert len(other.networks) == 1
    one, two = (ensemble.answers(dataset.encoded) for ensemble in (found.ensemble, other))
    assert not np.array_equal(one, two)


def test_weights_that_are_lost_are_trained_again(staged: dict[str, Any]):
    found, dataset = staged["found"], staged["dataset"]
    before = found.ensemble.answers(dataset.encoded)
    lost = replace(found.trials, outcomes=tuple(replace(one, weights={}) for one in found.trials.outcomes))
    again = stages.assemble(lost, found.selection, staged["trainer"], staged["run"])
    np.testing.assert_allclose(again.answers(dataset.encoded), before, atol=1e-5)

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
    """Without the gain of the ensemble the score is that of single networks; another gain moves it."""
    dataset, found, run = staged["dataset"], staged["found"], staged["run"]
    answers = found.ensemble.answers(dataset.encoded)
    single = stages.correct_score(dataset, found, answers, run)
    assert single.ensemble_gain == {}
    assert single.naive == binary.evaluation_.naive
    halved = replace(found, gain=EnsembleGain(left={"roc_auc": 0.5}))
    moved = stages.correct_score(dataset, halved, answers, run)
    error = 1 - single.held_out["roc_auc"].value
    assert moved.held_out["roc_auc"].value == pytest.approx(1 - error / 2)
    assert moved.held_out["f1"] == single.held_out["f1"]


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

"""The run: what its journal remembers, and the findings for skipped stages."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoft.pipeline.context import Provisional, Run, skipped_finding
from autoft.pipeline.results import EnsembleGain, HintTests
from autoft.recipe.recipe import Recipe
from autoft.records.decisions import Calibration
from autoft.records.hint_tests import HintTest
from autoft.records.scores import Interval

GAIN = EnsembleGain(left={"rmse": 0.9}, calibration=Calibration(method="isotonic", knots=((0.0, 0.2), (1.0, 0.8))))


def run_in(folder: Path) -> Run:
    run = Run(recipe=Recipe(), folder=folder)
    run.open_journal({"data": "a"})
    return run


def test_remember_computes_once_and_reads_back_after_a_restart(tmp_path: Path):
    computed: list[int] = []

    def compute() -> EnsembleGain:
        computed.append(1)
        return GAIN

    run = run_in(tmp_path)
    assert run.remember(EnsembleGain, "one", compute) == GAIN
    assert run.remember(EnsembleGain, "one", compute) == GAIN
    assert run_in(tmp_path).remember(EnsembleGain, "one", compute) == GAIN
    assert len(computed) == 1
    run.remember(EnsembleGain, "another", compute)
    assert len(computed) == 2


def test_a_provisional_result_is_used_but_computed_again(tmp_path: Path):
    run, empty = run_in(tmp_path), EnsembleGain()
    assert run.remember(EnsembleGain, "one", lambda: Provisional(result=empty)) == empty
    assert run.recall(EnsembleGain, "one") is None
    assert run_in(tmp_path).remember(EnsembleGain, "one", lambda: GAIN) == GAIN


def test_records_inside_a_remembered_record_survive(tmp_path: Path):
    test = HintTest(
        hint="age: effect increasing", because="", verdict="helps", gain=Interval(value=0.1, low=0.0, high=0.2)
    )
    tests = HintTests(hints=(test,), together=Interval(value=0.3, low=0.2, high=0.4))
    run_in(tmp_path).note(tests, "key")
    assert run_in(tmp_path).recall(HintTests, "key") == tests


def test_kinds_with_the_same_key_are_not_mixed_up(tmp_path: Path):
    run = run_in(tmp_path)
    run.note(GAIN, "key")
    assert run.recall(HintTests, "key") is None
    assert run.recall(EnsembleGain) == GAIN


def test_skip_writes_exactly_one_finding(tmp_path: Path):
    run = run_in(tmp_path)
    run.skip("curves", "there was no time for age")
    run.skip("curves", "there was no time for age, city")
    run.skip("boosting", "it takes too long")
    assert [finding.code for finding in run.findings] == ["curves-left-out", "boosting-left-out"]
    assert run.findings[0].found == "there was no time for age"


@pytest.mark.parametrize(("stage", "severity"), [("epochs", "warning"), ("ensemble_gain", "info")])
def test_only_short_trainings_are_a_warning(stage: str, severity: str):
    assert skipped_finding(stage, "why").severity == severity  # type: ignore[arg-type]


def test_seconds_of_a_stage_add_up(tmp_path: Path):
    ticks = iter([0.0, 2.0, 10.0, 13.0, 20.0, 21.0])
    run = Run(recipe=Recipe(), folder=tmp_path, clock=lambda: next(ticks))
    for stage in ("search", "search"):
        with run.timed(stage):
            pass
    with pytest.raises(ValueError, match="stop"), run.timed("evaluation"):
        raise ValueError("stop")
    assert run.seconds == {"search": 5.0, "evaluation": 1.0}

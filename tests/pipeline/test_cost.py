"""The cost model: pure arithmetic, so that what it must not get wrong can be said exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autoft.evaluation.fold_model import FEW
from autoft.pipeline import cost
from autoft.pipeline.cost import CostShape, EvaluationSize
from autoft.pipeline.machine import RATES, Machine
from autoft.records.trials import checkpoint_epochs

MACHINE = Machine(gflops=60.0, threads=1, slowness=1.0)
EVALUATION = EvaluationSize(rows=5_000, trials=10, candidates=90, draws=500)
SHAPE = CostShape(rows=4_000, held_out=1_000, members=5, inputs=30, width=128, depth=2, batch=256)


@pytest.mark.parametrize("field", ["rows", "held_out", "members", "inputs", "width", "depth", "outputs"])
@pytest.mark.parametrize("factor", [1.01, 2, 50])
def test_more_work_costs_more(field, factor):
    more = replace(SHAPE, **{field: int(np.ceil(getattr(SHAPE, field) * factor))})
    # A few rows more may fill the last batch, which is computed in full anyway.
    assert cost.epoch_seconds(more, MACHINE) >= cost.epoch_seconds(SHAPE, MACHINE)
    assert factor < 2 or cost.epoch_seconds(more, MACHINE) > cost.epoch_seconds(SHAPE, MACHINE)
    assert cost.memory_bytes(more, total_rows=5_000, trials=9, epochs=30) >= cost.memory_bytes(
        SHAPE, total_rows=5_000, trials=9, epochs=30
    )


def test_embedded_columns_cost_time_and_memory():
    more = replace(SHAPE, embedded=3, embedding=8, categories=600)
    assert cost.epoch_seconds(more, MACHINE) > cost.epoch_seconds(SHAPE, MACHINE)
    # Weights, Adam's two and the best ones: 16 bytes for each entry of a table.
    tables = 16 * SHAPE.members * 600 * 8
    difference = cost.memory_bytes(more, total_rows=5_000, trials=1, epochs=1) - cost.memory_bytes(
        SHAPE, total_rows=5_000, trials=1, epochs=1
    )
    assert difference > tables


def test_parameters_are_those_of_the_network():
    """Counted by hand: 30 -> 128 -> 128 -> 1 with biases."""
    assert SHAPE.parameters == 30 * 128 + 128 + 128 * 128 + 128 + 128 + 1


def test_large_work_scales_with_the_work_and_the_machine():
    """Where products dominate, twice the rows are twice the time, and a machine of twice the speed takes half."""
    large = CostShape(rows=1_000_000, held_out=250_000, members=5, inputs=500, width=2_048, depth=4, batch=1_000)
    once = cost.epoch_seconds(large, MACHINE)
    twice = cost.epoch_seconds(replace(large, rows=2_000_000, held_out=500_000), MACHINE)
    assert twice == pytest.approx(2 * once, rel=0.01)
    assert cost.epoch_seconds(large, replace(MACHINE, gflops=120.0)) < 0.65 * once


def test_a_slow_machine_takes_longer():
    for slower in (replace(MACHINE, gflops=6.0), replace(MACHINE, slowness=3.0)):
        assert cost.epoch_seconds(SHAPE, slower) > cost.epoch_seconds(SHAPE, MACHINE)


def test_a_trial_is_its_epochs_and_a_new_shape_pays_once():
    ten = cost.trial_seconds(SHAPE, MACHINE, epochs=10)
    twenty = cost.trial_seconds(SHAPE, MACHINE, epochs=20)
    assert twenty - ten == pytest.approx(10 * cost.epoch_seconds(SHAPE, MACHINE))
    new = cost.trial_seconds(SHAPE, MACHINE, epochs=10, new_program=True)
    assert new - ten == pytest.approx(cost.trace_seconds(SHAPE, MACHINE))


def test_memory_of_a_large_table_is_that_of_its_rows():
    """A million rows of 30 numbers for 5 members are 600 MB once; the model must not forget them, nor invent more."""
    shape = CostShape(rows=800_000, held_out=200_000, members=5, inputs=30, width=128, depth=2, batch=512)
    found = cost.memory_bytes(shape, total_rows=1_000_000, trials=1, epochs=10)
    assert 0.6e9 < found < 2.4e9


def test_kept_predictions_grow_with_trials_and_epochs():
    def memory(trials: int, epochs: int) -> int:
        return cost.memory_bytes(SHAPE, total_rows=5_000, trials=trials, epochs=epochs)

    one_trial = len(checkpoint_epochs(64)) * 5_000 * 2 * 4
    assert memory(11, 64) - memory(1, 64) == 10 * one_trial
    assert memory(1, 1) < memory(1, 64)


def test_search_pays_each_program_once():
    def seconds(trials: int, programs: int) -> float:
        return cost.search_seconds(trials, 2.0, 1.0, programs=programs, trace=10.0, machine=MACHINE)

    assert seconds(0, 5) == 0.0
    proposal = seconds(2, 1) - seconds(1, 1) - 1.0
    assert seconds(1, 5) == pytest.approx(2.0 + 10.0 + proposal)
    # One program is traced once, however many trials; with many almost every trial brings a new one.
    assert seconds(101, 1) == pytest.approx(2.0 + 100.0 + 10.0 + 101 * proposal)
    assert seconds(101, 10**6) == pytest.approx(2.0 + 100.0 + 1010.0 + 101 * proposal, rel=0.01)


def test_stages_grow_with_the_table():
    for stage in (
        lambda n: cost.reading_seconds(n, 10, MACHINE, tfdv=False),
        lambda n: cost.encoding_seconds(n, 10, 5, MACHINE),
        lambda n: cost.boosting_seconds(n, 10, 5, 1, MACHINE),
        lambda n: cost.evaluation_seconds(replace(EVALUATION, rows=n, columns=10, folds=5), MACHINE),
    ):
        assert 0 < stage(1_000) < stage(10_000) < stage(100_000)
    with_tfdv = cost.reading_seconds(1_000, 10, MACHINE, tfdv=True)
    assert with_tfdv > cost.reading_seconds(1_000, 10, MACHINE, tfdv=False)


def test_evaluation_pays_for_every_candidate_and_draw():
    def seconds(**changes: int) -> float:
        return cost.evaluation_seconds(replace(EVALUATION, **changes), MACHINE)  # type: ignore[arg-type]

    assert seconds() < seconds(candidates=180)
    assert seconds() < seconds(draws=1_000)
    assert seconds() < seconds(trials=20)


def test_columns_that_are_shuffled_once_cost_a_fifth():
    shape = CostShape(rows=4_000, held_out=1_000, members=5, inputs=80, width=64, depth=2, batch=128, ensemble=32)

    def importance(columns: int) -> float:
        size = replace(EVALUATION, columns=columns, draws=0)
        none = replace(size, columns=0)
        alone = cost.evaluation_seconds(size, MACHINE) - cost.evaluation_seconds(none, MACHINE)
        asked = cost.answer_seconds(shape, size, MACHINE) - cost.answer_seconds(shape, none, MACHINE)
        assert asked > 0
        return alone + asked

    assert importance(FEW + 1) < importance(FEW) / 2
    assert importance(FEW) == pytest.approx(2 * importance(FEW // 2))


def test_measuring_gives_a_machine_that_can_be_used():
    """By a clock of its own, so that the test depends on no machine: each look at it takes a tenth of a second."""
    ticks = iter(range(1_000))
    machine = Machine.measure(clock=lambda: next(ticks) / 10)
    assert machine.gflops == pytest.approx(2 * 512**3 / 0.1 / 1e9)
    assert machine.threads >= 1
    assert machine.slowness == pytest.approx(0.1 / 200 / RATES.small_operation)


def test_threads_follow_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert Machine.measure().threads == 1


def test_large_tables_measure_the_gain_of_the_ensemble_by_half_of_the_networks():
    assert cost.pair_reach(cost.MOST_ROWS_PAIRED) == 2
    assert cost.pair_reach(cost.MOST_ROWS_PAIRED + 1) == 1
    assert [cost.measures_ensemble_gain("corrected", folds) for folds in (2, 3)] == [False, True]
    assert not cost.measures_ensemble_gain("nested", 5)

"""What the benchmarks of speed, overhead and scaling run, and how they sum it up."""

import numpy as np
import pytest

from autoft.search.setup import Proposal
from benchmarks import overhead, scaling, speed
from benchmarks.common import options
from benchmarks.ours import Given


def speed_row(side, threads, repeat, cpu_s, rows=500):
    return {"rows": rows, "threads": threads, "repeat": repeat, "side": side, "cpu_s": cpu_s}


def test_both_sides_train_the_same_two_architectures_in_turn():
    drawn = speed.configurations(speed.SETTINGS[0])
    assert drawn == speed.configurations(speed.SETTINGS[0])
    assert [(c["width"], c["depth"]) for c in drawn] == [(128, 2), (256, 3)] * 10
    assert len({c["learning_rate"] for c in drawn}) == 20
    assert all(3e-4 <= c["learning_rate"] <= 1e-2 and 0 <= c["dropout"] <= 0.5 for c in drawn)


def test_a_full_run_repeats_thrice_and_either_side_goes_first():
    runs = speed.plan(options("speed", "", []))
    for setting in speed.SETTINGS:
        for threads in (1, 2):
            mine = [(repeat, side) for s, t, repeat, side in runs if (s, t) == (setting, threads)]
            pairs = [(repeat, side) for repeat, side in mine if side in (speed.AUTOFT, speed.ORDINARY)]
            assert sorted(pairs) == [(r, side) for r in range(3) for side in (speed.AUTOFT, speed.ORDINARY)]
            assert {pairs[0][1], pairs[2][1]} == {speed.AUTOFT, speed.ORDINARY}
        assert {side for s, _, _, side in runs if s == setting} == set(speed.PIECES)


def test_only_takes_row_counts():
    assert {run[0].rows for run in speed.plan(options("speed", "", ["--only", "5000"]))} == {5_000}
    assert {run[0].rows for run in speed.plan(options("speed", "", ["--quick"]))} == {500}


def test_ratios_are_medians_over_the_repeats():
    rows = [speed_row(speed.AUTOFT, 1, r, 2.0) for r in range(3)]
    rows += [speed_row(speed.ORDINARY, 1, r, cpu) for r, cpu in enumerate((40.0, 60.0, 44.0))]
    rows += [speed_row(speed.AUTOFT, 2, 0, 4.0), speed_row(speed.ORDINARY, 2, 0, 36.0)]
    rows += [speed_row(speed.SKLEARN, 1, 0, 1.0), speed_row(speed.PRUNING, 1, 0, 1.0)]
    assert speed.summarize(rows) == {
        **{"ratio_500": 22.0, "ratio_500_range": [20.0, 30.0], "reached_500": True},
        **{"ratio_500_two_threads": 9.0, "ratio_500_two_threads_range": [9.0, 9.0]},
    }


class Oracle:
    """Proposes what nobody trains, and notes what it is told."""

    def __init__(self):
        self.asked, self.told = 0, []

    def ask(self, like=None):
        self.asked += 1
        return Proposal(params={"learning_rate": 9.0}, epochs=None, ticket=self.asked)

    def tell(self, proposal, score):
        self.told.append((proposal.ticket, score))


def test_given_configurations_are_trained_and_told_to_the_oracle():
    oracle, chosen = Oracle(), [{"width": w, "dropout": d} for w, d in ((128, 0.1), (256, 0.2), (128, 0.3))]
    given = Given(oracle, chosen)
    proposals = [given.ask() for _ in chosen]
    for proposal, score in zip(proposals, (0.7, 0.8, 0.9), strict=True):
        given.tell(proposal, score)
    assert [proposal.params for proposal in proposals] == chosen
    assert given.ask() is None
    assert (oracle.asked, oracle.told) == (3, [(1, 0.7), (2, 0.8), (3, 0.9)])


def test_the_meter_counts_each_moment_once():
    now = [0.0]
    meter = overhead.Meter(lambda: now[0])

    def wait(seconds):
        now[0] += seconds

    wait(1)
    with meter.part("training"):
        wait(10)
        with meter.part("journal"):
            wait(2)
        run = meter.program(wait)
        for seconds in (7, 3, 3, 4):
            run(seconds)
    found = meter.finish()
    assert found["loop"] == 1
    assert found["journal"] == 2
    assert found["compilation"] == 4  # the first call's 7 less the usual 3
    assert found["training"] == 10 + 17 - 4
    assert sum(found.values()) == now[0]
    assert overhead.share(found) == pytest.approx(7 / 30)


def test_a_program_that_ran_once_is_all_compilation():
    now = [0.0]
    meter = overhead.Meter(lambda: now[0])
    with meter.part("training"):
        meter.program(lambda: now.__setitem__(0, 5.0))()
    meter.program(lambda: None)  # never called
    assert meter.finish()["compilation"] == 5


def scaling_row(part, **changes):
    return {"part": part, "rows": 5_000, "columns": 30, "folds": 5, "again_cpu_s": 1.0, "peak_mb": 100.0} | changes


def test_scaling_fits_an_exponent_to_each_part():
    rows = [scaling_row("rows", rows=n, again_cpu_s=n / 1e3, peak_mb=np.sqrt(n)) for n in (1_000, 10_000, 1_000_000)]
    rows += [scaling_row("folds", folds=k, again_cpu_s=k**2, peak_mb=k) for k in (3, 5, 10)]
    rows += [scaling_row("promise", rows=50_000, peak_mb=1_600.0)]
    found = scaling.summarize(rows)
    assert found["time_exponent_rows"] == pytest.approx(1)
    assert found["memory_exponent_rows"] == pytest.approx(0.5)
    assert found["time_exponent_folds"] == pytest.approx(2)
    assert "time_exponent_columns" not in found
    assert found["peak_mb_1000000"] == 1_000
    assert (found["peak_mb_50000"], found["memory_reached"]) == (1_600.0, False)


def test_scaling_runs_the_points_of_the_parts_that_are_named():
    every = scaling.points(options("scaling", "", []))
    assert max(p.rows for p in every) == 1_000_000
    assert {p.part for p in every} == {"rows", "columns", "folds", "promise"}
    assert {p.part for p in scaling.points(options("scaling", "", ["--only", "folds,promise"]))} == {"folds", "promise"}
    assert max(p.rows for p in scaling.points(options("scaling", "", ["--quick"]))) <= 10_000


@pytest.mark.slow
@pytest.mark.parametrize("side", [speed.AUTOFT, speed.ORDINARY, speed.PRUNING, speed.SKLEARN])
def test_every_side_trains_the_configurations_it_is_given(side):
    found = speed.run(speed.Setting(rows=120, epochs=2, batch=32, trials=2), 1, 0, side, earlier=())
    assert (found["trials"], found["epochs_of_all_folds"]) == (2, 2 * speed.FOLDS * 2)
    assert found["mean_loss"] < 1.5


@pytest.mark.slow
def test_a_race_says_when_it_reached_the_loss_of_the_ordinary_search():
    setting = speed.Setting(rows=120, epochs=2, batch=32, trials=4)
    ordinary = speed_row(speed.ORDINARY, 1, 0, 60.0, rows=120) | {"best_loss": 1e9}
    found = speed.run(setting, 1, 0, speed.RACE, earlier=[ordinary])
    assert found["reached"]
    assert found["trials"] == 1
    assert found["cpu_s"] == found["seconds"][0] > 0

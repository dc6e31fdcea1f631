"""How a run keeps to its minutes, and when trials share a program or a stack."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from autoft import AutoFineTuner
from autoft.pipeline import cost, space, time_budget
from autoft.pipeline.context import Run
from autoft.pipeline.cost import CostShape
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.fit import prepare_dataset
from autoft.pipeline.machine import Machine
from autoft.pipeline.reserve import Reserve, seconds_after_search
from autoft.pipeline.search import note_rest
from autoft.pipeline.space import choose_first, make_search_space, plan_parallelism
from autoft.pipeline.split import split
from autoft.pipeline.trial_times import TrialTimes
from autoft.recipe.recipe import Recipe
from autoft.records.dimensions import Choice, Range
from autoft.records.trials import Trial
from autoft.search.journal import Journal, read
from autoft.search.space import MAKE, default_configuration, first_configurations
from autoft.search.space import SHAPE as SIZES
from autoft.training.trial_trainer import TrialTrainer
from tests.knowledge_help import run_in
from tests.tables import features, tiny_recipe

LINEAR = {"search.space": {"architecture": ["linear"], "batch_size": [32]}}
SHAPE = CostShape(rows=400, held_out=100, members=5, inputs=30, width=128, depth=2, batch=32)


def test_minutes_too_short_for_a_trial_give_the_cheapest_one(table: pd.DataFrame, tmp_path):
    recipe = tiny_recipe(target="outcome", minutes=1e-4, trials=4)
    said: list[str] = []
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path)
    tuner.fit(features(table, "outcome"), progress=lambda step: said.append(step.message))
    assert "min are short: to check" in said[1]  # before the checks that it is about
    evaluation = tuner.evaluation_
    assert len(evaluation.trials) == 1
    assert evaluation.best.params["architecture"] == "linear"
    cut_short = [finding.severity for finding in tuner.findings_ if finding.code == "minutes-too-short"]
    assert cut_short == ["warning"] * bool(evaluation.best.reason)
    assert all("before the search" in f.found for f in tuner.findings_ if f.code == "minutes-too-short")
    assert len(tuner.predict(features(table, "outcome"))) == len(table)


def test_a_run_that_goes_on_keeps_to_its_plan(table: pd.DataFrame, tmp_path):
    recipe = tiny_recipe(target="value", minutes=5, trials=2, **LINEAR)
    said: list[str] = []
    for _ in range(2):
        tuner = AutoFineTuner(recipe=recipe, directory=tmp_path)
        tuner.fit(features(table, "value"), progress=lambda step: said.append(step.message))
    facts = read(tmp_path / "journal.jsonl").facts
    plans = [fact for fact in facts if fact["type"] == "plan"]
    assert len(plans) == 1
    assert plans[0]["minutes"] == 5
    assert plans[0]["trials_that_fit"] == 2
    assert sum(fact["type"] == "trial" for fact in facts) == 2
    assert sum("about 2 trials" in message for message in said) == 1
    assert not any(f.code == "minutes-too-short" for f in tuner.findings_)
    longer = AutoFineTuner(recipe=recipe.with_changes(minutes=6), directory=tmp_path)
    longer.fit(features(table, "value"))
    facts = read(tmp_path / "journal.jsonl").facts
    assert [f["minutes"] for f in facts if f["type"] == "plan"] == [5, 6]
    started = [fact["memory"] for fact in facts if fact["type"] == "started"]
    assert len(started) - started.count("rehearsal") == 2  # nothing is trained again


def test_a_measurement_that_killed_twice_is_not_tried_again(
    table: pd.DataFrame, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> Any:
        raise Killed

    append = Journal.append

    def dying(self: Journal, *facts: Any) -> None:
        if not any(f.get("memory") == "rehearsal" and f["type"] == "abandoned" for f in facts):  # nobody is left to
            append(self, *facts)

    def fit() -> AutoFineTuner:
        recipe = tiny_recipe(target="value", minutes=5, trials=1, **LINEAR)
        return AutoFineTuner(recipe=recipe, directory=tmp_path).fit(features(table, "value"))

    monkeypatch.setattr(TrialTrainer, "rehearse", killed)
    monkeypatch.setattr(Journal, "append", dying)
    for _ in range(2):
        with pytest.raises(Killed):
            fit()
    assert len(fit().evaluation_.trials) == 1
    assert [f["epochs"] for f in read(tmp_path / "journal.jsonl").facts if f["type"] == "plan"] == [16]


def test_a_run_too_short_for_boosting_says_so(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setattr(space, "_BASELINES_SHARE", 0.0)
    recipe = tiny_recipe(target="outcome", minutes=5, trials=1, **LINEAR)
    tuner = AutoFineTuner(recipe=recipe, directory=tmp_path).fit(features(table, "outcome"))
    assert [line.name for line in tuner.evaluation_.baselines] == ["constant", "linear"]
    (found,) = [f for f in tuner.findings_ if f.code == "boosting-left-out"]
    assert found.severity == "info"
    assert "gradient boosting" in (tmp_path / "report.html").read_text()


def test_without_minutes_nothing_is_measured(binary):
    assert not [f for f in read(binary.directory_ / "journal.jsonl").facts if f["type"] == "plan"]


@pytest.mark.parametrize(
    ("rows", "dimensions", "expected"),
    [(400, MAKE, 6), (4_000, MAKE, 3), (400, SIZES, 3), (400_000, SIZES, 1)],
)
def test_programs_are_shared_where_tracing_is_the_larger_cost(
    rows: int, dimensions: frozenset[str], expected: int, monkeypatch: pytest.MonkeyPatch
):
    found = SimpleNamespace(default=replace(SHAPE, rows=rows, batch=min(512, rows)), dimensions=dimensions)
    monkeypatch.setattr(plan_parallelism.__module__ + ".list_programs", lambda dataset, space, first: found)
    none: Any = None
    space = (Choice(name="architecture", values=("mlp",), default="mlp"),)
    planned = plan_parallelism(tiny_recipe(**{"search.epochs": 100}), none, space, {}, accelerated=False)
    assert (planned.dimensions, planned.trials_per_program) == (dimensions, expected)


@pytest.mark.parametrize(
    ("trials", "algorithm", "expected"),
    [(20, "bayesian", 1), (60, "bayesian", 2), (500, "bayesian", 4), (500, "hyperband", 1)],
)
def test_trials_train_side_by_side_in_long_searches_only(
    trials: int, algorithm: str, expected: int, table: pd.DataFrame
):
    recipe = tiny_recipe(target="outcome", **{"search.algorithm": algorithm})
    dataset = prepare_dataset(recipe, features(table, "outcome"))
    dimensions = make_search_space(recipe, dataset)
    planned = plan_parallelism(recipe, dataset, dimensions, default_configuration(dimensions), accelerated=False)
    assert planned.side_by_side(lambda params: 4)({}, trials) == expected


@pytest.mark.parametrize(
    ("first", "modelled", "asked"),
    [(1.4, 0.5, 2), (1.6, 0.5, 1), (1.6, 0.05, 2), (2.4, 0.05, 2), (2.6, 0.05, 1), (9.0, 0.03, 2)],
)
def test_tracing_is_no_reason_to_do_without_a_second_epoch(first: float, modelled: float, asked: int, tmp_path):
    """Ten seconds are left, tracing is guessed at one: an epoch of up to half a second is measured again.

    So is a longer one that should be far shorter by the model, up to a quarter of the time, and in any case one that
    should take a moment.
    """
    taken: list[float] = []

    def rehearse(params: Any, enough: Any) -> list[float]:
        taken.extend([first] if enough(first) else [first, 0.1])
        return taken

    trainer: Any = SimpleNamespace(rehearse=rehearse)
    expected = time_budget.ExpectedEpochs(epoch=modelled, tracing=1.0)
    found = time_budget._rehearse(run_in(Recipe(), tmp_path), trainer, {}, 10.0, expected)
    assert found == taken
    assert len(taken) == asked


def test_a_first_configuration_that_fails_while_it_is_measured_ends_nothing(tmp_path):
    def rehearse(params: Any, enough: Any) -> list[float]:
        raise MemoryError("no room for the tensor")

    trainer: Any = SimpleNamespace(rehearse=rehearse)
    run = run_in(Recipe(), tmp_path)
    assert time_budget._rehearse(run, trainer, {}, 10.0, time_budget.ExpectedEpochs(epoch=1.0, tracing=1.0)) is None
    assert run.journal.contents.deaths("rehearsal") == 0


@pytest.mark.parametrize(("slow", "expected"), [(1.0, "tabm-mini"), (2e3, "linear"), (1e9, "linear")])
def test_the_cheapest_goes_first_where_minutes_are_short(slow: float, expected: str, table: pd.DataFrame):
    """What is trained is not said to be left out."""
    recipe = tiny_recipe(target="outcome", minutes=2, **{"search.space": {}, "search.epochs": 100})
    dataset, machine = prepare_dataset(recipe, features(table, "outcome")), Machine()
    offered = first_configurations(make_search_space(recipe, dataset), 100, "small")
    measured = slow * cost.epoch_seconds(space.cost_shape(dataset, offered[0]), machine)
    kept = space.keep_affordable(recipe, dataset, offered, machine, epoch_seconds=measured)
    assert (offered[0]["architecture"], kept[0]["architecture"]) == ("tabm-mini", expected)
    left_out = " ".join(space.name_left_out(offered, kept))
    assert ("tabm-mini" in left_out) == ("tabm-mini" not in str(kept)) == (expected != "tabm-mini")


def test_trees_that_are_short_of_time_learn_in_larger_steps(table: pd.DataFrame):
    """Fewer trees where a quarter of the minutes is too short, within the recipe's range."""
    recipe = tiny_recipe(target="outcome", **{"search.space": {}, "search.epochs": 100})
    dataset, machine = prepare_dataset(recipe, features(table, "outcome")), Machine()

    def trees(minutes: float | None, **changes: Any) -> list[dict[str, Any]]:
        own = recipe.with_changes(**{"search.minutes": minutes, "search.space": changes})
        first = choose_first(own, dataset, make_search_space(own, dataset), machine)
        return [params for params in first if params["architecture"] == "trees"]

    def seconds(params: dict[str, Any]) -> float:
        return cost.trial_seconds(space.cost_shape(dataset, params), machine, epochs=40)

    def steps(*given: Any, **changes: Any) -> list[float]:
        return [params["shrinkage"] for params in trees(*given, **changes)]

    assert steps(None) == steps(60.0) == [0.05, 0.03]
    needed = seconds(trees(60.0)[0])
    small, large = trees(needed / 2 / space.LARGEST_SHARE / 60)
    assert seconds(small) == pytest.approx(needed / 2, rel=0.1)
    assert 0.03 < large["shrinkage"] <= 0.2
    assert steps(1e-6) == [0.2, 0.2]
    assert steps(1e-6, shrinkage=[0.02, 0.04]) == [0.04, 0.04]


def test_affordable_trees_go_before_expensive_perceptrons(table: pd.DataFrame):
    recipe = tiny_recipe(target="outcome", minutes=1, **{"search.space": {}, "search.epochs": 100})
    dataset, machine = prepare_dataset(recipe, features(table, "outcome")), Machine()
    offered = choose_first(recipe, dataset, make_search_space(recipe, dataset), machine)
    measured = 1e6 * cost.epoch_seconds(space.cost_shape(dataset, offered[0]), machine)
    kept = space.keep_affordable(recipe, dataset, offered, machine, epoch_seconds=measured)
    names = [params["architecture"] for params in kept]
    assert names[0] == "linear"
    assert names.index("trees") < names.index("mlp")


@pytest.mark.parametrize("slow", [1.0, 1e7])
def test_a_first_network_whose_epoch_takes_the_time_is_not_measured(
    slow: float, table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    recipe = tiny_recipe(target="outcome", minutes=2, **{"search.space": {}, "search.epochs": 100})
    dataset, epoch, measured = prepare_dataset(recipe, features(table, "outcome")), cost.epoch_seconds, []
    monkeypatch.setattr(cost, "epoch_seconds", lambda shape, machine: slow * epoch(shape, machine))

    def rehearse(params: dict[str, Any], enough: Any) -> list[float]:
        measured.append(space.cost_shape(dataset, params))
        return [0.01]

    trainer: Any = SimpleNamespace(rehearse=rehearse, accelerated=False)
    time_budget.plan_search(dataset, trainer, run_in(recipe, tmp_path))
    offered = choose_first(recipe, dataset, make_search_space(recipe, dataset), Machine.measure())
    costs = [epoch(space.cost_shape(dataset, params), Machine()) for params in offered]
    (own,) = (epoch(shape, Machine()) for shape in measured)
    assert own == (costs[0] if slow == 1.0 else min(costs))
    assert min(costs) < costs[0]


@pytest.mark.slow
def test_another_space_in_the_folder_has_its_own_configurations(table: pd.DataFrame, tmp_path):
    """The plan of the earlier run names architectures that the recipe no longer wants."""
    data = features(table, "outcome")
    for architecture in ("mlp", "linear"):
        changes = {"search.space": {"architecture": [architecture], "width": [16]}}
        recipe = tiny_recipe(target="outcome", minutes=5, trials=1).with_changes(**changes)
        trials = AutoFineTuner(recipe=recipe, directory=tmp_path).fit(data).evaluation_.trials
        assert {t.params["architecture"] for t in trials} == {architecture}


@pytest.mark.parametrize("wanted", [("tabm-mini",), ("mlp", "linear", "tabm-mini", "realmlp")])
def test_a_small_perceptron_comes_before_a_costly_portfolio(wanted: tuple[str, ...], table: pd.DataFrame):
    changes = {"search.space": {"architecture": list(wanted)}, "search.minutes": 1e-6}
    recipe = tiny_recipe(target="outcome", trials=2).with_changes(**changes)
    dataset = prepare_dataset(recipe, features(table, "outcome"))
    dimensions = make_search_space(recipe, dataset)
    found = choose_first(recipe, dataset, dimensions, Machine())
    assert [c["architecture"] for c in found].index("mlp") == 0 if "mlp" in wanted else "mlp" not in str(found)
    grid = recipe.with_changes(**{"search.algorithm": "grid"})
    assert choose_first(grid, dataset, dimensions, Machine()) == (default_configuration(dimensions),)


def test_the_gain_keeps_to_minutes_partly_used_before():
    recipe = Recipe().with_changes(target="y", minutes=2)
    ends = []
    for earlier in (0.0, 50.0):
        run = Run(recipe=recipe, folder=Path(), clock=lambda: 0.0, started=0.0, earlier=earlier)
        plan: Any = SimpleNamespace(seconds_after=lambda trials: 10.0)
        ends.append(time_budget.end_of_training(plan, SimpleNamespace(trials=()), run))  # type: ignore[arg-type]
    assert 110 <= ends[0] <= 120
    assert ends[0] - ends[1] == 50


@pytest.mark.parametrize(("seconds", "reserved"), [(5.0, 5.0), (10.0, 5.0), (14.0, 0.0)], ids=["all", "half", "none"])
def test_time_is_reserved_for_the_gain_where_half_of_its_networks_are_cheap(
    seconds: float, reserved: float, monkeypatch: pytest.MonkeyPatch
):
    """Cheap is at most a tenth of the minutes."""
    monkeypatch.setattr("autoft.pipeline.reserve.seconds_after_search", lambda *_: {"ensemble gain": seconds})
    recipe, other = Recipe().with_changes(target="y", minutes=1), SimpleNamespace()
    given: Any = {"dataset": other, "first": other, "machine": other}
    assert Reserve(recipe=recipe, clock=lambda: 0.0, **given)(1) == reserved


def test_the_portfolio_is_the_richest_that_the_minutes_allow(table: pd.DataFrame):
    """One trial of the richest one may be affordable where all of them are not: what is best may stand last."""
    recipe = tiny_recipe(target="outcome", trials=20, **{"search.space": {}, "search.epochs": 100})
    dataset = prepare_dataset(recipe, features(table, "outcome"))
    dimensions, machine = make_search_space(recipe, dataset), Machine()

    def seconds(minutes: float) -> tuple[float, float]:
        found = choose_first(recipe.with_changes(**{"search.minutes": minutes}), dataset, dimensions, machine)
        shapes = [replace(space.cost_shape(dataset, params), least=0) for params in found]
        each = [cost.trial_seconds(shape, machine, epochs=50) for shape in shapes]
        return each[0], sum(each)

    dearest, whole = seconds(5e5)
    enough_for_one = 5.1 * dearest / 60
    assert whole > 0.76 * enough_for_one * 60
    first, total = seconds(enough_for_one)
    assert first < dearest
    assert total <= 0.75 * enough_for_one * 60
    assert seconds(1.4 * whole / 60) == (dearest, whole)


def reserve(table: pd.DataFrame, minutes: float) -> Reserve:
    recipe = tiny_recipe(
        target="outcome",
        positive="leaves",
        minutes=minutes,
        **{"knowledge.features": {"amount": {"effect": "increasing"}}},
    )
    description = inspect_table(recipe, features(table, "outcome"))
    found: Any = split(recipe, description)
    machine = Machine()
    return Reserve(recipe=recipe, dataset=found, first=SHAPE, machine=machine, clock=lambda: 0.0)


def trial(seconds: float, score: float | None, reason: str = "", status: str = "finished", **params: Any) -> Any:
    return Trial(
        number=0,
        params={"architecture": "linear", "batch_size": 32, **params},
        seconds=seconds,
        score=score,
        reason=reason,
        status=status,  # type: ignore[arg-type]
        epochs=40,
        curves={"held_out": [[0.0]] * 40},
    )


def test_time_for_tests_of_hints_follows_measured_trials(table: pd.DataFrame):
    found = reserve(table, minutes=1)
    assert found.hint_seconds(100.0, 12.0) == 12.0  # a guess, and never more than its share
    found.note(trial(2.0, 0.5))
    assert found.hint_seconds(100.0, 12.0) == 2.0  # one hint, one training
    found.note(trial(9.0, 0.9))
    assert found.hint_seconds(100.0, 12.0) == 9.0  # the better trial, which fits
    found.note(trial(30.0, 0.95))
    assert found.hint_seconds(100.0, 12.0) == 12.0  # the best, with fewer epochs
    for unfit in (trial(1.0, 0.99, "out of time after epoch 3"), trial(1.0, None, status="failed")):
        found.note(unfit)
    assert found.hint_seconds(100.0, 12.0) == 12.0
    assert found.hint_seconds(0.0, 12.0) == 0.0  # no hints


def test_columns_are_shuffled_once_where_more_would_take_the_minutes(monkeypatch: pytest.MonkeyPatch):
    """How fast trees grow says nothing of their answers."""
    trees, network = replace(SHAPE, iterations=10), SHAPE
    monkeypatch.setattr(cost, "answer_seconds", lambda shape, size, machine: 1.0 * size.repeats)
    monkeypatch.setattr(cost, "evaluation_seconds", lambda size, machine: 0.0)
    monkeypatch.setattr("autoft.pipeline.reserve._gain", lambda *_: {})
    monkeypatch.setattr("autoft.pipeline.reserve.jobs_seconds", lambda *_: 0.0)
    size = cost.EvaluationSize(rows=100, trials=1, candidates=1, draws=100, columns=5)
    monkeypatch.setattr("autoft.pipeline.reserve.evaluation_size", lambda *_: size)
    dataset: Any = SimpleNamespace(y=[0] * 100, features=[0] * 5)

    def seconds(minutes: float | None, shape: cost.CostShape) -> float:
        recipe = Recipe().with_changes(target="y", **{"search.minutes": minutes})
        return seconds_after_search(recipe, dataset, [shape], 1, 10, Machine(), 3.0)["evaluation"]

    assert seconds(None, trees) == size.repeats > 1
    assert seconds(None, network) == 3 * size.repeats
    assert (seconds(10.0, network), seconds(0.1, network)) == (3 * size.repeats, 3)


def test_what_follows_is_guessed_from_best_trial_and_machine(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch):
    found, busy = reserve(table, minutes=1), Machine(slowness=3.0)
    now = [0.0]
    found.clock = lambda: now[0]
    monkeypatch.setattr(Machine, "measure", lambda: busy)
    before = found.after_training(3)
    found.note(trial(0.1, 0.5))  # a linear model
    assert found.after_training(3) <= before
    now[0] = 60.0
    found.note(trial(0.1, 0.4))
    assert found.machine is busy
    assert found.after_training(3) > 2 * before


def test_what_was_reserved_is_given_back_where_trials_took_less(table: pd.DataFrame):
    """A machine that was busy while it was measured looks slow; the trials know better."""
    large = {"architecture": "mlp", "width": 256, "depth": 3, "numbers": "plain"}
    shape, machine = CostShape(rows=400, held_out=100, members=5, inputs=30, width=256, depth=3, batch=32), Machine()
    usual = cost.trial_seconds(shape, machine, epochs=40)
    seconds = {}
    for times in (0.1, 1.0, 10.0):
        found = reserve(table, minutes=100)
        found.machine = replace(machine, gflops=machine.gflops / 50)
        before = found(3)
        found.note(trial(times * usual, 0.5, **large))
        seconds[times] = found(3)
    assert seconds[0.1] < before
    assert seconds[0.1] < seconds[1.0] < seconds[10.0]


def test_trials_say_how_long_others_of_their_architecture_take(table: pd.DataFrame):
    recipe = tiny_recipe(target="outcome", minutes=5)
    dataset = prepare_dataset(recipe, features(table, "outcome"))
    linear, mlp = ({"architecture": a, "width": 64, "depth": 1, "batch_size": 32} for a in ("linear", "mlp"))
    times = TrialTimes(dataset=dataset, measured=linear, epoch_seconds=0.5, epochs=100, most=100)
    assert times(linear) == pytest.approx(25 * 0.5, rel=0.5)
    before = times(mlp)
    times.note(trial(80.0, 0.5))  # 40 epochs
    assert times(linear) == pytest.approx(80.0, rel=0.01)
    assert times(mlp) == before
    for unfit in (replace(trial(0.1, 0.5), status="pruned"), trial(0.1, None, status="failed")):
        times.note(replace(unfit, params=mlp))
    assert times(mlp) < before  # what was pruned says how long an epoch takes, though not how many there are


def test_a_run_that_waits_for_others_plans_with_a_slower_machine(monkeypatch: pytest.MonkeyPatch):
    """Of ten seconds it had two of the processor: all it does will take five times as long."""
    now, used = [0.0], [100.0]
    monkeypatch.setattr("autoft.pipeline.context.time.process_time", lambda: used[0])
    run = Run(recipe=Recipe(), folder=Path(), clock=lambda: now[0], started=0.0, processor=100.0)
    now[0], used[0] = 0.5, 100.1
    assert run.contention() == 1.0  # too little to say anything
    now[0], used[0] = 10.0, 102.0
    assert run.contention() == pytest.approx(5.0)
    shared, alone = Machine().shared(run.contention()), Machine()
    for work in ("matmul", "wide", "alone"):
        assert getattr(shared, work)(1e9) == pytest.approx(5 * getattr(alone, work)(1e9))
    used[0] = 115.0  # two threads
    assert run.contention() == 1.0


def test_a_search_with_nothing_left_to_try_says_how_much_time_is_left(tmp_path: Path):
    run = run_in(Recipe().with_changes(minutes=2), tmp_path)
    run.started, run.clock = 0.0, lambda: 30.0
    trials: Any = SimpleNamespace(trials=(trial(1.0, 0.5),) * 7)
    note_rest(trials, run)
    (found,) = run.findings
    assert (found.code, found.severity) == ("search-exhausted", "info")
    assert "7 configurations" in str(found)
    assert "90 s of its minutes left" in str(found)


def test_leaves_of_trees_hold_as_many_rows_as_a_private_run_may_show(table: pd.DataFrame):
    recipe = tiny_recipe(target="outcome", **{"search.space": {"leaf_rows": [1, 5]}})
    dataset = prepare_dataset(recipe, features(table, "outcome"))
    (shown, private) = (
        next(d for d in make_search_space(own, dataset) if d.name == "leaf_rows")
        for own in (recipe, recipe.with_changes(private=True))
    )
    assert isinstance(shown, Range)
    assert isinstance(private, Range)
    assert (shown.low, shown.high) == (1, 5)
    assert (private.low, private.high, private.default) == (10, 11, 10)

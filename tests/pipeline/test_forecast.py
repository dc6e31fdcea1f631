"""The plan's counts are those of a real run, its times add up, and the command shows both."""

from __future__ import annotations

import dataclasses
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from autoft.cli import main
from autoft.cli.plan import show_plan
from autoft.errors import SchemaError
from autoft.evaluation import fold_model
from autoft.pipeline import cost, forecast, space
from autoft.pipeline.cost import TYPICAL_EPOCHS, EvaluationSize
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.fit import prepare_dataset
from autoft.pipeline.machine import Machine
from autoft.pipeline.reserve import affordable_draws
from autoft.pipeline.split import split
from autoft.recipe.recipe import Recipe, read_recipe
from tests.tables import features, tiny_recipe

MACHINE = Machine(gflops=60.0, threads=1, slowness=1.0)


def penguins(root: Path, **changes: Any) -> Recipe:
    return read_recipe(root / "recipes" / "penguins.yaml").with_changes(**{"schema.engine": "none", **changes})


def shown(plan: forecast.Forecast) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    show_plan(plan, console)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("strategy", ["corrected", "nested", "holdout"])
def test_counts_are_those_of_a_real_run(table, strategy):
    """Of a table with every kind of column, an embedded one among them."""
    from autoft.training.stack import StackTarget, stack_data

    recipe = tiny_recipe(target="grade", strategy=strategy, **{"search.space": {}})
    data = features(table, "grade")
    real = prepare_dataset(recipe, data)
    stack = stack_data(
        real.layout,
        real.encoded,
        StackTarget(y=real.y, task=real.target.task, classes=len(real.target.classes)),
        train=[member.train for member in real.members],
        held_out=[member.held_out for member in real.members],
    )
    plan = forecast.plan(recipe, data, machine=MACHINE)
    assert plan.rows == len(real.y)
    assert (plan.folds, plan.members) == (real.split.k, stack.members)
    assert plan.pairs == (3 if strategy == "nested" else 0)
    assert (plan.inputs, plan.embedded) == (stack.dense.shape[2], stack.slots.shape[2])
    assert plan.embedded == 1
    assert plan.train_rows == max(map(len, stack.train))
    assert plan.held_out_rows == max(map(len, stack.held_out))
    assert set(plan.left_out) == {"customer", "constant"}
    assert len(plan.used) + len(plan.left_out) == data.shape[1] - 1
    assert (plan.task, plan.objective) == ("multiclass", real.objective)


def test_shapes_are_the_products_of_the_choices_that_fix_them(root):
    plan = forecast.plan(penguins(root), machine=MACHINE)
    # 3 widths, 2 depths, 2 batches; perceptrons have 2 activations and 2 ways for numbers to enter besides, the
    # linear model these and batches alone; trees are not compiled. Dropout, L2 and learning rate are no shapes.
    assert plan.shapes == 3 * 2 * 2 * (2 * 2) + 2 * 2 + 2 * (3 * 2 * 2)
    # Sizes need no program of their own, where they are small and it is TensorFlow's.
    assert plan.programs == (2 * 2 * 2 + 2 + 2 + 2 if keras.backend.backend() == "tensorflow" else plan.shapes)
    assert plan.space["width"] == "16, 32, 64"
    assert "0.5" in plan.space["dropout"]


def test_architectures_too_slow_for_the_minutes_are_left_out(root):
    few, many = (forecast.plan(penguins(root, minutes=minutes), machine=MACHINE) for minutes in (0.01, 1_000))
    assert {name.split()[0] for name in few.too_expensive} == {"realmlp", "tabm-mini", "trees"}
    assert few.space["architecture"] == "mlp, linear"
    assert few.shapes < many.shapes
    assert f"{few.too_expensive[-1]}: a trial would take too many of the minutes" in shown(few)
    assert many.too_expensive == ()
    assert "not searched" not in shown(many)


def test_trees_alone_need_no_program(root):
    plan = forecast.plan(
        penguins(root, **{"search.families": ["trees"], "search.space.architecture": None}), machine=MACHINE
    )
    assert plan.programs == plan.shapes == 0
    assert "compiled" not in shown(plan)


def test_boosting_is_left_out_where_it_would_eat_the_minutes(root):
    description = inspect_table(penguins(root), None, enforce=False)
    dataset = split(penguins(root), description)
    assert space.boosting_fits(penguins(root, minutes=10), dataset, MACHINE)
    assert space.boosting_fits(penguins(root, minutes=None), dataset, MACHINE)
    short = penguins(root, minutes=0.05)
    assert not space.boosting_fits(short, dataset, MACHINE)
    with_it, without_it = (
        forecast.plan(penguins(root, minutes=minutes), machine=MACHINE).typical.before["baselines"]
        for minutes in (10, 0.05)
    )
    assert without_it < with_it / 2


def test_an_architecture_that_a_recipe_names_always_stays(root):
    space = {"architecture": ["realmlp", "mlp"]}
    assert forecast.plan(penguins(root, minutes=0.01, **{"search.space": space}), machine=MACHINE).too_expensive == ()


def test_the_cost_of_an_architecture_is_that_of_its_real_shape(table):
    """Weights of the networks that are built, against those that the cost model counts."""
    from autoft.networks.architecture import Inputs
    from autoft.networks.family import architecture_of, build_network

    recipe = tiny_recipe(target="grade")
    dataset = prepare_dataset(recipe, features(table, "grade"))
    inputs = Inputs.of(replace(dataset.layout, combined=()))  # as of most tables
    rows = min(len(m.train) for m in dataset.members)
    for kind in ("linear", "mlp", "realmlp", "tabm-mini"):
        params = {"architecture": kind, "numbers": "piecewise", "width": 16, "depth": 2, "activation": "relu"}
        shape = space.cost_shape(dataset, {**params, "batch_size": 16, "embedding": 4})
        own = architecture_of({**params, "embedding": 4}, inputs, rows)
        network = build_network(own, inputs, members=1, outputs=shape.outputs)
        real = sum(
            int(np.prod(v.shape))
            for v in network.trainable_variables
            if "/kernel" in v.path and (kind != "tabm-mini" or "logits" not in v.path)
        )
        counted = shape.kernels - (shape.width * shape.outputs if kind == "tabm-mini" else 0)
        assert counted == real, kind


def test_batches_beyond_the_rows_are_one_shape(root):
    space = {
        "architecture": ["mlp"],
        "numbers": ["plain"],
        "width": [8],
        "depth": [1],
        "activation": ["relu"],
        "batch_size": [32, 1_000, 2_000],
    }
    assert forecast.plan(penguins(root, **{"search.space": space}), machine=MACHINE).shapes == 2


def test_groups_are_counted_without_dealing_them_out(table):
    recipe = tiny_recipe(target="outcome", **{"evaluate.group": "shop"})
    data = features(table, "outcome")
    plan = forecast.plan(recipe, data, machine=MACHINE)
    assert plan.folds == prepare_dataset(recipe, data).split.k
    assert "shop" in plan.left_out


def test_more_minutes_allow_more_trials_up_to_those_wanted(root):
    def plan(trials: int, minutes: float) -> forecast.Forecast:
        return forecast.plan(penguins(root, trials=trials, minutes=minutes), machine=MACHINE)

    one, whole = (plan(trials, 1_000.0).typical.seconds for trials in (1, 40))
    found = [plan(40, (one + share * (whole - one)) / 60) for share in (0.3, 0.6, 1.1)]
    few, more, all_ = (plan.typical.trials for plan in found)
    assert 1 < few < more < all_ == 40
    for each in found:
        assert each.typical.seconds <= each.minutes * 60
        assert each.most.trials <= each.typical.trials
        assert not each.too_short


def test_minutes_alone_limit_the_trials_where_no_number_is_given(root):
    data = root / "recipes" / "data" / "penguins.csv"

    def plan(**changes: Any) -> forecast.Forecast:
        recipe = Recipe().with_changes(target="species", **{"search.space": {"architecture": ["linear"]}}, **changes)
        return forecast.plan(recipe, data, machine=MACHINE)

    free, named, neither = plan(minutes=30), plan(minutes=30, trials=40), plan()
    assert (free.trials, named.trials, neither.trials) == (None, 40, 30)
    assert free.typical.trials > 100 > named.typical.trials == 40
    assert neither.typical.trials == 30
    assert "at most 40" in shown(named)
    assert "(at most" not in shown(free)
    assert free.to_dict()["trials"] is None


@pytest.mark.parametrize(("rows", "minutes"), [(5_000, 5.0), (50_000, 5.0), (1_000_000, None)])
def test_usual_tables_have_all_draws(rows: int, minutes: float | None):
    size = EvaluationSize(rows=rows, trials=20, candidates=180, draws=500, columns=30, folds=5)
    recipe = Recipe() if minutes is None else Recipe().with_changes(minutes=minutes)
    assert affordable_draws(recipe, size, Machine()) == 500


def test_draws_of_a_large_table_fit_into_the_minutes():
    size = EvaluationSize(rows=1_000_000, trials=3, candidates=27, draws=500, columns=30, folds=5, area=True)
    found = [affordable_draws(Recipe().with_changes(minutes=m), size, Machine()) for m in (1, 20, 40, 120)]
    assert found[0] == 100 < found[1] < found[2] <= found[3] == 500
    assert cost.evaluation_seconds(dataclasses.replace(size, draws=found[1]), Machine()) <= 120
    few = dataclasses.replace(size, draws=60)
    assert affordable_draws(Recipe().with_changes(minutes=1), few, Machine()) == 60


def test_minutes_too_short_for_one_trial_are_said(root):
    plan = forecast.plan(penguins(root, minutes=0.01), machine=MACHINE)
    assert plan.too_short
    assert plan.typical.trials == 1
    assert "default configuration" in shown(plan)


def test_importances_that_are_not_asked_for_take_no_time():
    rng = np.random.default_rng(0)

    def evaluation(columns: int) -> float:
        cells = pd.DataFrame(rng.normal(size=(60, columns))).add_prefix("x")
        recipe = Recipe().with_changes(target="y", trials=1)
        return forecast.plan(recipe, cells.assign(y=["a", "b"] * 30), machine=MACHINE).typical.after["evaluation"]

    assert evaluation(fold_model.MOST + 10) < evaluation(fold_model.MOST - 10)


def test_without_minutes_the_time_is_that_of_all_trials(root):
    recipe = Recipe().with_changes(target="species", trials=10, epochs=40)
    data = root / "recipes" / "data" / "penguins.csv"
    plan = forecast.plan(recipe, data, machine=MACHINE)
    assert (plan.typical.trials, plan.most.trials) == (10, 10)
    assert (plan.typical.epochs, plan.most.epochs) == (TYPICAL_EPOCHS, 40)
    trial = plan.typical.trial
    assert trial.low <= trial.default <= trial.high
    assert trial.low <= trial.mean <= trial.high
    assert trial.default < plan.most.trial.default < trial.default * 40 / TYPICAL_EPOCHS
    assert plan.typical.seconds < plan.most.seconds


def test_a_slower_machine_needs_longer(root):
    slow = dataclasses.replace(MACHINE, gflops=6.0, slowness=3.0)
    recipe = penguins(root, minutes=1_000.0)
    assert forecast.plan(recipe, machine=slow).typical.seconds > forecast.plan(recipe, machine=MACHINE).typical.seconds


def test_planning_writes_no_schema(table, tmp_path):
    features(table, "outcome").to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "r.yaml").write_text(
        "data: {path: data.csv, target: outcome}\nschema: {file: r.pbtxt}\n", encoding="utf-8"
    )
    forecast.plan(read_recipe(tmp_path / "r.yaml"), machine=MACHINE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.csv", "r.yaml"]


def test_rows_without_a_target_are_left_out(table):
    data = features(table, "outcome")
    data.loc[:6, "outcome"] = None
    recipe = tiny_recipe(target="outcome", **{"schema.drop_missing_target": True})
    plan = forecast.plan(recipe, data, machine=MACHINE)
    assert (plan.rows, plan.rows_left_out) == (len(data) - 7, 7)
    assert "7 without a target" in shown(plan)


def test_data_that_cannot_be_trained_on_are_refused():
    with pytest.raises(SchemaError, match="rows"):
        forecast.plan(tiny_recipe(target="y"), pd.DataFrame({"x": range(6), "y": ["a", "b"] * 3}), machine=MACHINE)


def test_command_shows_the_plan(root, capsys):
    assert main.main(["plan", str(root / "recipes" / "heart.yaml"), "--folds", "4", "--strategy", "nested"]) == 0
    out = capsys.readouterr().out
    lines = {line.strip().split("  ")[0]: " ".join(line.split()) for line in out.splitlines()}
    assert lines["rows"] == "rows 303"
    assert "10 in a trial, for 4 folds and 6 pairs" in lines["models"]
    assert lines["the run"].startswith("the run about ")
    assert lines["columns"] == "columns 13 used"
    for name in ("compiled", "a trial", "trials", "memory", "search", "space: width"):
        assert name in lines


def test_command_prints_json(root, capsys):
    source = str(root / "recipes" / "penguins.yaml")
    assert main.main(["plan", source, "--json", "--trials", "7", "--minutes", "9"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["trials"], found["minutes"]) == (344, 7, 9.0)
    assert found["typical"]["trials"] == 7
    parts = [*found["typical"]["before"].values(), *found["typical"]["after"].values(), found["typical"]["search"]]
    assert found["typical"]["seconds"] == pytest.approx(sum(parts))
    assert found["machine"]["gflops"] > 0


def test_command_takes_a_table(root, capsys):
    source = str(root / "recipes" / "data" / "penguins.csv")
    assert main.main(["plan", source, "--target", "species", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


@pytest.fixture
def leaking(tmp_path: Path, table: pd.DataFrame) -> str:
    """A table whose column 'copy' is the target."""
    data = features(table, "outcome")
    data.assign(copy=data["outcome"].map({"stays": "s", "leaves": "l"})).to_csv(tmp_path / "leak.csv", index=False)
    return str(tmp_path / "leak.csv")


def test_bad_data_are_shown_as_by_check_and_end_with_1(leaking, capsys):
    assert main.main(["plan", leaking, "--target", "outcome"]) == 1
    planned = capsys.readouterr().out
    assert "copy" in planned
    assert "1 error" in planned
    assert "trials" not in planned


def test_bad_data_as_json(leaking, capsys):
    assert main.main(["plan", leaking, "--target", "outcome", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert ("target-leak", "copy") in {(finding["code"], finding["column"]) for finding in found}


def test_screen_shows_strange_names_as_they_are(root):
    plan = dataclasses.replace(forecast.plan(penguins(root), machine=MACHINE), left_out=("[bold]a\x1b[31m",))
    assert "[bold]a\\x1b[31m" in shown(plan)

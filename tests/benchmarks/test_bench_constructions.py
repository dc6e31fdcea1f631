"""Monotone constructions: each obeys whatever its weights are, learns, and sees no row that it is not to see."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import constructions, monotone_training
from benchmarks.common import Measured
from benchmarks.constructions import SIDES, Problem, dataset, summarize, trained
from benchmarks.knowledge import Known

ROWS, TASKS = 160, ("binary", "regression")
KNOWN = Known(
    effects={"x": 1, "grade": -1, "gap": 1},
    planted=("x", -1),
    orders={"grade": ("low", "mid", "high")},
    positive="yes",
)
OBEYING = [side for side in SIDES if side != "free"]


def table(rows: int = ROWS, seed: int = 0) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Features, a class and a number; both move with x, grade and gap against what is known of them."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=rows),
            "grade": rng.choice(["low", "mid", "high"], rows),
            "gap": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows)),
            "u": rng.normal(size=rows),
            "city": rng.choice(["Rome", "Oslo", "Bonn"], rows),
        }
    )
    rank = frame["grade"].map({"low": 0.0, "mid": 1.0, "high": 2.0})
    signal = rank - frame["x"] - frame["gap"].fillna(0) + 2 * np.abs(frame["u"]) + (frame["city"] == "Oslo")
    return frame, pd.Series(np.where(signal > signal.median(), "yes", "no")), 50 + 10 * signal


@pytest.fixture(autouse=True)
def _ladder(monkeypatch: pytest.MonkeyPatch):
    """The benchmark knows the table."""
    monkeypatch.setattr(monotone_training, "LATTICES", 6)
    monkeypatch.setattr(monotone_training, "WIDTH", 16)
    for task in TASKS:  # a set for each, named after it
        monkeypatch.setitem(constructions.KNOWN, task, KNOWN)
        monkeypatch.setitem(constructions.SETS, task, ("", "target", task))


@cache
def problem(task: str) -> Problem:
    frame, classes, numbers = table()
    return dataset(task, frame, classes if task == "binary" else numbers, seeds=2)


def built(side: str, task: str = "binary", given: Problem | None = None):
    own = given or problem(task)
    data = monotone_training.side_by_side(own.data, 1)
    construction = monotone_training.build(side, data, data.start(0), own.hints)
    return construction, monotone_training.Loop(construction, data)


def moved() -> tuple[np.ndarray, np.ndarray]:
    """``[2, pairs, in]`` encoded rows before and after columns moved so that the answer may not fall."""
    own, (frame, _, _) = problem("binary"), table(200, seed=1)
    frame["gap"] = frame["gap"].fillna(0.0)
    after = frame.assign(x=frame["x"] + np.abs(frame["u"]), gap=frame["gap"] + 0.5, grade="low")
    return own.encode(frame), own.encode(after)


@pytest.mark.parametrize("side", OBEYING)
def test_a_construction_obeys_whatever_its_weights_are(side: str):
    """Random weights that were put back where the construction wants them, far larger than any training gives."""
    construction, loop = built(side)
    rng, before, after = np.random.default_rng(0), *moved()
    wild = {n: w + 2 * rng.normal(size=w.shape).astype(np.float32) for n, w in construction.weights.items()}
    wild |= {n: construction.weights[n] for n in construction.weights if n.startswith(("bins/", "slope/steep"))}
    for name, low in construction.rules.low.items():
        wild[name] = np.clip(wild[name], low, construction.rules.high[name])
    if construction.project:
        wild |= {n: np.asarray(w) for n, w in construction.project({n: wild[n] for n in loop.names}).items()}
    rise = loop.logits(wild, after) - loop.logits(wild, before)
    slack = 1e-5 * np.ptp(loop.logits(wild, before))
    assert rise.min() >= -slack
    assert (rise > slack).mean() > 0.3  # it does see the columns


def test_without_effects_the_same_weights_move_the_wrong_way():
    construction, loop = built("free")
    before, after = moved()
    rise = loop.logits(construction.weights, after) - loop.logits(construction.weights, before)
    assert rise.min() < -0.01


@pytest.mark.parametrize("side", SIDES)
def test_every_side_learns_and_still_obeys(side: str):
    """The data say the opposite of the hints in three columns, and something else in two."""
    own = problem("regression")
    construction, loop = built(side, "regression")
    members = own.data.members
    given = {"batch": 32, "seed": 0, "variant": next(iter(construction.variants))}
    found = loop.train([0.02] * members, epochs=25, patience=25, **given)
    assert (found.losses < loop.train([0.0] * members, epochs=1, patience=1, **given).losses - 0.05).all()
    assert (found.losses < 0.98).all()  # the constant has 1
    assert (found.epochs == 25).all()
    before, after = (x[:, :, : construction.network.inputs[0].shape[2]] for x in moved())
    rise = loop.logits(found.weights, after) - loop.logits(found.weights, before)
    assert (rise.min() < -0.1) if side == "free" else (rise.min() >= -1e-5)


def test_autoft_s_own_is_its_network_with_bounds_and_half_of_its_units_free():
    from autoft.knowledge.bounds import FREE, weight_bounds

    ours, everything = built("ours")[0], built("all_bound")[0]
    assert {v.__class__.__module__ for v in ours.network.layers[1:]} == {"autoft.networks.layers.stacked"}
    barred = ours.rules.high["hidden_0/kernel"] == 0
    barred &= ours.rules.low["hidden_0/kernel"] == 0
    assert barred.any(axis=0).mean() == FREE == 0.5
    assert not (everything.rules.low["hidden_1/kernel"] < 0).any()
    assert ours.parameters < everything.parameters
    assert weight_bounds.__globals__["FREE"] == 0.5  # as it was before


def test_absolute_values_take_the_signs_of_the_bounds():
    construction, loop = built("absolute_halves")
    bounded = built("ours")[0].rules
    for name, low in bounded.low.items():
        layer = construction.network.get_layer(name.split("/")[0])
        assert ((layer.signs == 0) == ((low == 0) == (bounded.high[name] == 0))).all()
        assert (layer.any == ((low < 0) & (bounded.high[name] > 0))).all()
    assert loop.names[0] == "hidden_0/kernel"


def test_kernels_of_bounded_norm_are_no_steeper_than_one():
    import keras

    from benchmarks.monotone_layers import Lipschitz, SortPairs

    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 300, 6)).astype(np.float32)
    layers = [Lipschitz(8, first=True), SortPairs(), Lipschitz(1, first=False)]
    network = keras.Sequential(layers)
    network(x)
    for weight in network.weights:
        weight.assign(3 * rng.normal(size=weight.shape))
    for column in range(6):
        step = np.zeros(6, np.float32)
        step[column] = 0.5
        slopes = np.abs(np.asarray(network(x + step)) - np.asarray(network(x))) / 0.5
        assert slopes.max() <= 1 + 1e-5
    pairs = np.asarray(SortPairs()(np.array([[3.0, 1.0, 2.0, 5.0]], np.float32)))
    assert pairs.tolist() == [[2.0, 1.0, 3.0, 5.0]]


def test_a_lattice_is_multilinear_between_its_corners():
    from benchmarks.monotone_layers import Lattices

    lattice = Lattices(np.array([[1, 0]]), np.array([True, False]))
    lattice.build((1, None, 2))
    corners = np.array([1.0, 2.0, 4.0, 3.0], np.float32)  # by column 1, then column 0
    lattice.corners.assign(corners.reshape(1, 4, 1))
    at = np.array([[[0, 0], [1, 0], [0, 1], [1, 1], [0.5, 0.5]]], np.float32)  # column 0, column 1
    assert np.asarray(lattice(at))[0, :, 0].tolist() == [1.0, 2.0, 4.0, 3.0, 2.5]
    # Only column 0 must rise: of its two edges one falls, and both ends take its middle.
    assert np.asarray(lattice.projected(corners.reshape(1, 4, 1))).ravel().tolist() == [1.0, 2.0, 3.5, 3.5]


def test_curves_keep_their_direction_and_range():
    from benchmarks.monotone_layers import Calibrators

    curves = Calibrators(np.array([1, -1, 0]), 3, np.zeros(0, int))
    start, rise = np.array([[[0.2, 0.9, 0.5]]], np.float32), np.array([0.5, -0.2, 0.9, -0.5, 0.1, -0.9, 0.2, -0.2, 0.1])
    first, steps = curves.projected(start, rise.reshape(1, 9, 1).astype(np.float32))
    assert np.asarray(first).ravel().tolist() == pytest.approx([0.2, 0.9, 0.5])
    found = np.asarray(steps).reshape(3, 3)
    assert found[0].tolist() == pytest.approx([0.5, 0.0, 0.3])
    assert found[1].tolist() == pytest.approx([-0.5, 0.0, -0.4])
    assert found[2].tolist() == pytest.approx([0.2, -0.2, 0.1])


@pytest.mark.parametrize("side", ["ours", "lipschitz", "lattice"])
def test_held_out_rows_have_no_part_in_a_training(side: str):
    """With other features and labels in the rows that are held out, the first epochs are the same to the bit."""
    own = problem("binary")
    first, held = own.data.members - 1, own.data.held_out[1]
    data = replace(own.data, **{k: (getattr(own.data, k)[first],) for k in ("train", "held_out")})
    arrays = ("dense", "slots", "center", "scale", "low", "high")
    data = replace(data, **{k: getattr(own.data, k)[[first]] for k in arrays})
    dense, y = data.dense.copy(), data.y.copy()
    dense[0, held], y[held] = 1e3, 1 - y[held]
    both = []
    for given in (data, replace(data, dense=dense, y=y)):
        construction, loop = built(side, given=replace(own, data=given))
        # Which epoch is best is for the held-out rows to say; here every epoch is better than the one before.
        losses = itertools.count(0.0, -1.0)
        loop._look = lambda *_, losses=losses: np.array([next(losses)])
        variant = next(iter(construction.variants))
        both.append(loop.train([0.01], batch=32, epochs=2, patience=1, seed=0, variant=variant))
        assert both[-1].epochs.tolist() == [2]
    mine, theirs = (found.weights for found in both)
    assert all((mine[name] == theirs[name]).all() for name in mine)
    assert any((mine[name] != construction.weights[name]).any() for name in mine)


def test_statistics_are_those_of_the_rows_that_are_trained_on():
    frame, classes, _ = table()
    own = dataset("binary", frame, classes, seeds=2)
    spoiled = frame.copy()
    spoiled.loc[own.data.held_out[0], ["x", "u"]] *= 100
    other = dataset("binary", spoiled, classes, seeds=2)
    assert (own.data.held_out[0] == other.data.held_out[0]).all()
    assert (own.data.statistics.center[0] == other.data.statistics.center[0]).all()
    assert (own.data.statistics.factor[0] == other.data.statistics.factor[0]).all()
    assert (own.data.statistics.factor[1] != other.data.statistics.factor[1]).any()


def test_the_best_of_the_tries_is_chosen_by_the_rows_held_out():
    found = trained(problem("binary"), "lipschitz", (1e-5, 0.01), epochs=4, patience=4)
    assert found["rates"] == [0.01, 0.01]
    assert set(found["variants"]) <= set(monotone_training.STEEPNESS)
    answers = found["answers"](table(30, seed=2)[0], 1)
    assert answers.shape == (30, 2)
    assert answers.sum(axis=1) == pytest.approx(1)


def row(name: str, side: str, test: float, wrong: int = 0, epoch: float = 1.0) -> dict[str, object]:
    metric = "roc_auc" if name.endswith("class") else "rmse"
    own = {"set": name, "metric": metric, "side": side, "test": test, "violations": wrong, "pairs": 100}
    return {**own, "epoch_ms": epoch, "cpu_s": 3.0}


def test_the_summary_compares_with_ours_on_the_sets_that_both_have():
    rows = [
        row("a class", "ours", 0.9),
        row("b", "ours", 100.0),
        row("a class", "free", 0.92, 30, 0.5),
        row("b", "free", 80.0, 10, 0.5),
        row("c", "free", 1.0),
        row("b", "lattice", 110.0, 1, 8.0),
    ]
    found = summarize(rows)
    assert found["violations"] == {"ours": 0, "lattice": 1}
    assert found["violated"] == {"ours": 0.0, "free": round(40 / 300, 4), "lattice": 0.01}
    assert found["roc_auc"] == {"ours": 0.0, "free": 0.02, "lattice": None}
    assert found["rmse"] == {"ours": 1.0, "free": 0.8, "lattice": 1.1}
    assert found["epoch"] == {"ours": 1.0, "free": 0.5, "lattice": 8.0}
    assert found["cpu_s"] == {"ours": 6.0, "free": 9.0, "lattice": 3.0}


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets are the table of this test, and pieces run in this process."""
    frame, classes, numbers = table()

    def parts(name: str, *_: object) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame, pd.Series]:
        y = classes if name == "binary" else numbers
        return frame[:120], y[:120], frame[120:].reset_index(drop=True), y[120:].reset_index(drop=True)

    class Scores:
        regression_scores = staticmethod(lambda y, found: {"rmse": float(np.sqrt(np.square(y - found).mean()))})
        classification_scores = staticmethod(lambda y, found, classes: {"roc_auc": float(found[:, 1].mean())})

    def measure(piece: str, arguments: dict[str, object], **_: object) -> Measured:
        assert piece == "benchmarks.constructions:piece"
        return Measured(cpu_s=1.0, wall_s=1.0, peak_mb=1.0, value=constructions.piece(**arguments)())  # type: ignore[arg-type]

    monkeypatch.setattr(constructions, "tables", parts)
    monkeypatch.setattr(constructions, "drawn", parts)
    monkeypatch.setattr(constructions, "splits", lambda shared: Scores)
    monkeypatch.setattr(constructions, "measure", measure)
    monkeypatch.setattr(constructions, "QUICK", TASKS)


@pytest.mark.usefixtures("shared")
def test_the_quick_form_trains_scores_and_counts(tmp_path: Path):
    path = tmp_path / "found.json"
    found = constructions.main(["--quick", "--sides", "ours,lattice", "--json", str(path)])
    assert json.loads(path.read_text())["rows"] == found["rows"]
    assert [(row["set"], row["side"]) for row in found["rows"]] == [
        *(("binary", side) for side in ("ours", "lattice")),
        *(("regression", side) for side in ("lattice", "ours")),
    ]
    for row in found["rows"]:
        assert (row["rows"], row["epochs"], row["violations"]) == (120, 3.0, 0)
        assert row["pairs"] > 100
        assert set(row["by_column"]) == {"x", "grade", "gap"}
        assert row["epoch_ms"] > 0
        assert np.isfinite(row["test"])
    assert found["summary"]["violations"] == {"ours": 0, "lattice": 0}


def test_an_earlier_run_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, asked = tmp_path / "found.json", []

    def run(name: str, shared: str, sides: list[str], **_: object) -> list[dict[str, object]]:
        asked.append(name)
        return [row(name, side, 0.5) for side in sides]

    monkeypatch.setattr(constructions, "run", run)
    given = ["--sides", "ours,free", "--json", str(path)]
    constructions.main(["--only", "heart_cleveland", *given])
    found = constructions.main(["--only", "heart_cleveland,diamonds", "--more", *given])
    assert asked == ["heart_cleveland", "diamonds"]
    assert [r["set"] for r in found["rows"]] == ["heart_cleveland"] * 2 + ["diamonds"] * 2

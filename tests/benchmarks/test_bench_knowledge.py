"""What the benchmark of knowledge counts, without training anything."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks import knowledge
from benchmarks.common import Options
from benchmarks.knowledge import KNOWN, Known, plan, summarize, violations

LADDER = Known(effects={"x": 1, "grade": -1}, planted=("x", -1), orders={"grade": ("low", "mid", "high")})


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=200), "grade": rng.choice(["low", "mid", "high"], 200)})


def test_violations_are_counted_by_column_and_sign():
    rank = {"low": 0.0, "mid": 1.0, "high": 2.0}
    obeying = violations(LADDER, "set", frame(), lambda f: f["x"].to_numpy() - f["grade"].map(rank).to_numpy(float))
    assert obeying["violations"] == 0
    assert obeying["pairs"] > 300
    against = violations(LADDER, "set", frame(), lambda f: -f["x"].to_numpy() - f["grade"].map(rank).to_numpy(float))
    assert against["by_column"]["grade"] == 0
    assert against["by_column"]["x"] == against["violations"] > 100


def test_a_planted_hint_stands_in_the_place_of_the_true_one():
    told = KNOWN["heart_cleveland"]
    assert told.features()["ca"]["effect"] == "increasing"
    assert told.features(planted=True)["ca"]["effect"] == "decreasing"
    assert told.features(planted=True)["oldpeak"] == told.features()["oldpeak"]


def test_the_summary_tells_planted_hints_from_true_ones():
    name, (column, _) = "heart_cleveland", KNOWN["heart_cleveland"].planted

    def row(side: str, test: float, verdicts: dict[str, str], wrong: int) -> dict[str, object]:
        own = {"set": name, "metric": "roc_auc", "rows": 0, "draw": 0, "side": side}
        return {**own, "test": test, "violations": wrong, "pairs": 100, "verdicts": verdicts}

    rows = [
        row("hints", 0.9, {f"{column}: effect increasing": "helps", "oldpeak: effect increasing": "contradicted"}, 0),
        row("free", 0.91, {}, 25),
        row("planted", 0.8, {f"{column}: effect decreasing": "contradicted"}, 3),
    ]
    found = summarize(rows)
    assert (found["violations"], found["violations_free"]) == (0, 0.25)
    assert found["planted_contradicted"] == [name]
    assert found["true_contradicted"] == [f"{name}: oldpeak: effect increasing"]
    assert found["further_behind_than_allowed"] == [name]


def test_a_verdict_stands_beside_what_it_rests_on():
    from autoft.records.hint_tests import HintTest
    from autoft.records.scores import Interval

    gain = Interval(value=-0.02, low=-0.03, high=-0.01)
    told = HintTest(hint="x: effect increasing", because="", verdict="contradicted", gain=gain, obeyed=0.1)
    endless = HintTest(hint="y: importance high", because="", verdict="no measurable effect")
    endless = replace(endless, gain=Interval(value=0.0, low=-np.inf, high=np.inf))
    untested = HintTest(hint="z: order", because="", verdict="not tested")
    found = knowledge.spoken([told, endless, untested])
    assert found["verdicts"] == {one.hint: one.verdict for one in (told, endless, untested)}
    nothing = {"gain": None, "low": None, "high": None, "obeyed": None}
    assert found["tests"] == {
        told.hint: {"verdict": "contradicted", "gain": -0.02, "low": -0.03, "high": -0.01, "obeyed": 0.1},
        endless.hint: {"verdict": "no measurable effect", **nothing, "gain": 0.0},
        untested.hint: {"verdict": "not tested", **nothing},
    }
    json.dumps(found, allow_nan=False)


def test_small_sizes_leave_out_a_table_that_has_fewer_rows():
    given = Options(quick=False, only=(), json=None)
    sizes = {size for name, size, _, _ in plan(given, ["heart_cleveland"], 1) if name == "heart_cleveland"}
    assert sizes == {0, 100}
    assert len(plan(given, ["telco_churn"], 2)) == 5 + 2 * 2 * len(knowledge.SIDES)

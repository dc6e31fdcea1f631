"""What the benchmark of quality reads and sums up."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import blend_gain, peers, quality, sets, verdicts

PEERS = """
| dataset | sk_linear | autogluon | realmlp |
|---|---|---|---|
| adult | 0.9099 (3 s) | 0.9329 (64 s) | 0.9215 (512 s) |
| diamonds | 1106 (4 s) | 503.8 (63 s) |  |
"""


def row(name: str, **scores: float | None) -> dict[str, object]:
    return {"set": name, "metric": sets.METRIC[sets.EVERY[name].task], **scores}


def test_peers_are_read_by_set_and_tool(tmp_path: Path):
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "peers.md").write_text(PEERS)
    found = peers.recorded(str(tmp_path))
    assert found["adult"] == {"sk_linear": 0.9099, "autogluon": 0.9329, "realmlp": 0.9215}
    assert found["diamonds"] == {"sk_linear": 1106.0, "autogluon": 503.8}


def test_more_is_better_for_areas_and_less_for_errors():
    rows = [
        row("adult", autoft=0.93, boosting=0.92, autogluon=0.94, inside=True),
        row("heart_cleveland", autoft=0.90, boosting=0.92, autogluon=0.90, inside=True),
        row("car_evaluation", autoft=0.10, boosting=0.20, autogluon=0.11, inside=False),
        row("diamonds", autoft=520.0, boosting=510.0, autogluon=None, inside=True),
        row("taxis", autoft=None, boosting=3.0, autogluon=4.0),
    ]
    found = verdicts.summarize(rows)
    assert found["better_than_hgb"] == 2
    assert found["further_behind_hgb_than_allowed"] == ["heart_cleveland"]  # diamonds is within 3 %
    assert found["level_with_autogluon"] == ["heart_cleveland", "car_evaluation"]
    assert (found["inside_the_reported_interval"], found["failures"]) == (3, 1)
    assert found["outside_the_reported_interval"] == ["car_evaluation"]
    assert rows[0]["metric"] == "roc_auc"
    assert verdicts.gain(rows[2], "boosting") == pytest.approx(2.0)


def test_boosting_is_the_best_that_is_known_of_it():
    assert verdicts.strongest([0.92, None, 0.93], "roc_auc") == 0.93
    assert verdicts.strongest([3.8, 3.7, None], "rmse") == 3.7
    assert verdicts.strongest([None, None], "rmse") is None


def test_verdicts_say_what_is_reached_on_old_and_new_sets():
    rows = [
        row("diamonds", autoft=505.0, boosting=510.0, networks_only=520.0, inside=True),
        row("madelon", autoft=0.95, lightgbm=0.94, catboost=0.90, inside=False),
        row("cnae9", autoft=0.20, lightgbm=0.30, sk_linear=0.10, inside=True),
    ]
    found = verdicts.summarize(rows)
    assert found["best_of_all_on_new_sets"] == ["madelon"]
    assert "reached: best of all on at least half of the new sets (1 of 2)" in found["verdicts"]
    assert "reached: diamonds rmse <= 510 (505, networks only 520)" in found["verdicts"]
    assert "missed: better than the best boosting on at least 12 of 14 (1)" in found["verdicts"]
    assert "missed: better than the best boosting on at least 10 of 14 (1)" in verdicts.summarize(rows, 1.0)["verdicts"]
    assert "reached: the interval holds the test score on all sets but one (outside: madelon)" in found["verdicts"]


def test_what_is_missing_is_run_again_and_nothing_else():
    plan = quality.Plan(shared="", minutes=5.0, wanted=("autoft", "plain_mlp", "sk_rf", "sk_linear"), resume=True)
    known = {"minutes": {"autoft": 5.0}, "autoft": 0.9, "sk_rf": None}
    assert plan.sides("adult", known) == ["plain_mlp", "sk_rf", "sk_linear"]
    assert plan.sides("madelon", known) == ["sk_rf", "sk_linear"]  # the plain network is of the first sets alone
    assert plan.sides("sms_spam", {**known, "minutes": {"autoft": 1.0}}) == [
        "autoft",
        "sk_linear",
    ]  # other minutes


def test_a_group_is_in_one_part_alone():
    groups = np.repeat(np.arange(20), 5)
    y = np.where(groups < 10, "a", "b")
    train, test = sets.whole_groups(groups, y, "multiclass", "any")
    assert not set(groups[train]) & set(groups[test])
    assert sorted(y[test]) == ["a"] * 10 + ["b"] * 10  # two of ten groups of each class
    assert len(train) + len(test) == 100


def test_trees_take_the_time_of_the_last_trials():
    assert blend_gain._in_time([3.0, 2.0, 1.0], 1.0) == {0, 1}
    assert blend_gain._in_time([3.0, 2.0, 1.0], 5.5) == {0}  # the first trial is never given up


def test_rows_that_say_when_to_stop_are_the_last_or_of_other_groups():
    later = sets.Table("", "y", "regression", time="day")
    train, rest = peers.stopping_rows(later, np.arange(100), np.arange(100))
    assert (train.max(), rest.min(), len(rest)) == (84, 85, 15)
    grouped = sets.Table("", "y", "regression", group="who")
    train, rest = peers.stopping_rows(grouped, {"who": np.repeat(np.arange(20), 5)}, np.arange(100.0))
    assert not set(train // 5) & set(rest // 5)
    assert len(rest) == 15

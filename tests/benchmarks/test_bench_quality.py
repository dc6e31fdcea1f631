"""What the benchmark of quality reads and sums up."""

from pathlib import Path

import pytest

from benchmarks import quality

PEERS = """
| dataset | sk_linear | autogluon | realmlp |
|---|---|---|---|
| adult | 0.9099 (3 s) | 0.9329 (64 s) | 0.9215 (512 s) |
| diamonds | 1106 (4 s) | 503.8 (63 s) |  |
"""


def row(name: str, **scores: float | None) -> dict[str, object]:
    return {"set": name, "metric": quality.METRIC[quality.SETS[name][2]], **scores}


def test_peers_are_read_by_set_and_tool(tmp_path: Path):
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "peers.md").write_text(PEERS)
    found = quality.recorded(str(tmp_path))
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
    found = quality.summarize(rows)
    assert found["better_than_hgb"] == 2
    assert found["further_behind_hgb_than_allowed"] == ["heart_cleveland"]  # diamonds is within 3 %
    assert found["level_with_autogluon"] == ["heart_cleveland", "car_evaluation"]
    assert (found["inside_the_reported_interval"], found["failures"]) == (3, 1)
    assert rows[0]["metric"] == "roc_auc"
    assert quality._gain(rows[2], "boosting") == pytest.approx(2.0)


def test_boosting_is_the_best_that_is_known_of_it():
    assert quality._strongest([0.92, None, 0.93], "roc_auc") == 0.93
    assert quality._strongest([3.8, 3.7, None], "rmse") == 3.7
    assert quality._strongest([None, None], "rmse") is None

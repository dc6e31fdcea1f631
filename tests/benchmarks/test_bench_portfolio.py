"""The portfolio: chosen from what is recorded, and without a set owing nothing to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autoft.records.dimensions import Range
from autoft.search import portfolio
from autoft.search.portfolio import TIERS
from autoft.search.space import make_space
from benchmarks import portfolio as bench

RECORDED = Path(bench.ROOT) / "benchmarks" / "recorded" / "portfolio.jsonl"


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RECORDED.read_text(encoding="utf-8").splitlines()]


def test_the_packaged_file_is_chosen_from_recorded_trials(
    lines: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bench, "FILE", tmp_path / "portfolio.json")
    bench.main(["--choose", str(RECORDED)])
    chosen = json.loads((tmp_path / "portfolio.json").read_text(encoding="utf-8"))
    assert chosen == portfolio._read()
    assert set(chosen["without"]) == {line["set"] for line in lines} == set(bench.SETS)


def test_without_a_set_its_scores_have_no_say(lines: list[dict[str, Any]], tmp_path: Path, monkeypatch):
    left_out = "california_housing"
    other = [{**line, "score": 1e6 - line["score"]} if line["set"] == left_out else line for line in lines]
    (tmp_path / "other.jsonl").write_text("".join(json.dumps(line) + "\n" for line in other))
    monkeypatch.setattr(bench, "FILE", tmp_path / "portfolio.json")
    bench.main(["--choose", str(tmp_path / "other.jsonl")])
    chosen, known = json.loads((tmp_path / "portfolio.json").read_text()), portfolio._read()
    assert chosen["without"][left_out] == known["without"][left_out]
    assert chosen["order"] != known["order"]
    with portfolio.without(left_out):
        assert [dict(e) for e in portfolio.entries("large")] == [
            known["candidates"][str(c)] for c in known["without"][left_out]["large"]
        ]


def test_every_entry_lies_in_the_space():
    space = {d.name: d for d in make_space(5_000, embedded=True, changes={})}
    for tier in TIERS:
        entries = portfolio.entries(tier)
        assert 1 <= len(entries) <= 8
        for entry in entries:
            for name in entry.keys() & space.keys():
                d, value = space[name], entry[name]
                assert d.low <= value <= d.high if isinstance(d, Range) else value in d.values, (name, value)
            assert bench._rank(bench.tier_of(entry)) <= bench._rank(tier)


def test_a_candidate_that_failed_is_as_bad_as_a_useless_one():
    lines = [
        {"set": "s", "metric": "roc_auc", "candidate": c, "score": score} for c, score in enumerate((0.9, 0.88, None))
    ]
    assert bench.losses(lines)["s"] == pytest.approx({0: 0.0, 1: 0.2, 2: bench.WORST})

"""benchmarks.honesty and benchmarks.intervals without networks: what they save, and what they compare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import honesty, intervals


def test_honesty_saves_after_each_table(tmp_path: Path) -> None:
    file, seen = tmp_path / "honesty.json", []

    def run(setting: honesty.Setting, tables: int) -> Iterator[tuple[dict[str, Any], float]]:
        for number in range(tables):
            if file.exists():
                seen.append([(row["setting"], row["tables"]) for row in json.loads(file.read_text())["rows"]])
            ends = {f"{kind}{end}": value for kind in ("reported", "naive") for end, value in PARTS.items()}
            yield (
                {"true": 0.6, "member": 0.6, "pruned": 0, "gain_measured": 1.0, **ends, "reported": 0.7 + number / 10},
                1.0,
            )

    honesty.main(["--tables", "2", "--only", "binary-200-none,ordered-600-strong", "--json", str(file)], run)
    first, second = ("binary-200-none", "ordered-600-strong")
    assert seen == [[(first, 1)], [(first, 2)], [(first, 2), (second, 1)]]
    rows = json.loads(file.read_text())["rows"]
    assert [row["tables"] for row in rows] == [2, 2]
    deviation = np.std([0.1, 0.2], ddof=1)
    assert rows[0]["reported_to_ideal"] == pytest.approx(0.3 / (3.92 * deviation))


PARTS = {"": 0.7, "_low": 0.5, "_high": 0.8}


@pytest.mark.parametrize("kind", ["binary", "rare", "rareclasses", "clustered", "ordered"])
def test_fresh_tables_follow_those_to_learn_from(kind: str) -> None:
    (setting,) = [one for one in honesty.every() if one.task == kind and one.signal == "strong"][:1]
    table, fresh = (
        honesty.table(setting, 600, np.random.default_rng(seed), start=start) for seed, start in ((0, 0), (1, 600))
    )
    assert list(table.columns) == list(fresh.columns)
    extra = {"clustered": "g", "ordered": "t"}.get(kind)
    if extra:
        assert table[extra].max() < fresh[extra].min()
    shares = table["y"].value_counts(normalize=True)
    assert shares.min() < 0.2 if kind.startswith("rare") else len(shares) > 1


def test_the_narrowest_interval_that_holds_everywhere_is_accepted() -> None:
    rng = np.random.default_rng(0)
    samples, whole = rng.normal(0.8, 0.1, size=5_000), rng.normal(0.8, 0.02, size=5_000)
    ends = intervals.candidates(samples, whole, error=0.05)
    width = {kind: high - low for kind, (low, high) in ends.items()}
    assert width["scaled"] == pytest.approx(intervals.SCALE * width["today"])
    assert width["scaled+3"] / width["today"] == pytest.approx((0.368 / 0.632 + 3 * 0.04) ** 0.5, rel=0.05)
    assert width["rows+3"] == pytest.approx(3.92 * (0.05**2 + 3 * 0.02**2) ** 0.5, rel=0.05)
    tables = [{"true": true, "value": 0.8, "ends": ends} for true in (0.7, 0.8, 0.9)]
    row = intervals.summarize_setting("one", tables, 1.0)
    assert intervals.summarize([row])["accepted"] == min(
        (kind for kind, (low, high) in ends.items() if low <= 0.7 and high >= 0.9), key=lambda kind: width[kind]
    )
    far = intervals.summarize_setting("two", [{**table, "true": table["true"] + 9} for table in tables], 1.0)
    assert intervals.summarize([row, far])["accepted"].startswith("none")

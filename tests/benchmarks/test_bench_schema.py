"""The benchmark of schemas: its table, what it adds up, and when the target is reached."""

from __future__ import annotations

import time
from typing import Any

import pytest

from benchmarks import schema


def test_the_table_has_every_kind_of_column_and_gaps():
    frame = schema.table(2_000, 20)
    assert frame.shape == (2_000, 20)
    kinds = [dtype.kind for dtype in frame.dtypes]
    assert (kinds.count("f"), kinds.count("i"), kinds.count("O")) == (10, 4, 6)
    assert frame.isna().any().sum() >= 4
    assert frame.equals(schema.table(2_000, 20))


def test_the_portable_engine_finds_nothing_in_its_own_table():
    found = schema.piece("portable", 500, 20)()
    assert found["anomalies"] == 0
    assert set(found["cpu"]) == set(found["wall"]) == set(schema.STEPS)


def test_steps_are_added_up_apart_from_what_lies_between():
    meter = schema.Meter()
    for _ in range(2):
        with meter.step("a"):
            time.sleep(0.02)
        time.sleep(0.02)
    assert 0.03 < meter.wall["a"] < 0.08
    assert meter.cpu["a"] < 0.02


@pytest.mark.parametrize(("cpu", "peak", "reached"), [(2.9, 899, True), (3.1, 899, False), (2.9, 901, False)])
def test_the_target(cpu, peak, reached):
    row: dict[str, Any] = {"engine": "portable", "cpu_s": cpu, "peak_mb": peak}
    assert schema.summary_of([{**row, "engine": "tfdv"}, row])["reached"] is reached
    assert schema.summary_of([{**row, "engine": "tfdv"}]) == {}

"""The benchmark of false alarms: what it counts, and made tables on which a warning too many is seen here first."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoft.records.findings import Finding
from benchmarks import false_alarms


@pytest.mark.parametrize("name", ["beers", "monsters", "blank_rows"])
def test_made_tables_have_no_false_warning(name: str) -> None:
    (row,) = false_alarms.rows_of(name, Path("nowhere"))
    assert (row["check_wrong"], row["predict_wrong"]) == ([], [])


def test_what_is_not_listed_is_false() -> None:
    found = [Finding(code, "warning", column, "", "", "") for code, column in (("drift", "a"), ("drift", "year"))]
    assert false_alarms.false_ones(found, "beijing_pm25", "time") == ["drift a"]
    assert false_alarms.false_ones(found, "beijing_pm25", "random") == ["drift a", "drift year"]


def test_a_narrow_table_counts_as_twenty_columns() -> None:
    rows = [
        {"table": "a", "split": "random", "columns": 5, "check_false": 1, "predict_false": 0},
        {"table": "b", "split": "random", "columns": 40, "check_false": 0, "predict_false": 4},
    ]
    summary = false_alarms.summary_of(rows)
    assert (summary["check_false_per_20_columns"], summary["predict_false_per_20_columns"]) == (0.5, 1.0)
    assert (summary["above"], summary["reached"]) == (["b/random predict"], False)

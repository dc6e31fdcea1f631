"""The benchmark of the minutes: what it adds up, and the tables that it makes."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import anytime


def row(**changes: Any) -> dict[str, Any]:
    return {"set": "a", "minutes": 5.0, "used": 0.97, "trials": 9, "said": "", **changes}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, []),
        ({"used": 0.5}, ["unused"]),
        ({"used": 0.5, "said": "search-exhausted"}, []),
        ({"used": 1.2}, ["over"]),
        ({"trials": 4}, ["few_trials"]),
        ({"trials": 4, "minutes": 1.0}, []),
    ],
)
def test_what_is_wanted_of_a_run(changes: dict[str, Any], named: list[str]) -> None:
    found = anytime.summarize([row(**changes), {"set": "b", "minutes": 5.0}])
    assert [key for key in ("unused", "over", "few_trials") if found[key]] == named
    assert (found["runs"], found["failures"]) == (2, 1)


def test_the_wide_table_has_classes_of_some_rows_each() -> None:
    frame, target = anytime.table("wide_80", "")
    assert frame.shape == (2_344, 81)
    assert frame[target].value_counts().min() >= 50
    assert frame[target].nunique() == 5

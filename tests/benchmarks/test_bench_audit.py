"""The benchmark of the audit: what it adds up, and known facts of the tables that are shipped."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import audit


@pytest.mark.parametrize("name", ["telco_churn", "california_housing", "penguins", "heart_cleveland"])
def test_facts_of_shipped_tables(name: str, root: Any) -> None:
    file, target = audit.SETS[name]
    found, _ = audit.findings(str(root / "recipes" / "data" / file), target)
    assert set(audit.FACTS[name]) <= {(line.code, line.column) for line in found}
    assert not any(line.severity == "error" for line in found)


#: Empty cells of the small tables, by column.
MEASURES = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
EMPTY = {"penguins": {**dict.fromkeys(MEASURES, 2), "sex": 11}, "heart_cleveland": {"ca": 4, "thal": 2}}


@pytest.mark.parametrize(("name", "empty"), EMPTY.items())
def test_empty_cells_of_small_tables_are_counted_without_warning(name: str, empty: dict[str, int], root: Any) -> None:
    file, target = audit.SETS[name]
    found, _ = audit.findings(str(root / "recipes" / "data" / file), target)
    counted = {line.column: line.evidence.counts["empty"] for line in found if line.code == "missing-values"}
    assert counted == empty
    assert {line.severity for line in found} == {"info"}


def test_blank_cells_of_numbers_are_missing_ones(root: Any, tmp_path: Any) -> None:
    """As the telco table has them in its source: 11 cells of TotalCharges are a blank."""
    import pandas as pd

    frame = pd.read_csv(root / "recipes" / "data" / "telco_churn.csv", dtype=str, keep_default_na=False)
    assert (frame["TotalCharges"] == "").sum() == 11
    frame["TotalCharges"] = frame["TotalCharges"].replace("", " ")
    frame.to_csv(tmp_path / "telco.csv", index=False)
    found, _ = audit.findings(str(tmp_path / "telco.csv"), "Churn")
    (line,) = (line for line in found if line.column == "TotalCharges")
    assert (line.code, line.evidence.counts["empty"]) == ("missing-values", 11)


def test_a_long_table_is_timed_and_has_nothing_to_warn_of() -> None:
    row = audit.row_of_long(400, 10)
    assert (row["columns"], row["errors"], row["warnings"]) == (11, 0, 0)
    assert 0 < row["audit_cpu_s"] < row["cpu_s"]
    assert audit.summary_of([row])["reached"] is True


def test_facts_and_warnings_are_added_up() -> None:
    rows: list[dict[str, Any]] = [
        {"table": "a", "facts": 2, "found": 1, "columns": 5, "errors": 0, "warnings": 3},
        {"table": "clean x 10", "columns": 40, "errors": 1, "warnings": 2},
    ]
    summary = audit.summary_of(rows)
    assert (summary["facts"], summary["found"], summary["warnings_per_20_columns"]) == (2, 1, 1.5)
    assert summary["reached"] is False
    rows[0]["found"], rows[1]["warnings"] = 2, 1
    assert audit.summary_of(rows)["reached"] is True

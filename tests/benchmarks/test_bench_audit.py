"""The benchmark of the audit: what it adds up, and known facts of the tables that are shipped."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import audit


@pytest.mark.parametrize(
    ("name", "file"), [("telco_churn", "telco_churn.csv"), ("california_housing", "california_housing.csv.gz")]
)
def test_facts_of_shipped_tables(name: str, file: str, root: Any) -> None:
    found, _ = audit.findings(str(root / "recipes" / "data" / file), audit.SETS[name][1])
    assert set(audit.FACTS[name]) <= {(line.code, line.column) for line in found}
    assert not any(line.severity == "error" for line in found)


def test_blank_cells_of_numbers_are_missing_ones(root: Any, tmp_path: Any) -> None:
    """As the telco table has them in its source: 11 cells of TotalCharges are a blank."""
    import pandas as pd

    frame = pd.read_csv(root / "recipes" / "data" / "telco_churn.csv", dtype=str, keep_default_na=False)
    assert (frame["TotalCharges"] == "").sum() == 11
    frame["TotalCharges"] = frame["TotalCharges"].replace("", " ")
    frame.to_csv(tmp_path / "telco.csv", index=False)
    found, _ = audit.findings(str(tmp_path / "telco.csv"), "Churn")
    (line,) = (line for line in found if line.column == "TotalCharges")
    assert (line.code, line.found.split()[0]) == ("missing-values", "11")


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

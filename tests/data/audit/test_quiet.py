"""On clean tables the audit keeps quiet: a warning that comes for nothing makes people overlook those that do not."""

from __future__ import annotations

from collections import Counter

import pytest

from autoft.data.audit import audit
from autoft.data.columns import infer_columns
from autoft.data.convert import convert
from autoft.data.table import read
from autoft.testing.checks import clean_table

#: How many tables; all of them take a while.
TABLES = [30, pytest.param(100, marks=pytest.mark.slow)]
#: Columns for each of which one warning may come.
COLUMNS = 20


@pytest.fixture(scope="module", params=TABLES)
def findings(request: pytest.FixtureRequest) -> list[tuple[int, list[str]]]:
    """For each table its number of columns and its findings, those of the kinds of its columns included."""
    seen = []
    for seed in range(request.param):
        made, task = clean_table(seed)
        frame = read(made).frame
        columns, found = infer_columns(frame, kinds={}, target="target")
        found += audit(frame, columns, convert(frame, columns), target="target", task=task)
        seen.append((len(columns), [f"{seed}: {f.severity} {f.code} {f}" for f in found]))
    return seen


@pytest.fixture(scope="module")
def warnings(findings: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    return [(columns, [line for line in lines if line.split()[1] != "info"]) for columns, lines in findings]


def test_clean_tables_have_hardly_a_warning(warnings: list[tuple[int, list[str]]]) -> None:
    many = [found for columns, found in warnings if len(found) > max(1, columns // COLUMNS)]
    assert many == []


def test_clean_tables_have_less_than_a_warning_in_ten_of_them(warnings: list[tuple[int, list[str]]]) -> None:
    """One warning in every table would keep to the letter of the rule above, and be noise all the same."""
    found = [line for _, lines in warnings for line in lines]
    assert len(found) < len(warnings) / 10, Counter(line.split()[2] for line in found)


def test_where_nothing_predicts_no_column_is_too_strong(findings: list[tuple[int, list[str]]]) -> None:
    strong = [line for _, lines in findings for line in lines if line.split()[2] == "suspiciously-strong"]
    assert strong == []

"""On clean tables the audit keeps quiet: a warning that comes for nothing makes people overlook those that do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoft.data.audit import audit
from autoft.data.columns import infer_columns
from autoft.data.convert import convert
from autoft.data.table import read

TABLES = 100
#: Columns for each of which one warning may come.
COLUMNS = 20


def clean(seed: int) -> tuple[pd.DataFrame, str]:
    """A table without anything to warn of: independent columns of all kinds, a target that nothing explains."""
    rng = np.random.default_rng(seed)
    rows = int(50 * 40 ** rng.random())  # 50 to 2,000
    makers: list[Callable[[], Any]] = [
        lambda: rng.normal(rng.uniform(-50, 50), 10 ** rng.uniform(-2, 3), rows),
        lambda: rng.uniform(0, 100, rows).round(2),
        lambda: rng.gamma(2.0, 10 ** rng.uniform(0, 4), rows),
        lambda: rng.lognormal(rng.uniform(0, 8), 0.8, rows),
        lambda: rng.integers(18, 90, rows).astype(float),
        lambda: rng.poisson(20, rows).astype(float),
        lambda: rng.choice([0.0, 1.0], rows),
        lambda: rng.choice(["no", "yes"], rows, p=[0.7, 0.3]),
        lambda: rng.choice(["red", "green", "blue", "black"], rows),
        lambda: rng.choice([f"town {k}" for k in range(12)], rows),
        lambda: pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 700, rows), unit="D"),
    ]
    # Always one column that tells rows apart, as real tables have it.
    data: dict[str, Any] = {"measure": rng.normal(size=rows)}
    for k in range(int(rng.integers(2, 16))):
        data[f"column {k}"] = makers[rng.integers(len(makers))]()
    task = ("binary", "multiclass", "regression")[seed % 3]
    values = {"binary": ["no", "yes"], "multiclass": ["low", "middle", "high"]}
    data["target"] = rng.normal(100, 20, rows) if task == "regression" else rng.choice(values[task], rows)
    return pd.DataFrame(data), task


@pytest.fixture(scope="module")
def findings() -> list[tuple[int, list[str]]]:
    """For each table its number of columns and its findings, those of the kinds of its columns included."""
    seen = []
    for seed in range(TABLES):
        made, task = clean(seed)
        frame = read(made).frame
        columns, found = infer_columns(frame, kinds={}, target="target")
        found += audit(frame, columns, convert(frame, columns), target="target", task=task)  # type: ignore[arg-type]
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
    assert len(found) < TABLES / 10, Counter(line.split()[2] for line in found)


def test_where_nothing_predicts_the_target_no_column_is_too_strong(findings: list[tuple[int, list[str]]]) -> None:
    strong = [line for _, lines in findings for line in lines if line.split()[2] == "suspiciously-strong"]
    assert strong == []

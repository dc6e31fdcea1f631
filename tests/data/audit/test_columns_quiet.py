"""The checks of columns and values stay quiet on clean tables: at most one warning per twenty columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from autoft.data.audit import audit
from autoft.data.columns import infer_columns
from autoft.data.convert import convert
from autoft.data.table import read

#: How many tables; all of them take a while.
TABLES = [30, pytest.param(100, marks=pytest.mark.slow)]


def column(rng: np.random.Generator, rows: int):
    """A column as one might measure it."""
    kind = rng.integers(0, 13)
    numbers = [
        lambda: rng.normal(rng.normal(0, 50), rng.gamma(2, 5), rows),
        lambda: rng.lognormal(rng.normal(), rng.uniform(0.2, 1.5), rows),
        lambda: rng.exponential(rng.gamma(2, 5), rows),
        lambda: rng.uniform(0, 100, rows).round(1),
        lambda: rng.poisson(rng.uniform(0.5, 30), rows),
        lambda: rng.integers(0, rng.integers(5, 2000), rows),
        lambda: rng.standard_t(4, rows),
        lambda: np.where(rng.random(rows) < 0.5, rng.normal(0, 1, rows), rng.normal(6, 1, rows)),
        lambda: np.where(rng.random(rows) < 0.3, 0.0, rng.gamma(2, 10, rows)),
        lambda: (rng.random(rows) < rng.uniform(0.05, 0.95)).astype(int),
    ]
    if kind < len(numbers):
        return numbers[kind]()
    if kind == len(numbers):
        start = pd.Timestamp("2015-01-01") + pd.Timedelta(days=int(rng.integers(0, 3000)))
        return pd.Series(start + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"))
    sizes = int(rng.integers(2, 30))
    names = np.array([f"{'ABCDEFGHIJ'[i % 10]}{'aeiou'[i % 5]}{i}" for i in range(sizes)], dtype=object)
    return rng.choice(names, rows, p=rng.dirichlet(np.full(sizes, 3.0)))


def clean_table(seed: int) -> pd.DataFrame:
    """A table of 150 to 500 rows and 7 to 16 columns, some related, and a target that has to do with two of them."""
    rng = np.random.default_rng(seed)
    rows, width = int(rng.integers(150, 500)), int(rng.integers(4, 14))
    frame = pd.DataFrame({f"c{i}": column(rng, rows) for i in range(width)})
    signal = rng.normal(size=rows)
    frame["s"] = signal + rng.normal(size=rows)
    frame["t"] = 0.7 * frame["s"] + 0.5 * signal + rng.normal(size=rows)
    frame = frame.mask(rng.random(frame.shape) < 0.02)
    noise = rng.normal(size=rows)
    frame["y"] = signal + noise if seed % 3 == 0 else np.digitize(signal + noise, [0.0] if seed % 3 == 1 else [-1, 1])
    return frame


@pytest.mark.parametrize("tables", TABLES)
def test_clean_tables_have_hardly_a_warning(tables: int):
    warnings, columns, noisy = [], 0, []
    for seed in range(tables):
        frame = read(clean_table(seed)).frame
        kinds, told = infer_columns(frame, target="y")
        task = ("regression", "binary", "multiclass")[seed % 3]
        told += audit(frame, kinds, convert(frame, kinds), target="y", task=task)
        here = [line for line in told if line.severity != "info"]
        warnings += here
        columns += len(kinds)
        if len(here) > max(1, len(kinds) // 20):
            noisy.append((seed, [(line.code, line.column) for line in here]))
    assert not noisy, noisy
    assert len(warnings) <= columns / 20, [str(line) for line in warnings]

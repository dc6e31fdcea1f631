"""Suite for audit checks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from autoft.data.audit import CHECKS, Check, TableView
from autoft.data.audit.checks import DEFAULTS, AuditOptions
from autoft.data.columns import infer_columns
from autoft.data.convert import convert
from autoft.data.table import read
from autoft.errors import printable
from autoft.records.columns import Task
from autoft.records.findings import Finding, Severity

if TYPE_CHECKING:
    import pandas as pd

#: Clean tables on which a check has to be silent, and rows of the largest of them.
CLEAN_TABLES, CLEAN_ROWS = 100, 300
#: Warnings and errors on all of them together that chance may make.
FALSE_ALARMS = 2


def check_audit(
    check: Check,
    *,
    fires_on: pd.DataFrame,
    target: str,
    task: Task = "binary",
    options: AuditOptions = DEFAULTS,
    documentation: Path | None = None,
) -> list[Finding]:
    """Test an audit check: it finds what is planted (and returns it), is silent on clean tables, and its codes are in
    the documentation.

    Args:
        fires_on: A table with what it is to find.
        documentation: A file that names each of its codes; without one the check has to have a docstring.

    >>> from autoft.data.audit import duplicates
    >>> import pandas as pd
    >>> table, _ = clean_table(3)
    >>> twice = pd.concat([table, table.assign(measure=table["measure"] + 5)], ignore_index=True)
    >>> [line.code for line in check_audit(duplicates.near_duplicates, fires_on=twice, target="target")]
    ['near-duplicate-rows']
    """
    assert check in list(CHECKS), f"the check '{check.name}' is not registered"
    text = documentation.read_text(encoding="utf-8") if documentation else None
    missing = [code for code in check.codes if text is not None and f"`{code}`" not in text]
    assert not missing, f"{documentation} does not name {missing}"
    assert text is not None or check.function.__doc__, f"the check '{check.name}' has no docstring"
    before = fires_on.copy(deep=True)
    found = check(_view(fires_on, target, task, options))
    assert found, f"the check '{check.name}' finds nothing in the table on which it should fire"
    assert fires_on.equals(before), f"the check '{check.name}' changes the table"
    for line in found:
        _assert_readable(line, list(fires_on.columns))
    alarms = [str(line) for view in _clean_views() for line in check(view) if line.severity != "info"]
    assert len(alarms) <= FALSE_ALARMS, f"the check '{check.name}' is not silent on clean tables: {alarms}"
    for name, view in _awkward_views().items():
        try:
            check(view)
        except ValueError as error:
            raise AssertionError(f"the check '{check.name}' fails on a table with {name}: {error}") from error
    return found


def _assert_readable(line: Finding, names: Sequence[str]) -> None:
    where = f"the finding {line.code!r}"
    assert line.severity in get_args(Severity), f"{where} has no severity"
    assert line.column is None or line.column in names, f"{where} names column {line.column!r}, which is not there"
    for part in (line.must, line.found, line.fix):
        assert part.strip() == part != "", f"{where} has an empty part, or blanks around one"
        assert not part.endswith("."), f"{where} has a part with a full stop"
        assert printable(part) == part, f"{where} has a part with control characters"
    json.dumps(line.document(), allow_nan=False)


def clean_table(seed: int, rows: int = CLEAN_ROWS) -> tuple[pd.DataFrame, Task]:
    """A table without anything to warn of: independent columns of all kinds, a target that nothing explains. The seed
    modulo 3 chooses the task; it has 50 to `rows` rows."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    n = int(50 * (rows / 50) ** rng.random())
    makers: list[Callable[[], Any]] = [
        lambda: rng.normal(rng.uniform(-50, 50), 10 ** rng.uniform(-2, 3), n),
        lambda: rng.uniform(0, 100, n).round(2),
        lambda: rng.gamma(2.0, 10 ** rng.uniform(0, 4), n),
        lambda: rng.lognormal(rng.uniform(0, 8), 0.8, n),
        lambda: rng.integers(18, 90, n).astype(float),
        lambda: rng.poisson(20, n).astype(float),
        lambda: rng.choice([0.0, 1.0], n),
        lambda: rng.choice(["no", "yes"], n, p=[0.7, 0.3]),
        lambda: rng.choice(["red", "green", "blue", "black"], n),
        lambda: rng.choice([f"town {k}" for k in range(12)], n),
        lambda: pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 700, n), unit="D"),
    ]
    # Always one column that tells rows apart, as real tables have it.
    data: dict[str, Any] = {"measure": rng.normal(size=n)}
    for k in range(int(rng.integers(2, 16))):
        data[f"column {k}"] = makers[rng.integers(len(makers))]()
    tasks: tuple[Task, ...] = ("binary", "multiclass", "regression")
    task = tasks[seed % 3]
    values = {"binary": ["no", "yes"], "multiclass": ["low", "middle", "high"]}
    data["target"] = rng.normal(100, 20, n) if task == "regression" else rng.choice(values[task], n)
    return pd.DataFrame(data), task


@lru_cache(maxsize=1)
def _clean_views() -> tuple[TableView, ...]:
    tables = (clean_table(seed) for seed in range(CLEAN_TABLES))
    return tuple(_view(frame, "target", task, DEFAULTS) for frame, task in tables)


@lru_cache(maxsize=1)
def _awkward_views() -> dict[str, TableView]:
    """Tables on which a careless check raises."""
    import pandas as pd

    tables: dict[str, dict[str, Any]] = {
        "no input": {"y": [0, 1] * 30},
        "one row": {"a": [1.0], "b": ["x"], "y": ["no"]},
        "empty and infinite cells": {"a": [np.inf, None] * 30, "b": ["x", None, None] * 20, "y": [0, 1] * 30},
        "no label": {"a": range(60), "b": ["x", "y"] * 30, "y": [None] * 60},
    }
    return {
        f"{name} ({task})": _view(pd.DataFrame(data), "y", task, DEFAULTS)
        for name, data in tables.items()
        for task in get_args(Task)
    }


def _view(frame: pd.DataFrame, target: str, task: Task, options: AuditOptions) -> TableView:
    frame = read(frame).frame
    columns, _ = infer_columns(frame, target=target)
    return TableView.of(frame, columns, convert(frame, columns), target=target, task=task, options=options)

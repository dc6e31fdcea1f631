"""What a schema costs: import, statistics, inference and validation of a large table, TFDV and the portable engine.

The table has numbers, whole numbers and texts, with gaps, and lies in memory as a pandas DataFrame. Each engine runs in
a process of its own, on one thread, the four steps one after another, as its documentation has them:

    statistics = generate_statistics(typed(frame))   # TFDV: generate_statistics_from_dataframe
    schema = infer_schema(statistics)
    anomalies = validate_statistics(statistics, schema)

CPU and wall seconds count the imports and these steps, but not the making of the table. The memory counts everything
above a bare Python: imports, the table itself (`table_mb`), and what the engine takes. A first run with few rows lets
Python compile the packages and is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks.common import Row, finish, measure, options, progress

ROWS, COLUMNS, QUICK_ROWS = 1_000_000, 20, 20_000
ENGINES = ("tfdv", "portable")

#: To reach by the portable engine: CPU seconds and MB.
CPU_S, PEAK_MB = 3.0, 900.0

STEPS = ("import", "statistics", "infer", "validate")


class Meter:
    """CPU and wall seconds by step."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.wall: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """The time of the block belongs to a step."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        self.cpu[name] = self.cpu.get(name, 0.0) + time.process_time() - cpu
        self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall


def table(rows: int, columns: int, *, seed: int = 0) -> Any:
    """A DataFrame: of ten columns five of numbers, two of whole numbers, two of categories, one of many texts.

    Every third column of numbers and of texts has gaps.
    """
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    made: dict[str, Any] = {}
    for k in range(columns):
        if k % 10 < 5:
            column: Any = rng.lognormal(0, 1 + k % 3, rows)
        elif k % 10 < 7:
            column = rng.poisson(10 + k, rows)
        else:
            words = np.array([f"{k} category {j}" for j in range(50_000 if k % 10 == 9 else 10 * k)], dtype=object)
            column = words[(len(words) * rng.random(rows) ** 2).astype(np.int64)]
        if k % 3 == 0 and column.dtype.kind in "fO":
            column[rng.random(rows) < 0.1] = np.nan if column.dtype.kind == "f" else None
        made[f"column {k}"] = column
    return pd.DataFrame(made)


def piece(engine: str, rows: int, columns: int) -> Callable[[], dict[str, Any]]:
    """The piece to measure: CPU and wall seconds by step, anomalies found, and the size of the table."""

    def work() -> dict[str, Any]:
        meter = Meter()
        with meter.step("import"):
            import numpy  # noqa: F401
            import pandas  # noqa: F401
        frame = table(rows, columns)
        with meter.step("import"):
            generate, infer, validate = _verbs(engine)
        with meter.step("statistics"):
            statistics = generate(frame)
        with meter.step("infer"):
            schema = infer(statistics)
        with meter.step("validate"):
            anomalies = validate(statistics, schema)
        size = float(frame.memory_usage(deep=False).sum()) / 1e6
        found = len(anomalies.anomaly_info)
        return {"cpu": meter.cpu, "wall": meter.wall, "table_mb": size, "anomalies": found}

    return work


def _verbs(engine: str) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    if engine == "portable":
        from autoft.data.convert import Converted
        from autoft.data.typed import typed
        from autoft.schema import portable

        def generate(frame: Any) -> Any:
            return portable.generate_statistics(typed(frame, (), Converted(values={})))

        return generate, portable.infer_schema, portable.validate_statistics
    import tensorflow_data_validation as tfdv

    return tfdv.generate_statistics_from_dataframe, tfdv.infer_schema, tfdv.validate_statistics


def row_of(engine: str, rows: int, columns: int) -> Row:
    """One engine's figures."""
    # Python compiles a package at its first import after the installation: that is nobody's cost here.
    measure("benchmarks.schema:piece", {"engine": engine, "rows": 100, "columns": columns}, imports=())
    measured = measure("benchmarks.schema:piece", {"engine": engine, "rows": rows, "columns": columns}, imports=())
    cpu, wall = measured.value["cpu"], measured.value["wall"]
    return {
        "engine": engine,
        "rows": rows,
        "columns": columns,
        **{f"{step}_cpu_s": cpu[step] for step in STEPS},
        "cpu_s": sum(cpu.values()),
        "wall_s": sum(wall.values()),
        "peak_mb": measured.peak_mb,
        "table_mb": measured.value["table_mb"],
        "anomalies": measured.value["anomalies"],
    }


def summary_of(rows: Sequence[Row]) -> dict[str, Any]:
    """The portable engine against what it is to reach; empty if it was not run."""
    for row in rows:
        if row["engine"] == "portable":
            reached = row["cpu_s"] <= CPU_S and row["peak_mb"] <= PEAK_MB
            wanted = {"wanted_cpu_s": CPU_S, "wanted_peak_mb": PEAK_MB}
            return {"portable_cpu_s": row["cpu_s"], "portable_peak_mb": row["peak_mb"], **wanted, "reached": reached}
    return {}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark; TFDV is left out where it is not installed."""
    from importlib.util import find_spec

    given = options("schema", __doc__.splitlines()[0], argv, only=ENGINES)
    rows: list[Row] = []
    for engine in ENGINES:
        if not given.wants(engine):
            continue
        if engine == "tfdv" and find_spec("tensorflow_data_validation") is None:
            progress("schema: tfdv is not installed")
            continue
        progress(f"schema: {engine}")
        rows.append(row_of(engine, QUICK_ROWS if given.quick else ROWS, COLUMNS))
    finish("schema", given, rows, summary_of(rows), title="schema of a large table")


if __name__ == "__main__":
    main()

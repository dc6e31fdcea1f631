"""What every benchmark shares: arguments, table and JSON, and pieces of work measured in a process of their own.

A benchmark is a module with `main(argv=None)` that makes `rows` (flat dictionaries), sums them up and calls `finish`.
A *piece* is a function named `"module:function"` that is called with JSON arguments in a fresh process, gets its data
ready and returns the work to measure: a function without arguments whose value is JSON.

    def piece(rows: int) -> Callable[[], dict[str, float]]:
        data = make(rows)                 # not timed, but counted in the memory
        return lambda: {"score": train(data)}

    measured = measure("benchmarks.mine:piece", {"rows": 500}, threads=1)
    measured.cpu_s, measured.value["score"]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT, describe

RESULTS = ROOT / "benchmarks" / "results"

Row = dict[str, Any]

# What is imported before the memory is looked at and before the clock starts, unless a piece says otherwise.
HEAVY = ("numpy", "pandas", "sklearn", "tensorflow", "keras", "keras_tuner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line of a benchmark: `only` is empty when everything is to run."""

    quick: bool = False
    only: tuple[str, ...] = ()
    json: Path | None = None

    def wants(self, name: object) -> bool:
        """Whether the part `name` is to run."""
        return not self.only or str(name) in self.only


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One piece of work: CPU seconds (user + system, all threads), wall seconds, peak resident MB above the imports."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    value: Any


class PieceFailed(RuntimeError):
    """A measured process ended without a result; the message ends with what it wrote last."""


def options(name: str, description: str, argv: Sequence[str] | None = None, *, only: Sequence[object] = ()) -> Options:
    """Read the command line of `python -m benchmarks.NAME`; `only` lists what --only may name (none: anything)."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("--quick", action="store_true", help="a small version that shows that everything runs")
    parser.add_argument("--only", default="", metavar="A,B", help=f"run these parts alone: {', '.join(map(str, only))}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there")
    given = parser.parse_args(argv)
    parts = tuple(
        part.strip().replace("_", "") if part.strip()[:1].isdigit() else part.strip()
        for part in given.only.split(",")
        if part.strip()
    )
    unknown = [part for part in parts if only and part not in {str(name) for name in only}]
    if unknown:
        parser.error(
            f"--only names no part of this benchmark: {', '.join(unknown)}. Parts: {', '.join(map(str, only))}"
        )
    return Options(quick=given.quick, only=parts, json=given.json)


def save(name: str, given: Options, rows: Sequence[Row], summary: Mapping[str, Any]) -> dict[str, Any]:
    """Write `{name, machine, rows, summary}`: to `--json FILE`, or for a full run (neither --quick nor --only) to
    `benchmarks/results/NAME.json`. Long benchmarks save after every row."""
    summed = {**summary, "quick": given.quick}
    result = {"name": name, "machine": describe(), "rows": [dict(row) for row in rows], "summary": summed}
    path = given.json
    if path is None and not given.quick and not given.only:
        path = RESULTS / f"{name}.json"
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return result


def finish(
    name: str, given: Options, rows: Sequence[Row], summary: Mapping[str, Any], *, title: str = ""
) -> dict[str, Any]:
    """Print the table and the summary, and `save` them."""
    result = save(name, given, rows, summary)
    show(rows, title=title or name)
    for key, value in result["summary"].items():
        print(f"{key}: {cell(value)}")
    return result


def show(rows: Sequence[Row], *, title: str = "") -> None:
    """Print rows as a table; the columns are the keys in order of first appearance, lists and objects are left out."""
    from rich.console import Console
    from rich.table import Table

    columns = [
        key for key in dict.fromkeys(key for row in rows for key in row) if any(_plain(row.get(key)) for row in rows)
    ]
    table = Table(title=title, title_justify="left")
    for column in columns:
        numeric = all(isinstance(row[column], (int, float)) for row in rows if row.get(column) is not None)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(row.get(column)) for column in columns))
    # Wide enough for every benchmark: a table cut to 80 columns in a log loses its figures.
    Console(width=max(Console().width, 220), highlight=False).print(table)


def cell(value: Any) -> str:
    """A value for the table: three to four significant digits, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def progress(text: str) -> None:
    """A line on stderr while a long benchmark runs."""
    print(text, file=sys.stderr, flush=True)


def alternating(sides: Sequence[str], repeats: int) -> list[tuple[int, str]]:
    """`(repeat, side)` in an order that turns round at every repeat, so that a slow spell hits all sides alike.

    >>> alternating(["ours", "theirs"], 2)
    [(0, 'ours'), (0, 'theirs'), (1, 'theirs'), (1, 'ours')]
    """
    return [(repeat, side) for repeat in range(repeats) for side in (sides if repeat % 2 == 0 else sides[::-1])]


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """The slope of log(value) over log(size) by least squares (1: proportional); None for one size or a value of 0.

    >>> round(exponent([1, 10, 100], [2, 20, 200]), 6)
    1.0
    """
    import numpy as np

    if len(set(sizes)) < 2 or min(values) <= 0:
        return None
    return float(np.polyfit(np.log(np.asarray(sizes, float)), np.log(np.asarray(values, float)), 1)[0])


def numeric_table(rows: int, columns: int, *, seed: int = 0) -> tuple[Any, Any]:
    """A table of numbers and two classes: `x [rows, columns]` float32, `y [rows]` 0 or 1.

    Columns differ in location and scale. Ten of them say something about the class: linear terms, a square and a
    product, and noise.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, columns), dtype=np.float32)
    z = x[:, : min(10, columns)]
    logit = (
        z @ np.linspace(1.0, 0.3, z.shape[1], dtype=np.float32) + z[:, 0] ** 2 - 1 + z[:, -1] * z[:, z.shape[1] // 2]
    )
    y = (logit + rng.logistic(size=rows) > 0).astype(np.int64)
    x *= np.exp(rng.normal(size=columns)).astype(np.float32)
    x += rng.normal(size=columns).astype(np.float32) * 5
    return x, y


def measure(
    piece: str,
    arguments: Mapping[str, Any],
    *,
    threads: int = 1,
    imports: Sequence[str] = HEAVY,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = 3600,
) -> Measured:
    """Run `piece` (`"module:function"`) with `arguments` in a process of its own that computes on `threads` threads.

    Imports, and what the piece does to get its data ready, cost no CPU or wall seconds here; the memory counts from
    right after the imports. Raises PieceFailed when the process ends without a result.
    """
    with tempfile.TemporaryDirectory() as folder:
        request = {"piece": piece, "arguments": dict(arguments), "threads": threads, "imports": list(imports)}
        answer = Path(folder) / "answer.json"
        done = subprocess.run(
            [sys.executable, "-c", "from benchmarks.common import child; child()", str(answer)],
            input=json.dumps(request),
            cwd=ROOT,
            env={**_inherited(), **thread_environment(threads), "TMPDIR": folder, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode or not answer.exists():
            raise PieceFailed(f"{piece} {dict(arguments)} ended with {done.returncode}:\n{done.stderr[-3000:]}")
        return Measured(**json.loads(answer.read_text(encoding="utf-8")))


def _inherited() -> dict[str, str]:
    """The environment, but for the switch that has Python compile every package anew at every import."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def thread_environment(threads: int) -> dict[str, str]:
    """What holds the pools of NumPy, scikit-learn and TensorFlow at `threads`; it must be set before any import."""
    names = (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    )
    return {name: str(threads) for name in names} | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONHASHSEED": "0"}


def child() -> None:
    """The measured process: request from stdin, measurement into the file named on its command line."""
    request = json.load(sys.stdin)
    for name in request["imports"]:
        importlib.import_module(name)
    if "tensorflow" in sys.modules:
        config = sys.modules["tensorflow"].config.threading
        config.set_intra_op_parallelism_threads(request["threads"])
        config.set_inter_op_parallelism_threads(request["threads"])
    module, _, function = request["piece"].partition(":")
    make: Callable[..., Callable[[], Any]] = getattr(importlib.import_module(module), function)
    memory = Memory()
    work = make(**request["arguments"])
    wall, cpu = time.perf_counter(), time.process_time()
    value = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    measured = {"cpu_s": cpu, "wall_s": wall, "peak_mb": memory.peak_mb(), "value": value}
    Path(sys.argv[1]).write_text(json.dumps(measured), encoding="utf-8")


class Memory:
    """Peak resident memory above what was resident when this was made, in MB (10^6 bytes)."""

    def __init__(self) -> None:
        try:
            # Linux: sets the high-water mark back, so that a peak during the imports does not hide one of the work.
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
            self.start = _status("VmRSS")
            self.linux = True
        except (OSError, KeyError):
            self.start = _maxrss()
            self.linux = False

    def peak_mb(self) -> float:
        peak = _status("VmHWM") if self.linux else _maxrss()
        return max(0, peak - self.start) / 1e6


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    sizes = {line.partition(":")[0]: line.split()[1] for line in lines if line.endswith("kB")}
    return int(sizes[key]) * 1024


def _maxrss() -> int:
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


def _plain(value: Any) -> bool:
    return value is not None and not isinstance(value, (list, dict, tuple))

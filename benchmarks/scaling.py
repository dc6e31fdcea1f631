"""Time and memory of one trial against rows, columns and folds, with the fitted exponents.

A trial is 2 epochs of 128x2 with batches of 256, each with its pass over the held-out rows. Every point runs in a
process of its own. `cpu_s` is encoding and trial, compilation included; `again_cpu_s` a second trial of the same
shape, which finds its program compiled, and the exponents are fitted to it: 1 is proportional to the size. Memory is
the peak of the resident memory above the imports; it has a floor (the compiled program) that small points show.

Two points stand for promises: 50,000 rows x 30 columns, 5 folds, 256x3 stays below 1.5 GB, and 1,000,000 x 30 trains
on a machine with 24 GiB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.common import HEAVY, Options, Row, exponent, finish, measure, options, progress
from benchmarks.ours import MODULES

#: Most megabytes of the point `promise` (peak above the imports).
MEMORY_MB = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One trial; `part` names the line of points that it belongs to."""

    part: str
    rows: int = 5_000
    columns: int = 30
    folds: int = 5
    width: int = 128
    depth: int = 2
    batch: int = 256


PARTS: dict[str, tuple[Point, ...]] = {
    "rows": tuple(Point(part="rows", rows=n) for n in (1_000, 10_000, 100_000, 1_000_000)),
    "columns": tuple(Point(part="columns", columns=d) for d in (10, 100, 1_000)),
    "folds": tuple(Point(part="folds", folds=k) for k in (3, 5, 10, 20)),
    "promise": (Point(part="promise", rows=50_000, width=256, depth=3),),
}
QUICK: dict[str, tuple[Point, ...]] = {
    "rows": PARTS["rows"][:2],
    "columns": PARTS["columns"][:2],
    "folds": (PARTS["folds"][0], PARTS["folds"][2]),
}


def points(given: Options) -> list[Point]:
    """The points to run."""
    return [p for part, each in (QUICK if given.quick else PARTS).items() if given.wants(part) for p in each]


def run(point: Point) -> Row:
    """One trial in a process of its own, on one thread."""
    arguments = {name: value for name, value in asdict(point).items() if name != "part"}
    measured = measure("benchmarks.ours:trial", arguments, imports=(*HEAVY, *MODULES))
    spent = measured.value
    return {
        **asdict(point),
        "cpu_s": spent["encode"] + spent["first"],
        "wall_s": spent["wall"],
        "encode_cpu_s": spent["encode"],
        "again_cpu_s": spent["second"],
        "peak_mb": measured.peak_mb,
    }


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """Exponents by part, and what the two promised points need."""
    summary: dict[str, Any] = {}
    for part in ("rows", "columns", "folds"):
        line = [row for row in rows if row["part"] == part]
        for name, column in (("time", "again_cpu_s"), ("memory", "peak_mb")):
            found = exponent([row[part] for row in line], [row[column] for row in line]) if line else None
            if found is not None:
                summary[f"{name}_exponent_{part}"] = found
    for row in rows:
        if row["part"] == "promise":
            summary |= {"peak_mb_50000": row["peak_mb"], "memory_reached": row["peak_mb"] < MEMORY_MB}
        if row["rows"] == 1_000_000:
            summary["peak_mb_1000000"] = row["peak_mb"]
    return summary


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    given = options("scaling", "time and memory of one trial against its size", argv, only=list(PARTS))
    rows = []
    for point in points(given):
        rows.append(run(point))
        progress(f"{point}: {rows[-1]['cpu_s']:.2f} CPU s, {rows[-1]['peak_mb']:.0f} MB")
    finish("scaling", given, rows, summarize(rows), title="One trial: 2 epochs on one thread")


if __name__ == "__main__":
    main()

"""Hostile files: which of them are refused, and what the others do.

    python -m benchmarks.hostile [--quick] [--only weights,table] [--json FILE]

Each kind of `benchmarks.forgeries` has a row: how many files were tried, refused by an error of autoft, run, and took
more than 500 MB, and the largest memory that one of them took (above that of the process before it, in MB).
`--quick` leaves out those that take a second to make.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.common import Memory, Row, finish, options, progress
from benchmarks.forgeries import MOST_MB, Forgery, forgeries, save_model


def row_of(kind: str, tried: Sequence[Forgery], model: Path) -> Row:
    """What becomes of the forgeries of a kind."""
    outcomes, megabytes = dict[str, str](), [0.0]
    for forgery in tried:
        with tempfile.TemporaryDirectory() as place:
            memory = Memory()
            outcomes[forgery.name] = forgery.outcome(model, Path(place))
            megabytes.append(memory.peak_mb())
    others = {name: outcome for name, outcome in outcomes.items() if outcome != "refused"}
    return {
        "kind": kind,
        "tried": len(outcomes),
        "refused": len(outcomes) - len(others),
        "executed": sum(outcome == "executed" for outcome in others.values()),
        "too_large": sum(size > MOST_MB for size in megabytes),
        "largest_mb": max(megabytes),
        "others": [f"{name}: {outcome}" for name, outcome in others.items()],
    }


def measure(quick: bool, wants: Callable[[str], bool] = lambda kind: True) -> list[Row]:
    """What becomes of the forgeries of each kind that is wanted."""
    rows: list[Row] = []
    every = [forgery for forgery in forgeries() if not (quick and forgery.heavy)]
    with tempfile.TemporaryDirectory() as folder:
        model = save_model(Path(folder) / "model")
        for kind in filter(wants, dict.fromkeys(forgery.kind for forgery in every)):
            progress(f"hostile: {kind}")
            rows.append(row_of(kind, [one for one in every if one.kind == kind], model))
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    kinds = list(dict.fromkeys(forgery.kind for forgery in forgeries()))
    given = options("hostile", (__doc__ or "").splitlines()[0], argv, only=kinds)
    rows = measure(given.quick, given.wants)
    totals = {name: sum(row[name] for row in rows) for name in ("tried", "refused", "executed", "too_large")}
    reached = totals["refused"] == totals["tried"] and not totals["executed"] and not totals["too_large"]
    finish("hostile", given, rows, {**totals, "reached": reached}, title="what becomes of hostile files")


if __name__ == "__main__":
    main()

"""Memory that a trial leaves behind: the slope of the resident memory over the trials of one long search.

150 trials of random proposals from autoft's own space (families, widths, depths, activations and batches vary, so that
programs are built all along), each of 2 epochs on 600 rows, in one process. After each trial the resident memory is
read; the line through the later two thirds, by least squares, has the slope `mb_per_trial`. The first third is left
out, and the largest networks of each family go first: caches fill up once, and the pools that TensorFlow keeps of
freed tensors grow to the largest trial (40 to 80 MB where it came late), however long a search goes on.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.common import HEAVY, Row, finish, measure, numeric_table, options, progress
from benchmarks.ours import MODULES, make_trainer, run_search

ROWS, COLUMNS, FOLDS, EPOCHS = 600, 10, 3, 2
TRIALS, QUICK = 150, 40
#: Most megabytes (10^6 bytes) that a trial may leave behind.
TARGET = 0.5


def search(trials: int, seed: int = 0) -> Callable[[], dict[str, Any]]:
    """The piece to measure: one search; the work returns the resident megabytes after each trial, and the `programs`
    that were built."""
    from autoft.search.proposer import Proposer
    from autoft.search.setup import SearchSetup
    from autoft.search.space import make_space
    from autoft.training.epoch import compiled

    x, y = numeric_table(ROWS, COLUMNS)

    def work() -> dict[str, Any]:
        trainer = make_trainer(x, y, FOLDS, epochs=EPOCHS, seed=seed)
        space = make_space(ROWS * (FOLDS - 1) // FOLDS, embedded=False, numbers=True, changes={})
        setup = SearchSetup(space=tuple(space), maximize=True, seed=seed, epochs=EPOCHS, first=largest(space))
        resident: list[float] = []
        train = trainer.train_all

        def watched(*arguments: Any, **named: Any) -> Any:
            outcomes = train(*arguments, **named)
            resident.append(resident_mb())
            return outcomes

        trainer.train_all = watched  # type: ignore[method-assign]
        with tempfile.TemporaryDirectory() as folder:
            run_search(Proposer("random", setup), trainer, Path(folder), trials=trials, pruning=False)
        return {"resident_mb": resident, "programs": compiled.cache_info().misses}

    return work


def largest(space: Sequence[Any]) -> tuple[dict[str, Any], ...]:
    """The largest network of each family in the space, at each size of batches."""
    values = {d.name: d.values for d in space if hasattr(d, "values")}
    size = {name: max(values[name]) for name in ("width", "depth")} | {"numbers": "piecewise", "activation": "silu"}
    pairs = product(values["architecture"], values["batch_size"])
    return tuple({"architecture": family, "batch_size": batch, **size} for family, batch in pairs)


def resident_mb() -> float:
    """Megabytes of this process that are in memory now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def slope(resident: Sequence[float]) -> float:
    """Megabytes a trial over the later two thirds of the trials, by least squares.

    >>> round(slope([100, 400, 500, 501, 502, 503]), 6)
    1.0
    """
    import numpy as np

    later = np.asarray(resident[len(resident) // 3 :], dtype=float)
    return float(np.polyfit(np.arange(len(later)), later, 1)[0])


def mb_per_trial(trials: int = TRIALS) -> Row:
    """One search in a process of its own: its `mb_per_trial`, and what it cost."""
    measured = measure("benchmarks.trial_memory:search", {"trials": trials}, imports=(*HEAVY, *MODULES))
    resident = measured.value["resident_mb"]
    return {
        "trials": trials,
        "programs": measured.value["programs"],
        "mb_per_trial": slope(resident),
        "first_mb": resident[0],
        "last_mb": resident[-1],
        "cpu_s": measured.cpu_s,
        "wall_s": measured.wall_s,
        "resident_mb": [round(one, 1) for one in resident],
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    given = options("trial_memory", "memory that a trial leaves behind", argv)
    row = mb_per_trial(QUICK if given.quick else TRIALS)
    progress(f"{row['trials']} trials: {row['mb_per_trial']:.2f} MB a trial, {row['cpu_s']:.1f} CPU s")
    summary = {"mb_per_trial": row["mb_per_trial"], "reached": row["mb_per_trial"] < TARGET}
    finish("trial_memory", given, [row], summary, title="Resident memory over one long search")


if __name__ == "__main__":
    main()

"""CPU time of a whole search: autoft against the ordinary way (`ordinary.py`), and scikit-learn as a sanity line.

20 Bayesian trials x 5 folds over 500, 5,000 and 50,000 rows of 30 numeric columns. Both sides train the same list of
configurations for the same epochs with the same batches: 128x2 in even trials, 256x3 in odd ones, with learning rate,
dropout and L2 drawn once from the space that is searched. Both ask their own oracle for every trial, pay for its
proposal and tell it the score; then the configuration of that trial number is trained instead of the proposed one. (Two
oracles that are told different scores would propose different networks, and a search that came upon slower ones would
look slower.) Trials run one after another on both sides, as in a search of twenty by default.

Every search runs in a process of its own; the sides alternate, and their order turns round from repeat to repeat. CPU
seconds hold everything but the imports and the making of the table: scaling, proposals, compilation, training,
scoring, and writing what each side writes. Neither side stops a trial early in these rows; `autoft, pruning` is
autoft with the stopping rules that it has by default.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.common import HEAVY, Options, Row, alternating, finish, measure, options, progress, save
from benchmarks.ours import MODULES

COLUMNS, FOLDS = 30, 5

#: Ratios of CPU time to reach.
TARGETS = {500: 20.0, 5_000: 12.0, 50_000: 4.0}

AUTOFT, ORDINARY, PRUNING, SKLEARN = "autoft", "ordinary", "autoft, pruning", "scikit-learn MLP"
PIECES = {
    AUTOFT: "benchmarks.ours:search",
    ORDINARY: "benchmarks.ordinary:search",
    PRUNING: "benchmarks.ours:search",
    SKLEARN: "benchmarks.ordinary:mlp_classifier",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One size of table and how it is trained."""

    rows: int
    epochs: int
    batch: int
    trials: int = 20


SETTINGS = (
    Setting(rows=500, epochs=10, batch=32),
    Setting(rows=5_000, epochs=10, batch=256),
    Setting(rows=50_000, epochs=2, batch=256),
)
QUICK = Setting(rows=500, epochs=5, batch=32, trials=4)


def configurations(setting: Setting, *, seed: int = 0) -> list[dict[str, Any]]:
    """What the trials train: the two architectures in turn, the rest drawn from the space that is searched."""
    import numpy as np

    rng = np.random.default_rng(seed)
    drawn = []
    for trial in range(setting.trials):
        width, depth = ((128, 2), (256, 3))[trial % 2]
        drawn.append(
            {
                "width": width,
                "depth": depth,
                "activation": "relu",
                "batch_size": setting.batch,
                "learning_rate": float(np.exp(rng.uniform(np.log(3e-4), np.log(1e-2)))),
                "dropout": float(rng.uniform(0.0, 0.5)),
                "l2": float(np.exp(rng.uniform(np.log(1e-6), np.log(3e-3)))),
            }
        )
    return drawn


def plan(given: Options, wanted: int = 3) -> list[tuple[Setting, int, int, str]]:
    """`(setting, threads, repeat, side)` of every search, in the order in which they run."""
    settings = [QUICK] if given.quick else [s for s in SETTINGS if given.wants(s.rows)]
    threads, repeats = ((1,), 1) if given.quick else ((1, 2), wanted)
    runs = []
    for count in threads:  # all sizes before the next repeat: a run that is stopped has something of each
        for repeat, side in alternating((AUTOFT, ORDINARY), repeats):
            runs += [(setting, count, repeat, side) for setting in settings]
        if count == 1:
            runs += [(s, 1, 0, side) for s in settings for side in ([SKLEARN] if given.quick else [PRUNING, SKLEARN])]
    return runs


def run(setting: Setting, threads: int, repeat: int, side: str) -> Row:
    """One search in a process of its own."""
    arguments: dict[str, Any] = {
        "rows": setting.rows,
        "columns": COLUMNS,
        "folds": FOLDS,
        "epochs": setting.epochs,
        "configurations": configurations(setting),
    }
    if side in (AUTOFT, PRUNING):
        arguments["pruning"] = side == PRUNING
    # scikit-learn's line needs no more than itself; the two sides that are compared import the same.
    imports = ("pandas", "sklearn.model_selection", "sklearn.neural_network") if side == SKLEARN else (*HEAVY, *MODULES)
    measured = measure(PIECES[side], arguments, threads=threads, imports=imports)
    return {
        "rows": setting.rows,
        "threads": threads,
        "repeat": repeat,
        "side": side,
        "trials": len(measured.value["losses"]),
        "epochs_of_all_folds": measured.value["epochs"],
        "cpu_s": measured.cpu_s,
        "wall_s": measured.wall_s,
        "peak_mb": measured.peak_mb,
        # The mean over trials of the lowest held-out loss: both sides must have trained about equally well.
        "mean_loss": statistics.mean(measured.value["losses"]),
        "best_loss": min(measured.value["losses"]),
    }


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """CPU ratios: the median over the repeats, with the lowest and highest beside it."""
    summary: dict[str, Any] = {}
    for size in dict.fromkeys(row["rows"] for row in rows):
        for threads, suffix in ((1, ""), (2, "_two_threads")):
            ratios = _ratios([row for row in rows if (row["rows"], row["threads"]) == (size, threads)])
            if ratios:
                key = f"ratio_{size}{suffix}"
                summary[key] = statistics.median(ratios)
                summary[f"{key}_range"] = [min(ratios), max(ratios)]
        if f"ratio_{size}" in summary:
            summary[f"reached_{size}"] = summary[f"ratio_{size}"] >= TARGETS[size]
    return summary


def _ratios(rows: Sequence[Row]) -> list[float]:
    """Ordinary over autoft in each repeat that has both."""
    sides: dict[str, Mapping[int, float]] = {
        side: {row["repeat"]: row["cpu_s"] for row in rows if row["side"] == side} for side in (AUTOFT, ORDINARY)
    }
    return [seconds / sides[AUTOFT][repeat] for repeat, seconds in sides[ORDINARY].items() if repeat in sides[AUTOFT]]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--repeats N` makes so many repeats instead of three."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--repeats", type=int, default=3)
    chosen, rest = own.parse_known_args(argv)
    given = options("speed", "CPU time of a search: autoft against the ordinary way", rest, only=list(TARGETS))
    rows = []
    for setting, threads, repeat, side in plan(given, chosen.repeats):
        rows.append(run(setting, threads, repeat, side))
        save("speed", given, rows, summarize(rows))
        progress(f"{setting.rows} rows, {threads} thread(s), repeat {repeat}, {side}: {rows[-1]['cpu_s']:.1f} CPU s")
    finish("speed", given, rows, summarize(rows), title="CPU seconds of a search (imports excluded)")


if __name__ == "__main__":
    main()

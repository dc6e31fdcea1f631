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

`autoft, as it is` is the race to the same quality: a search with everything that autoft has by default (checks of the
table, all families, portfolio, pruning), until the held-out loss of its blend is as low as that of the ordinary
search's best trial of the same repeat. `quality_N` is the ordinary search's CPU time over its.

`gflops` are the operations of all matrix products of a search over its CPU seconds, and `machine_gflops` those of
products of 1,024 x 1,024 numbers on one thread in the same run. `bound_N` is the ratio that a search would have which
did nothing but its products at that rate: no way of training the same networks can be faster.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.common import HEAVY, Options, Row, alternating, finish, measure, options, progress, save
from benchmarks.ours import MODULES

COLUMNS, FOLDS = 30, 5

#: Ratios of CPU time to reach, and of that until the same quality.
TARGETS, QUALITY = {500: 20.0, 5_000: 12.0, 50_000: 4.0}, 20.0

AUTOFT, ORDINARY, PRUNING, SKLEARN = "autoft", "ordinary", "autoft, pruning", "scikit-learn MLP"
RACE = "autoft, as it is"
PIECES = {
    AUTOFT: "benchmarks.ours:search",
    ORDINARY: "benchmarks.ordinary:search",
    PRUNING: "benchmarks.ours:search",
    SKLEARN: "benchmarks.ordinary:mlp_classifier",
    RACE: "benchmarks.ours:blends",
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
            runs += [(s, 1, repeat, RACE) for repeat in range(repeats) for s in settings]
    return runs


def run(setting: Setting, threads: int, repeat: int, side: str, earlier: Sequence[Row]) -> Row:
    """One search in a process of its own; `earlier` holds the loss to reach."""
    arguments: dict[str, Any] = {"rows": setting.rows, "columns": COLUMNS, "folds": FOLDS}
    if side == RACE:
        arguments |= {"trials": setting.trials // 2, "seed": repeat}
    else:
        arguments |= {"epochs": setting.epochs, "configurations": configurations(setting)}
    if side in (AUTOFT, PRUNING):
        arguments["pruning"] = side == PRUNING
    # scikit-learn's line needs no more than itself; the two sides that are compared import the same.
    imports = ("pandas", "sklearn.model_selection", "sklearn.neural_network") if side == SKLEARN else (*HEAVY, *MODULES)
    measured = measure(PIECES[side], arguments, threads=threads, imports=imports)
    row = {
        "rows": setting.rows,
        "threads": threads,
        "repeat": repeat,
        "side": side,
        "trials": len(measured.value["losses"]),
        "cpu_s": measured.cpu_s,
        "wall_s": measured.wall_s,
        "peak_mb": measured.peak_mb,
        # The mean over trials of the lowest held-out loss: both sides must have trained about equally well.
        "mean_loss": statistics.mean(measured.value["losses"]),
        "best_loss": min(measured.value["losses"]),
    }
    if side == RACE:
        return row | until(measured.value, next(one for one in earlier if _is(one, setting, repeat))["best_loss"])
    row["epochs_of_all_folds"] = measured.value["epochs"]
    if side in (AUTOFT, ORDINARY):
        row["gflops"] = operations(setting) / measured.cpu_s / 1e9
    return row


def until(spent: Mapping[str, Sequence[float]], loss: float) -> Row:
    """The CPU seconds and trials until a loss was reached; all of them, where it was not.

    >>> found = until({"losses": [0.6, 0.5, 0.4], "seconds": [1.0, 2.0, 3.0]}, 0.5)
    >>> found["cpu_s"], found["trials"], found["reached"]
    (2.0, 2, True)
    """
    reached = [n for n, own in enumerate(spent["losses"], 1) if own <= loss]
    trials = reached[0] if reached else len(spent["losses"])
    return {
        "cpu_s": spent["seconds"][trials - 1],
        "trials": trials,
        "reached": bool(reached),
        "to_reach": loss,
        **spent,
    }


def operations(setting: Setting) -> float:
    """Additions and multiplications of all matrix products of a search: forward and two times backward on training
    rows, forward on held-out ones."""
    found = 0.0
    for chosen in configurations(setting):
        width, depth = int(chosen["width"]), int(chosen["depth"])
        weights = COLUMNS * width + (depth - 1) * width**2 + width
        found += 2.0 * weights * setting.rows * setting.epochs * (3 * (FOLDS - 1) + 1)
    return found


def products(size: int = 1_024, times: int = 50) -> Callable[[], float]:
    """The piece to measure: 10^9 operations of float32 matrix products in a second of the processor."""
    import numpy as np

    one, other = np.random.default_rng(0).standard_normal((2, size, size), dtype=np.float32)

    def work() -> float:
        began = time.process_time()
        for _ in range(times):
            one @ other
        return times * 2 * size**3 / (time.process_time() - began) / 1e9

    return work


def summarize(rows: Sequence[Row], machine: float | None = None) -> dict[str, Any]:
    """CPU ratios: the median over the repeats, with the lowest and highest beside it.

    Args:
        rows: What was run.
        machine: 10^9 operations a second of the machine's own matrix products.
    """
    summary: dict[str, Any] = {} if machine is None else {"machine_gflops": machine}
    for size in dict.fromkeys(row["rows"] for row in rows):
        for threads, suffix in ((1, ""), (2, "_two_threads")):
            ratios = _ratios([row for row in rows if (row["rows"], row["threads"]) == (size, threads)], AUTOFT)
            if ratios:
                key = f"ratio_{size}{suffix}"
                summary[key] = statistics.median(ratios)
                summary[f"{key}_range"] = [min(ratios), max(ratios)]
        if f"ratio_{size}" in summary:
            summary[f"reached_{size}"] = summary[f"ratio_{size}"] >= TARGETS[size]
        summary |= _race(rows, size, machine)
    return summary


def _race(rows: Sequence[Row], size: int, machine: float | None) -> dict[str, Any]:
    """How many times sooner the ordinary search's loss is reached, and what its products alone would allow."""
    alone = [row for row in rows if (row["rows"], row["threads"]) == (size, 1)]
    found: dict[str, Any] = {}
    if ratios := _ratios([row for row in alone if row.get("reached", True)], RACE):
        found[f"quality_{size}"] = statistics.median(ratios)
        found[f"quality_{size}_range"] = [min(ratios), max(ratios)]
    if missed := [row["repeat"] for row in alone if not row.get("reached", True)]:
        found[f"quality_{size}_missed_in_repeats"] = missed
    if found:
        found[f"quality_{size}_reached"] = not missed and found[f"quality_{size}"] >= QUALITY
    ordinary = [row for row in alone if row["side"] == ORDINARY and "gflops" in row]
    if machine is not None and ordinary:
        found[f"bound_{size}"] = statistics.median(machine / row["gflops"] for row in ordinary)
    return found


def _is(row: Row, setting: Setting, repeat: int) -> bool:
    """Whether it is the ordinary search of a repeat, on one thread."""
    wanted = {"rows": setting.rows, "threads": 1, "repeat": repeat, "side": ORDINARY}
    return wanted.items() <= row.items()


def _ratios(rows: Sequence[Row], side: str) -> list[float]:
    """The ordinary search's seconds over a side's in each repeat that has both."""
    sides: dict[str, Mapping[int, float]] = {
        one: {row["repeat"]: row["cpu_s"] for row in rows if row["side"] == one} for one in (side, ORDINARY)
    }
    return [seconds / sides[side][repeat] for repeat, seconds in sides[ORDINARY].items() if repeat in sides[side]]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--repeats N` makes so many repeats instead of three."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--repeats", type=int, default=3)
    chosen, rest = own.parse_known_args(argv)
    given = options("speed", "CPU time of a search: autoft against the ordinary way", rest, only=list(TARGETS))
    machine = float(measure("benchmarks.speed:products", {}, imports=("numpy",)).value)
    rows: list[Row] = []
    for setting, threads, repeat, side in plan(given, chosen.repeats):
        rows.append(run(setting, threads, repeat, side, rows))
        save("speed", given, rows, summarize(rows, machine))
        progress(f"{setting.rows} rows, {threads} thread(s), repeat {repeat}, {side}: {rows[-1]['cpu_s']:.1f} CPU s")
    finish("speed", given, rows, summarize(rows, machine), title="CPU seconds of a search (imports excluded)")


if __name__ == "__main__":
    main()

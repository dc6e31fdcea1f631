"""Does `autoft.pipeline.cost` predict what a trial costs? Seconds and peak memory, predicted and measured.

python -m benchmarks.cost [--quick] [--only ROWS,...] [--json FILE]

For each table a process of its own trains one epoch of each architecture (which builds its program), then times some
epochs of a second trial. Seconds are CPU seconds on one thread, so that other programs on the machine do not count;
memory is that of the largest architecture. `ratio_*` is predicted over measured: 1 is a perfect prediction.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benchmarks import common

if TYPE_CHECKING:
    from autoft.pipeline.cost import CostShape

ROWS = (500, 5_000, 50_000)
COLUMNS = (10, 50, 200)
#: Width, depth, batch; the largest comes last.
ARCHITECTURES = ((32, 1, 64), (128, 2, 256), (256, 3, 512))
FOLDS = 5
#: Epochs that are timed, by rows.
EPOCHS = {500: 20, 5_000: 5, 50_000: 2}
IMPORTS = ("numpy", "pandas", "tensorflow", "keras")


def shape(rows: int, columns: int, architecture: Sequence[int]) -> CostShape:
    """The shape that the model is asked about."""
    from autoft.pipeline.cost import CostShape

    held_out = -(-rows // FOLDS)
    width, depth, batch = architecture
    return CostShape(
        rows=rows - rows // FOLDS,
        held_out=held_out,
        members=FOLDS,
        inputs=columns,
        width=width,
        depth=depth,
        batch=min(batch, rows - held_out),
    )


def piece(rows: int, columns: int, epochs: int) -> Callable[[], dict[str, Any]]:
    """One table: CPU seconds of encoding it, of each architecture's first epoch, and of a trial of `epochs` epochs."""
    import time

    import numpy as np

    from autoft.pipeline.machine import Machine
    from autoft.preprocessing.encode import encode
    from autoft.preprocessing.layout import make_layout
    from autoft.records.columns import Column
    from autoft.training.stack import StackTarget, stack_data
    from autoft.training.trainer import Trainer
    from autoft.training.trial_trainer import Limits

    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, columns))
    y = (x[:, 0] + rng.normal(size=rows) > 0).astype(np.int64)
    values = {f"c{j:03d}": x[:, j] for j in range(columns)}
    plan = make_layout([Column(id=name, name=name, kind="numeric", why="") for name in values], values)
    block = rng.permutation(rows) % FOLDS
    rest = {"activation": "relu", "embedding": 8, "learning_rate": 1e-3, "dropout": 0.2, "l2": 1e-5}
    machine = asdict(Machine.measure())

    def work() -> dict[str, Any]:
        began = time.process_time()
        # With so much patience no trial stops early. The trainer alone holds the rows, as in a run.
        trainer = Trainer(
            stack_data(
                plan,
                encode(plan, values, rows),
                StackTarget(y=y, task="binary", classes=2),
                train=[np.flatnonzero(block != k) for k in range(FOLDS)],
                held_out=[np.flatnonzero(block == k) for k in range(FOLDS)],
            ),
            folds=FOLDS,
            limits=Limits(epochs=epochs, patience=10_000),
            seed=0,
        )
        encoded, seconds = time.process_time() - began, []
        for width, depth, batch in ARCHITECTURES:
            params = {"width": width, "depth": depth, "batch_size": batch, **rest}
            began = time.process_time()
            trainer.train(params, lambda: False, 1)
            first = time.process_time()
            trainer.train(params, lambda: False, epochs)
            seconds.append((first - began, time.process_time() - first))
        return {"machine": machine, "encode_s": encoded, "seconds": seconds}

    return work


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, predict, compare."""
    given = common.options("cost", str(__doc__).splitlines()[0], argv, only=ROWS)
    lines: list[common.Row] = []
    for rows in ROWS[:2] if given.quick else ROWS:
        for columns in COLUMNS[:1] if given.quick else COLUMNS:
            if given.wants(rows):
                common.progress(f"{rows:,} rows x {columns} columns")
                lines += _table(rows, columns)
    seconds, first = ([line[key] for line in lines] for key in ("ratio_s", "ratio_first"))
    memory = [line["ratio_mb"] for line in lines if line.get("ratio_mb")]
    summary = {
        "within_1.5": sum(1 / 1.5 <= ratio <= 1.5 for ratio in seconds) / len(seconds),
        "lowest_ratio_s": min(seconds),
        "highest_ratio_s": max(seconds),
        "lowest_ratio_first": min(first),
        "highest_ratio_first": max(first),
        "lowest_ratio_mb": min(memory),
        "highest_ratio_mb": max(memory),
    }
    common.finish("cost", given, lines, summary, title="the cost of a trial: predicted and measured, one thread")


def _table(rows: int, columns: int) -> list[common.Row]:
    from autoft.pipeline import cost
    from autoft.pipeline.machine import Machine

    epochs = EPOCHS[rows]
    arguments = {"rows": rows, "columns": columns, "epochs": epochs}
    measured = common.measure("benchmarks.cost:piece", arguments, threads=1, imports=IMPORTS)
    machine = Machine(**measured.value["machine"])
    lines: list[common.Row] = []
    for architecture, (first, trial) in zip(ARCHITECTURES, measured.value["seconds"], strict=True):
        one = shape(rows, columns, architecture)
        predicted = cost.trial_seconds(one, machine, epochs=epochs)
        predicted_first = cost.trial_seconds(one, machine, epochs=1, new_program=True)
        line: common.Row = {
            "rows": rows,
            "columns": columns,
            "architecture": f"{one.width}x{one.depth}",
            "batch": one.batch,
            "epochs": epochs,
            "predicted_s": predicted,
            "measured_s": trial,
            "ratio_s": predicted / trial,
            "predicted_first_s": predicted_first,
            "measured_first_s": first,
            "ratio_first": predicted_first / first,
        }
        if architecture == ARCHITECTURES[-1]:
            bytes_ = cost.memory_bytes(one, total_rows=rows, trials=1, epochs=epochs)
            line |= {
                "predicted_mb": bytes_ / 1e6,
                "measured_mb": measured.peak_mb,
                "ratio_mb": bytes_ / 1e6 / measured.peak_mb,
            }
            encoding = cost.encoding_seconds(rows, columns, FOLDS, machine)
            line |= {"predicted_encode_s": encoding, "measured_encode_s": measured.value["encode_s"]}
        lines.append(line | {"gflops": machine.gflops, "slowness": machine.slowness})
    return lines


if __name__ == "__main__":
    main(sys.argv[1:])

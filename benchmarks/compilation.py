"""When XLA pays, and how many trials are worth training side by side: the two rules of autoft/training on one core.

`compile` rows train one trial at a time, once as a TensorFlow graph and once compiled by XLA: CPU seconds of the
first epoch (tracing and compilation included) and of a later one, and after how many epochs XLA has paid for itself.
`together` rows train several trials of a shape in one stack: CPU seconds per trial and epoch against one alone.
`WORTH_XLA` in autoft/training/epoch.py and `_TOGETHER` in autoft/training/trainer.py are read off these rows. They
compare the operations of an epoch with fixed limits rather than clocks at run time, so that equal runs stay equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.common import HEAVY, Row, finish, measure, options, progress
from benchmarks.ours import MODULES

COLUMNS, FOLDS, EPOCHS = 30, 5, 6
SHAPES = ((200, 64, 1, 32), (500, 64, 2, 32), (500, 128, 2, 32), (500, 256, 3, 32), (2_000, 128, 2, 128),
          (5_000, 64, 2, 256), (5_000, 128, 2, 256), (5_000, 256, 3, 256), (50_000, 128, 2, 256))  # fmt: skip
STACKS = (1, 2, 4, 8)


def epochs(rows: int, width: int, depth: int, batch: int, xla: bool | None, trials: int) -> Callable[[], Any]:
    """The piece to measure: CPU seconds of a first epoch and of a later one, with held-out predictions."""
    from benchmarks.common import numeric_table

    x, y = numeric_table(rows, COLUMNS)

    def work() -> dict[str, float]:
        import time
        from unittest.mock import patch

        from autoft.training import epoch as compiled
        from autoft.training import program
        from autoft.training.stack import batches
        from autoft.training.step import Settings
        from benchmarks.ours import make_trainer

        trainer = make_trainer(x, y, FOLDS)
        params = {"width": width, "depth": depth, "activation": "relu", "batch_size": batch}
        architecture, size = trainer._key(params)
        limit = {None: compiled.WORTH_XLA, True: 0.0, False: float("inf")}[xla]
        with patch.object(compiled, "WORTH_XLA", limit):
            stack = program.Program(architecture, size, trainer._rows, trials=trials)
        stack.start(trainer._initial(architecture), [Settings(learning_rate=1e-3, dropout=0.2)] * trials)
        taken = []
        for number in range(1, EPOCHS + 1):
            began = time.process_time()
            stack.epoch(*batches(trainer.data.train, size, seed=0, epoch=number), number=number)
            stack.logits(trainer._watched)
            taken.append(time.process_time() - began)
        later = sorted(taken[1:])[len(taken[1:]) // 2]
        return {"first": taken[0], "later": later, "operations": stack.shape.operations / trials}

    return work


def run(shape: tuple[int, int, int, int], *, xla: bool | None, trials: int) -> dict[str, float]:
    """One measurement in a process of its own."""
    rows, width, depth, batch = shape
    arguments = {"rows": rows, "width": width, "depth": depth, "batch": batch, "xla": xla, "trials": trials}
    found: dict[str, float] = measure(
        "benchmarks.compilation:epochs", arguments, threads=1, imports=(*HEAVY, *MODULES)
    ).value
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    given = options(
        "compilation", "when XLA pays, and how many trials train side by side", argv, only=("compile", "together")
    )
    shapes = SHAPES[1:3] if given.quick else SHAPES
    rows: list[Row] = []
    for shape in shapes:
        named = {"rows": shape[0], "network": f"{shape[1]}x{shape[2]}", "batch": shape[3]}
        if given.wants("compile"):
            graph, xla = (run(shape, xla=fast, trials=1) for fast in (False, True))
            saved = graph["later"] - xla["later"]
            rows.append(
                {
                    "part": "compile",
                    **named,
                    "gflop_per_epoch": graph["operations"] / 1e9,
                    "graph_first_s": graph["first"],
                    "graph_epoch_s": graph["later"],
                    "xla_first_s": xla["first"],
                    "xla_epoch_s": xla["later"],
                    "pays_after_epochs": (xla["first"] - graph["first"]) / saved if saved > 0 else None,
                }
            )
            progress(f"{named}: {rows[-1]}")
        if given.wants("together") and shape[0] <= 2_000:
            taken = {trials: run(shape, xla=None, trials=trials) for trials in (STACKS[:2] if given.quick else STACKS)}
            rows.append(
                {
                    "part": "together",
                    **named,
                    "gflop_per_epoch": taken[1]["operations"] / 1e9,
                    **{f"epoch_of_{k}_s": found["later"] / k for k, found in taken.items()},
                }
            )
            progress(f"{named}: {rows[-1]}")
    compiled = [row for row in rows if row["part"] == "compile"]
    paying = [row["gflop_per_epoch"] for row in compiled if 0 < (row["pays_after_epochs"] or 0) <= 50]
    finish("compilation", given, rows, {"least_gflop_that_pays_within_50_epochs": min(paying, default=None)})


if __name__ == "__main__":
    main()

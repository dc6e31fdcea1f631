"""How much of a search's CPU time is not training: proposals, journal, compilation, scoring, encoding.

The search stage of a run (`pipeline.search`, without the baselines) with autoft's own space (its lattice of widths,
depths, activations and batches, so that programs really are compiled), limits and stopping rules: 20 trials x 5 folds
on 30 numeric columns, one thread. CPU time is read at the seams
(`time.process_time`), each moment counted once:

- `proposals`: `ask` and `tell` of the proposer; `journal`: lines and arrays written; `scoring`: the objective;
- `compilation`: building the programs, and what the first call of each takes above the median of its later calls;
- `encoding`: preprocessing fitted and applied, once a search; `loop`: everything else outside the trainer;
- `training`: what is left of the trainer: epochs, held-out predictions, curves, checkpoints.

Everything but `training` is overhead. Searches run in processes of their own; imports do not count.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.common import HEAVY, Row, finish, measure, numeric_table, options, progress
from benchmarks.ours import MODULES

COLUMNS, FOLDS, TRIALS = 30, 5, 20
SIZES = (500, 5_000, 50_000)

#: Largest share of overhead at 5,000 rows.
TARGET = 0.10

PARTS = ("training", "compilation", "proposals", "journal", "scoring", "encoding", "loop")


class Meter:
    """CPU seconds by part. Parts may be nested: each moment goes to the innermost."""

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: list[list[float]] = []
        self._clock, self._last = clock, clock()
        self._open = ["loop"]

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What happens in the block belongs to a part."""
        self._charge()
        self._open.append(name)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time charged to a part."""

        def call(*args: Any, **kwargs: Any) -> Any:
            with self.part(name):
                return function(*args, **kwargs)

        return call

    def program(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A compiled function; `finish` finds out what its first call took for compilation."""
        durations: list[float] = []
        self.calls.append(durations)

        def call(*args: Any, **kwargs: Any) -> Any:
            began = self._clock()
            result = function(*args, **kwargs)
            durations.append(self._clock() - began)
            return result

        return call

    def finish(self) -> dict[str, float]:
        """Seconds by part, with the extra of first calls moved from training to compilation.

        A program that was called only once counts as compilation as a whole.
        """
        self._charge()
        for durations in self.calls:
            usual = statistics.median(durations[1:]) if durations[1:] else 0.0
            extra = max(0.0, durations[0] - usual) if durations else 0.0
            self.seconds["compilation"] += extra
            self.seconds["training"] -= extra
        return {name: self.seconds[name] for name in PARTS}

    def _charge(self) -> None:
        now = self._clock()
        self.seconds[self._open[-1]] += now - self._last
        self._last = now


def search(rows: int, trials: int, epochs: int | None = None) -> Callable[[], dict[str, Any]]:
    """The piece to measure: a run's search stage; returns `seconds` by part, and how many `programs` and `epochs`."""
    import pandas as pd

    from autoft.pipeline.context import Run
    from autoft.pipeline.fit import find_model, prepare_dataset
    from autoft.pipeline.run_folder import journal_key
    from autoft.recipe.recipe import Recipe

    x, y = numeric_table(rows, COLUMNS)
    table = pd.DataFrame(x, columns=[f"x{j}" for j in range(COLUMNS)]).assign(y=y)
    recipe = Recipe().with_changes(target="y", trials=trials, folds=FOLDS, seed=0)
    if epochs is not None:
        recipe = recipe.model_copy(update={"search": recipe.search.model_copy(update={"epochs": epochs})})
    dataset = prepare_dataset(recipe, table)

    def work() -> dict[str, Any]:
        meter = Meter()
        with watching(meter) as programs, tempfile.TemporaryDirectory() as folder:
            run = Run(recipe=recipe, folder=Path(folder))
            run.open_journal(journal_key(recipe, dataset))
            found = find_model(dataset, run).trials
        epochs_trained = sum(len(trial.curves["held_out"]) for trial in found.trials)
        return {"seconds": meter.finish(), "programs": len(programs), "epochs": epochs_trained}

    return work


@contextmanager
def watching(meter: Meter) -> Iterator[list[Any]]:
    """While the block runs, the seams of a search are metered; yields its programs as they are built."""
    from autoft.pipeline import fit
    from autoft.pipeline import search as stage
    from autoft.search import store
    from autoft.search.journal import Journal
    from autoft.search.proposer import Proposer
    from autoft.training.epoch import CompiledEpoch
    from autoft.training.trainer import Trainer

    programs: list[Any] = []
    build = CompiledEpoch.__init__

    def built(self: Any, *args: Any, **kwargs: Any) -> None:
        with meter.part("compilation"):
            build(self, *args, **kwargs)
        for name in ("epoch", "epoch_and_look", "forward"):
            setattr(self, name, meter.program(getattr(self, name)))
        programs.append(self)

    seams: dict[str, list[tuple[Any, str]]] = {
        "training": [(Trainer, "train_all"), (Trainer, "answers_after")],
        "proposals": [(Proposer, "__init__"), (Proposer, "ask"), (Proposer, "tell")],
        "journal": [(Journal, "append"), (store, "store"), (store, "forget_weights")],
        "scoring": [(stage, "trial_score")],
        "encoding": [(fit, "make_trainer")],
    }
    with ExitStack() as stack:
        stack.enter_context(patch.object(CompiledEpoch, "__init__", built))
        for part, owned in seams.items():
            for owner, name in owned:
                stack.enter_context(patch.object(owner, name, meter.timed(part, getattr(owner, name))))
        yield programs


def run(rows: int, trials: int, epochs: int | None = None) -> Row:
    """One search in a process of its own."""
    arguments = {"rows": rows, "trials": trials, "epochs": epochs}
    measured = measure("benchmarks.overhead:search", arguments, imports=(*HEAVY, *MODULES))
    seconds = measured.value["seconds"]
    return {
        "rows": rows,
        "trials": trials,
        "programs": measured.value["programs"],
        "epochs": measured.value["epochs"],
        "cpu_s": measured.cpu_s,
        "wall_s": measured.wall_s,
        "peak_mb": measured.peak_mb,
        **{f"{name}_s": seconds[name] for name in PARTS},
        "overhead": share(seconds),
    }


def share(seconds: dict[str, float]) -> float:
    """The part of all seconds that is not training."""
    total = sum(seconds.values())
    return (total - seconds["training"]) / total


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    given = options("overhead", "share of a search's CPU time that is not training", argv, only=SIZES)
    rows = []
    for size in SIZES[:1] if given.quick else [n for n in SIZES if given.wants(n)]:
        rows.append(run(size, 5, 10) if given.quick else run(size, TRIALS))
        progress(f"{size} rows: {rows[-1]['cpu_s']:.1f} CPU s, {rows[-1]['overhead']:.1%} overhead")
    summary: dict[str, Any] = {f"overhead_{row['rows']}": row["overhead"] for row in rows}
    if "overhead_5000" in summary:
        summary["reached_5000"] = summary["overhead_5000"] < TARGET
    finish("overhead", given, rows, summary, title="Where the CPU time of a search goes")


if __name__ == "__main__":
    main()

"""Speed of a machine: rates of the reference machine, and the machine at hand.

``python -m benchmarks.cost`` compares what `autoft.pipeline.cost` makes of them with measurements.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Seconds per unit of work on one thread of the reference machine, unless it says otherwise.

    Attributes:
        gflops: float32 operations in products of large matrices, in 10^9 per second.
        small_operation: One numpy call on a few numbers, the yardstick of `Machine.slowness`.
        unit, predict_unit: One activation while training (bias, function, dropout, gradients), and while predicting.
        weight: One weight in one step of the optimizer.
        cell: One input cell that a batch gathers.
        step, step_layer: Overhead of one step, and of each of its layers.
        row: One row of one member: its place in the order of an epoch, or its answer and loss.
        epoch, trial: Overhead of one epoch; of one trial.
        start_weight: Drawing one initial weight.
        trace, trace_layer: The first training with a program, and each of its layers.
        xla, xla_layer: The same on top, where the program is worth compiling.
        import_, import_tfdv: Importing TensorFlow and Keras; TensorFlow Data Validation.
        read_cell, check_cell, check_column, check: Reading one cell; checking one, a column, and a table at all.
        tfdv_cell, tfdv: Statistics and validation by TFDV.
        encode_cell, encode: Preprocessing one cell for one member; building the layers.
        combine_row: One row by which a member chooses combinations of numbers.
        baselines: The baselines at all.
        tree_leaf, tree_leaf_column: A leaf of a boosted tree that grows; each column that is looked at for it.
        tree_cell: One training cell on one level of it.
        evaluation: The evaluation at all.
        loss_draw, draw_row, area_row: One row in one draw: the loss of one candidate, the objective of one trial that
            is a mean, or an area under a curve.
        metric_row: All metrics, one row in one draw.
        finish_draw: One row in one draw: calibration and threshold, fitted and applied.
        importance, importance_row: Importance of one column; one row of it in one member.
        answer_row: One row that one member of the deployed model answers.
        tree_row: One row that one boosted tree of it answers.
        proposal: Proposing and recording one trial.
        finish, finish_column: Saving the model and writing the report; each column that the report may show.
        finish_square: Keras' way through all pairs of inputs, when it builds a model.
    """

    gflops: float = 84.0
    small_operation: float = 4.7e-7
    unit: float = 1.6e-9
    predict_unit: float = 6.4e-10
    weight: float = 5.5e-9
    cell: float = 8e-10
    step: float = 5.2e-5
    step_layer: float = 1.2e-5
    row: float = 1.0e-7
    epoch: float = 3.7e-3
    trial: float = 2.7e-2
    start_weight: float = 8e-8
    trace: float = 0.26
    trace_layer: float = 0.075
    xla: float = 0.22
    xla_layer: float = 0.09
    import_: float = 13
    import_tfdv: float = 2.3
    read_cell: float = 1.5e-06
    check_cell: float = 1.8e-06
    check_column: float = 1.2e-03
    check: float = 0.12
    tfdv_cell: float = 1.2e-06
    tfdv: float = 0.058
    encode_cell: float = 5.8e-08
    encode: float = 0.12
    combine_row: float = 1.1e-04
    baselines: float = 0.35
    tree_leaf: float = 2.5e-05
    tree_leaf_column: float = 6.5e-07
    tree_cell: float = 1e-09
    evaluation: float = 0.18
    loss_draw: float = 9.4e-10
    draw_row: float = 9.4e-09
    area_row: float = 6.3e-08
    metric_row: float = 2e-07
    finish_draw: float = 4e-07
    importance: float = 0.018
    importance_row: float = 7e-06
    answer_row: float = 5.8e-06
    tree_row: float = 6e-08
    proposal: float = 0.058
    finish: float = 1.6
    finish_column: float = 0.023
    finish_square: float = 1.7e-06


RATES = Rates()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """How fast the machine at hand is.

    Attributes:
        gflops: float32 multiply-adds of large matrices on all threads, in 10^9 operations per second.
        threads: Threads that it computes on.
        slowness: Time that everything but large matrices takes, as a multiple of the reference machine's.
    """

    gflops: float = RATES.gflops
    threads: int = 1
    slowness: float = 1.0

    @classmethod
    def measure(cls, clock: Callable[[], float] = time.perf_counter) -> Machine:
        """Time numpy's matrix product and its small operations, for about a tenth of a second."""
        square = np.ones((512, 512), np.float32)
        out = np.empty_like(square)
        few = np.zeros(8, np.float32)
        product = _fastest(lambda: np.matmul(square, square, out=out), 0.07, clock)
        small = _fastest(lambda: [np.add(few, few, out=few) for _ in range(200)], 0.03, clock) / 200
        return cls(
            gflops=max(2 * 512**3 / product / 1e9, 0.1),
            threads=_threads(),
            slowness=max(small / RATES.small_operation, 0.05),
        )

    def shared(self, contention: float) -> Machine:
        """The machine for a program that waits for others.

        Args:
            contention: Seconds of the clock that one of the processor takes.
        """
        return replace(self, gflops=self.gflops / contention, slowness=self.slowness * contention)

    def matmul(self, operations: float) -> float:
        """Seconds of multiplications and additions in large matrices."""
        return operations / (self.gflops * 1e9)

    def wide(self, seconds: float) -> float:
        """Seconds of work on long arrays, which all threads share, from those of one reference thread."""
        return seconds * self.slowness / math.sqrt(self.threads)

    def alone(self, seconds: float) -> float:
        """Seconds of work that one thread does, from those of one reference thread."""
        return seconds * self.slowness


def _fastest(work: Callable[[], object], seconds: float, clock: Callable[[], float]) -> float:
    """Least time of one call among as many as fit into some seconds, three at least; other programs only add."""
    best, spent, calls = math.inf, 0.0, 0
    while calls < 3 or spent < seconds:
        began = clock()
        work()
        took = clock() - began
        best, spent, calls = min(best, took), spent + max(took, 1e-6), calls + 1
    return max(best, 1e-9)


def _threads() -> int:
    """Threads that numpy and TensorFlow use: the processors that this process may run on, unless OMP says fewer."""
    have = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(have, int(wanted))) if wanted.isdigit() else have

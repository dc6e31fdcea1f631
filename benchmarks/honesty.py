"""Is the reported score true? The whole product on synthetic tables whose truth is known.

Each table gets a search of 20 trials on 5 folds, as a run makes it (preparation, proposals, pruning, training, choice,
correction); only what does not touch the score is left out (baselines, importance, report). The deployed model, the
bag of the best trial's members, then answers 100,000 fresh rows: its score there is the truth (`member` is the mean
truth of its members alone, which is what held-out predictions can see: a row has one member that did not train on it).
Reported beside it are
the corrected score with its 95 % interval, and what is usually reported: the score of the best trial on the rows by
which it was chosen, with a bootstrap interval.

Regression scores are root mean squared errors in units of the target's standard deviation. `bias` is reported minus
true, so that a positive AUC bias and a negative error bias flatter.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.common import Options, Row, finish, options, progress, save

ROWS, SIGNALS, TASKS = (200, 500, 2_000), ("none", "weak", "strong"), ("binary", "regression")
FRESH, FEATURES, TRIALS = 100_000, 8, 20

#: Coverage of a 95 % interval to reach, and the largest bias with and without signal.
COVERAGE, BIAS, BIAS_OF_NOISE = 0.93, 0.01, 0.03

#: Small networks and few epochs keep a search of twenty trials at seconds; everything else is the default.
SEARCH = {
    "trials": TRIALS,
    "folds": 5,
    "search.epochs": 30,
    "search.patience": 6,
    "search.space": {"width": [32, 64], "depth": [1, 2], "activation": ["relu"]},
    "schema.engine": "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One kind of table."""

    rows: int
    signal: str
    task: str

    @property
    def name(self) -> str:
        """As `--only` takes it."""
        return f"{self.task}-{self.rows}-{self.signal}"


def every() -> list[Setting]:
    """All settings, the cheap ones first."""
    return [Setting(rows=n, signal=s, task=t) for n in ROWS for t in TASKS for s in SIGNALS]


def table(setting: Setting, rows: int, rng: Any) -> tuple[Any, Any]:
    """Features ``[rows, 8]`` and targets: linear and curved effects, an interaction, three idle columns."""
    import numpy as np

    x = rng.normal(size=(rows, FEATURES))
    score = x[:, 0] + 0.7 * np.sin(2 * x[:, 1]) + 0.6 * x[:, 2] * x[:, 3] + 0.5 * np.abs(x[:, 4]) - 0.4
    strength = {"none": 0.0, "weak": 0.45, "strong": 2.0}[setting.signal]
    if setting.task == "binary":
        return x, (rng.random(rows) < 1 / (1 + np.exp(-strength * score))).astype(int)
    return x, strength * score + rng.normal(size=rows) * 1.5


def judge(setting: Setting, number: int) -> Row:
    """One table: what is reported, and what is true."""
    import numpy as np
    import pandas as pd

    from autoft.evaluation import calibration, correction
    from autoft.evaluation.scores import scores
    from autoft.pipeline.context import Run
    from autoft.pipeline.evaluate import correct_score
    from autoft.pipeline.fit import find_model, prepare_dataset
    from autoft.preprocessing.encode import encode
    from autoft.recipe.recipe import Recipe
    from autoft.records.problem import Draws, Truth

    seed = number * 1_000 + every().index(setting)
    x, y = table(setting, setting.rows, np.random.default_rng([seed, 0]))
    names = [f"x{j}" for j in range(FEATURES)]
    frame = pd.DataFrame(x, columns=names).assign(y=y)
    recipe = Recipe().with_changes(target="y", seed=seed, task=setting.task, **SEARCH)
    dataset = prepare_dataset(recipe, frame)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(recipe=recipe, folder=Path(folder))
        run.open_journal({"benchmark": "honesty"})
        found = find_model(dataset, run)
    trials, ensemble, problem = found.trials, found.ensemble, dataset.problem
    score = correct_score(dataset, found, ensemble.answers(dataset.encoded), run)
    best = trials.outcomes[trials.best]
    pooled = best.held_out[best.checkpoints.index(best.epochs)]
    draws = Draws(number=recipe.evaluate.draws, seed=seed)
    naive = correction.fixed(dataset.truth, pooled, problem, draws).held_out[dataset.objective]
    fresh_x, fresh_y = table(setting, FRESH, np.random.default_rng([seed, 1]))
    columns = {c.id: fresh_x[:, names.index(c.name)] for c in dataset.features}
    answers = ensemble.answers(encode(dataset.layout, columns, FRESH))
    deployed = calibration.apply(ensemble.calibration, answers.mean(axis=0))
    fresh = Truth(y=fresh_y)
    true = scores(fresh, deployed, problem, rule=found.selection.rule)[dataset.objective]
    alone = statistics.mean(scores(fresh, member, problem)[dataset.objective] for member in answers)
    unit = float(fresh_y.std()) if setting.task == "regression" else 1.0
    reported = score.held_out[dataset.objective]
    return {
        "setting": setting.name,
        "number": number,
        "true": true / unit,
        "member": alone / unit,
        **{key: value / unit for key, value in _parts("reported", reported)},
        **{key: value / unit for key, value in _parts("naive", naive)},
        "pruned": sum(trial.status == "pruned" for trial in trials.trials),
    }


def _parts(name: str, interval: Any) -> Iterator[tuple[str, float]]:
    yield from ((name, interval.value), (f"{name}_low", interval.low), (f"{name}_high", interval.high))


def summarize_setting(name: str, rows: Sequence[Mapping[str, Any]], seconds: float) -> Row:
    """Bias, coverage and width of a setting's reports; the naive ones beside them."""

    def mean(values: Sequence[float]) -> float:
        return statistics.mean(values)

    row: dict[str, Any] = {"setting": name, "tables": len(rows)}
    row |= {kind: mean([r[kind] for r in rows]) for kind in ("true", "member")}
    for kind in ("reported", "naive"):
        bias = [r[kind] - r["true"] for r in rows]
        row |= {
            f"{kind}_bias": mean(bias),
            f"{kind}_bias_se": statistics.stdev(bias) / len(bias) ** 0.5 if len(bias) > 1 else None,
            f"{kind}_coverage": mean([float(r[f"{kind}_low"] <= r["true"] <= r[f"{kind}_high"]) for r in rows]),
            f"{kind}_width": mean([r[f"{kind}_high"] - r[f"{kind}_low"] for r in rows]),
        }
    return {**row, "pruned": mean([r["pruned"] for r in rows]), "cpu_s_per_table": seconds / len(rows)}


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """The worst setting of each promise."""
    noise = [r for r in rows if r["setting"].endswith("none")]
    signal = [r for r in rows if not r["setting"].endswith("none")]
    summary: dict[str, Any] = {
        "lowest_coverage": min(r["reported_coverage"] for r in rows),
        "lowest_naive_coverage": min(r["naive_coverage"] for r in rows),
        "mean_coverage": statistics.mean(r["reported_coverage"] for r in rows),
        "mean_naive_coverage": statistics.mean(r["naive_coverage"] for r in rows),
    }
    for name, some in (("bias_of_noise", noise), ("bias", signal)):
        if some:
            summary[f"largest_{name}"] = max((r["reported_bias"] for r in some), key=abs)
            summary[f"largest_naive_{name}"] = max((r["naive_bias"] for r in some), key=abs)
    summary["reached"] = (
        summary["lowest_coverage"] >= COVERAGE
        and abs(summary.get("largest_bias", 0.0)) <= BIAS
        and abs(summary.get("largest_bias_of_noise", 0.0)) <= BIAS_OF_NOISE
    )
    return summary


def measure(setting: Setting, tables: int) -> Row:
    """One setting, in a process of its own: every table of it trains with the programs of the first."""
    with get_context("spawn").Pool(1) as pool:
        row: Row = pool.apply(_setting, (setting, tables))
    return row


def _setting(setting: Setting, tables: int) -> Row:
    import os

    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"), TF_CPP_MIN_LOG_LEVEL="3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    began = time.process_time()
    rows = [judge(setting, number) for number in range(tables)]
    return summarize_setting(setting.name, rows, time.process_time() - began)


def main(argv: Sequence[str] | None = None, run: Callable[[Setting, int], Row] = measure) -> None:
    """Run the benchmark; `--tables N` makes so many of each setting instead of 100."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--tables", type=int, default=None)
    chosen, rest = own.parse_known_args(argv)
    given: Options = options("honesty", "is the reported score true?", rest, only=[s.name for s in every()])
    tables = chosen.tables or (5 if given.quick else 100)
    settings = [s for s in every() if given.wants(s.name)]
    if given.quick:
        settings = [s for s in settings if s.rows == 200 and s.signal != "weak"]
    rows: list[Row] = []
    for setting in settings:
        rows.append(run(setting, tables))
        save("honesty", given, rows, summarize(rows))
        progress(f"{setting.name}: coverage {rows[-1]['reported_coverage']:.2f}, bias {rows[-1]['reported_bias']:+.4f}")
    finish("honesty", given, rows, summarize(rows), title="Reported against true scores")


if __name__ == "__main__":
    main()

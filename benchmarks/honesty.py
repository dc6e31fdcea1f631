"""Is the reported score true? The whole product on synthetic tables whose truth is known.

Each table gets a search of 20 trials on 5 folds, as a run makes it (preparation, proposals, pruning, training, choice,
correction); only what does not touch the score is left out (baselines, importance, report). The deployed model, the
bag of the best trial's members, then answers 100,000 fresh rows: its score there is the truth (`member` is the mean
truth of its members alone, which is what held-out predictions can see: a row has one member that did not train on it).
Reported beside it are
the corrected score with its 95 % interval, and what is usually reported: the score of the best trial on the rows by
which it was chosen, with a bootstrap interval.

Beside binary and numeric targets there are several classes, rare ones, rows in clusters (the truth is on new clusters)
and rows in the order of time, each like the ones before it (the truth is on the rows that follow).

Regression scores are root mean squared errors in units of the target's standard deviation. `bias` is reported minus
true, so that a positive AUC bias and a negative error bias flatter.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.common import Options, Row, finish, options, progress, save

ROWS, SIGNALS, TASKS = (200, 500, 2_000), ("none", "weak", "strong"), ("binary", "regression")
FRESH, FEATURES, TRIALS = 100_000, 8, 20

#: Coverage of a 95 % interval to reach, and the largest bias with and without signal.
COVERAGE, BIAS, BIAS_OF_NOISE = 0.93, 0.01, 0.03
#: Standard errors in the width of an interval that holds 95 % of normal errors: the ideal width is so many of the
#: deviations of reported from true scores.
IDEAL = 3.92

#: Small networks and few epochs keep a search of twenty trials at seconds; everything else is the default.
SEARCH = {
    "trials": TRIALS,
    "folds": 5,
    "search.epochs": 30,
    "search.patience": 6,
    "search.space": {"width": [32, 64], "depth": [1, 2], "activation": ["relu"]},
    "schema.engine": "none",
}


#: Further kinds of tables: their task, and what the recipe says of them.
KINDS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    **{task: (task, {}) for task in TASKS},
    "classes": ("multiclass", {}),
    "rare": ("binary", {}),
    "rareclasses": ("multiclass", {}),
    "clustered": ("binary", {"evaluate.group": "g"}),
    "ordered": ("regression", {"evaluate.time": "t"}),
}
FURTHER = (
    *((500, "weak", "classes"), (500, "strong", "classes"), (500, "strong", "rare"), (1_000, "strong", "rareclasses")),
    *((600, "weak", "clustered"), (600, "strong", "clustered"), (600, "strong", "ordered")),
)
#: Rows of a cluster; logarithms of the shares of the classes, which are rare or not.
CLUSTER, CLASSES, RARE_CLASSES = 6, (0.0, 0.0, 0.0, 0.0), (1.5, 1.0, 0.0, -1.0, -2.0)
#: Effects of the features on the first of several classes; those on the others are the same, one feature further on.
EFFECTS = (1.0, 0.5, -0.5, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One kind of table; `task` is a key of `KINDS`."""

    rows: int
    signal: str
    task: str

    @property
    def name(self) -> str:
        """As `--only` takes it."""
        return f"{self.task}-{self.rows}-{self.signal}"


def every() -> list[Setting]:
    """All settings, the cheap ones first."""
    first = [Setting(rows=n, signal=s, task=t) for n in ROWS for t in TASKS for s in SIGNALS]
    return first + [Setting(rows=n, signal=s, task=t) for n, s, t in FURTHER]


def table(setting: Setting, rows: int, rng: Any, start: int = 0) -> Any:
    """A table of eight features and a target: linear and curved effects, an interaction, three idle columns.

    Args:
        start: Moment of the first row, where rows are in the order of time.
    """
    import numpy as np
    import pandas as pd

    x, y = _values(setting, rows, rng)
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(FEATURES)]).assign(y=y)
    if setting.task == "ordered":
        return frame.assign(t=start * 1.5 + rng.exponential(size=rows).cumsum())  # a counter would be an identifier
    return frame.assign(g=np.arange(rows) // CLUSTER + start) if setting.task == "clustered" else frame


def _values(setting: Setting, rows: int, rng: Any) -> tuple[Any, Any]:
    import numpy as np

    x, kind, own = rng.normal(size=(rows, FEATURES)), setting.task, 0.0
    if kind == "ordered":
        for row in range(1, rows):  # each row is like the one before it
            x[row] = 0.8 * x[row - 1] + 0.6 * x[row]
    if kind == "clustered":
        of = np.arange(rows) // CLUSTER
        x = np.sqrt(0.5) * (x + rng.normal(size=(of[-1] + 1, FEATURES))[of])
        own = rng.normal(size=of[-1] + 1)[of]  # what a cluster has besides its features
    score = x[:, 0] + 0.7 * np.sin(2 * x[:, 1]) + 0.6 * x[:, 2] * x[:, 3] + 0.5 * np.abs(x[:, 4]) - 0.4
    strength = {"none": 0.0, "weak": 0.45, "strong": 2.0}[setting.signal]
    if KINDS[kind][0] == "binary":
        score = score + own - (2.0 if kind == "rare" else 0.0)
        return x, (rng.random(rows) < 1 / (1 + np.exp(-strength * score))).astype(int)
    if KINDS[kind][0] == "multiclass":
        shares = np.array(CLASSES if kind == "classes" else RARE_CLASSES)
        logits = strength * np.stack([np.roll(x, c, axis=1) @ np.array(EFFECTS) for c in range(len(shares))], axis=1)
        shown = np.exp(logits + shares)
        below = (shown / shown.sum(axis=1, keepdims=True)).cumsum(axis=1)
        drawn = (rng.random(rows)[:, None] > below).sum(axis=1)
        return x, np.char.add("c", np.minimum(drawn, len(shares) - 1).astype(str))
    return x, strength * score + rng.normal(size=rows) * 1.5


def judge(setting: Setting, number: int) -> Row:
    """One table: what is reported, and what is true."""
    import numpy as np

    from autoft.data import target as targets
    from autoft.evaluation import calibration, correction
    from autoft.evaluation.scores import scores
    from autoft.pipeline.context import Run
    from autoft.pipeline.evaluate import correct_score
    from autoft.pipeline.fit import find_model, prepare_dataset
    from autoft.preprocessing.encode import encode
    from autoft.recipe.recipe import Recipe
    from autoft.records.problem import Draws, Truth

    seed = number * 1_000 + every().index(setting)
    frame = table(setting, setting.rows, np.random.default_rng([seed, 0]))
    task, changes = KINDS[setting.task]
    recipe = Recipe().with_changes(target="y", seed=seed, task=task, **SEARCH, **changes)
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
    new = table(setting, FRESH, np.random.default_rng([seed, 1]), start=setting.rows)
    fresh_y = targets.encode(new["y"], dataset.target)
    columns = {c.id: new[c.name].to_numpy(float) for c in dataset.features}
    answers = ensemble.answers(encode(dataset.layout, columns, FRESH))
    deployed = calibration.apply(ensemble.calibration, answers.mean(axis=0))
    fresh = Truth(y=fresh_y)
    rule = found.selection.rule
    true = scores(fresh, deployed, problem, rule=rule)[dataset.objective]
    alone = statistics.mean(
        scores(fresh, calibration.apply(rule.calibration, own), problem, rule=rule)[dataset.objective]
        for own in answers
    )
    unit = float(fresh_y.std()) if task == "regression" else 1.0
    reported = score.held_out[dataset.objective]
    return {
        "setting": setting.name,
        "number": number,
        "true": true / unit,
        "member": alone / unit,
        **{key: value / unit for key, value in _parts("reported", reported)},
        **{key: value / unit for key, value in _parts("naive", naive)},
        "gain_measured": float(score.gain.source == "measured"),
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
        if len(set(bias)) > 1:
            row[f"{kind}_to_ideal"] = row[f"{kind}_width"] / (IDEAL * statistics.stdev(bias))
    row |= {kind: mean([r[kind] for r in rows]) for kind in ("gain_measured", "pruned")}
    return {**row, "cpu_s_per_table": seconds / len(rows)}


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
    if ratios := [r["reported_to_ideal"] for r in rows if "reported_to_ideal" in r]:
        summary["mean_width_to_ideal"] = statistics.mean(ratios)
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


def measure(setting: Setting, tables: int) -> Iterator[tuple[Row, float]]:
    """Each table of a setting with its CPU seconds, in one process: all train with the programs of the first."""
    with get_context("spawn").Pool(1, _prepare) as pool:
        yield from pool.imap(_judge, [(setting, number) for number in range(tables)])


def _prepare() -> None:
    import os

    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"), TF_CPP_MIN_LOG_LEVEL="3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _judge(asked: tuple[Setting, int]) -> tuple[Row, float]:
    began = time.process_time()
    return judge(*asked), time.process_time() - began


#: Judges so many tables of a setting: each row with its CPU seconds.
Measure = Callable[[Setting, int], Iterable[tuple[Row, float]]]


def main(argv: Sequence[str] | None = None, run: Measure = measure) -> None:
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
        judged: list[Row] = []
        seconds = 0.0
        for row, taken in run(setting, tables):
            judged, seconds = [*judged, row], seconds + taken
            whole = [*rows, summarize_setting(setting.name, judged, seconds)]
            save("honesty", given, whole, summarize(whole))  # after each table: a whole run takes hours
        rows.append(summarize_setting(setting.name, judged, seconds))
        progress(f"{setting.name}: coverage {rows[-1]['reported_coverage']:.2f}, bias {rows[-1]['reported_bias']:+.4f}")
    finish("honesty", given, rows, summarize(rows), title="Reported against true scores")


if __name__ == "__main__":
    main()

"""Which interval is the narrowest that holds? Candidates for the corrected score, in simulations without networks.

In each setting many tables are made, with trials to choose from, and the choice is corrected as the product does it.
``ridge`` settings have linear models on random features, in closed form, trained on real folds: held-out predictions of
different folds hang together as those of networks do. ``drawn`` settings have predictions drawn at random around the
truth, without folds. There are settings of several classes, rare ones, rows in clusters, and rows in time order. The
truth is the mean score of the chosen models on fresh rows, without the gain of their mean (`benchmarks.ensemble_gain`).

Candidates have the same value, the mean over the draws, and other ends:

- ``today``: 2.5 and 97.5 percentiles of the draws, each scored on the .368 n rows that it leaves out.
- ``scaled``: these ends, nearer by (.368 / .632)^.5: scores of parts of a table scatter more than those of whole ones
  (the delete-d jackknife: Shao & Wu, "A general theory for jackknife variance estimation", Ann. Stat. 17, 1989).
- ``scaled+3``, ``scaled+6``, ``scaled+8``: as many times the variance of the choice is added, that of the full-sample
  scores of the choices. ``between+6`` to ``between+8``: the same from a variance between ``scaled`` and ``today``.
- ``rows+3``: the standard error of the rows' mean losses over the draws that leave them out (leave-one-out bootstrap),
  and 3 times the variance of the choice. Areas have no losses of rows: there it is ``scaled+3``.
- ``mean``: the mean of the half-widths of ``today`` and ``rows+3``.

Accepted is what covers at least 95 % in every setting. The ideal width is 3.92 standard deviations of reported minus
true scores: no interval around this value can be narrower and hold 95 % of normal errors.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoft.evaluation import calibration
from autoft.evaluation.left_out import on_left_out
from autoft.evaluation.losses import row_losses
from autoft.evaluation.scores import over_classes, weighted_scores
from autoft.evaluation.selection import Candidate, Replay, mixed
from autoft.records.columns import Task
from autoft.records.problem import Draws, Problem, SelectionRule, Truth
from benchmarks.common import Options, Row, finish, options, progress, save
from benchmarks.honesty import IDEAL
from benchmarks.sets import METRIC

TRIALS, FOLDS, DRAWS, FRESH, FEATURES, USED = 20, 5, 200, 3_000, 40, 8
COVERAGE = 0.95
#: Degrees of freedom of errors with long tails.
TAILS = 6
SCALE, BETWEEN = (0.368 / 0.632) ** 0.5, 0.7
#: Logarithms of the shares of rare classes.
RARE = (2.0, 1.0, 0.0, -0.5, -1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One kind of table; classes have logits of these offsets besides what the features say."""

    kind: str
    task: Task
    rows: int
    signal: float
    offsets: tuple[float, ...] = (0.0,)
    cluster: int = 0
    ordered: bool = False
    tails: bool = False

    def outcome(self, logits: Any, rng: Any) -> Any:
        """Answers of rows ``[n]`` from what is true of them, ``[n, classes]`` or ``[n, 1]``."""
        rows = len(logits)
        if self.task == "regression":
            return logits[:, 0] + (rng.standard_t(TAILS, rows) if self.tails else rng.normal(size=rows))
        if self.task == "binary":
            return (rng.random(rows) < _sigmoid(logits[:, 0] + self.offsets[0])).astype(int)
        below = _softmax(logits + np.array(self.offsets)).cumsum(axis=1)
        return (rng.random(rows)[:, None] > below).sum(axis=1).clip(0, len(self.offsets) - 1)


SETTINGS: Mapping[str, Setting] = {
    "ridge-binary-200-none": Setting(kind="ridge", task="binary", rows=200, signal=0.0),
    "ridge-binary-200-weak": Setting(kind="ridge", task="binary", rows=200, signal=0.8),
    "ridge-binary-200-strong": Setting(kind="ridge", task="binary", rows=200, signal=2.5),
    "ridge-binary-1000-none": Setting(kind="ridge", task="binary", rows=1_000, signal=0.0),
    "ridge-binary-1000-weak": Setting(kind="ridge", task="binary", rows=1_000, signal=0.8),
    "ridge-regression-200-none": Setting(kind="ridge", task="regression", rows=200, signal=0.0),
    "ridge-regression-200-strong": Setting(kind="ridge", task="regression", rows=200, signal=2.0),
    "ridge-regression-1000-weak": Setting(kind="ridge", task="regression", rows=1_000, signal=0.5),
    "drawn-binary-500": Setting(kind="drawn", task="binary", rows=500, signal=1.5),
    "drawn-regression-300-tails": Setting(kind="drawn", task="regression", rows=300, signal=1.0, tails=True),
    "drawn-classes-400": Setting(kind="drawn", task="multiclass", rows=400, signal=1.5, offsets=(0.0,) * 4),
    "ridge-classes-500": Setting(kind="ridge", task="multiclass", rows=500, signal=1.5, offsets=(0.0,) * 4),
    "ridge-rare-600": Setting(kind="ridge", task="binary", rows=600, signal=1.5, offsets=(-3.2,)),
    "drawn-rareclasses-600": Setting(kind="drawn", task="multiclass", rows=600, signal=1.5, offsets=RARE),
    "ridge-clusters-600": Setting(kind="ridge", task="binary", rows=600, signal=1.5, cluster=6),
    "ridge-ordered-500": Setting(kind="ridge", task="regression", rows=500, signal=1.0, ordered=True),
}


def _sigmoid(values: Any) -> Any:
    return 1 / (1 + np.exp(-values))


def _softmax(logits: Any) -> Any:
    shown = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shown / shown.sum(axis=-1, keepdims=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A table with trials: held-out predictions of each, its models' answers to fresh rows ``[models, n, ...]``."""

    truth: Truth
    candidates: Sequence[Candidate]
    new: Truth
    answers: Sequence[Any]


def ridge(setting: Setting, rng: Any) -> Made:
    """Ridge regressions on random features, each with a penalty of its own."""
    columns, n = len(setting.offsets), setting.rows
    weights = setting.signal * rng.normal(size=(FEATURES, columns)) / FEATURES**0.5
    (x, y, clusters), (fresh, new, _) = (_rows(setting, weights, rows, rng) for rows in (n, FRESH))
    blocks = np.empty(n, dtype=int)
    if setting.ordered:
        blocks = np.arange(n) * FOLDS // n
    elif clusters is not None:
        blocks = (rng.permutation(clusters[-1] + 1) % FOLDS)[clusters]
    else:
        blocks[np.lexsort((rng.random(n), y))] = np.arange(n) % FOLDS
    goal = np.eye(columns)[y] if setting.task == "multiclass" else y[:, None].astype(float)
    candidates, answers = [], []
    for trial in range(TRIALS):
        used, penalty = rng.choice(FEATURES, USED, replace=False), 10 ** rng.uniform(0, 2)
        held, own = np.empty((n, columns)), []
        for block in range(FOLDS):
            seen = blocks != block
            part, center, mean = x[seen][:, used], x[seen][:, used].mean(axis=0), goal[seen].mean(axis=0)
            gram = (part - center).T @ (part - center) + penalty * np.eye(USED)
            fit = np.linalg.solve(gram, (part - center).T @ (goal[seen] - mean))
            held[~seen] = (x[~seen][:, used] - center) @ fit + mean
            own.append(_answers((fresh[:, used] - center) @ fit + mean, setting.task))
        candidates.append(Candidate(trial=trial, epochs=1, predictions=_answers(held, setting.task)))
        answers.append(np.stack(own))
    return Made(truth=Truth(y=y, clusters=clusters), candidates=candidates, new=Truth(y=new), answers=answers)


def _rows(setting: Setting, weights: Any, rows: int, rng: Any) -> tuple[Any, Any, Any]:
    """Features, answers and clusters of some rows."""
    from scipy.signal import lfilter

    x, clusters, shift = rng.normal(size=(rows, FEATURES)), None, 0.0
    if setting.ordered:
        x = lfilter([0.6], [1.0, -0.8], x, axis=0)  # each row is like the one before it
    if setting.cluster:
        clusters = np.arange(rows) // setting.cluster
        x = 0.5**0.5 * (x + rng.normal(size=(clusters[-1] + 1, FEATURES))[clusters])
        shift = 0.7 * rng.normal(size=(clusters[-1] + 1, 1))[clusters]
    return x, setting.outcome(x @ weights + shift, rng), clusters


def _answers(values: Any, task: Task) -> Any:
    if task == "regression":
        return values[:, 0]
    if task == "binary":
        positive = np.clip(values[:, 0], 0.01, 0.99)
        return np.stack([1 - positive, positive], axis=1)
    return np.clip(values, 0.01, None) / np.clip(values, 0.01, None).sum(axis=1, keepdims=True)


def drawn(setting: Setting, rng: Any) -> Made:
    """Predictions that are the truth and errors, half of which all trials share; trials differ in their size."""
    n, columns = setting.rows + FRESH, len(setting.offsets)
    logits = setting.signal * rng.normal(size=(n, columns))
    y, common = setting.outcome(logits, rng), rng.normal(size=(n, columns))
    offsets = 0.0 if setting.task == "regression" else np.array(setting.offsets)
    candidates, answers = [], []
    for trial in range(TRIALS):
        size = 0.4 + 0.3 * abs(rng.normal())
        values = logits + offsets + size * 0.5**0.5 * (common + rng.normal(size=(n, columns)))
        if setting.task == "regression":
            given = values[:, 0]
        else:
            both = np.hstack([np.zeros((n, 1)), values]) if setting.task == "binary" else values
            given = _softmax(0.9 * both)
        candidates.append(Candidate(trial=trial, epochs=1, predictions=given[: setting.rows]))
        answers.append(given[None, setting.rows :])
    truth, new = Truth(y=y[: setting.rows]), Truth(y=y[setting.rows :])
    return Made(truth=truth, candidates=candidates, new=new, answers=answers)


MAKERS: Mapping[str, Callable[[Setting, Any], Made]] = {"ridge": ridge, "drawn": drawn}


def judge(setting: Setting, number: int) -> dict[str, Any]:
    """One table: true and reported score, and the ends of every candidate."""
    made = MAKERS[setting.kind](setting, np.random.default_rng([number, setting.rows, len(setting.offsets)]))
    name = METRIC[setting.task]
    problem = Problem(task=setting.task, objective=name)
    replay = Replay(made.truth, made.candidates, problem, SelectionRule(members=5))
    counts, picks = replay.on_draws(Draws(number=DRAWS, seed=number))
    found = on_left_out(replay, counts, picks, names=(name,))
    samples, whole = found.samples[name], np.full(DRAWS, np.nan)
    losses = np.full((DRAWS, len(replay.truth)), np.nan)
    for one in found.replayed:
        final = calibration.apply(one.rule.calibration, mixed(made.candidates, one.blend, replay.rows))
        whole[list(one.draws)] = _score(replay.truth, final, problem)
        losses[list(one.draws)] = row_losses(replay.truth.y, final)
    chosen = replay.on_all_rows()
    fresh = sum(share * made.answers[c] for c, share in chosen)
    true = float(np.mean([_score(made.new, own, problem) for own in fresh]))
    value = float(np.nanmean(samples))
    error = None if name == "roc_auc" else _error_of_rows(losses, counts == 0, made.truth.groups)
    if name == "rmse" and error is not None:
        error /= 2 * value
    return {"true": true, "value": value, "ends": candidates(samples, whole, error)}


def _score(truth: Truth, predictions: Any, problem: Problem) -> float:
    one = np.ones((1, len(truth)), dtype=np.uint8)
    found = weighted_scores(truth, predictions, one, problem, names=(problem.objective,), by_class=True)
    return float(over_classes(found[problem.objective])[0])


def _error_of_rows(losses: Any, left: Any, clusters: Any) -> float:
    """Standard error of the mean loss, from the losses that rows have where they are left out."""
    each = np.where(left, losses, 0.0).sum(axis=0) / np.maximum(left.sum(axis=0), 1)
    sizes = np.bincount(clusters)
    means = np.bincount(clusters, each - each.mean()) / sizes.mean()
    return float(np.sqrt(np.mean(means**2) / len(means)))


def candidates(samples: Any, whole: Any, error: float | None) -> dict[str, tuple[float, float]]:
    """Ends by candidate, from the scores of draws, full-sample scores of their choices and the rows' standard error."""
    samples, choice = samples[np.isfinite(samples)], float(np.nanvar(whole))
    value, (low, high), spread = samples.mean(), np.percentile(samples, (2.5, 97.5)), float(samples.var())

    def nearer(factor: float) -> tuple[float, float]:
        return value + factor * (low - value), value + factor * (high - value)

    def with_choice(own: float, times: float) -> float:
        return float((own + times * choice / spread) ** 0.5)

    rows = with_choice(SCALE**2, 3)
    if error is not None:
        rows = ((error**2 + 3 * choice) / spread) ** 0.5
    return {
        "today": (low, high),
        "scaled": nearer(SCALE),
        **{f"scaled+{times}": nearer(with_choice(SCALE**2, times)) for times in (3, 6, 8)},
        **{f"between+{times}": nearer(with_choice(BETWEEN, times)) for times in (6, 7, 8)},
        "rows+3": nearer(rows),
        "mean": nearer((1 + rows) / 2),
    }


def summarize_setting(name: str, tables: Sequence[Mapping[str, Any]], seconds: float) -> Row:
    """Coverage and width, as a multiple of the ideal one, of each candidate."""
    errors = np.array([table["value"] - table["true"] for table in tables])
    ideal = IDEAL * float(errors.std(ddof=1))
    row: dict[str, Any] = {"setting": name, "tables": len(tables), "bias": float(errors.mean())}
    row["deviation"] = float(errors.std(ddof=1))
    for kind in tables[0]["ends"]:
        ends = [table["ends"][kind] for table in tables]
        inside = [low <= table["true"] <= high for table, (low, high) in zip(tables, ends, strict=True)]
        row[f"{kind}_coverage"] = float(np.mean(inside))
        row[f"{kind}_width"] = float(np.mean([high - low for low, high in ends])) / ideal
    return {**row, "cpu_s": seconds}


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """Worst and mean coverage and mean width of each candidate, and the narrowest one that is accepted."""
    summary: dict[str, Any] = {}
    kinds = [key.removesuffix("_coverage") for key in rows[0] if key.endswith("_coverage")]
    for kind in kinds:
        covered = [row[f"{kind}_coverage"] for row in rows]
        summary[f"{kind}_worst_coverage"], summary[f"{kind}_mean_coverage"] = min(covered), float(np.mean(covered))
        summary[f"{kind}_mean_width"] = float(np.mean([row[f"{kind}_width"] for row in rows]))
    accepted = [kind for kind in kinds if summary[f"{kind}_worst_coverage"] >= COVERAGE]
    narrowest = min(accepted, key=lambda kind: summary[f"{kind}_mean_width"], default=None)
    return {**summary, "accepted": narrowest or "none: today's stays"}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark; `--tables N` makes so many of each setting instead of 100."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--tables", type=int, default=None)
    chosen, rest = own.parse_known_args(argv)
    given: Options = options("intervals", "the narrowest interval that holds", rest, only=tuple(SETTINGS))
    tables, rows = chosen.tables or (10 if given.quick else 100), []
    for name in [name for name in SETTINGS if given.wants(name)]:
        began = time.process_time()
        judged = [judge(SETTINGS[name], number) for number in range(tables)]
        rows.append(summarize_setting(name, judged, time.process_time() - began))
        save("intervals", given, rows, summarize(rows))
        progress(f"{name}: coverage {rows[-1]['today_coverage']:.2f}, width {rows[-1]['today_width']:.2f} of the ideal")
    finish("intervals", given, rows, summarize(rows), title="Intervals: coverage and width relative to the ideal")


if __name__ == "__main__":
    main()

"""How well is the gain of the ensemble estimated without training? scikit-learn's models on the shared tables.

A score counts what the mean of the folds' models gains over single ones. Where it cannot be measured by further models
it is estimated from how much the members disagree (`autoft.evaluation.estimated_gain`). Here members are trained on a
few hundred rows of each shared table, and scored on up to 3,000 others: `truth` is the distance to the best score that
is left to their mean, as a share of their own. Printed by metric and number of folds: the power of the squared error's
distance that the metric's follows (`POWERS`), the errors of the estimates in logarithms, as they are and as a share of
the estimate (`SHARE`, `LEAST`), how often the truth lies within 1.96 of the stated standard errors, and the error of no
estimate. No network of autoft is trained; it takes about a minute on one core.
"""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autoft.evaluation import calibration
from autoft.evaluation.ensemble_gain import SIGMAS
from autoft.evaluation.estimated_gain import estimated_gain, squared_gain
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.scores import scores
from autoft.records.problem import Problem, Truth
from benchmarks.common import Options, Row, finish, options, progress
from benchmarks.machine import ROOT
from benchmarks.sets import METRIC, SETS, splits

#: Most rows to train on, all members together, and to score.
ROWS, FRESH = 400, 3_000
FOLDS = (5, 2)
#: Classes with a smaller share of the rows are left out.
RARE = 0.03


def features(table: Any) -> Any:
    """Numbers of a table, ``[n, d]``: scaled numbers, indicators of few categories, shares of many."""
    import pandas as pd

    parts = []
    for name in table:
        column = table[name]
        if column.dtype.kind in "ifub":
            center, spread = column.median(), column.std() or 1.0
            parts.append(((column.fillna(center) - center) / spread).clip(-5, 5).to_numpy()[:, None])
        elif column.nunique() <= 20:
            parts.append(pd.get_dummies(column.astype(str)).to_numpy(float))
        else:
            text = column.astype(str)
            parts.append(text.map(text.value_counts()).to_numpy(float)[:, None] / len(text))
    return np.hstack(parts)


def models(task: str) -> Mapping[str, Callable[[int], Any]]:
    """Makers of models by family, each from a seed."""
    from sklearn import ensemble, linear_model, neural_network

    kind = "Regressor" if task == "regression" else "Classifier"
    network, boosting = getattr(neural_network, f"MLP{kind}"), getattr(ensemble, f"HistGradientBoosting{kind}")
    straight = linear_model.Ridge if task == "regression" else linear_model.LogisticRegression
    return {
        "linear": lambda seed: straight(),
        "mlp": lambda seed: network(hidden_layer_sizes=(64, 64), max_iter=30, random_state=seed),
        "mlp, long": lambda seed: network(hidden_layer_sizes=(64, 64), max_iter=100, random_state=seed),
        "boosting": lambda seed: boosting(max_iter=60, early_stopping=False),
        "boosting, short": lambda seed: boosting(max_iter=30, max_leaf_nodes=8, early_stopping=False),
    }


def table(name: str, shared: Path) -> tuple[Any, Any, Any, Any]:
    """Training features and answers, and others to score."""
    own = SETS[name]
    task = own.task
    x, y = splits(str(shared)).load(shared / "data" / own.file, own.target, task)
    if task != "regression":
        counts = y.value_counts()
        kept = y.isin(counts[counts >= RARE * len(y)].index)
        x, y = x[kept], np.unique(y[kept], return_inverse=True)[1]
    else:
        y = ((y - y.mean()) / y.std()).to_numpy()
    rows = min(ROWS, round(len(x) / 1.3))
    order = np.random.default_rng(rows).permutation(len(x))
    train, fresh = order[:rows], order[rows : rows + FRESH]
    numbers = features(x)
    return numbers[train], y[train], numbers[fresh], y[fresh]


def judge(name: str, folds: int, shared: Path) -> Iterator[Row]:
    """One table: by family and metric, what is estimated and what is true."""
    task = SETS[name][2]
    x, y, x_fresh, y_fresh = table(name, shared)
    rows = len(x)
    problem = Problem(task=task, objective=METRIC[task])  # type: ignore[arg-type]
    blocks = np.random.default_rng(1).permutation(rows) % folds
    trained, truth = blocks != np.arange(folds)[:, None], Truth(y=y, blocks=blocks)
    for family, make in models(task).items():
        answers = np.stack([_answers(make(k), x, y, trained[k], np.vstack([x, x_fresh])) for k in range(folds)])
        if task != "regression":  # members are calibrated by their held-out answers
            rule = calibration.fitted("temperature", y, answers[blocks, np.arange(rows)])
            answers = np.stack([calibration.apply(rule, own) for own in answers])
        seen, fresh = answers[:, :rows], answers[:, rows:]
        gain = estimated_gain(seen, trained, truth, problem, exchangeable=False)
        share = squared_gain(seen, trained, truth)
        new = Truth(y=y_fresh)
        mean, alone = scores(new, fresh.mean(axis=0), problem), [scores(new, own, problem) for own in fresh]
        for metric, together in mean.items():
            best = METRICS[metric].perfect
            single = best - float(np.mean([own[metric] for own in alone]))
            if single and (best - together) / single > 0:
                truly = math.log((best - together) / single)
                logs = {"truth": truly, "squared": math.log(1 - share), "estimate": math.log(gain.left[metric])}
                row = {"set": name, "folds": folds, "family": family, "metric": metric}
                yield {**row, **logs, "sure": gain.errors[metric]}


def _answers(model: Any, x: Any, y: Any, train: Any, wanted: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x[train], y[train])
    return model.predict_proba(wanted) if hasattr(model, "predict_proba") else model.predict(wanted)


def summarize_metric(rows: Sequence[Row]) -> Row:
    """The power that fits best, and the errors of the estimates."""
    truth, squared, estimate = (np.array([row[key] for row in rows]) for key in ("truth", "squared", "estimate"))
    wrong = estimate - truth
    own = {key: rows[0][key] for key in ("metric", "folds")}
    return {
        **own,
        "models": len(rows),
        "gain": float(np.median(1 - np.exp(truth))),
        "estimated_gain": float(np.median(1 - np.exp(estimate))),
        "power": float(np.median(truth / np.minimum(squared, -1e-3))),
        "error": float(np.sqrt(np.mean(wrong**2))),
        "median_error": float(np.median(np.abs(wrong))),
        "median_share": float(np.median(np.abs(wrong) / np.maximum(np.abs(estimate), 1e-3))),
        "covered": float(np.mean(np.abs(wrong) <= SIGMAS * np.array([row["sure"] for row in rows]))),
        "without": float(np.sqrt(np.mean(truth**2))),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark."""
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    chosen, rest = own.parse_known_args(argv)
    given: Options = options("ensemble_gain", "the gain of the ensemble, estimated and true", rest, only=tuple(SETS))
    rows: list[Row] = []
    for name in SETS if not given.quick or given.only else ("penguins", "titanic"):
        if given.wants(name):
            for folds in FOLDS:
                rows += judge(name, folds, chosen.shared)
            progress(name)
    keys = list(dict.fromkeys((row["metric"], row["folds"]) for row in rows))
    of = {key: [row for row in rows if (row["metric"], row["folds"]) == key] for key in sorted(keys)}
    title = "Gain of the ensemble: estimated against true"
    finish("ensemble_gain", given, [summarize_metric(own) for own in of.values()], {"models": len(rows)}, title=title)


if __name__ == "__main__":
    main()

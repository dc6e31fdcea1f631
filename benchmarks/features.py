"""Learned features: what inputs that the target makes of columns, and combinations of numbers, are worth, with cheap
models.

    python -m benchmarks.features [--quick] [--only adult,amazon_access] [--shared FOLDER] [--json FILE]

Two members of each table (five folds; of `hotel_bookings` one, whose held-out rows are the last fifth in time) learn
with `preprocess: {features: auto}` and with `none`: scikit-learn's HistGradientBoosting as it is, on the encoded rows
of the member and its slots as categories, and autoft's `linear` and `mlp` with one setting and ten epochs, by their
last epoch. Nothing is searched, so scores are not those of a run. A gain is that of the mean held-out score, positive
where the features are better: in ROC-AUC, or as a share of the log-loss or RMSE. `used` counts the columns that a
member encodes, `combinations` those that a member makes, whose gain is that beside what the target makes.

autoft makes no group statistics; `boosting_groups_gain` says what boosting would gain by them: for each number and each
column of categories how far a row's number lies from the mean of its category in the training rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import Row, finish, options, progress, save
from benchmarks.machine import ROOT

#: File and target of each table.
SETS: Mapping[str, tuple[str, str]] = {
    "adult": ("adult.csv.gz", "income"),
    "bike_sharing": ("bike_sharing.csv.gz", "cnt"),
    "diamonds": ("diamonds.csv.gz", "price"),
    "wine_quality": ("wine_quality.csv", "quality"),
    "california_housing": ("california_housing.csv.gz", "median_house_value"),
    "titanic": ("titanic.csv", "Survived"),
    "bank_marketing": ("bank_marketing.csv.gz", "y"),
    "covertype_10k": ("covertype_10k.csv.gz", "Cover_Type"),
    "german_credit": ("german_credit.csv", "class"),
    "taxis": ("taxis.csv", "fare"),
    "amazon_access": ("amazon_access.csv.gz", "ACTION"),
    "videogame_sales": ("videogame_sales.csv.gz", "Global_Sales"),
    "airbnb_nyc": ("airbnb_nyc.csv.gz", "price"),
    "hotel_bookings": ("hotel_bookings.csv.gz", "is_canceled"),
}
QUICK = ("titanic",)
#: Tables whose target is learned as a logarithm, and those whose rows are in the order of time.
LOGARITHM, TIME = ("airbnb_nyc",), ("hotel_bookings",)
MODELS = ("boosting", "linear", "mlp")
EPOCHS = 10
#: Rows of the mean of all that a category's mean counts, and most pairs of a number and a column of categories.
_SMOOTHING, _MOST_PAIRS = 10, 100
PARAMS = {"numbers": "piecewise", "width": 128, "depth": 2, "activation": "relu", "embedding": 8, "batch_size": 512}
PARAMS |= {"learning_rate": 0.002, "dropout": 0.1, "l2": 1e-5}


def stacks(name: str, shared: Path) -> dict[str, Any]:
    """The rows of two members, or of one, with and without learned features."""
    import pandas as pd

    from autoft.pipeline.describe import inspect_table
    from autoft.pipeline.split import split
    from autoft.recipe.recipe import Recipe
    from autoft.training.stack import StackTarget, stack_data

    file, target = SETS[name]
    frame = pd.read_csv(shared / "data" / file)
    frame[target] = np.log1p(frame[target]) if name in LOGARITHM else frame[target]
    recipe = Recipe().with_changes(target=target)
    dataset = split(recipe, inspect_table(recipe, frame, enforce=False))
    rows = np.arange(len(dataset.y))
    together: tuple[Any, ...] = (dataset.split.clusters,)
    train, out = zip(*((member.train, member.held_out) for member in dataset.members[:2]), strict=True)
    if name in TIME:
        last, together = rows >= 0.8 * len(rows), (rows * 10 // len(rows), *together)
        train, out = (rows[~last],), (rows[last],)
    known = StackTarget(y=dataset.y, task=dataset.target.task, classes=len(dataset.target.classes), together=together)
    plans = {"auto": dataset.layout, "none": replace(dataset.layout, targets=(), combined=())}
    plans["targets"] = replace(dataset.layout, combined=())
    return {side: stack_data(plan, dataset.encoded, known, train=train, held_out=out) for side, plan in plans.items()}


def boosted(data: Any, *, groups: bool = False) -> list[Any]:
    """Held-out answers of boosting, a model for each member; with group statistics where wanted."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    found = []
    for s, (train, out) in enumerate(zip(data.train, data.held_out, strict=True)):
        x = np.hstack([data.dense[s], data.slots[s]])
        codes = list(range(data.dense.shape[2], x.shape[1]))
        make = HistGradientBoostingRegressor if data.task == "regression" else HistGradientBoostingClassifier
        x = np.hstack([x, *([group_statistics(data, s)] if groups else [])])
        model = make(categorical_features=codes or None, random_state=0).fit(x[train], data.y[train])
        found.append(model.predict(x[out]) if data.task == "regression" else model.predict_proba(x[out]))
    return found


def group_statistics(data: Any, s: int) -> Any:
    """Each number less the mean of its category in a member's training rows, ``[n, pairs]``; the mean of a category
    counts ten rows of the mean of all."""
    from autoft.preprocessing.layout import blocks

    dense, train, plan = data.dense[s], data.train[s], data.plan
    names, widths = zip(*blocks(plan), strict=True)
    ends = dict(zip(names, np.cumsum(widths), strict=True))
    codes = [dense[:, ends[c.id] - c.width : ends[c.id]].argmax(axis=1) for c in plan.one_hot]
    codes += [*data.slots[s].T.astype(int)]
    made = [dense[:, :0]]
    for code in codes:
        rows = np.bincount(code[train], minlength=code.max() + 1)
        for number in dense[:, : len(plan.measured)].T:
            sums = np.bincount(code[train], weights=number[train], minlength=len(rows))
            means = (sums + _SMOOTHING * number[train].mean()) / (rows + _SMOOTHING)
            made.append((number - means[code])[:, None])
    return np.hstack(made[: _MOST_PAIRS + 1])


def trained(data: Any, kind: str) -> list[Any]:
    """Held-out answers of networks."""
    from autoft.training.trainer import Trainer
    from autoft.training.trial_trainer import Limits

    trainer = Trainer(data, folds=data.members, limits=Limits(epochs=EPOCHS, patience=EPOCHS), seed=0)
    answers = trainer.answers_after({**PARAMS, "architecture": kind}, EPOCHS, EPOCHS, lambda: False)
    assert answers is not None
    return list(answers)


def score(data: Any, answers: Sequence[Any]) -> float:
    """Mean over the members of ROC-AUC, log-loss or RMSE in their held-out rows."""
    from sklearn.metrics import log_loss, roc_auc_score

    found = []
    for rows, answer in zip(data.held_out, answers, strict=True):
        y = data.y[rows]
        if data.task == "regression":
            found.append(np.sqrt(np.mean(np.square(y - np.ravel(answer)))))
        elif data.task == "binary":
            found.append(roc_auc_score(y, answer[:, 1]))
        else:
            found.append(log_loss(y, answer, labels=range(answer.shape[1])))
    return float(np.mean(found))


def run(name: str, shared: Path) -> Row:
    both = stacks(name, shared)
    plan, task = both["auto"].plan, both["auto"].task
    row: Row = {"set": name, "task": task, "rows": len(both["auto"].y), "candidates": len(plan.targets)}
    own = both["auto"].statistics
    row["used"] = sum(bool(table[0].any()) for table in own.targets)
    row["combinations"] = 0 if own.combinations is None else int(own.combinations.chosen.sum(axis=1).max())
    for kind in MODELS:
        scores = {}
        for side, data in both.items():
            if side == "none" or (row["used"] if side == "targets" else row["combinations"]):
                scores[side] = score(data, boosted(data) if kind == "boosting" else trained(data, kind))
        last = scores["none"]
        for side, feature in (("targets", "gain"), ("auto", "combinations_gain")):
            if side in scores:
                row[f"{kind}_{feature}"] = scores[side] - last if task == "binary" else (last - scores[side]) / last
                last = scores[side]
        row |= {f"{kind}_{side}": value for side, value in scores.items()}
        if kind == "boosting" and group_statistics(both["auto"], 0).shape[1]:
            grouped = score(both["auto"], boosted(both["auto"], groups=True))
            row["boosting_groups_gain"] = grouped - last if task == "binary" else (last - grouped) / last
    return row


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    found: dict[str, Any] = {"tables": len(rows), "tables_with_features": sum(bool(row["used"]) for row in rows)}
    found["tables_with_combinations"] = sum(bool(row["combinations"]) for row in rows)
    for kind in MODELS:
        for feature in ("", "_combinations", "_groups"):
            own = [row[name] for row in rows if (name := f"{kind}{feature}_gain") in row]
            if not own:
                continue
            found[f"{kind}{feature}_better"] = sum(gain > 0 for gain in own)
            found[f"{kind}{feature}_worse"] = sum(gain < 0 for gain in own)
    return found


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    own, rest = parser.parse_known_args(argv)
    given = options("features", __doc__.partition("\n")[0], rest, only=tuple(SETS))
    rows: list[Row] = []
    for name in (name for name in SETS if given.wants(name) and (not given.quick or name in QUICK)):
        progress(name)
        rows.append(run(name, own.shared))
        save("features", given, rows, summarize(rows))
    return finish("features", given, rows, summarize(rows))


if __name__ == "__main__":
    main()

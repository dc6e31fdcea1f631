"""How good the models are: autoft against scikit-learn on every tabular set, on the split that all tools are given.

    python -m benchmarks.quality [--minutes M] [--only adult,taxis] [--shared FOLDER] [--sides plain_mlp]

`FOLDER` (by default `shared` beside the checkout) holds the data sets (`data/`), the one 80/20 split with its metrics
(`bench/splits.py`) and what other tools were measured to reach on it (`bench/peers.md`). Each side is trained on the
training rows in a process of its own on two threads and answers for the test rows, which nothing has seen: ROC-AUC for
two classes, log-loss for more, root mean squared error for numbers.

`autoft` has M minutes for everything; it begins with the portfolio that was learned without the set
(`benchmarks.portfolio`). `plain MLP` is autoft too, for as many minutes, with everything switched off that this
benchmark is there to justify: perceptrons on scaled numbers and one-hot columns alone, the best trial alone. The others
are scikit-learn's with its defaults: boosting (with and without early stopping), 300
trees, a 128-64 perceptron with early stopping, logistic regression or ridge.

`--sides` runs some of the sides alone and takes the rest of each row from `benchmarks/results/quality.json`;
`commits` says of which commit each side that was run so is.

`inside` says whether the test score lies in the 95 % interval that autoft reported from the training rows, widened by
1.96 standard errors of the test score (bootstrap). `boosting` is the best of HistGradientBoosting with and without
early stopping and of what `peers.md` records for it (another way to code categories is better on some sets, ours on
others); `ratio` compares with that: above 1 is better. Where more than a twentieth of the test rows have the very
features of a training row, `fresh` holds the scores on the others: models that learn rows by heart gain on copies.
`accuracy` is that of autoft's most probable class.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.common import HEAVY, RESULTS, Options, PieceFailed, Row, finish, measure, options, progress, save
from benchmarks.machine import ROOT, commit

#: File, target and task of each set.
SETS: Mapping[str, tuple[str, str, str]] = {
    "adult": ("adult.csv.gz", "income", "binary"),
    "bank_marketing": ("bank_marketing.csv.gz", "y", "binary"),
    "telco_churn": ("telco_churn.csv", "Churn", "binary"),
    "german_credit": ("german_credit.csv", "class", "binary"),
    "titanic": ("titanic.csv", "Survived", "binary"),
    "heart_cleveland": ("heart_cleveland.csv", "disease", "binary"),
    "wine_quality": ("wine_quality.csv", "quality", "multiclass"),
    "car_evaluation": ("car_evaluation.csv", "acceptability", "multiclass"),
    "covertype_10k": ("covertype_10k.csv.gz", "Cover_Type", "multiclass"),
    "penguins": ("penguins.csv", "species", "multiclass"),
    "diamonds": ("diamonds.csv.gz", "price", "regression"),
    "california_housing": ("california_housing.csv.gz", "median_house_value", "regression"),
    "bike_sharing": ("bike_sharing.csv.gz", "cnt", "regression"),
    "taxis": ("taxis.csv", "fare", "regression"),
}
QUICK = ("penguins", "heart_cleveland")

METRIC = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}

#: By how much boosting may be better where it is better.
WITHIN = {"binary": 0.01, "multiclass": 0.03, "regression": 0.03}

#: Share of test rows with a copy among the training rows from which on the score without them is given too.
_COPIES = 0.05

#: Categories that HistGradientBoosting can tell apart.
_MOST_CATEGORIES = 255

SKLEARN = ("sk_hgb", "sk_hgb_early", "sk_rf", "sk_mlp", "sk_linear")
EVERY = ("autoft", "plain_mlp", *SKLEARN)
PLAIN = {"search.space": {"architecture": ["mlp"], "numbers": ["plain"]}, "search.blend": 1}


@cache
def splits(shared: str) -> Any:
    """The module with the split and the metrics."""
    spec = importlib.util.spec_from_file_location("splits", Path(shared) / "bench" / "splits.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tables(name: str, shared: str) -> tuple[Any, Any, Any, Any]:
    """Training features and target, test features and target."""
    file, target, task = SETS[name]
    found: tuple[Any, Any, Any, Any] = splits(shared).train_test(Path(shared) / "data" / file, target, task)
    return found


def copies(name: str, shared: str) -> Any:
    """``[n]`` which of the test rows have all their features in common with a training row."""
    x, _, x_test, _ = tables(name, shared)
    known = set(x.astype(str).itertuples(index=False, name=None))
    return [row in known for row in x_test.astype(str).itertuples(index=False, name=None)]


def scored(name: str, shared: str, truth: Any, answers: Any, classes: Sequence[str]) -> dict[str, float]:
    """The test score, its standard error over 200 bootstrap draws, and where there are copies the score without."""
    import numpy as np

    task, module = SETS[name][2], splits(shared)

    def score(rows: Any) -> float:
        y = np.asarray(truth)[rows]
        if task == "regression":
            return float(module.regression_scores(y, answers[rows])["rmse"])
        if task == "binary" and len(set(y)) < 2:
            return float("nan")
        return float(module.classification_scores(y, answers[rows], classes)[METRIC[task]])

    rng, n = np.random.default_rng(0), len(truth)
    drawn = []
    for _ in range(200):
        rows = rng.integers(0, n, n)
        try:
            drawn.append(score(rows))
        except ValueError:  # a draw without some class has no log-loss
            continue
    own = np.flatnonzero(~np.asarray(copies(name, shared)))
    fresh = {"fresh": score(own)} if len(own) < (1 - _COPIES) * n else {}
    return {"test": score(np.arange(n)), "error": float(np.nanstd(drawn)), **fresh}


def autoft(name: str, shared: str, minutes: float, changes: Mapping[str, Any]) -> Callable[[], dict[str, Any]]:
    """The piece: a whole fit within the minutes, and its test score."""
    x, y, x_test, y_test = tables(name, shared)
    target, task = SETS[name][1:]

    def work() -> dict[str, Any]:
        import numpy as np

        from autoft import AutoFineTuner
        from autoft.recipe.recipe import Recipe
        from autoft.search import portfolio

        metric = METRIC[task]
        given = {"target": target, "task": task, "minutes": minutes, "trials": 1_000, "objective": metric, **changes}
        with portfolio.without(name):
            tuner = AutoFineTuner(recipe=Recipe().with_changes(**given)).fit((x, y.rename(target)))
        answers = tuner.predict(x_test) if task == "regression" else tuner.predict_proba(x_test)
        classes = [] if task == "regression" else [str(c) for c in tuner.classes_]
        found = tuner.evaluation_
        held_out = found.held_out[metric]
        accuracy: dict[str, float] = {}
        if task != "regression":
            most = np.asarray(classes)[np.argmax(answers, axis=1)]
            accuracy["accuracy"] = float(np.mean(most == np.asarray(y_test, dtype=str)))
        return {
            **scored(name, shared, y_test, answers, classes),
            **accuracy,
            **{key: getattr(held_out, key) for key in ("value", "low", "high")},
            "trials": len(found.trials),
            "blend": [[found.trials[number].params["architecture"], round(share, 3)] for number, share in found.blend],
        }

    return work


def sklearn(name: str, shared: str, side: str) -> Callable[[], dict[str, Any]]:
    """The piece: a scikit-learn model and its test score."""
    x, y, x_test, y_test = tables(name, shared)
    task = SETS[name][2]

    def work() -> dict[str, Any]:
        model = _sklearn(side, task, x).fit(x, y)
        answers = model.predict(x_test) if task == "regression" else model.predict_proba(x_test)
        classes = [] if task == "regression" else [str(c) for c in model.classes_]
        return scored(name, shared, y_test, answers, classes)

    return work


def _sklearn(side: str, task: str, x: Any) -> Any:
    from sklearn import ensemble, linear_model, neural_network
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    numbers = list(x.select_dtypes("number").columns)
    others = [column for column in x.columns if column not in numbers]
    kind = "Regressor" if task == "regression" else "Classifier"
    if side in ("sk_hgb", "sk_hgb_early", "sk_rf"):
        few = [column for column in others if x[column].nunique(dropna=False) <= _MOST_CATEGORIES]
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        if side == "sk_rf":
            columns = make_column_transformer((SimpleImputer(strategy="median"), numbers), (codes, others))
            forest = getattr(ensemble, f"RandomForest{kind}")
            return make_pipeline(columns, forest(n_estimators=300, n_jobs=2, random_state=0))
        codes.set_params(encoded_missing_value=-2)
        # Categories as such, missing one of them; no column of more than it takes (names, numbers of tickets).
        columns = make_column_transformer((codes, few), ("passthrough", numbers))
        early: Any = True if side == "sk_hgb_early" else "auto"
        boosting = getattr(ensemble, f"HistGradientBoosting{kind}")
        model = boosting(random_state=0, early_stopping=early, categorical_features=list(range(len(few))))
        return make_pipeline(columns, model)
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", min_frequency=2), others),
    )
    if side == "sk_mlp":
        network = getattr(neural_network, f"MLP{kind}")
        whole = make_pipeline(columns, network(hidden_layer_sizes=(128, 64), early_stopping=True, random_state=0))
        # It does not scale its target itself, and learns amounts in the thousands badly.
        return TransformedTargetRegressor(whole, transformer=StandardScaler()) if task == "regression" else whole
    if task == "regression":
        return make_pipeline(columns, linear_model.RidgeCV())
    return make_pipeline(columns, linear_model.LogisticRegression(max_iter=2_000))


def recorded(shared: str) -> dict[str, dict[str, float]]:
    """What other tools reached (`peers.md`), by set and tool."""
    found: dict[str, dict[str, float]] = {}
    heads: list[str] = []
    for line in (Path(shared) / "bench" / "peers.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] == "dataset":
            heads = cells
        elif cells[0] in SETS and heads:
            numbers = {
                head: re.match(r"[\d.e+-]+", cell) for head, cell in zip(heads[1:], cells[1:], strict=False) if cell
            }
            found[cells[0]] = {head: float(number[0]) for head, number in numbers.items() if number}
    return found


def run(name: str, shared: str, minutes: float, *, wanted: Sequence[str] = EVERY, known: Row | None = None) -> Row:
    """The wanted sides on one set; the others as they are known."""
    task = SETS[name][2]
    row: Row = {"set": name, "metric": METRIC[task], **(known or {})}
    sides: dict[str, tuple[str, dict[str, Any]]] = {
        "autoft": ("autoft", {"minutes": minutes, "changes": {}}),
        "plain_mlp": ("autoft", {"minutes": minutes, "changes": PLAIN}),
        **{side: ("sklearn", {"side": side}) for side in SKLEARN},
    }
    for side in wanted:
        piece, arguments = sides[side]
        imports = HEAVY if piece == "autoft" else ("numpy", "pandas", "sklearn")
        try:
            measured = measure(
                f"benchmarks.quality:{piece}",
                {"name": name, "shared": shared, **arguments},
                threads=2,
                imports=imports,
                timeout_s=minutes * 180 + 1_800,
            )
        except PieceFailed as error:
            progress(f"{name}, {side} failed: {error}")
            row[side] = None
            continue
        spent = measured.value
        row[side] = spent["test"]
        if "fresh" in spent:
            row["fresh"] = {**row.get("fresh", {}), side: spent["fresh"]}
        if known:
            row["commits"] = {**row.get("commits", {}), side: commit()[:7]}
        progress(f"{name}, {side}: {spent['test']:.5g} ({measured.wall_s:.0f} s)")
        if side == "autoft":
            low, high = spent["low"] - 1.96 * spent["error"], spent["high"] + 1.96 * spent["error"]
            row |= {"reported": spent["value"], "low": spent["low"], "high": spent["high"], "error": spent["error"]}
            row |= {"inside": low <= spent["test"] <= high, "trials": spent["trials"], "blend": spent["blend"]}
            row |= {"wall_s": measured.wall_s, "cpu_s": measured.cpu_s, "accuracy": spent.get("accuracy")}
    peers = recorded(shared).get(name, {})
    row |= {tool: peers.get(tool) for tool in ("autogluon", "realmlp")}
    row["boosting"] = _strongest([row["sk_hgb"], row["sk_hgb_early"], peers.get("sk_hgb")], row["metric"])
    row["ratio"] = _gain(row, "boosting")
    return row


def _strongest(scores: Sequence[float | None], metric: str) -> float | None:
    """The best of some scores."""
    known = [score for score in scores if score is not None]
    return (max if metric == "roc_auc" else min)(known) if known else None


def _gain(row: Row, other: str) -> float | None:
    """How many times better autoft is than another: of ROC-AUC the quotient, of errors its inverse."""
    mine, theirs = row.get("autoft"), row.get(other)
    if mine is None or theirs is None:
        return None
    return float(mine / theirs if row["metric"] == "roc_auc" else theirs / mine)


def summarize(rows: Sequence[Row]) -> dict[str, Any]:
    """What the table says, against what is wanted of 14 sets."""

    def better(other: str, level: float = 1.0) -> int:
        return sum((gain := _gain(row, other)) is not None and gain >= level for row in rows)

    far = [
        row["set"]
        for row in rows
        if (gain := _gain(row, "boosting")) is not None and gain < 1 - WITHIN[SETS[row["set"]][2]]
    ]
    return {
        "sets": len(rows),
        "better_than_hgb": better("boosting"),
        "further_behind_hgb_than_allowed": far,
        "better_than_sk_mlp": better("sk_mlp"),
        "better_than_plain_mlp": better("plain_mlp"),
        "inside_the_reported_interval": sum(bool(row.get("inside")) for row in rows),
        "level_with_autogluon": [row["set"] for row in rows if (_gain(row, "autogluon") or 0) >= 0.9999],
        "failures": sum(row["autoft"] is None for row in rows),
    }


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Run, print, save."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--sides", type=lambda text: text.split(","), metavar="A,B")
    own, rest = parser.parse_known_args(argv)
    given: Options = options("quality", "test scores against scikit-learn and recorded peers", rest, only=tuple(SETS))
    minutes = 0.3 if given.quick else own.minutes
    wanted = own.sides or EVERY
    if unknown := set(wanted) - set(EVERY):
        parser.error(f"--sides: {', '.join(sorted(unknown))}; there are {', '.join(EVERY)}")
    before = json.loads((RESULTS / "quality.json").read_text(encoding="utf-8"))["rows"] if own.sides else []
    known = {row["set"]: row for row in before}
    names = [name for name in (QUICK if given.quick and not given.only else SETS) if given.wants(name)]
    rows: list[Row] = []
    for name in names:
        rows.append(run(name, str(own.shared.resolve()), minutes, wanted=wanted, known=known.get(name)))
        save("quality", given, rows, {**summarize(rows), "minutes": minutes})
    return finish("quality", given, rows, {**summarize(rows), "minutes": minutes})


if __name__ == "__main__":
    main()

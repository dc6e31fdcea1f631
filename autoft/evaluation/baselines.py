"""Simple models on the same folds: what a network has to beat to be worth its trouble."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from autoft.evaluation import costs as row_costs
from autoft.evaluation.bootstrap import around, draw, mean_interval
from autoft.evaluation.correction import CorrectedScore
from autoft.evaluation.decision_rule import RuleFitter
from autoft.evaluation.losses import weighted_quantile
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.weighted_metrics import of_rows, point_scores, weighted_scores
from autoft.records import Baseline, DecisionGoal, Interval, Task
from autoft.records.arrays import Array
from autoft.records.split import Member

#: Categories that are kept apart; scikit-learn's histograms have room for 255 bins.
MOST_CATEGORIES = 250

#: Numbers are clipped here, so that their squares stay finite.
LARGEST = 1e100

#: Boosting of fewer rows runs on one thread: several gain nothing there, and lose seconds on a busy machine.
ONE_THREAD_ROWS = 100_000

#: scikit-learn's own limit above which boosting stops early.
EARLY_STOPPING_ROWS = 10_000


def run(
    features: Array,
    *,
    categorical: Array,
    y: Array,
    members: Sequence[Member],
    task: Task,
    seed: int,
    boosting: bool = True,
    words: Callable[[Array], Array] | None = None,
    row_weights: Array | None = None,
    quantile: float | None = None,
) -> dict[str, Array]:
    """Held-out predictions of the baselines.

    Every step, imputing and scaling included, is fitted on the training rows of a fold alone.

    Args:
        features: ``[n, d]`` numbers, NaN where missing; categories as codes.
        categorical: Which columns hold codes, bool ``[d]``.
        y: Class positions from 0 (all of 0 to the largest are classes), or values, ``[n]``.
        members: Of the stack; those that leave out a single block are used.
        task: Kind of problem.
        seed: Of the boosting.
        boosting: Whether it is among them.
        words: Gives further numbers ``[n, w]``, made of texts by what the training rows (positions) have in them.
        row_weights: ``[n]``; nothing is learned from rows of weight 0. None where all count the same.
        quantile: That a regression is to predict; None for the mean.

    Returns:
        By name (``constant``, ``linear``, ``hist_gradient_boosting``) the pooled predictions, ``[n, classes]`` or
        ``[n]``. Rows in no block (an untouched holdout) get the mean prediction of the members.
    """
    from threadpoolctl import threadpool_limits

    threads = 1 if len(y) < ONE_THREAD_ROWS else None
    features = np.clip(np.where(np.isinf(features), np.nan, features), -LARGEST, LARGEST).astype(np.float64)
    single = [member for member in members if len(member.blocks) == 1]
    width = (len(y),) if task == "regression" else (len(y), int(y.max()) + 1)
    untouched = np.setdiff1d(np.arange(len(y)), np.concatenate([member.held_out for member in single]))
    names = ("constant", "linear", *(("hist_gradient_boosting",) if boosting else ()))
    result = {name: np.zeros(width) for name in names}
    plain = features
    for member in single:
        own = member.train if row_weights is None else member.train[row_weights[member.train] > 0]
        if words is not None:
            more = words(own)
            features = np.hstack([plain, more])
            categorical = np.pad(categorical[: plain.shape[1]], (0, more.shape[1]))
        for name, pooled in result.items():
            model = _model(name, features[own], categorical, y[own], task, seed, quantile)
            with warnings.catch_warnings(), threadpool_limits(threads):
                # An unfinished optimum is good enough for a yardstick, and categories unseen in training are
                # expected; neither is news for the user.
                warnings.filterwarnings("ignore", message="(?s).*(failed to converge|unknown categories).*")
                _fit(model, features[own], y[own], of_rows(row_weights, own))
                pooled[member.held_out] = _predict(model, features[member.held_out], width)
                if untouched.size:
                    pooled[untouched] += _predict(model, features[untouched], width) / len(single)
    return result


def compare(
    y: Array,
    network_held_out: Array,
    baselines: Mapping[str, Array],
    *,
    clusters: Array,
    task: Task,
    objective: str,
    positive_index: int,
    draws: int = 500,
    seed: int,
    verdict: CorrectedScore | None = None,
    row_weights: Array | None = None,
    quantile: float | None = None,
    costs: DecisionGoal | None = None,
) -> tuple[Baseline, ...]:
    """Baselines beside the network, on the same rows and the same bootstrap draws.

    With the `verdict` of a bias corrected network, each draw compares the network chosen on the drawn rows with
    the baseline on the rows not drawn, so the network gets no credit for a lucky choice among many trials. Where the
    network's decisions have a threshold of their own (`finish.tuned`), a baseline is given one by the same rule.

    Args:
        y: Class positions or values, ``[n]``.
        network_held_out: Predictions of the network; NaN on rows that do not count (``CorrectedScore.predictions``).
        baselines: Predictions by name, from `run`.
        clusters: Rows that are drawn together, ``[n]``.
        task, objective, positive_index: The problem.
        draws, seed: Of the bootstrap; those of the verdict where there is one.
        verdict: Of `score.corrected`, `score.nested` or `score.holdout`.
        row_weights, quantile: As for `score.corrected`.
        costs: What decisions follow, where it is known.

    Returns:
        One record for each baseline, in the given order.
    """
    finite = np.isfinite(network_held_out) if network_held_out.ndim == 1 else np.isfinite(network_held_out).all(axis=1)
    rows = np.flatnonzero(finite) if verdict is None else verdict.rows
    counts = draw(clusters[rows], *((draws, seed) if verdict is None else (verdict.draws, verdict.seed)))
    corrected = verdict is not None and verdict.out_of_bag
    weights = (counts == 0).astype(np.uint8) if corrected else counts
    problem: dict[str, Any] = {"task": task, "positive_index": positive_index}
    own: dict[str, Any] = {**problem, "row_weights": of_rows(row_weights, rows), "quantile": quantile}
    own["costs"] = row_costs.of_rows(costs, rows)
    metric = METRICS[objective]
    if verdict is None:
        network = weighted_scores(y[rows], network_held_out[rows], weights, names=(objective,), **own)[objective]
    else:
        network = verdict.samples
    # Thresholds come from the drawn rows, from those outside a holdout, or (nested) from the scored rows themselves,
    # which flatters a baseline by a trifle.
    others = np.setdiff1d(np.arange(len(y)), rows)
    seen = others if others.size and not corrected else rows
    problem |= {"objective": objective, "calibration": "none", "row_weights": of_rows(row_weights, seen)}
    problem["costs"] = row_costs.of_rows(costs, seen)
    finisher = RuleFitter(y[seen], clusters[seen], **problem)
    result = []
    for name, predictions in baselines.items():
        if corrected:
            finishes = finisher.on_draws(predictions[seen], counts)
            samples = _out_of_bag(y[rows], predictions[rows], weights, [f.threshold for f in finishes], own)
            metrics = {m: mean_interval(v) for m, v in samples.items()}
            difference = mean_interval(metric.better(network) - metric.better(samples[objective]))
        else:
            deciding = {**own, "threshold": finisher.on_all_rows(predictions[seen]).threshold}
            samples = weighted_scores(y[rows], predictions[rows], weights, **deciding)
            point = point_scores(y[rows], predictions[rows], **deciding)
            metrics = {m: around(point[m], v) for m, v in samples.items()}
            ours = point_scores(y[rows], network_held_out[rows], **own) if verdict is None else verdict.values
            gain = metric.better(np.array(ours[objective])) - metric.better(np.array(point[objective]))
            difference = around(float(gain), metric.better(network) - metric.better(samples[objective]))
        result.append(Baseline(name=name, metrics=metrics, difference=difference, verdict=_word(difference)))
    return tuple(result)


def _out_of_bag(
    y: Array, predictions: Array, weights: Array, thresholds: Sequence[float], problem: Mapping[str, Any]
) -> dict[str, Array]:
    """Scores under each weighting with the threshold of its draw, ``[draws]`` by metric."""
    each = np.array(thresholds)
    samples: dict[str, Array] = {}
    for threshold in np.unique(each):
        here = each == threshold
        for name, values in weighted_scores(y, predictions, weights[here], threshold=threshold, **problem).items():
            samples.setdefault(name, np.full(len(each), np.nan))[here] = values
    return samples


def _word(difference: Interval) -> Literal["beaten", "level", "not beaten"]:
    if difference.low > 0:
        return "beaten"
    return "not beaten" if difference.high < 0 else "level"


def _fit(model: Any, features: Array, y: Array, weights: Array | None) -> None:
    """Fit a model or the last step of a pipeline; weights have mean 1, so that penalties keep their meaning."""
    if weights is None:
        model.fit(features, y)
        return
    steps = getattr(model, "steps", None)
    name = f"{steps[-1][0]}__sample_weight" if steps else "sample_weight"
    model.fit(features, y, **{name: weights / weights.mean()})


def _model(
    name: str, features: Array, categorical: Array, y: Array, task: Task, seed: int, quantile: float | None
) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline

    regression = task == "regression"
    # A column without any value in these rows teaches nothing, and scikit-learn's histograms refuse it.
    filled = ~np.isnan(features).all(axis=0)
    numbers, codes = np.flatnonzero(filled & ~categorical), np.flatnonzero(filled & categorical)
    # Training rows of one class (blocks in time order can be so) leave nothing to learn.
    if name == "constant" or not filled.any() or (not regression and len(np.unique(y)) < 2):
        if not regression:
            return DummyClassifier(strategy="prior")
        return DummyRegressor() if quantile is None else DummyRegressor(strategy="quantile", quantile=quantile)
    if name == "linear":
        bounds = np.nanmin(features[:, numbers], axis=0), np.nanmax(features[:, numbers], axis=0)
        ridge = Ridge() if quantile is None else _shifted_ridge(quantile)
        return make_pipeline(
            _one_hot(numbers, codes, bounds), ridge if regression else LogisticRegression(max_iter=200)
        )
    return make_pipeline(_ordinal(numbers, codes), _boosting(len(codes), y, task, seed, quantile))


def _shifted_ridge(quantile: float) -> Any:
    """Ridge regression moved by the quantile of its errors on the training rows.

    The linear programs of exact linear quantiles take minutes on tables of ten thousand rows.
    """
    from sklearn.linear_model import Ridge

    class ShiftedRidge(Ridge):  # type: ignore[misc]
        def fit(self, features: Array, y: Array, sample_weight: Array | None = None) -> Any:
            super().fit(features, y, sample_weight=sample_weight)
            self.intercept_ += weighted_quantile(y - self.predict(features), quantile, sample_weight)
            return self

    return ShiftedRidge()


def _one_hot(numbers: Array, codes: Array, bounds: tuple[Array, Array]) -> Any:
    """Imputed and standardised numbers, kept within the range of the training rows, and one-hot categories."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    # One wild held-out value must not decide the score of a straight line.
    clip = FunctionTransformer(np.clip, kw_args={"a_min": bounds[0], "a_max": bounds[1]})
    scale = make_pipeline(clip, SimpleImputer(strategy="median"), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES)
    return ColumnTransformer([("numbers", scale, numbers), ("categories", one_hot, codes)])


def _ordinal(numbers: Array, codes: Array) -> Any:
    """Category codes of the training rows first, then the numbers as they are."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OrdinalEncoder

    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=MOST_CATEGORIES)
    return ColumnTransformer([("categories", ordinal, codes), ("numbers", "passthrough", numbers)])


def _boosting(codes: int, y: Array, task: Task, seed: int, quantile: float | None) -> Any:
    """Gradient boosting whose first columns are category codes."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    first = list(range(codes))
    if task == "regression":
        loss = {} if quantile is None else {"loss": "quantile", "quantile": quantile}
        return HistGradientBoostingRegressor(categorical_features=first, random_state=seed, **loss)
    # Early stopping sets rows of each class aside, which a class with a single row does not survive.
    early = len(y) > EARLY_STOPPING_ROWS and np.unique(y, return_counts=True)[1].min() > 1
    return HistGradientBoostingClassifier(categorical_features=first, early_stopping=bool(early), random_state=seed)


def _predict(model: Any, features: Array, width: tuple[int, ...]) -> Array:
    """Predictions with a column for every class, also those that the training rows lacked."""
    if len(width) == 1:
        return np.asarray(model.predict(features))
    result = np.zeros((len(features), width[1]))
    result[:, model.classes_] = model.predict_proba(features)
    return result

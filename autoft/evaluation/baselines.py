"""Baselines: simple models on the same folds, which a network has to beat to be worth its trouble."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from autoft.evaluation.bootstrap import around, draw, mean_interval
from autoft.evaluation.correction import CorrectedScore, FixedScore, fixed
from autoft.evaluation.decision_rule import RuleFitter
from autoft.evaluation.losses import weighted_quantile
from autoft.evaluation.metrics import METRICS
from autoft.evaluation.scores import over_classes, weighted_scores
from autoft.records.arrays import Array
from autoft.records.decisions import DecisionRule
from autoft.records.problem import Problem, Truth
from autoft.records.scores import Baseline, Interval
from autoft.records.split import Member

#: The slowest baseline, and all of them.
BOOSTING = "hist_gradient_boosting"
NAMES = ("constant", "linear", BOOSTING)
#: Largest number of categories of a column; scikit-learn's histograms have room for 255 bins.
MOST_CATEGORIES = 250
#: Bound of all numbers, so that their squares stay finite.
LARGEST = 1e100
#: Rows from which boosting uses several threads: with fewer they gain nothing, and lose seconds on a busy machine.
ONE_THREAD_ROWS = 100_000
#: Rows above which boosting stops early (scikit-learn's own limit).
EARLY_STOPPING_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaselineInputs:
    """What baselines learn from.

    Attributes:
        features: ``[n, d]`` numbers, NaN where missing; categories as codes.
        categorical: Which columns hold codes, bool ``[d]``.
        words: Makes further numbers of all rows, ``[n, w]``, from the texts: it learns the words from the training rows
            whose positions it gets. None without texts.
    """

    features: Array
    categorical: Array
    words: Callable[[Array], Array] | None = None

    def for_training(self, rows: Array) -> BaselineInputs:
        """The same with the numbers from texts, learned from these training rows."""
        if self.words is None:
            return self
        more = self.words(rows)
        categorical = np.pad(self.categorical, (0, more.shape[1]))
        return replace(self, features=np.hstack([self.features, more]), categorical=categorical)


def train_baselines(
    inputs: BaselineInputs,
    truth: Truth,
    members: Sequence[Member],
    problem: Problem,
    *,
    seed: int,
    over: Callable[[], bool] = lambda: False,
    names: Sequence[str] = NAMES,
) -> dict[str, Array]:
    """Held-out predictions of the baselines.

    Every step, imputing and scaling included, is fitted on the training rows of a fold alone.

    Args:
        truth: Of all rows. Every class position from 0 on occurs; nothing is learned from rows of weight 0.
        members: Those that hold out a single block are used.
        problem: The objective decides whether a regression learns a quantile.
        over: Asked before every fold: where it is true boosting is given up.

    Returns:
        Pooled predictions by name (``constant``, ``linear``, ``hist_gradient_boosting``), ``[n, classes]`` or ``[n]``.
        Rows in no block (an untouched holdout) get the mean prediction of the members.
    """
    from threadpoolctl import threadpool_limits

    y = truth.y
    threads = 1 if len(y) < ONE_THREAD_ROWS else None
    features = np.clip(np.where(np.isinf(inputs.features), np.nan, inputs.features), -LARGEST, LARGEST)
    inputs = replace(inputs, features=features.astype(np.float64))
    single = [member for member in members if len(member.blocks) == 1]
    width = (len(y),) if problem.task == "regression" else (len(y), int(y.max()) + 1)
    untouched = np.setdiff1d(np.arange(len(y)), np.concatenate([member.held_out for member in single]))
    result = {name: np.zeros(width) for name in names}
    for member in single:
        if BOOSTING in result and over():
            del result[BOOSTING]
        rows = member.train if truth.weights is None else member.train[truth.weights[member.train] > 0]
        shown, own = inputs.for_training(rows), truth.take(rows)
        for name, pooled in result.items():
            model = _model(name, shown.features[rows], shown.categorical, own.y, problem, seed)
            with warnings.catch_warnings(), threadpool_limits(threads):
                # An unfinished optimum is good enough, and categories unseen in training are expected.
                warnings.filterwarnings("ignore", message="(?s).*(failed to converge|unknown categories).*")
                _fit(model, shown.features[rows], own)
                pooled[member.held_out] = _predict(model, shown.features[member.held_out], width)
                if untouched.size:
                    pooled[untouched] += _predict(model, shown.features[untouched], width) / len(single)
    return result


class BaselineScorer:
    """Compares baselines with the network, on the same rows and the same bootstrap draws.

    Under the bias correction each draw compares the network chosen on the drawn rows with the baseline on the rows not
    drawn, so the network gets no credit for a lucky choice among many trials. Where the network has a tuned threshold,
    a baseline gets one by the same rule.
    """

    def __init__(self, truth: Truth, problem: Problem, score: CorrectedScore) -> None:
        self.problem, self.score, self.metric = problem, score, METRICS[problem.objective]
        self._truth = truth.take(score.rows)
        # Thresholds come from the drawn rows (corrected), from those outside the holdout, or from the scored rows
        # themselves (nested), which flatters a baseline a little.
        held_out = np.arange(len(truth)) if truth.blocks is None else np.flatnonzero(truth.blocks >= 0)
        others = np.setdiff1d(held_out, score.rows)
        self._seen = others if others.size and not score.out_of_bag else score.rows
        self._fitter = RuleFitter(truth.take(self._seen), problem, "none")

    @cached_property
    def _counts(self) -> Array:
        return draw(self._truth.groups, self.score.draws)

    def compare(self, name: str, predictions: Array) -> Baseline:
        """A baseline's scores beside the network's, from its held-out predictions of all rows (`train_baselines`)."""
        metric, score, own = self.metric, self.score, predictions[self.score.rows]
        if score.out_of_bag:
            found = self._out_of_bag(own)
        else:
            rule = DecisionRule(threshold=self._fitter.on_all_rows(predictions[self._seen]).threshold)
            found = fixed(self._truth, own, self.problem, score.draws, rule=rule)
        samples = metric.better(score.samples) - metric.better(found.samples[metric.name])
        network, baseline = (metric.better(np.array(one.held_out[metric.name].value)) for one in (score, found))
        difference = mean_interval(samples) if score.out_of_bag else around(float(network - baseline), samples)
        return Baseline(name=name, metrics=found.held_out, difference=difference, verdict=_word(difference))

    def _out_of_bag(self, predictions: Array) -> FixedScore:
        """Scores on the rows that were not drawn."""
        left_out = (self._counts == 0).astype(np.uint8)
        thresholds = np.array([rule.threshold for rule in self._fitter.on_draws(predictions, self._counts)])
        samples: dict[str, Array] = {}
        for threshold in np.unique(thresholds):
            here, rule = thresholds == threshold, DecisionRule(threshold=threshold)
            found = weighted_scores(self._truth, predictions, left_out[here], self.problem, rule=rule, by_class=True)
            for name, values in found.items():
                samples.setdefault(name, np.full((len(thresholds), *values.shape[1:]), np.nan))[here] = values
        samples = {name: over_classes(values) for name, values in samples.items()}
        return FixedScore(held_out={name: mean_interval(values) for name, values in samples.items()}, samples=samples)


def _word(difference: Interval) -> Literal["beaten", "level", "not beaten"]:
    if difference.low > 0:
        return "beaten"
    return "not beaten" if difference.high < 0 else "level"


def _fit(model: Any, features: Array, truth: Truth) -> None:
    """Fit a model or the last step of a pipeline; weights have mean 1, so that penalties keep their meaning."""
    steps = getattr(model, "steps", None)
    name = f"{steps[-1][0]}__sample_weight" if steps else "sample_weight"
    weights = {} if truth.weights is None else {name: truth.weights / truth.weights.mean()}
    model.fit(features, truth.y, **weights)


def _model(name: str, features: Array, categorical: Array, y: Array, problem: Problem, seed: int) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

    regression, quantile = problem.task == "regression", METRICS[problem.objective].trained_quantile(problem.quantile)
    # A column without any value in these rows teaches nothing, and scikit-learn's histograms refuse it.
    filled = ~np.isnan(features).all(axis=0)
    numbers, codes = np.flatnonzero(filled & ~categorical), np.flatnonzero(filled & categorical)
    # Training rows of one class (blocks in time order can be so) leave nothing to learn.
    if name == "constant" or not filled.any() or (not regression and len(np.unique(y)) < 2):
        if not regression:
            return DummyClassifier(strategy="prior")
        return DummyRegressor() if quantile is None else DummyRegressor(strategy="quantile", quantile=quantile)
    if name == "linear":
        # One wild held-out value must not decide the score of a straight line.
        bounds = {"a_min": np.nanmin(features[:, numbers], axis=0), "a_max": np.nanmax(features[:, numbers], axis=0)}
        clip = FunctionTransformer(np.clip, kw_args=bounds)
        scale = make_pipeline(clip, SimpleImputer(strategy="median"), StandardScaler())
        one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES)
        columns = ColumnTransformer([("numbers", scale, numbers), ("categories", one_hot, codes)])
        ridge = Ridge() if quantile is None else _shifted_ridge(quantile)
        return make_pipeline(columns, ridge if regression else LogisticRegression(max_iter=200))
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=MOST_CATEGORIES)
    columns = ColumnTransformer([("categories", ordinal, codes), ("numbers", "passthrough", numbers)])
    return make_pipeline(columns, _boosting(len(codes), y, seed, quantile, regression=regression))


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


def _boosting(codes: int, y: Array, seed: int, quantile: float | None, *, regression: bool) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    first = list(range(codes))
    if regression:
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

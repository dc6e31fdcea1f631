"""The suite over every registered metric, and what the registry's metrics say of themselves."""

import numpy as np
import pytest
from sklearn import metrics as sk

from autoft.evaluation.metrics import METRICS, DecisionCounts, Metric, Prediction, default_objective, metrics_of
from autoft.evaluation.metrics.sums import draws_of
from autoft.records.decisions import Costs, RowRule
from autoft.records.problem import Problem, Truth
from autoft.testing import check_metric


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("name", METRICS.names())
def test_a_metric_keeps_the_contract(name):
    check_metric(METRICS[name])


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_each_task_has_one_default_objective(task):
    assert [m.name for m in METRICS if task in m.default_for] == [default_objective(task)]
    assert METRICS[default_objective(task)].objective


def test_names_aliases_and_synonyms_are_of_one_metric_each():
    words = [word for m in METRICS for word in (m.name, *m.aliases, *m.synonyms)]
    assert len(words) == len(set(words))


def test_metrics_of_a_problem_need_its_quantile_and_costs():
    regression = {m.name for m in metrics_of(Problem(task="regression", objective="rmse"))}
    assert regression == {"rmse", "mae", "r2", "median_absolute_error"}
    with_quantile = metrics_of(Problem(task="regression", objective="pinball", quantile=0.9))
    assert {m.name for m in with_quantile} == {*regression, "pinball"}
    for task in ("binary", "multiclass"):
        without = {m.name for m in metrics_of(Problem(task=task, objective="f1"))}
        costs = {m.name for m in metrics_of(Problem(task=task, objective="f1", goal=Costs()))}
        assert costs - without == {"cost"}


def test_the_trained_quantile_is_the_median_or_the_one_asked_for():
    found = {m.name: m.trained_quantile(0.9) for m in METRICS}
    assert {name: level for name, level in found.items() if level is not None} == {
        "mae": 0.5, "median_absolute_error": 0.5, "pinball": 0.9,
    }  # fmt: skip


def test_metrics_drawn_together_are_those_drawn_alone():
    rng = np.random.default_rng(3)
    y, p = rng.integers(3, size=80), rng.dirichlet(np.ones(3), 80)
    problem = Problem(task="multiclass", objective="log_loss", goal=Costs(matrix=((0, 1, 2), (1, 0, 1), (3, 1, 0))))
    truth, prediction = Truth(y=y, weights=rng.random(80)), Prediction(values=p, problem=problem)
    counts = rng.poisson(1.0, (5, 80)).astype(np.uint8)
    together = draws_of(metrics_of(problem), truth, prediction, counts)
    for metric in metrics_of(problem):
        alone = metric.draws(truth, prediction, counts * truth.weights)
        np.testing.assert_array_equal(alone, together[metric.name], err_msg=metric.name)


def test_label_metrics_equal_scikit_learn_to_the_last_bit():
    rng = np.random.default_rng(0)
    y, p = rng.integers(2, size=999), rng.dirichlet(np.ones(2), 999)
    prediction = Prediction(values=p, problem=Problem(task="binary", objective="f1"))
    found = {name: METRICS[name].point(Truth(y=y), prediction) for name in ("precision", "recall", "f1", "mcc")}
    said = p[:, 1] >= 0.5
    each = (sk.precision_score, sk.recall_score, sk.f1_score, sk.matthews_corrcoef)
    assert list(found.values()) == [float(of(y, said)) for of in each]


def test_a_threshold_for_each_row_goes_with_its_row():
    problem = Problem(task="binary", objective="f1")
    p = np.array([[0.4, 0.6], [0.4, 0.6], [0.9, 0.1]])
    prediction = Prediction(values=p, problem=problem, rule=RowRule(threshold=np.array([0.5, 0.7, 0.05])))
    assert prediction.labels.tolist() == [1, 0, 1]
    assert prediction.take(np.array([2, 1])).labels.tolist() == [1, 0]


@pytest.mark.parametrize("name", ["f1", "mcc", "balanced_accuracy", "cost"])
def test_a_metric_without_a_formula_has_its_value_at_thresholds(name):
    problem = Problem(task="binary", objective=name, positive_index=0, goal=Costs(false_negative=3.0))
    hits, alarms = np.array([9.0, 4.0, 0.0]), np.array([6.0, 1.0, 0.0])
    counts = DecisionCounts(hits=hits, alarms=alarms, positives=np.array(9.0), negatives=np.array(20.0))
    with np.errstate(invalid="ignore"):
        expected = METRICS[name].at_threshold(counts, problem)
    np.testing.assert_allclose(Metric.at_threshold(METRICS[name], counts, problem), expected, rtol=1e-12)

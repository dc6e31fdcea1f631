"""Rules of decisions against plain numpy: costs, gains, matrices and minima, and what may have a say in them."""

from typing import Any

import numpy as np
import pytest

from autoft.evaluation.correction import CorrectedScore, corrected, holdout
from autoft.evaluation.decision_costs import CURVE, sample_costs, summarize_costs
from autoft.evaluation.decision_rule import RuleFitter
from autoft.evaluation.decisions import decide
from autoft.evaluation.scores import scores, weighted_scores
from autoft.evaluation.selection import Candidate
from autoft.records.decisions import Costs, DecisionCosts, DecisionRule, Minimum
from autoft.records.problem import BEST_TRIAL, Draws, Problem, SelectionRule, Truth

MATRIX = ((0.0, 1.0, 4.0), (2.0, 0.0, 1.0), (9.0, 3.0, 0.0))


def both(p: np.ndarray) -> np.ndarray:
    return np.stack([1 - p, p], axis=1)


def table(rows: int, base: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities that are right: `base` makes the second class rarer."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(base, 1.5, rows)
    return (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int), both(1 / (1 + np.exp(-logit)))


def three(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([2.0, 1.0, 1.0], rows)
    return np.array([rng.choice(3, p=one) for one in p]), p


def fitter(
    y: np.ndarray, objective: str, gains: Any = None, calibration: Any = "none", task: Any = "binary", **more: Any
) -> RuleFitter:
    return RuleFitter(Truth(y=y, gains=gains), Problem(task=task, objective=objective, **more), calibration)


def test_a_matrix_answers_with_the_lowest_expected_cost():
    y, p = three(500)
    expected = [min(range(3), key=lambda a: sum(p[i, c] * MATRIX[c][a] for c in range(3))) for i in range(500)]
    decided = decide(p, None, DecisionRule(matrix=MATRIX))
    assert decided.tolist() == expected
    assert (decided != p.argmax(axis=1)).mean() > 0.1
    paid = np.mean([MATRIX[t][a] for t, a in zip(y, expected, strict=True)])
    problem, truth = Problem(task="multiclass", objective="cost", goal=Costs(matrix=MATRIX)), Truth(y=y)
    assert scores(truth, p, problem)["cost"] == pytest.approx(paid)
    w = np.random.default_rng(1).integers(0, 3, (4, 500))
    each = np.array([MATRIX[t][a] for t, a in zip(y, expected, strict=True)])
    np.testing.assert_allclose(weighted_scores(truth, p, w, problem)["cost"], w @ each / w.sum(axis=1))
    assert fitter(y, "log_loss", task="multiclass", goal=Costs(matrix=MATRIX)).on_all_rows(p).matrix == MATRIX


def test_costs_of_zero_and_one_are_the_most_probable_class():
    p = three(300)[1]
    plain = tuple(map(tuple, (1 - np.eye(3)).tolist()))
    assert (decide(p, None, DecisionRule(matrix=plain)) == p.argmax(axis=1)).all()


@pytest.mark.parametrize("positive", [0, 1])
def test_gains_choose_the_threshold_with_the_best_sum(positive: int):
    y, p = table(4000, base=-1.5)
    worth = np.random.default_rng(2).exponential(6.0, len(y))
    gains = np.where(y == 1, worth, np.nan)
    costs = Costs(false_positive=1.0)

    def net(t: float) -> float:
        said = p[:, 1] >= t
        return float(np.nansum(np.where(said, gains, 0.0)) - (said & (y == 0)).sum())

    truth, shown = (y, p) if positive == 1 else (1 - y, p[:, ::-1])
    found = fitter(truth, "cost", gains, goal=costs, positive_index=positive).on_all_rows(shown).threshold
    best = max(net(t) for t in np.linspace(0.005, 0.995, 400))
    assert net(found) > 0.98 * best
    assert net(found) > net(0.5) + 0.05 * abs(best)
    # The metric: what missed rows are worth, and alarms, a row.
    problem = Problem(task="binary", objective="cost", positive_index=positive, goal=costs)
    missed = np.nansum(np.where(p[:, 1] < found, gains, 0.0)) + ((p[:, 1] >= found) & (y == 0)).sum()
    own, rule = Truth(y=truth, gains=gains), DecisionRule(threshold=found)
    assert scores(own, shown, problem, rule=rule)["cost"] == pytest.approx(missed / len(y))


@pytest.mark.parametrize("of", ["recall", "precision"])
def test_a_minimum_is_reached_with_the_best_of_the_other(of: Any):
    y, p = table(5000, base=-1.0)
    found = fitter(y, "roc_auc", goal=Minimum(of=of, share=0.8)).on_all_rows(p).threshold

    def at(t: float) -> tuple[float, float]:
        said = p[:, 1] >= t
        both_said = (said & (y == 1)).sum()
        return both_said / (y == 1).sum(), both_said / max(said.sum(), 1)

    own, other = (0, 1) if of == "recall" else (1, 0)
    assert at(found)[own] >= 0.8
    grid = [at(t) for t in 1 / (1 + np.exp(-np.arange(-120, 121) / 10))]
    assert at(found)[other] == pytest.approx(max(pair[other] for pair in grid if pair[own] >= 0.8))


def test_a_minimum_out_of_reach_gets_the_nearest():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 2000), both(rng.uniform(0.3, 0.7, 2000))  # the answers say nothing
    found = fitter(y, "roc_auc", goal=Minimum(of="precision", share=0.95)).on_all_rows(p).threshold
    precisions = [y[p[:, 1] >= t].mean() for t in 1 / (1 + np.exp(-np.arange(-9, 9) / 10)) if (p[:, 1] >= t).any()]
    assert max(precisions) < 0.95
    assert y[p[:, 1] >= found].mean() == pytest.approx(max(precisions))


def test_trials_are_compared_at_the_threshold_of_the_minimum():
    """The better precision at one half is not the better one where most positives must be found."""
    y = np.repeat([1, 0], 100)
    few = np.concatenate([np.repeat([0.9, 0.2], 50), np.repeat([0.2], 100)])  # sure of half, knows nothing of the rest
    most = np.concatenate([np.repeat([0.7], 95), np.repeat([0.1], 5), np.repeat([0.7, 0.1], [15, 85])])
    candidates = [Candidate(trial=t, epochs=1, predictions=both(p)) for t, p in enumerate((few, most))]
    for goal, best in ((None, 0), (Minimum(of="recall", share=0.9), 1)):
        problem = Problem(task="binary", objective="precision", goal=goal)
        score = corrected(Truth(y=y), candidates, problem, rule=BEST_TRIAL, draws=Draws(number=60))
        assert score.chosen == ((best, 1.0),)


GOALS: dict[str, tuple[Any, str, Any]] = {
    "costs": ("binary", "cost", Costs(false_negative=5.0, false_positive=1.0)),
    "gains": ("binary", "cost", Costs(false_positive=1.0)),
    "recall": ("binary", "f1", Minimum(of="recall", share=0.8)),
    "precision": ("binary", "f1", Minimum(of="precision", share=0.8)),
    "matrix": ("multiclass", "cost", Costs(matrix=MATRIX)),
}


def gains_of(case: str) -> Any:
    return np.random.default_rng(3).exponential(5.0, 400) if case == "gains" else None


@pytest.mark.parametrize("case", GOALS)
def test_a_choice_owes_nothing_to_the_rows_that_were_not_drawn(case: str):
    task, objective, goal = GOALS[case]
    gains = gains_of(case)
    y, p = table(400, base=-1.0) if task == "binary" else three(400)
    drawn = np.random.default_rng(0).integers(0, 3, (3, 400)).astype(np.uint8)
    known: dict[str, Any] = {"task": task, "calibration": "auto", "goal": goal}
    before = fitter(y, objective, gains, **known).on_draws(p, drawn)
    for place, weights in enumerate(drawn):
        out = weights == 0
        wrong_y, wrong_p = np.where(out, (y + 1) % p.shape[1], y), p.copy()
        wrong_p[out] = wrong_p[out][:, ::-1]
        wrong = None if gains is None else np.where(out, 1e6, gains)
        after = fitter(wrong_y, objective, wrong, **known).on_draws(wrong_p, weights[None])
        assert after[0] == before[place]
    if task == "binary":  # the same corruption of drawn rows is noticed
        assert fitter(1 - y, objective, gains, **known).on_draws(p, drawn) != before


def summary(score: CorrectedScore, classes: int, **more: Any) -> DecisionCosts:
    assert score.costs is not None
    return summarize_costs(score.costs, ["a", "b", "c"][:classes], **more)


@pytest.mark.parametrize("case", ["costs", "gains", "matrix"])
def test_the_deployed_rule_costs_what_the_metric_says(case: str):
    task, objective, goal = GOALS[case]
    gains = gains_of(case)
    y, p = table(400, base=-1.0) if task == "binary" else three(400)
    candidates = [Candidate(trial=0, epochs=1, predictions=p)]
    problem, rule = Problem(task=task, objective=objective, goal=goal), SelectionRule(calibration="auto")
    score = corrected(Truth(y=y, gains=gains), candidates, problem, rule=rule, draws=Draws(number=60))
    assert score.costs is not None
    np.testing.assert_allclose(score.costs.draws[:, 0], score.samples)
    found = summary(score, p.shape[1])
    assert found.deployed.value == pytest.approx(1000 * score.held_out["cost"].value)
    assert found.best.cost.value == min(one.cost.value for one in found.alternatives)
    for one in found.alternatives:
        assert one.saved.value == pytest.approx(one.cost.value - found.deployed.value)
        assert one.saved.low <= one.saved.value <= one.saved.high
    halved = summary(score, p.shape[1], left=0.5)
    assert halved.deployed.value == pytest.approx(found.deployed.value / 2)
    assert halved.alternatives[1].cost == found.alternatives[1].cost  # one answer to all rows has no ensemble


def test_alternatives_and_curve_are_plain_counting():
    y, p = table(300, base=-1.0)
    problem = Problem(task="binary", objective="cost", goal=Costs(false_negative=6.0, false_positive=2.0))
    w = np.random.default_rng(1).integers(0, 3, (3, 300))
    found = sample_costs(Truth(y=y), p, w, problem, DecisionRule(threshold=0.25))

    def paid(said: np.ndarray) -> np.ndarray:
        return w @ np.where(y == 1, np.where(said, 0.0, 6.0), np.where(said, 2.0, 0.0)) / w.sum(axis=1)

    rules = [p[:, 1] >= 0.25, p[:, 1] >= 0.5, np.zeros(300, bool), np.ones(300, bool)]
    np.testing.assert_allclose(found[:, :4].T, [paid(said) for said in rules])
    np.testing.assert_allclose(found[:, 4:].T, [paid(p[:, 1] >= t) for t in CURVE])


def test_a_holdout_is_scored_by_its_own_gains():
    y, p = table(600, base=-1.0)
    gains = np.random.default_rng(3).exponential(5.0, 600)
    rows = np.arange(400, 600)
    held = p.copy()
    held[rows] = np.nan
    truth = Truth(y=y, gains=gains, blocks=np.where(np.arange(600) < 400, 0, -1))
    problem = Problem(task="binary", objective="cost", goal=Costs(false_positive=1.0))
    candidates = [Candidate(trial=0, epochs=1, predictions=held)]
    score = holdout(truth, candidates, problem, predictions=p, rule=BEST_TRIAL, draws=Draws(number=60))
    said, true = p[rows, 1] >= score.rule.threshold, y[rows] == 1
    paid = (gains[rows][true & ~said].sum() + (said & ~true).sum()) / 200
    assert score.held_out["cost"].value == pytest.approx(paid)
    assert summary(score, 2).deployed.value == pytest.approx(1000 * paid)

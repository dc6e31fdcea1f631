"""Calibration and threshold within the choice: what they do, what may have a say in them, what the score pays."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from autoft.evaluation import decision_rule
from autoft.evaluation.baselines import BaselineScorer
from autoft.evaluation.correction import PairCandidate, corrected, holdout, nested
from autoft.evaluation.decision_rule import RuleFitter
from autoft.evaluation.decisions import decide
from autoft.evaluation.ensemble_gain import PairPredictions, ensemble_calibration, ensemble_gain
from autoft.evaluation.scores import scores, weighted_scores
from autoft.evaluation.selection import Blend, Candidate, Replay
from autoft.records.decisions import CalibrationMethod, Costs, DecisionRule
from autoft.records.problem import BEST_TRIAL, Draws, Problem, SelectionRule, Truth

F1 = Problem(task="binary", objective="f1")
CALIBRATED = SelectionRule(calibration="auto")


def both(p: np.ndarray) -> np.ndarray:
    return np.stack([1 - p, p], axis=1)


def table(rows: int, base: float = 0.0, power: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities that are right up to a power: `base` makes the second class rarer."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(base, 1.5, rows)
    y = (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)
    return y, both(1 / (1 + np.exp(-power * logit)))


def fitter(y: np.ndarray, objective: str, calibration: Any = "auto", **more: Any) -> RuleFitter:
    return RuleFitter(Truth(y=y), Problem(task="binary", objective=objective, **more), calibration)


def test_the_threshold_of_f1_follows_the_rare_class():
    y, p = table(3000, base=-2.5)
    found = fitter(y, "f1").on_all_rows(p)
    best = max(np.linspace(0.05, 0.95, 91), key=lambda t: f1_score(y, p[:, 1] >= t))
    assert found.threshold == pytest.approx(best, abs=0.06)
    assert f1_score(y, p[:, 1] >= found.threshold) > f1_score(y, p[:, 1] >= 0.5) + 0.05


def test_both_ends_of_a_binary_task_are_treated_alike():
    y, p = table(2000, base=-2.0, power=1.8)
    one = fitter(y, "f1").on_all_rows(p)
    other = fitter(1 - y, "f1", positive_index=0).on_all_rows(p[:, ::-1])
    assert one.threshold == pytest.approx(other.threshold, abs=0.03)
    assert one.calibration.temperature == pytest.approx(other.calibration.temperature, rel=0.03)


@pytest.mark.parametrize("objective", ["roc_auc", "log_loss", "precision", "recall"])
def test_other_objectives_leave_the_threshold_at_one_half(objective: str):
    y, p = table(500, base=-2.0)
    assert fitter(y, objective).on_all_rows(p).threshold == 0.5


def test_a_threshold_that_only_fits_the_rows_is_refused():
    """Accuracy of a balanced, symmetric table: one half is right, and stays in most of the tables."""
    kept = [fitter(y, "accuracy").on_all_rows(p).threshold == 0.5 for y, p in (table(300, seed=s) for s in range(40))]
    assert np.mean(kept) > 0.6


def test_costs_give_the_threshold_unless_another_is_cheaper():
    costs = Costs(false_negative=4.0, false_positive=1.0)
    y, p = table(4000)
    assert fitter(y, "roc_auc", goal=costs).on_all_rows(p).threshold == pytest.approx(0.2, abs=0.06)
    # Probabilities that are far off and not calibrated: the costs' own threshold would be wrong.
    shifted = both(1 / (1 + np.exp(-(np.log(p[:, 1] / p[:, 0]) + 2.0))))
    moved = fitter(y, "cost", goal=costs, calibration="none").on_all_rows(shifted).threshold
    assert moved == pytest.approx(1 / (1 + np.exp(-(np.log(0.25) + 2.0))), abs=0.1)


def test_the_cost_is_the_mean_cost_of_a_row():
    truth, p = Truth(y=np.array([1, 1, 0, 0])), both(np.array([0.1, 0.9, 0.6, 0.2]))
    problem = Problem(task="binary", objective="cost", goal=Costs(false_negative=5, false_positive=2))
    assert scores(truth, p, problem)["cost"] == pytest.approx((5 + 2) / 4)
    assert scores(truth, p, problem, rule=DecisionRule(threshold=0.05))["cost"] == pytest.approx((2 + 2) / 4)
    weights = np.array([[1, 1, 1, 1], [3, 0, 0, 1]])
    np.testing.assert_allclose(weighted_scores(truth, p, weights, problem)["cost"], [7 / 4, 15 / 4])
    assert "cost" not in scores(truth, p, F1)


def test_isotonic_regression_only_where_better_never_for_ranks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(decision_rule, "ISOTONIC_ROWS", 5000)
    y, p = table(6000)
    bent = both(np.where(p[:, 1] > 0.5, 0.5 + (p[:, 1] - 0.5) ** 3, p[:, 1]))  # no temperature undoes that
    assert fitter(y, "log_loss").on_all_rows(bent).calibration.method == "isotonic"
    assert fitter(y, "roc_auc").on_all_rows(bent).calibration.method == "temperature"
    assert fitter(y[:4900], "log_loss").on_all_rows(bent[:4900]).calibration.method == "temperature"
    assert fitter(y, "log_loss").on_all_rows(table(6000, power=1.7)[1]).calibration.method == "temperature"


@pytest.mark.parametrize("kind", ["temperature", "isotonic", "several"])
def test_rows_that_were_not_drawn_have_no_say(kind: str, monkeypatch: pytest.MonkeyPatch):
    """Their labels and predictions are corrupted: every draw has the same calibration and threshold."""
    monkeypatch.setattr(decision_rule, "ISOTONIC_ROWS", 0 if kind == "isotonic" else 10**9)
    monkeypatch.setattr(decision_rule, "ISOTONIC_CLASS", 0)
    rng, n = np.random.default_rng(0), 900
    task, classes = ("multiclass", 3) if kind == "several" else ("binary", 2)
    p = rng.dirichlet([2.0, 0.4, 0.4][:classes], n)
    y = np.where(rng.random(n) < 0.3, rng.integers(0, classes, n), (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1))
    out = np.arange(n) % 3 == 0
    weights = rng.integers(0, 3, (12, n)).astype(np.uint8)
    weights[:, out] = 0
    problem = Problem(task=task, objective="f1")  # type: ignore[arg-type]

    def found(truth: np.ndarray, predictions: np.ndarray) -> list[DecisionRule]:
        return RuleFitter(Truth(y=truth), problem).on_draws(predictions, weights)

    wrong = np.where(out[:, None], p[::-1], p)
    honest = found(y, p)
    assert honest == found(np.where(out, (y + 1) % classes, y), wrong)
    assert len(set(honest)) > 1
    assert {f.calibration.method for f in honest} >= {"isotonic" if kind == "isotonic" else "temperature"}
    if task == "binary":
        assert len({f.threshold for f in honest}) > 1
    drawn = np.where(out, y, (y + 1) % classes)
    assert honest != found(drawn, p)


def test_trials_are_compared_at_their_best_thresholds():
    """The second trial ranks better, but finds no positive row at one half; rows that are not drawn have no say."""
    y, good = table(600, base=-3.0)
    rng = np.random.default_rng(0)
    worse = both(np.clip(good[:, 1] + rng.uniform(0, 0.6, 600), 0, 1))
    out = np.arange(600) % 4 == 0
    weights = rng.integers(0, 3, (20, 600)).astype(np.uint8)
    weights[:, out] = 0

    def picks(truth: np.ndarray, *predictions: np.ndarray) -> list[Blend]:
        found = [Candidate(trial=t, epochs=1, predictions=p) for t, p in enumerate(predictions)]
        return Replay(Truth(y=truth), found, F1, SelectionRule(members=2)).picks(weights)

    timid = both(0.4 * good[:, 1])
    honest = picks(y, worse, timid)
    assert [max(pick, key=lambda part: part[1])[0] for pick in honest].count(1) > 15
    wrong = (np.where(out[:, None], p[::-1], p) for p in (worse, timid))
    assert honest == picks(np.where(out, 1 - y, y), *wrong)


def test_a_tuned_threshold_does_not_flatter_noise():
    """Labels by chance: whatever threshold wins on the rows, the score is near what it gets on fresh rows."""
    reported, true, naive, covered = [], [], [], []
    rule = SelectionRule(members=3, calibration="auto")
    for seed in range(16):
        rng = np.random.default_rng(seed)
        y, drawn = (rng.random(200) < 0.15).astype(int), rng.beta(2, 6, (8, 200))
        found = [Candidate(trial=t, epochs=1, predictions=both(p)) for t, p in enumerate(drawn)]
        score = corrected(Truth(y=y), found, F1, rule=rule, draws=Draws(number=60, seed=seed))
        said = np.mean(score.predictions[:, 1] >= score.rule.threshold)
        true.append(2 * 0.15 * said / (0.15 + said))  # F1 on fresh rows, of which the model knows nothing
        held_out = score.held_out["f1"]
        reported.append(held_out.value)
        naive.append(score.validation)
        covered.append(held_out.low <= true[-1] <= held_out.high)
    assert np.mean(naive) > np.mean(true) + 0.06
    # Too low rather than too high: a draw has fewer different rows to find a threshold on.
    assert np.mean(true) - 0.08 < np.mean(reported) < np.mean(true) + 0.02
    assert np.mean(covered) >= 0.85


def test_the_calibrated_blend_is_scored_at_its_threshold():
    y, p = table(1500, base=-2.0, power=2.5)
    truth, found = Truth(y=y), [Candidate(trial=0, epochs=1, predictions=p)]
    ranked = Problem(task="binary", objective="roc_auc")
    raw = corrected(truth, found, ranked, rule=BEST_TRIAL, draws=Draws(number=60))
    done = corrected(truth, found, F1, rule=CALIBRATED, draws=Draws(number=60))
    assert done.rule.calibration.temperature == pytest.approx(2.5, rel=0.15)
    assert done.held_out["log_loss"].value < raw.held_out["log_loss"].value - 0.05
    assert done.held_out["f1"].value > raw.held_out["f1"].value + 0.02
    assert done.held_out["roc_auc"].value == pytest.approx(raw.held_out["roc_auc"].value, abs=1e-12)
    decided = decide(done.predictions, 1, done.rule)
    assert done.validation == pytest.approx(f1_score(y, decided))
    # A baseline that says the same gets the same: the threshold wins nothing over it.
    line = BaselineScorer(truth, F1, done).compare("same", p)
    assert line.difference.value == pytest.approx(0.0, abs=0.01)


def test_a_holdout_decides_nothing():
    y, p = table(1200, base=-2.0, power=2.0)
    touched = np.arange(1200) < 900
    found = [Candidate(trial=0, epochs=1, predictions=np.where(touched[:, None], p, np.nan))]
    settings: dict[str, Any] = {"rule": CALIBRATED, "draws": Draws(number=20)}
    blocks = np.where(touched, 0, -1)
    before = holdout(Truth(y=y, blocks=blocks), found, F1, predictions=p, **settings)
    other = Truth(y=np.where(touched, y, 1 - y), blocks=blocks)
    after = holdout(other, found, F1, predictions=p[::-1], **settings)
    assert before.rule == after.rule
    assert before.rule.threshold != 0.5
    assert before.held_out["f1"] != after.held_out["f1"]


def test_nested_decides_each_block_by_the_others():
    rng = np.random.default_rng(0)
    y, p = table(900, base=-2.0, power=2.0)
    blocks = np.arange(900) % 3
    found = [Candidate(trial=0, epochs=1, predictions=p)]

    def predictions(own: np.ndarray) -> np.ndarray:
        pairs = {(i, j): np.where(np.isin(blocks, (i, j))[:, None], p, np.nan) for i, j in ((0, 1), (0, 2), (1, 2))}
        of_pairs = [PairCandidate(trial=0, epochs=1, pairs=pairs)]
        truth, draws = Truth(y=own, blocks=blocks), Draws(number=5)
        return nested(truth, found, F1, pairs=of_pairs, rule=CALIBRATED, draws=draws).predictions

    other = np.where(blocks == 1, rng.integers(0, 2, 900), y)
    before, after = predictions(y), predictions(other)
    assert (before[blocks == 1] == after[blocks == 1]).all()
    assert (before[blocks == 0] != after[blocks == 0]).any()
    assert np.abs(before - p).max() > 0.05


def test_the_ensemble_is_calibrated_between_members_and_mean():
    """Members that are too sure in ways of their own: their mean is less so, and once calibrated gains less."""
    rng, n, k = np.random.default_rng(0), 4000, 5
    logit = rng.normal(0, 1.5, n)
    y, blocks = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int), np.arange(n) % k
    pairs = {}
    for pair in ((i, j) for i in range(k) for j in range(i + 1, k)):
        own = both(1 / (1 + np.exp(-(1.3 * logit + rng.normal(0, 1.5, n)))))
        pairs[pair] = np.where(np.isin(blocks, pair)[:, None], own, np.nan)
    members = np.array([pairs[min(b, (b + 1) % k), max(b, (b + 1) % k)][r] for r, b in enumerate(blocks)])
    mean = np.mean([[pairs[min(b, o), max(b, o)][r] for o in range(k) if o != b] for r, b in enumerate(blocks)], axis=1)
    alone, together = (fitter(y, "log_loss").on_all_rows(p).calibration.temperature for p in (members, mean))
    predictions, truth = PairPredictions(pairs=pairs, blocks=blocks), Truth(y=y)
    ensemble = ensemble_calibration(predictions, truth, "temperature").temperature
    assert together < ensemble < alone
    methods: tuple[CalibrationMethod, ...] = ("none", "temperature")
    plain, done = (ensemble_gain(predictions, truth, F1, method=method)["log_loss"] for method in methods)
    assert plain < done < 1

"""Weights of rows, quantiles and rare classes in choices, scores, baselines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from choices_help import choose

from autoft.evaluation import blend
from autoft.evaluation import selection as choice
from autoft.evaluation.baselines import BaselineInputs, BaselineScorer, train_baselines
from autoft.evaluation.correction import PairCandidate, corrected, holdout, nested
from autoft.evaluation.decision_rule import RuleFitter
from autoft.evaluation.ensemble_gain import PairPredictions, ensemble_calibration, ensemble_gain, pairs_of
from autoft.evaluation.folds import FoldRule, RowOrigin, members, split
from autoft.evaluation.losses import class_weights, pinball, row_losses
from autoft.evaluation.metrics import metrics_of
from autoft.evaluation.scores import scores as point_scores
from autoft.evaluation.scores import weighted_scores
from autoft.evaluation.selection import Candidate
from autoft.records.decisions import Costs, DecisionRule
from autoft.records.problem import BEST_TRIAL, Draws, Problem, SelectionRule, Truth

TASKS = ("binary", "multiclass", "regression")
OBJECTIVES = {"binary": "f1", "multiclass": "log_loss", "regression": "pinball"}


def made(task, rows=120, trials=3, seed=0):
    """Targets, predictions of a few trials of two checkpoints each, and weights of the rows."""
    rng = np.random.default_rng(seed)
    if task == "regression":
        y = rng.normal(size=rows)
        answers = [y + rng.normal(0.2 * t, 1, rows) for t in range(2 * trials)]
    else:
        classes = 2 if task == "binary" else 3
        y = rng.integers(classes, size=rows)
        logits = [rng.normal(size=(rows, classes)) + (0.5 + 0.1 * t) * np.eye(classes)[y] for t in range(2 * trials)]
        answers = [np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in logits]
    candidates = [Candidate(trial=t // 2, epochs=t % 2 + 1, predictions=p) for t, p in enumerate(answers)]
    return y, candidates, rng.integers(1, 4, rows), problem_of(task, 0.8)


def problem_of(task, quantile):
    return Problem(task=task, objective=OBJECTIVES[task], quantile=quantile if task == "regression" else None)


def repeated(candidates, counts):
    return [
        Candidate(trial=c.trial, epochs=c.epochs, predictions=np.repeat(c.predictions, counts, axis=0))
        for c in candidates
    ]


@pytest.mark.parametrize("task", TASKS)
def test_a_row_of_weight_two_scores_as_two_rows(task):
    y, candidates, counts, known = made(task)
    predictions = candidates[0].predictions
    truth = Truth(y=y, weights=counts.astype(float))
    rows = np.repeat(np.arange(len(y)), counts)
    draws = np.random.default_rng(1).poisson(1.0, (4, len(y))).astype(np.uint8)
    one = weighted_scores(truth, predictions, draws, known)
    other = weighted_scores(Truth(y=y[rows]), predictions[rows], draws[:, rows], known)
    assert set(one) == {metric.name for metric in metrics_of(known)}
    for name, values in one.items():
        np.testing.assert_allclose(values, other[name], atol=1e-10, err_msg=name)
    whole = point_scores(truth, predictions, known)
    for name, value in point_scores(Truth(y=y[rows]), predictions[rows], known).items():
        assert whole[name] == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("task", TASKS)
def test_the_whole_score_is_that_of_repeated_rows(task):
    """Choice, correction, optimism: repeated rows are one cluster, so both are drawn alike."""
    y, candidates, counts, known = made(task)
    settings = {"rule": SelectionRule(members=3, calibration="auto"), "draws": Draws(number=60, seed=1)}
    one = corrected(Truth(y=y, weights=counts.astype(float)), candidates, known, **settings)
    copies = np.repeat(np.arange(len(y)), counts)
    other = corrected(Truth(y=y[copies], clusters=copies), repeated(candidates, counts), known, **settings)
    assert (one.chosen, one.rule) == (other.chosen, other.rule)
    assert one.optimism == pytest.approx(other.optimism, abs=1e-9)
    for name, interval in one.held_out.items():
        ends = [(getattr(interval, end), getattr(other.held_out[name], end)) for end in ("value", "low", "high")]
        assert all(a == pytest.approx(b, abs=1e-9) for a, b in ends), name
    plain = corrected(Truth(y=y), candidates, known, **settings)
    assert plain.validation != pytest.approx(one.validation, abs=1e-6)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_weights_fit_calibration_and_threshold_as_repeated_rows(task):
    """On all rows, on draws, and for the ensemble; a row of weight 0 has no say. Plain weights say something else."""
    rng, n, classes = np.random.default_rng(1), 600, 2 if task == "binary" else 3
    logits = rng.normal([0.0, -1.5, 0.0][:classes], 1.5, (n, classes))
    y = np.array([rng.choice(classes, p=p / p.sum()) for p in np.exp(logits)])
    p = np.exp(1.8 * logits) / np.exp(1.8 * logits).sum(axis=1, keepdims=True)
    # Rows that are certain of what is wrong weigh most.
    counts = np.where(p[np.arange(n), y] < 0.3, 2, 1)
    draws = np.vstack([np.ones(n), rng.integers(0, 3, (5, n))]).astype(np.uint8)
    known = Problem(task=task, objective="f1", goal=Costs(false_negative=2, false_positive=1))
    weighted, copies = Truth(y=y, weights=counts.astype(float)), np.repeat(np.arange(n), counts)
    one = RuleFitter(weighted, known).on_draws(p, draws)
    other = RuleFitter(Truth(y=y[copies], clusters=copies), known).on_draws(p[copies], draws[:, copies])
    assert one == other
    plain = RuleFitter(Truth(y=y), known).on_draws(p, draws)
    assert all(a.calibration.temperature > 1.05 * b.calibration.temperature for a, b in zip(one, plain, strict=True))
    if task == "binary":
        assert [a.threshold for a in one] != [b.threshold for b in plain]
    some = np.where(np.arange(n) % 5 == 0, 0.0, counts)
    wrong = np.where(some > 0, y, (y + 1) % classes)
    honest, corrupted = (RuleFitter(Truth(y=t, weights=some), known).on_draws(p, draws) for t in (y, wrong))
    assert honest == corrupted != one
    blocks = np.arange(n) % 3
    answers = {pair: p[:, ::-1] * 0.2 * i + p * (1 - 0.2 * i) for i, pair in enumerate(pairs_of(3))}
    pairs = PairPredictions(pairs=answers, blocks=blocks)
    again = PairPredictions(pairs={pair: a[copies] for pair, a in answers.items()}, blocks=blocks[copies])
    found = ensemble_calibration(pairs, weighted, "temperature")
    assert found == ensemble_calibration(again, Truth(y=y[copies]), "temperature")
    assert found != ensemble_calibration(pairs, Truth(y=y), "temperature")


def test_costs_count_weights():
    truth = Truth(y=np.array([1, 1, 0, 0]), weights=np.array([3.0, 1.0, 2.0, 4.0]))
    p = np.array([[0.9, 0.1], [0.1, 0.9], [0.4, 0.6], [0.8, 0.2]])
    known = Problem(task="binary", objective="cost", goal=Costs(false_negative=5.0, false_positive=2.0))
    found = point_scores(truth, p, known)
    assert found["cost"] == pytest.approx((3 * 5 + 2 * 2) / 10)
    low = point_scores(truth, p, known, rule=DecisionRule(threshold=0.05))
    assert low["cost"] == pytest.approx(6 * 2 / 10)


def test_equal_weights_change_no_digit():
    y, candidates, _, known = made("binary")
    settings = {"rule": SelectionRule(members=3), "draws": Draws(number=60, seed=1)}
    one, other = (
        corrected(Truth(y=y, weights=weights), candidates, known, **settings) for weights in (None, np.ones(len(y)))
    )
    assert one.chosen == other.chosen
    for name, interval in one.held_out.items():
        assert interval.value == pytest.approx(other.held_out[name].value, abs=1e-12), name


def test_a_holdout_and_the_ensemble_gain_count_weights():
    y, candidates, counts, known = made("regression")
    rows, weights = np.arange(60, 120), counts.astype(float)
    predictions = candidates[1].predictions
    for c in candidates:
        c.predictions[rows] = np.nan
    own = predictions.copy()
    own[rows] = 0.3
    truth = Truth(y=y, weights=weights, blocks=np.where(np.arange(120) < 60, 0, -1))
    found = holdout(truth, candidates, known, predictions=own, rule=BEST_TRIAL, draws=Draws(number=50))
    expected = np.average(pinball(y[rows], own[rows], 0.8), weights=weights[rows])
    assert found.held_out["pinball"].value == pytest.approx(expected)
    blocks = np.arange(120) % 3
    answers = {pair: y + np.random.default_rng(sum(pair)).normal(size=120) for pair in pairs_of(3)}
    copies = np.repeat(np.arange(120), counts)
    again = PairPredictions(pairs={k: v[copies] for k, v in answers.items()}, blocks=blocks[copies])
    whole = ensemble_gain(PairPredictions(pairs=answers, blocks=blocks), truth, known)
    twice = ensemble_gain(again, Truth(y=y[copies]), known)
    assert whole.keys() == twice.keys() >= {"pinball"}
    assert all(whole[name] == pytest.approx(twice[name], abs=1e-9) for name in whole)


@pytest.mark.parametrize("task", TASKS)
def test_nested_counts_weights_and_chooses_by_the_trained_loss(task):
    y, candidates, counts, known = made(task, rows=90)
    blocks, numbers = np.arange(90) % 3, [(0, 1), (0, 2), (1, 2)]

    def score(counts, weights=None):
        copies = np.repeat(np.arange(90), counts)
        truth = Truth(y=y[copies], blocks=blocks[copies], clusters=copies, weights=weights)
        own = repeated(candidates, counts)
        pairs = [
            PairCandidate(trial=c.trial, epochs=c.epochs, pairs=dict.fromkeys(numbers, c.predictions)) for c in own
        ]
        return nested(truth, own, known, pairs=pairs, rule=SelectionRule(members=2), draws=Draws(number=40))

    one, other = score(np.ones(90, int), counts.astype(float)), score(counts)
    assert one.chosen == other.chosen
    for name, interval in one.held_out.items():
        assert interval.value == pytest.approx(other.held_out[name].value, abs=1e-9), name


def test_checkpoints_are_chosen_by_the_loss_that_was_trained():
    """One is nearer in squares, the other lies at the quantile; classes that weigh more prefer what finds them."""
    y = np.random.default_rng(0).normal(size=400)
    pair = [Candidate(trial=0, epochs=e, predictions=np.full(400, v)) for e, v in ((1, 0.0), (2, np.quantile(y, 0.9)))]
    for objective, best in (("rmse", 0), ("pinball", 1)):
        chosen = choose(Truth(y=y), pair, Problem(task="regression", objective=objective, quantile=0.9))
        assert chosen == ((best, 1.0),)
    outlier = np.r_[np.zeros(9), 100.0]
    pair = [Candidate(trial=0, epochs=e, predictions=np.full(10, v)) for e, v in ((1, 10.0), (2, 0.0))]
    for objective, best in (("r2", 0), ("mae", 1)):
        chosen = choose(Truth(y=outlier), pair, Problem(task="regression", objective=objective))
        assert chosen == ((best, 1.0),)
    labels = np.repeat([0, 1], [90, 10])
    usual = np.tile([0.9, 0.1], (100, 1))
    keen = np.where(labels[:, None] == 1, [[0.2, 0.8]], [[0.6, 0.4]])
    assert row_losses(labels, usual).mean() < row_losses(labels, keen).mean()
    for balance, expected in ((0.0, 0), (1.0, 1)):
        pair = [Candidate(trial=0, epochs=e, predictions=p, balance=balance) for e, p in ((1, usual), (2, keen))]
        chosen = choose(Truth(y=labels), pair, Problem(task="binary", objective="log_loss"))
        assert chosen == ((expected, 1.0),)
    assert class_weights(labels, 1.0).tolist() == pytest.approx([0.5 / 0.9, 5.0])


def test_blends_of_quantiles_beat_the_best_trial_and_its_pairs():
    rng = np.random.default_rng(3)
    y = rng.normal(size=80)
    predictions = np.stack([y + rng.normal(0.5 * t, 1, 80) for t in range(4)], axis=1)
    weights = rng.integers(0, 3, 80).astype(float)
    order = np.argsort([weights @ pinball(y, p, 0.7) for p in predictions.T])
    predictions = predictions[:, order]
    shares = blend.select_by_pinball(y, predictions, weights, 4, 0.7)
    assert shares.sum() == pytest.approx(1)
    found = weights @ pinball(y, predictions @ shares, 0.7)
    halves = [weights @ pinball(y, (predictions[:, 0] + predictions[:, b]) / 2, 0.7) for b in range(4)]
    assert found <= min(halves) < halves[0]
    assert blend.select_by_pinball(y, predictions, weights, 1, 0.7).tolist() == [1, 0, 0, 0]
    assert np.count_nonzero(blend.select_by_pinball(y, predictions, weights, 2, 0.7)) <= 2
    assert len(blend.sample(10**6)) == blend.ROWS
    hidden = np.where(weights[:, None] > 0, predictions, 1e9), np.where(weights > 0, y, -1e9)
    again = blend.select_by_pinball(hidden[1], hidden[0], weights, 4, 0.7)
    assert again.tolist() == shares.tolist(), "rows that were not drawn do not choose"


@pytest.mark.parametrize("task", TASKS)
def test_baselines_learn_from_weighted_rows(task):
    """Rows of weight 0 teach nothing; the constant is the weighted share, mean or quantile."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 2))
    y = x[:, 0] + 0.1 * rng.normal(size=150)
    y = y if task == "regression" else np.digitize(y, [0.3] if task == "binary" else [-0.4, 0.4])
    blocks, _ = split(y, task, RowOrigin(keys=np.arange(150, dtype=np.uint64)), FoldRule(folds=3, seed=0))
    stack = members(blocks, "corrected")
    weights = rng.integers(0, 3, 150).astype(float)
    inputs, known = BaselineInputs(features=x, categorical=np.zeros(2, bool)), problem_of(task, 0.9)
    truth = Truth(y=y, weights=weights, clusters=blocks.clusters, blocks=np.full(150, -1))
    found = train_baselines(inputs, truth, stack, known, seed=0)
    changed = y.copy()
    changed[weights == 0] = y[weights == 0][::-1]
    again = train_baselines(inputs, replace(truth, y=changed), stack, known, seed=0)
    for name, predictions in found.items():
        np.testing.assert_array_equal(predictions, again[name], err_msg=name)
    own = stack[0].train
    if task == "regression":
        for name, predictions in found.items():
            assert 0.75 < np.average(y <= predictions, weights=weights) <= 1, name
    else:
        shares = np.bincount(y[own], weights[own]) / weights[own].sum()
        np.testing.assert_allclose(found["constant"][stack[0].held_out[0]], shares)
    linear, objective = found["linear"], OBJECTIVES[task]
    candidates, draws = [Candidate(trial=0, epochs=1, predictions=linear)], Draws(number=50)
    score = holdout(truth, candidates, known, predictions=linear, rule=BEST_TRIAL, draws=draws)
    line = BaselineScorer(truth, known, score).compare("linear", linear)
    rule = RuleFitter(truth, known, "none").on_all_rows(linear)
    expected = point_scores(truth, linear, known, rule=rule)[objective]
    assert line.metrics[objective].value == pytest.approx(expected)


@pytest.mark.parametrize("rare", [2, 3, 5])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_rare_classes_are_in_every_fold_and_scores_defined(task, rare):
    counts = [90, rare] if task == "binary" else [60, 40, rare]
    y = np.repeat(np.arange(len(counts)), counts)
    keys = np.arange(len(y), dtype=np.uint64)
    got, findings = split(y, task, RowOrigin(keys=keys), FoldRule(folds=5, seed=0), ("a", "b", "c"))
    assert got.k == min(5, rare)
    assert all(set(y[got.blocks == k]) == set(y) for k in range(got.k))
    told = [f"class '{'abc'[len(counts) - 1]}' has {rare} distinct rows" in f.found for f in findings]
    assert told == ([True] if rare < 5 else [])
    p = np.random.default_rng(0).dirichlet(np.ones(len(counts)), len(y)) + 0.5 * np.eye(len(counts))[y]
    candidates = [Candidate(trial=0, epochs=1, predictions=p / p.sum(axis=1, keepdims=True))]
    for objective in ("f1", "roc_auc", "log_loss"):
        truth, known = Truth(y=y, clusters=got.clusters), Problem(task=task, objective=objective)
        score = corrected(truth, candidates, known, rule=BEST_TRIAL, draws=Draws(number=50))
        for name, interval in score.held_out.items():
            assert interval.low <= interval.value <= interval.high, name
        assert all(np.isfinite(list(score.naive.values())))
    without = weighted_scores(Truth(y=y), candidates[0].predictions, (y < len(counts) - 1)[None], known)
    undefined = {name for name, values in without.items() if np.isnan(values).all()}
    assert {"roc_auc", "macro_f1", "balanced_accuracy"} <= undefined, "without a row of a class they are unknown, not 0"
    assert not undefined & {"accuracy", "log_loss", "brier"}


def test_class_weights_of_a_choice_are_those_of_the_drawn_rows():
    """Rows that were not drawn have no say in how much a class counts."""
    rng = np.random.default_rng(0)
    y, losses = rng.integers(0, 3, 90), rng.uniform(size=(90, 4))
    weights = rng.integers(0, 3, (8, 90)).astype(np.uint8)
    weights[:, :30] = 0
    other = np.where(np.arange(90) < 30, 0, y)
    found = choice.balanced_sums(Truth(y=y), losses, weights, 1.0)
    np.testing.assert_array_equal(found, choice.balanced_sums(Truth(y=other), losses, weights, 1.0))
    # With an exponent of 1 every class counts the same: sums of the classes' means.
    means = [np.average(losses[y == c], axis=0, weights=weights[0, y == c]) for c in range(3)]
    np.testing.assert_allclose(found[0], np.sum(means, axis=0))
    doubled = np.where(np.arange(90) == 40, 2.0, 1.0)
    twice = weights * doubled.astype(np.uint8)
    np.testing.assert_allclose(
        choice.balanced_sums(Truth(y=y, weights=doubled), losses, weights, 0.5),
        choice.balanced_sums(Truth(y=y), losses, twice, 0.5),
    )

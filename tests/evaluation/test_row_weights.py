"""Weights of rows, quantiles and rare classes in choices, scores, baselines."""

from __future__ import annotations

import numpy as np
import pytest
from autoft.evaluation.weighted_metrics import point_scores, weighted_scores

from autoft.evaluation import blend
from autoft.evaluation import selection as choice
from autoft.evaluation.baselines import compare, run
from autoft.evaluation.correction import PairCandidate, corrected, holdout, nested
from autoft.evaluation.decision_rule import RuleFitter
from autoft.evaluation.ensemble_gain import bag_calibration, bag_gain, pairs_of
from autoft.evaluation.folds import members, split
from autoft.evaluation.losses import class_weights, pinball, row_losses
from autoft.evaluation.metrics import objectives
from autoft.evaluation.selection import Candidate, choose
from autoft.records import Costs

TASKS = ("binary", "multiclass", "regression")
OBJECTIVES = {"binary": "f1", "multiclass": "log_loss", "regression": "pinball"}


def problem(task, rows=120, trials=3, seed=0):
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
    known = {"task": task, "objective": OBJECTIVES[task], "positive_index": 1}
    known["quantile"] = 0.8 if task == "regression" else None
    return y, candidates, rng.integers(1, 4, rows), known


def repeated(candidates, counts):
    return [
        Candidate(trial=c.trial, epochs=c.epochs, predictions=np.repeat(c.predictions, counts, axis=0))
        for c in candidates
    ]


@pytest.mark.parametrize("task", TASKS)
def test_a_row_of_weight_two_scores_as_two_rows(task):
    y, candidates, counts, known = problem(task)
    predictions, more = candidates[0].predictions, {k: v for k, v in known.items() if k != "objective"}
    draws = np.random.default_rng(1).poisson(1.0, (4, len(y))).astype(np.uint8)
    one = weighted_scores(y, predictions, draws, row_weights=counts.astype(float), **more)
    other = weighted_scores(
        np.repeat(y, counts), np.repeat(predictions, counts, axis=0), np.repeat(draws, counts, axis=1), **more
    )
    assert set(one) == set(objectives(task, known["quantile"]))
    for name, values in one.items():
        np.testing.assert_allclose(values, other[name], atol=1e-10, err_msg=name)
    whole = point_scores(y, predictions, row_weights=counts.astype(float), **more)
    for name, value in point_scores(np.repeat(y, counts), np.repeat(predictions, counts, axis=0), **more).items():
        assert whole[name] == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize("task", TASKS)
def test_the_whole_verdict_is_that_of_repeated_rows(task):
    """Choice, correction, optimism: repeated rows are one cluster, so both are drawn alike."""
    y, candidates, counts, known = problem(task)
    clusters = np.arange(len(y))
    known["calibration"] = "auto"
    one = corrected(
        y, candidates, clusters=clusters, members=3, draws=60, seed=1, row_weights=counts.astype(float), **known
    )
    other = corrected(
        np.repeat(y, counts),
        repeated(candidates, counts),
        clusters=np.repeat(clusters, counts),
        members=3,
        draws=60,
        seed=1,
        **known,
    )
    assert (one.chosen, one.finish) == (other.chosen, other.finish)
    assert one.optimism == pytest.approx(other.optimism, abs=1e-9)
    for name, interval in one.held_out.items():
        ends = [(getattr(interval, end), getattr(other.held_out[name], end)) for end in ("value", "low", "high")]
        assert all(a == pytest.approx(b, abs=1e-9) for a, b in ends), name
    plain = corrected(y, candidates, clusters=clusters, members=3, draws=60, seed=1, **known)
    assert plain.validation != pytest.approx(one.validation, abs=1e-6)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_a_row_of_weight_two_decides_calibration_and_threshold_as_two_rows(task):
    """On all rows, on draws, and for the bag; a row of weight 0 has no say. Plain weights say something else."""
    rng, n, classes = np.random.default_rng(1), 600, 2 if task == "binary" else 3
    logits = rng.normal([0.0, -1.5, 0.0][:classes], 1.5, (n, classes))
    y = np.array([rng.choice(classes, p=p / p.sum()) for p in np.exp(logits)])
    p = np.exp(1.8 * logits) / np.exp(1.8 * logits).sum(axis=1, keepdims=True)
    # Rows that are certain of what is wrong weigh most.
    counts = np.where(p[np.arange(n), y] < 0.3, 2, 1)
    draws = np.vstack([np.ones(n), rng.integers(0, 3, (5, n))]).astype(np.uint8)
    known = {"task": task, "objective": "f1", "positive_index": 1, "costs": Costs(false_negative=2, false_positive=1)}
    clusters = np.arange(n)
    one = RuleFitter(y, clusters, row_weights=counts.astype(float), **known).on_draws(p, draws)
    repeat = [np.repeat(a, counts, axis=0) for a in (y, clusters, p)]
    other = RuleFitter(repeat[0], repeat[1], **known).on_draws(repeat[2], np.repeat(draws, counts, axis=1))
    assert one == other
    plain = RuleFitter(y, clusters, **known).on_draws(p, draws)
    assert all(a.calibration.temperature > 1.05 * b.calibration.temperature for a, b in zip(one, plain, strict=True))
    if task == "binary":
        assert [a.threshold for a in one] != [b.threshold for b in plain]
    some = np.where(np.arange(n) % 5 == 0, 0.0, counts)
    wrong = np.where(some > 0, y, (y + 1) % classes)
    honest, corrupted = (
        RuleFitter(truth, clusters, row_weights=some, **known).on_draws(p, draws) for truth in (y, wrong)
    )
    assert honest == corrupted != one
    blocks = np.arange(n) % 3
    bag = {"blocks": blocks, "method": "temperature"}
    answers = {pair: p[:, ::-1] * 0.2 * i + p * (1 - 0.2 * i) for i, pair in enumerate(pairs_of(3))}
    again = {pair: np.repeat(a, counts, axis=0) for pair, a in answers.items()}
    found = bag_calibration(y, answers, row_weights=counts.astype(float), **bag)
    assert found == bag_calibration(repeat[0], again, **{**bag, "blocks": np.repeat(blocks, counts)})
    assert found != bag_calibration(y, answers, **bag)


def test_costs_count_weights():
    y, p = np.array([1, 1, 0, 0]), np.array([[0.9, 0.1], [0.1, 0.9], [0.4, 0.6], [0.8, 0.2]])
    known = {"task": "binary", "positive_index": 1, "costs": Costs(false_negative=5.0, false_positive=2.0)}
    found = point_scores(y, p, row_weights=np.array([3.0, 1.0, 2.0, 4.0]), **known)
    assert found["cost"] == pytest.approx((3 * 5 + 2 * 2) / 10)
    low = point_scores(y, p, row_weights=np.array([3.0, 1.0, 2.0, 4.0]), threshold=0.05, **known)
    assert low["cost"] == pytest.approx(6 * 2 / 10)


def test_equal_weights_change_no_digit():
    y, candidates, _, known = problem("binary")
    common = {"clusters": np.arange(len(y)), "draws": 60, "seed": 1, "members": 3, **known}
    one, other = corrected(y, candidates, **common), corrected(y, candidates, row_weights=np.ones(len(y)), **common)
    assert one.chosen == other.chosen
    for name, interval in one.held_out.items():
        assert interval.value == pytest.approx(other.held_out[name].value, abs=1e-12), name


def test_a_holdout_and_the_gain_of_a_bag_count_weights():
    y, candidates, counts, known = problem("regression")
    rows, weights = np.arange(60, 120), counts.astype(float)
    predictions = candidates[1].predictions
    for c in candidates:
        c.predictions[rows] = np.nan
    own = predictions.copy()
    own[rows] = 0.3
    found = holdout(
        y, candidates, own, rows=rows, clusters=np.arange(120), draws=50, seed=0, row_weights=weights, **known
    )
    expected = np.average(pinball(y[rows], own[rows], 0.8), weights=weights[rows])
    assert found.held_out["pinball"].value == pytest.approx(expected)
    blocks = np.arange(120) % 3
    answers = {pair: y + np.random.default_rng(sum(pair)).normal(size=120) for pair in pairs_of(3)}
    more = {"blocks": blocks, "task": "regression", "positive_index": 1, "quantile": 0.8}
    whole = bag_gain(y, answers, row_weights=weights, **more)
    twice = bag_gain(
        np.repeat(y, counts),
        {k: np.repeat(v, counts) for k, v in answers.items()},
        **{**more, "blocks": np.repeat(blocks, counts)},
    )
    assert whole.keys() == twice.keys() >= {"pinball"}
    assert all(whole[name] == pytest.approx(twice[name], abs=1e-9) for name in whole)


@pytest.mark.parametrize("task", TASKS)
def test_nested_counts_weights_and_chooses_by_the_trained_loss(task):
    y, candidates, counts, known = problem(task, rows=90)
    blocks, clusters, numbers = np.arange(90) % 3, np.arange(90), [(0, 1), (0, 2), (1, 2)]

    def verdict(counts, **more):
        repeat = [np.repeat(a, counts) for a in (y, blocks, clusters)]
        own = repeated(candidates, counts)
        pairs = [
            PairCandidate(
                trial=c.trial,
                epochs=c.epochs,
                pairs=dict.fromkeys(numbers, c.predictions),
            )
            for c in own
        ]
        choice = {"members": 2, "draws": 40, "seed": 0, **known, **more}
        return nested(repeat[0], pairs, candidates=own, blocks=repeat[1], clusters=repeat[2], **choice)

    one, other = verdict(np.ones(90, int), row_weights=counts.astype(float)), verdict(counts)
    assert one.chosen == other.chosen
    for name, interval in one.held_out.items():
        assert interval.value == pytest.approx(other.held_out[name].value, abs=1e-9), name


def test_checkpoints_are_chosen_by_the_loss_that_was_trained():
    """One is nearer in squares, the other lies at the quantile; classes that weigh more prefer what finds them."""
    y = np.random.default_rng(0).normal(size=400)
    pair = [Candidate(trial=0, epochs=e, predictions=np.full(400, v)) for e, v in ((1, 0.0), (2, np.quantile(y, 0.9)))]
    known = {"task": "regression", "positive_index": 1}
    assert choose(y, pair, objective="rmse", **known) == ((0, 1.0),)
    assert choose(y, pair, objective="pinball", quantile=0.9, **known) == ((1, 1.0),)
    outlier = np.r_[np.zeros(9), 100.0]
    pair = [Candidate(trial=0, epochs=e, predictions=np.full(10, v)) for e, v in ((1, 10.0), (2, 0.0))]
    assert choose(outlier, pair, objective="r2", **known) == ((0, 1.0),)
    assert choose(outlier, pair, objective="mae", **known) == ((1, 1.0),)
    labels = np.repeat([0, 1], [90, 10])
    usual = np.tile([0.9, 0.1], (100, 1))
    keen = np.where(labels[:, None] == 1, [[0.2, 0.8]], [[0.6, 0.4]])
    assert row_losses(labels, usual).mean() < row_losses(labels, keen).mean()
    for balance, expected in ((0.0, 0), (1.0, 1)):
        pair = [Candidate(trial=0, epochs=e, predictions=p, balance=balance) for e, p in ((1, usual), (2, keen))]
        chosen = choose(labels, pair, task="binary", objective="log_loss", positive_index=1)
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
    blocks, _ = split(y, task=task, folds=3, keys=np.arange(150, dtype=np.uint64), seed=0)
    stack = members(blocks, "corrected")
    weights = rng.integers(0, 3, 150).astype(float)
    quantile = 0.9 if task == "regression" else None
    common = {"categorical": np.zeros(2, bool), "members": stack, "task": task, "seed": 0, "quantile": quantile}
    found = run(x, y=y, row_weights=weights, **common)
    changed = y.copy()
    changed[weights == 0] = y[weights == 0][::-1]
    again = run(x, y=changed, row_weights=weights, **common)
    for name, predictions in found.items():
        np.testing.assert_array_equal(predictions, again[name], err_msg=name)
    own = stack[0].train
    if task == "regression":
        for name, predictions in found.items():
            assert 0.75 < np.average(y <= predictions, weights=weights) <= 1, name
    else:
        shares = np.bincount(y[own], weights[own]) / weights[own].sum()
        np.testing.assert_allclose(found["constant"][stack[0].held_out[0]], shares)
    objective, clusters = OBJECTIVES[task], blocks.clusters
    known = {"task": task, "positive_index": 1, "row_weights": weights}
    lines = compare(
        y,
        found["linear"],
        {"linear": found["linear"]},
        clusters=clusters,
        objective=objective,
        draws=50,
        seed=0,
        quantile=quantile,
        **known,
    )
    finisher = RuleFitter(y, clusters, objective=objective, calibration="none", **known)
    threshold = finisher.on_all_rows(found["linear"]).threshold
    expected = point_scores(y, found["linear"], threshold=threshold, quantile=quantile, **known)[objective]
    assert lines[0].metrics[objective].value == pytest.approx(expected)


@pytest.mark.parametrize("rare", [2, 3, 5])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_rare_classes_are_in_every_fold_and_scores_are_defined_or_null(task, rare):
    counts = [90, rare] if task == "binary" else [60, 40, rare]
    y = np.repeat(np.arange(len(counts)), counts)
    keys = np.arange(len(y), dtype=np.uint64)
    got, findings = split(y, task=task, folds=5, keys=keys, seed=0, classes=("a", "b", "c"))
    assert got.k == min(5, rare)
    assert all(set(y[got.blocks == k]) == set(y) for k in range(got.k))
    told = [f"class '{'abc'[len(counts) - 1]}' has {rare} distinct rows" in f.found for f in findings]
    assert told == ([True] if rare < 5 else [])
    p = np.random.default_rng(0).dirichlet(np.ones(len(counts)), len(y)) + 0.5 * np.eye(len(counts))[y]
    candidates = [Candidate(trial=0, epochs=1, predictions=p / p.sum(axis=1, keepdims=True))]
    for objective in ("f1", "roc_auc", "log_loss"):
        verdict = corrected(
            y, candidates, clusters=got.clusters, task=task, objective=objective, positive_index=1, draws=50, seed=0
        )
        for name, interval in verdict.held_out.items():
            assert interval.low <= interval.value <= interval.high, name
        assert all(np.isfinite(list(verdict.naive.values())))
    without = weighted_scores(y, candidates[0].predictions, (y < len(counts) - 1)[None], task=task, positive_index=1)
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
    found = choice.balanced_sums(y, losses, weights, 1.0)
    np.testing.assert_array_equal(found, choice.balanced_sums(other, losses, weights, 1.0))
    # With an exponent of 1 every class counts the same: sums of the classes' means.
    means = [np.average(losses[y == c], axis=0, weights=weights[0, y == c]) for c in range(3)]
    np.testing.assert_allclose(found[0], np.sum(means, axis=0))
    doubled = np.where(np.arange(90) == 40, 2.0, 1.0)
    twice = weights * doubled.astype(np.uint8)
    np.testing.assert_allclose(
        choice.balanced_sums(y, losses, weights, 0.5, doubled), choice.balanced_sums(y, losses, twice, 0.5)
    )

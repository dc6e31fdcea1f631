"""The corrected score against known truth: useless trials, real signal, and the machinery of the draws."""

import numpy as np
import pytest
from choices_help import choose

from autoft.errors import EvaluationError
from autoft.evaluation import selection
from autoft.evaluation.bootstrap import draw, mean_interval
from autoft.evaluation.correction import PairCandidate, corrected, fixed, holdout, nested
from autoft.evaluation.scores import over_classes, why_undefined
from autoft.evaluation.selection import Candidate
from autoft.records.problem import BEST_TRIAL, Draws, Problem, Truth

BINARY = Problem(task="binary", objective="roc_auc")
RMSE = Problem(task="regression", objective="rmse")
MAE = Problem(task="regression", objective="mae")
ROWS, FOLDS, FEATURES, TRIALS = 200, 5, 60, 40


def both(p):
    return np.stack([1 - p, p], axis=1)


def ridge(x, y, fresh, strength=5.0):
    """Scores of a linear classifier in closed form, squeezed into probabilities."""
    x, fresh = (np.c_[np.ones(len(part)), part] for part in (x, fresh))
    weights = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ (y - y.mean()))
    return 1 / (1 + np.exp(-4 * fresh @ weights))


def simulation(seed, signal, pairs=False):
    """Trials on random 8-of-60 feature subsets: their held-out predictions and what a trial is truly worth."""
    rng = np.random.default_rng(seed)
    weights = signal * rng.normal(size=FEATURES)
    x, fresh = rng.normal(size=(ROWS, FEATURES)), rng.normal(size=(4000, FEATURES))
    y, truth = ((rng.random(len(part)) < 1 / (1 + np.exp(-part @ weights))).astype(int) for part in (x, fresh))
    blocks = rng.permutation(ROWS) % FOLDS
    used = [rng.choice(FEATURES, 8, replace=False) for _ in range(TRIALS)]
    candidates, paired = [], []
    for trial, use in enumerate(used):
        p = np.empty(ROWS)
        for block in range(FOLDS):
            p[blocks == block] = ridge(x[blocks != block][:, use], y[blocks != block], x[blocks == block][:, use])
        candidates.append(Candidate(trial=trial, epochs=1, predictions=both(p).astype(np.float32)))
        if pairs:
            paired.append(PairCandidate(trial=trial, epochs=1, pairs=pair_predictions(x[:, use], y, blocks)))

    def worth(trial):
        use = used[trial]
        bag = [ridge(x[blocks != b][:, use], y[blocks != b], fresh[:, use]) for b in range(FOLDS)]
        return auc(truth, np.mean(bag, axis=0)) if signal else 0.5

    return y, candidates, worth, blocks, paired


def pair_predictions(x, y, blocks):
    result = {}
    for i in range(FOLDS):
        for j in range(i + 1, FOLDS):
            out = (blocks == i) | (blocks == j)
            p = np.full(len(y), np.nan)
            p[out] = ridge(x[~out], y[~out], x[out])
            result[i, j] = both(p)
    return result


def auc(y, score):
    rank = np.argsort(np.argsort(score)) + 1
    positive = y.sum()
    return (rank[y == 1].sum() - positive * (positive + 1) / 2) / (positive * (len(y) - positive))


@pytest.mark.parametrize(("signal", "flattery"), [(0.0, 0.06), pytest.param(0.12, 0.03, marks=pytest.mark.slow)])
def test_the_correction_takes_off_the_flattery(signal, flattery):
    naive, honest, covered = [], [], []
    # Over 120 seeds without signal: .524 where the truth is .500 and the naive score .596.
    for seed in range(60):
        y, candidates, worth, _, _ = simulation(seed, signal)
        got = corrected(Truth(y=y), candidates, BINARY, rule=BEST_TRIAL, draws=Draws(number=50, seed=seed))
        truth, held_out = worth(got.chosen[0][0]), got.held_out["roc_auc"]
        naive.append(got.validation - truth)
        honest.append(held_out.value - truth)
        covered.append(held_out.low <= truth <= held_out.high)
    assert np.mean(naive) > flattery
    assert abs(np.mean(honest)) < 0.03
    assert np.mean(covered) >= 0.9


def test_nested_is_unbiased_without_signal():
    values = []
    for seed in range(8):
        y, candidates, _, blocks, pairs = simulation(100 + seed, 0.0, pairs=True)
        truth = Truth(y=y, blocks=blocks)
        got = nested(truth, candidates, BINARY, pairs=pairs, rule=BEST_TRIAL, draws=Draws(number=5))
        values.append(got.held_out["roc_auc"].value)
        assert got.validation - got.optimism == pytest.approx(values[-1])
    assert abs(np.mean(values) - 0.5) < 0.03


def test_nested_never_looks_at_models_that_saw_the_block():
    y, candidates, _, blocks, pairs = simulation(7, 0.0, pairs=True)
    # What the pair (0, 1) says about the rows of block 1 may change the choice for block 0, and only that.
    flat = [np.where((blocks == 1)[:, None], 0.5, pair.pairs[0, 1]) for pair in pairs]
    changed = [
        PairCandidate(trial=pair.trial, epochs=1, pairs={**pair.pairs, (0, 1): p})
        for pair, p in zip(pairs, flat, strict=True)
    ]
    truth, draws = Truth(y=y, blocks=blocks), Draws(number=5)
    before, after = (
        nested(truth, candidates, BINARY, pairs=each, rule=BEST_TRIAL, draws=draws).predictions
        for each in (pairs, changed)
    )
    assert (before[blocks > 1] == after[blocks > 1]).all()
    assert (before[blocks == 1] != after[blocks == 1]).any()


def regression(trials=6, rows=120, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=rows)
    return y, [Candidate(trial=t, epochs=1, predictions=rng.normal(size=rows) * 0.1) for t in range(trials)]


def test_optimism_is_positive_where_less_is_better():
    gained = []
    for seed in range(10):
        y, candidates = regression(trials=30, seed=seed)
        got = corrected(Truth(y=y), candidates, RMSE, rule=BEST_TRIAL, draws=Draws(number=60))
        assert got.optimism == pytest.approx(got.held_out["rmse"].value - got.validation)
        gained.append(got.optimism)
    assert np.mean(gained) > 0


@pytest.mark.parametrize(
    ("default", "others", "low", "high"),
    [(0.1, 2.0, 0.0, 0.0), (2.0, 0.1, 0.0, 0.0), (1.0, 0.9, 0.01, 0.5), (1.0, 1.0, 0.2, 0.8)],
    ids=["best", "worst", "behind", "equal"],
)
def test_probability_that_tuning_made_it_worse(default: float, others: float, low: float, high: float):
    """The first trial is the default configuration; here with errors as large as its, smaller or larger ones."""
    rng = np.random.default_rng(1)
    y = rng.normal(size=300)
    errors = [default, *[others] * 5]
    found = [Candidate(trial=t, epochs=1, predictions=y + rng.normal(size=300) * e) for t, e in enumerate(errors)]

    def chance(candidates):
        return corrected(Truth(y=y), candidates, RMSE, rule=BEST_TRIAL, draws=Draws(number=100)).worse_than_default

    assert low <= chance(found) <= high
    assert chance(found[:1]) is None
    assert chance(found[1:]) is None


def test_checkpoints_are_chosen_by_loss_trials_by_objective():
    truth = Truth(y=np.array([0, 0, 1, 1]))
    ranks_well = Candidate(trial=1, epochs=9, predictions=both(np.array([0.6, 0.7, 0.8, 0.9])))
    fits_well = Candidate(trial=1, epochs=3, predictions=both(np.array([0.1, 0.6, 0.5, 0.9])))
    other = Candidate(trial=0, epochs=1, predictions=both(np.array([0.49, 0.51, 0.5, 0.52])))
    # Trial 1 stops at epoch 3, where its AUC ties with trial 0; the lower number wins.
    assert choose(truth, [ranks_well, fits_well, other], BINARY) == ((2, 1.0),)
    assert choose(truth, [ranks_well, fits_well], BINARY) == ((1, 1.0),)
    assert choose(truth, [ranks_well, other], BINARY) == ((0, 1.0),)


def test_rows_without_predictions_do_not_count():
    y, candidates = regression()
    rows = np.arange(120) >= 20
    partly = [Candidate(trial=c.trial, epochs=1, predictions=np.where(rows, c.predictions, np.nan)) for c in candidates]
    whole = [Candidate(trial=c.trial, epochs=1, predictions=c.predictions[rows]) for c in candidates]
    got = corrected(Truth(y=y), partly, RMSE, rule=BEST_TRIAL, draws=Draws(number=20))
    expected = corrected(Truth(y=y[rows]), whole, RMSE, rule=BEST_TRIAL, draws=Draws(number=20))
    assert got.held_out == expected.held_out
    assert got.rows.tolist() == np.flatnonzero(rows).tolist()
    assert np.isnan(got.predictions[:20]).all()


def test_equal_seeds_give_equal_verdicts():
    y, candidates = regression()
    first, second, other = (
        corrected(Truth(y=y), candidates, MAE, rule=BEST_TRIAL, draws=Draws(number=40, seed=s)) for s in (1, 1, 2)
    )
    assert first.held_out == second.held_out
    assert first.held_out != other.held_out


def test_clusters_are_never_both_in_and_out_of_the_bag():
    clusters = np.random.default_rng(0).integers(30, size=100)
    counts = draw(clusters, Draws(number=50))
    for cluster in np.unique(clusters):
        own = counts[:, clusters == cluster]
        assert (own == own[:, :1]).all()
    assert 0.3 < (counts == 0).mean() < 0.43
    assert (draw(clusters, Draws(number=10)) == counts[:10]).all()


def test_hopeless_trials_sit_out_without_changing_the_outcome(monkeypatch):
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    quality = [0.4, 0.38, 0.36] + [0.0] * 10
    candidates = [
        Candidate(trial=t, epochs=1, predictions=both(np.clip(0.5 + q * (y - 0.5) + rng.normal(size=400) * 0.2, 0, 1)))
        for t, q in enumerate(quality)
    ]
    settings = {"rule": BEST_TRIAL, "draws": Draws(number=220)}
    full = corrected(Truth(y=y), candidates, BINARY, **settings)
    monkeypatch.setattr(selection, "AFFORDABLE", 300_000)
    asked = []
    objective = selection.Replay._objective
    monkeypatch.setattr(selection.Replay, "_objective", lambda *a: asked.append(a[2].shape[0]) or objective(*a))
    saved = corrected(Truth(y=y), candidates, BINARY, **settings)
    assert saved.held_out == full.held_out
    assert len([draws for draws in asked if draws == selection.PILOT]) == 13
    assert len([draws for draws in asked if draws > selection.PILOT]) == 3


def test_large_problems_get_fewer_draws(monkeypatch):
    y, candidates = regression()
    monkeypatch.setattr(selection, "AFFORDABLE", 1)
    got = corrected(Truth(y=y), candidates, RMSE, rule=BEST_TRIAL, draws=Draws(number=500))
    assert got.draws.number == selection.FEWEST_DRAWS


def test_holdout_scores_the_untouched_rows_only():
    y, candidates = regression()
    rows = np.arange(100, 120)
    touched = [
        Candidate(trial=c.trial, epochs=1, predictions=np.where(np.arange(120) < 100, c.predictions, np.nan))
        for c in candidates
    ]
    truth = Truth(y=y, blocks=np.where(np.arange(120) < 100, 0, -1))
    deployed = np.where(np.arange(120) < 100, np.nan, y + 1)
    got = holdout(truth, touched, MAE, predictions=deployed, rule=BEST_TRIAL, draws=Draws(number=20))
    interval = got.held_out["mae"]
    assert (interval.value, interval.low, interval.high) == pytest.approx((1, 1, 1))
    assert fixed(truth.take(rows), deployed[rows], MAE, Draws(number=20)).held_out == got.held_out


def test_undefined_draws_are_left_out():
    assert mean_interval(np.array([np.nan, 1.0, 3.0])).value == 2.0
    assert np.isnan(mean_interval(np.array([np.nan])).low)


def test_no_candidate_and_no_common_row_are_errors():
    zeros = Truth(y=np.zeros(3))
    with pytest.raises(EvaluationError, match="no trial has held-out predictions"):
        choose(zeros, [], RMSE)
    with pytest.raises(EvaluationError, match="no such row in common"):
        choose(zeros, [Candidate(trial=0, epochs=1, predictions=np.full(3, np.nan))], RMSE)
    one_class = Candidate(trial=0, epochs=1, predictions=both(np.array([0.1, 0.2, 0.3])))
    with pytest.raises(EvaluationError, match="Objective 'roc_auc' must be defined"):
        choose(Truth(y=np.zeros(3, dtype=int)), [one_class], BINARY)


def test_macro_scores_of_many_small_classes_have_intervals_around_the_truth():
    """20 classes of 3 rows: no draw leaves out rows of every class, and few choose on all of them."""
    rng, classes = np.random.default_rng(0), 20
    y = np.repeat(np.arange(classes), 3)
    predictions = rng.dirichlet(np.ones(classes), len(y)) + 0.1 * np.eye(classes)[y]
    predictions /= predictions.sum(axis=1, keepdims=True)
    truth, problem = Truth(y=y), Problem(task="multiclass", objective="balanced_accuracy")
    score = corrected(
        truth, [Candidate(trial=0, epochs=1, predictions=predictions)], problem, rule=BEST_TRIAL, draws=Draws(number=60)
    )
    naive = fixed(truth, predictions, problem, Draws(number=60)).held_out
    for name in ("balanced_accuracy", "macro_f1", "precision", "roc_auc", "pr_auc", "accuracy"):
        interval, whole = score.held_out[name], naive[name]
        assert 0 <= interval.low < interval.high <= 1, name
        assert np.isfinite([whole.low, whole.high]).all(), name
        if name in ("balanced_accuracy", "roc_auc"):  # linear in the rows of a class: equal but for the noise of draws
            assert interval.value == pytest.approx(score.naive[name], abs=0.03), name


def test_a_rare_class_that_is_never_right_counts_like_the_others():
    """Averaging over the classes that a draw has would say .73 where .6 is true."""
    y = np.concatenate([np.repeat(np.arange(5), 30), np.arange(5, 10)])
    right = np.where(y < 6, y, 0)
    predictions = np.eye(10)[right] * 0.9 + 0.01
    found = fixed(Truth(y=y), predictions, Problem(task="multiclass", objective="balanced_accuracy"), Draws(number=300))
    samples = found.samples["balanced_accuracy"]
    assert np.isfinite(samples).all()
    assert samples.mean() == pytest.approx(0.6, abs=1e-9)


def test_few_draws_without_a_class_are_skipped_as_ever():
    by_class = np.array([[1.0, 0.5], [0.4, np.nan], [0.8, 0.2], [np.nan, np.nan]])
    np.testing.assert_array_equal(over_classes(by_class), [0.75, np.nan, 0.5, np.nan])
    np.testing.assert_array_equal(over_classes(np.array([[np.nan, 1.0], [np.nan, 0.5]])), [np.nan, np.nan])


@pytest.mark.parametrize(
    ("y", "defined", "why"),
    [
        (np.array([], dtype=int), False, "no rows"),
        (np.array([1, 1]), False, "one class only"),
        (np.array([2.0, 2.0]), False, "one value only"),
        (np.array([0, 1, 1]), False, "a class is missing"),
        (np.array([0, 1]), True, "too few rows"),
    ],
    ids=["none", "class", "value", "missing", "few"],
)
def test_a_missing_interval_has_a_reason(y, defined, why):
    assert why_undefined(y, defined) == why

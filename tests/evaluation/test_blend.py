"""Blends: the selection by hand and by brute force, and that the score of a blend pays for its choice."""

from itertools import product

import numpy as np
import pytest
from choices_help import choose

from autoft.evaluation import blend, selection
from autoft.evaluation.correction import corrected
from autoft.evaluation.scores import scores
from autoft.evaluation.selection import Candidate, mixed
from autoft.records.problem import Draws, Problem, SelectionRule, Truth

BINARY = Problem(task="binary", objective="roc_auc")
REGRESSION = Problem(task="regression", objective="rmse")


def gram_of(wrong: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    return blend.products(wrong[:, None, :], np.ones(len(wrong)) if weights is None else weights)


def test_products_are_weighted_sums_of_squares():
    rng = np.random.default_rng(0)
    wrong, weights = rng.normal(size=(7, 3, 4)), rng.integers(0, 3, 7)
    expected = sum(w * wrong[i, c][:, None] * wrong[i, c] for i, w in enumerate(weights) for c in range(3))
    np.testing.assert_allclose(blend.products(wrong, weights), expected)


@pytest.mark.parametrize("seed", range(5))
def test_greedy_selection_is_close_to_the_best_of_all_blends(seed: int):
    rng = np.random.default_rng(seed)
    wrong = rng.normal(size=(200, 3)) * rng.uniform(0.7, 1.3, 3) + rng.normal(size=(200, 1))
    order = np.argsort(np.square(wrong).sum(axis=0))
    gram = gram_of(wrong[:, order])
    shares = blend.select(gram, 3)
    grid = (np.array([a, b, 12 - a - b]) / 12 for a, b in product(range(13), repeat=2) if a + b <= 12)
    best = min(float(g @ gram @ g) for g in grid)
    assert float(shares @ gram @ shares) <= best * 1.01
    assert shares.sum() == pytest.approx(1.0)


def test_a_blend_holds_no_more_trials_than_are_allowed():
    wrong = np.random.default_rng(0).normal(size=(300, 8))
    for members in (1, 2, 5):
        shares = blend.select(gram_of(wrong), members)
        assert np.count_nonzero(shares) == members
        assert shares[0] > 0


def test_errors_by_task():
    y, p = np.array([0, 1]), np.array([[0.9, 0.1], [0.4, 0.6]], np.float32)
    np.testing.assert_allclose(blend.errors(y, p, "binary", 0), [[-0.1], [0.4]], atol=1e-6)
    np.testing.assert_allclose(blend.errors(y, p, "multiclass", 0), [[-0.1, 0.1], [0.4, -0.4]], atol=1e-6)
    np.testing.assert_allclose(blend.errors(np.array([1.0, 2]), np.array([3.0, 2]), "regression", 0, 2.0), [[1], [0]])


def candidates(n: int, trials: int, *, noise: float, seed: int = 0) -> tuple[np.ndarray, list[Candidate]]:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n)
    return y, [Candidate(trial=t, epochs=1, predictions=y + rng.normal(0, noise, n)) for t in range(trials)]


def test_independent_errors_are_averaged_away():
    y, found = candidates(500, 6, noise=1.0)
    alone, together = (choose(Truth(y=y), found, REGRESSION, members=m) for m in (1, 5))
    assert len(alone) == 1
    assert len(together) == 5
    rmse = [scores(Truth(y=y), mixed(found, c), REGRESSION)["rmse"] for c in (alone, together)]
    assert rmse[1] < 0.6 * rmse[0]


def test_a_blend_begins_with_the_best_by_the_objective():
    """The second is the better by squared error, the first by ROC-AUC; with one place it is the first alone."""
    truth = Truth(y=np.array([0, 0, 1, 1]))
    ranks = Candidate(
        trial=0, epochs=1, predictions=np.stack([1 - (s := np.array([0.40, 0.41, 0.42, 0.43])), s], axis=1)
    )
    fits = Candidate(trial=1, epochs=1, predictions=np.stack([1 - (s := np.array([0.1, 0.6, 0.5, 0.9])), s], axis=1))
    assert choose(truth, [ranks, fits], BINARY) == ((0, 1.0),)
    both = dict(choose(truth, [ranks, fits], BINARY, members=2))
    assert both[0] > 0


def test_large_tables_take_the_best_trial_alone(monkeypatch: pytest.MonkeyPatch):
    y, found = candidates(50, 3, noise=1.0)
    monkeypatch.setattr(selection, "MOST_ROWS_BLENDED", 49)
    assert len(choose(Truth(y=y), found, REGRESSION, members=5)) == 1


def test_the_score_of_a_blend_of_noise_is_that_of_noise():
    """Forty trials of pure chance: a blend that fits them to the rows must not look better than chance."""
    flattered, honest = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, 150)
        drawn = rng.uniform(0.2, 0.8, (40, 150))
        found = [Candidate(trial=t, epochs=1, predictions=np.stack([1 - p, p], axis=1)) for t, p in enumerate(drawn)]
        draws = Draws(number=60, seed=seed)
        score = corrected(Truth(y=y), found, BINARY, rule=SelectionRule(members=5), draws=draws)
        flattered.append(score.validation)
        honest.append(score.held_out["roc_auc"].value)
        assert score.optimism > 0.03
    assert np.mean(flattered) > 0.6
    assert np.mean(honest) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_rows_that_were_not_drawn_have_no_say_in_the_choice(task: str):
    """Their labels and every prediction for them are corrupted: the draws choose the same trials and weights."""
    rng, n = np.random.default_rng(0), 120
    y = rng.normal(size=n) if task == "regression" else rng.integers(0, 2 if task == "binary" else 3, n)
    weights = rng.integers(0, 3, (20, n)).astype(np.uint8)
    out = np.arange(n) < 30
    weights[:, out] = 0
    objective = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[task]

    def picks(truth: np.ndarray, corrupt: bool) -> list[selection.Blend]:
        noise = np.random.default_rng(1)
        found = []
        for trial, epochs in product(range(6), (1, 2)):
            if task == "regression":
                p = y + noise.normal(0, 1, n)
            else:
                p = noise.dirichlet(np.ones(int(y.max()) + 1), n) + 0.3 * np.eye(int(y.max()) + 1)[y]
                p /= p.sum(axis=1, keepdims=True)
            p = np.where(out if p.ndim == 1 else out[:, None], p[::-1], p) if corrupt else p
            found.append(Candidate(trial=trial, epochs=epochs, predictions=p))
        problem = Problem(task=task, objective=objective)  # type: ignore[arg-type]
        replay = selection.Replay(Truth(y=truth), found, problem, SelectionRule(members=5))
        return replay.picks(weights)

    other = np.where(out, y + 50.0 if task == "regression" else (y + 1) % (int(y.max()) + 1), y)
    honest = picks(y, corrupt=False)
    assert honest == picks(other, corrupt=True)
    assert len(set(honest)) > 1
    assert any(len(pick) > 1 for pick in honest)


def test_blends_follow_the_draw():
    """Two halves of the rows, each with a trial that is right there alone: draws differ in what they blend."""
    y, n = np.linspace(-1, 1, 200), 200
    half = np.arange(n) < n // 2
    rng = np.random.default_rng(0)
    found = [
        Candidate(trial=t, epochs=1, predictions=np.where(here, y, y + rng.normal(0, 2, n)))
        for t, here in enumerate((half, ~half))
    ]
    replay = selection.Replay(Truth(y=y), found, REGRESSION, SelectionRule(members=2))
    first, second = replay.picks(np.stack([3 * half + 1 * ~half, 1 * half + 3 * ~half]).astype(np.uint8))
    assert dict(first)[0] > dict(first)[1]
    assert dict(second)[1] > dict(second)[0]

"""The audit's tree predicts what scikit-learn's predicts, without importing it."""

from __future__ import annotations

import numpy as np
import pytest

from autoft.data.audit import stump


def halves(rows: int) -> np.ndarray:
    return np.random.default_rng(3).random(rows) < 0.5


@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize("distinct", [3, 20, 400])
def test_classes_as_by_scikit_learn(classes, distinct):
    from sklearn.metrics import roc_auc_score
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(classes)
    x = rng.integers(0, distinct, 500)
    y = np.where(rng.random(500) < 0.1, rng.integers(0, classes, 500), x * 7 % classes)
    half = halves(500)
    ours = stump.cross_predict(x[None], (y[:, None] == np.arange(classes)).astype(float), half, 12)[0]
    theirs = np.empty(ours.shape)
    for here in (half, ~half):
        fitted = DecisionTreeClassifier(max_depth=12, random_state=0).fit(x[~here, None], y[~here])
        theirs[here] = fitted.predict_proba(x[here, None])
    for c in range(classes):
        # Equal splits may be taken in another order, which moves a few rows.
        assert stump.area(y == c, ours[:, c]) == pytest.approx(roc_auc_score(y == c, theirs[:, c]), abs=0.01)


def test_numbers_as_by_scikit_learn():
    from sklearn.metrics import r2_score
    from sklearn.tree import DecisionTreeRegressor

    rng = np.random.default_rng(0)
    x = rng.permutation(600)
    y = np.sin(x / 40) + rng.normal(0, 0.1, 600)
    half = halves(600)
    ours = stump.cross_predict(x[None], y[:, None], half, 16)[0, :, 0]
    theirs = np.empty(600)
    for here in (half, ~half):
        theirs[here] = (
            DecisionTreeRegressor(max_depth=16, random_state=0).fit(x[~here, None], y[~here]).predict(x[here, None])
        )
    np.testing.assert_allclose(ours, theirs, atol=1e-9)
    assert stump.explained(y, ours) == pytest.approx(r2_score(y, theirs))


def test_area_counts_ties_as_half():
    truth = np.array([False, True, False, True])
    assert stump.area(truth, np.array([0.0, 1.0, 0.0, 1.0])) == 1.0
    assert stump.area(truth, np.zeros(4)) == 0.5


def test_a_pure_column_needs_no_split():
    assert (stump.cross_predict(np.arange(8)[None], np.ones((8, 1)), np.arange(8) % 2 == 0, 5) == 1.0).all()


@pytest.mark.parametrize("targets", [1, 3])
def test_a_column_among_others_gets_the_tree_that_it_gets_alone(targets):
    rng = np.random.default_rng(1)
    x = np.stack([rng.integers(-1, distinct, 300) for distinct in (1, 2, 9, 300, 40)])
    y, half = rng.normal(size=(300, targets)), halves(300)
    together = stump.cross_predict(x, y, half, 12)
    for column, predicted in zip(x, together, strict=True):
        np.testing.assert_array_equal(stump.cross_predict(column[None], y, half, 12)[0], predicted)

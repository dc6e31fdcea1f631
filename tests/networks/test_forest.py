"""Boosted trees as a layer: the raw scores of scikit-learn, on every cell that a table may hold."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from autoft.errors import SetupError
from autoft.networks.forest import ForestSize, Tree, forest_size, forest_weights, read_boosting, rounded_down, splits_of
from autoft.networks.forest_walk import ForestWalk
from autoft.networks.memory import cells_per_row
from autoft.preprocessing.registered_layers import registered_layers
from tests.networks_help import forest_network

ROWS, COLUMNS, CATEGORIES = 400, 6, [1, 4]
LARGEST = np.finfo(np.float32).max


def _table() -> tuple[np.ndarray, np.ndarray]:
    """Numbers with missing and infinite cells, a constant column, categories with gaps in their codes; a signal."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    x[:, 1], x[:, 2], x[:, 4] = rng.integers(0, 9, ROWS), 1.0, rng.choice([2, 7, 100, 250, 255], ROWS)
    signal = x[:, 0] + 2 * np.isin(x[:, 1], [1, 3, 8]) - np.isin(x[:, 4], [7, 255]) + 2 * np.abs(x[:, 3]) + x[:, 5]
    x[rng.random((ROWS, COLUMNS)) < [0.2, 0.1, 0, 0, 0, 0.05]] = np.nan
    for cell in (np.inf, -np.inf, LARGEST, -LARGEST):
        x[rng.random(ROWS) < 0.03, 3] = cell
    return x, signal + rng.normal(0, 0.3, ROWS)


X, SIGNAL = _table()
pytestmark = pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # quantiles of infinite cells
GIVEN = {"max_iter": 6, "categorical_features": CATEGORIES, "min_samples_leaf": 5}
OUTPUTS_3 = np.digitize(SIGNAL, [2.0, 4.0])


def _fitted(kind: Any, y: np.ndarray, **changes: Any) -> Any:
    weights = changes.pop("weights", None)
    with threadpool_limits(1):
        return kind(**{**GIVEN, **changes}).fit(X, y, sample_weight=weights)


def _members(name: str) -> list[Any]:
    regression, classes = HistGradientBoostingRegressor, HistGradientBoostingClassifier
    if name == "regressions":  # of different numbers of trees, nodes and splits of categories, as folds are
        return [
            _fitted(regression, SIGNAL),
            _fitted(regression, SIGNAL, max_iter=3, weights=np.abs(SIGNAL) + 0.1),
            _fitted(regression, SIGNAL, loss="quantile", quantile=0.9, max_iter=4),
            _fitted(regression, SIGNAL, min_samples_leaf=ROWS),
            _fitted(regression, SIGNAL, categorical_features=None, max_leaf_nodes=4),
            _fitted(
                regression,
                SIGNAL,
                monotonic_cst=[1, 0, 0, 0, 0, -1],
                interaction_cst=[{0, 1}, {2, 3, 4, 5}],
                max_features=0.5,
            ),
        ]
    return [_fitted(classes, {"binary": SIGNAL > 3, "three classes": OUTPUTS_3}[name])]


def _awkward(trees: list[Tree]) -> np.ndarray:
    """Rows of thresholds, their neighbours, and everything else that a cell may be."""
    rng = np.random.default_rng(1)
    thresholds = np.concatenate([tree.threshold for tree in trees]).astype(np.float32)
    with np.errstate(over="ignore"):
        around = [np.nextafter(thresholds, np.float32(side)) for side in (-np.inf, np.inf)]
    huge = [np.inf, -np.inf, LARGEST, -LARGEST, 3e38, 0.0, -0.0, 1e-30, -1e-30, np.nan]
    cells = np.concatenate([X.ravel(), thresholds, *around, np.float32(huge)])
    rows = rng.choice(cells, (800, COLUMNS))
    rows[rng.random(rows.shape) < 0.1] = np.nan
    rows[:, CATEGORIES] = rng.choice([0, 1, 3, 8, 9, 2, 7, 250, 255, 256, 1000, -1, 1.5, 1e9, np.nan], (800, 2))
    return rows.astype(np.float32)


@pytest.mark.parametrize("name", ["regressions", "binary", "three classes"])
def test_raw_scores_are_those_of_scikit_learn(name: str):
    members = _members(name)
    read = [read_boosting(model, COLUMNS) for model in members]
    network = forest_network(read, COLUMNS)
    rows = _awkward([tree for trees, _ in read for tree in trees])
    found = np.asarray(network(np.stack([rows] * len(members))))
    with threadpool_limits(1):
        expected = [model._raw_predict(rows.astype(np.float64)) for model in members]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert len(np.unique(found[0])) > 50  # the rows reach many leaves
    codes = rows[:, CATEGORIES]
    rows[:, CATEGORIES] = np.where((codes == 1.5) | (codes > 255), 2, codes)  # autoft has no such codes
    walked = ForestWalk(forest_weights(read))(np.stack([rows] * len(members)))
    np.testing.assert_allclose(walked, network(np.stack([rows] * len(members))), atol=1e-5)


def _stump(feature: int = 0, threshold: float = 0.0, *, missing_left: bool = False, codes: Any = None) -> Tree:
    """-1 on the left, 1 on the right; with codes, those go left."""
    goes = np.isin(np.arange(256), codes) if codes is not None else None
    return Tree(
        feature=np.array([feature, 0, 0]),
        threshold=np.array([threshold, 0.0, 0.0]),
        left=np.array([1, 1, 2]),
        right=np.array([2, 1, 2]),
        value=np.array([0.0, -1.0, 1.0]),
        missing_left=np.array([missing_left, False, False]),
        categories={} if goes is None else {0: goes},
    )


@pytest.mark.parametrize(
    ("tree", "left", "right"),
    [
        (_stump(threshold=0.1), [-np.inf, 0.0, 0.09999999], [0.1, 0.2, np.inf, np.nan]),  # 0.1 in float32 is above 0.1
        (_stump(threshold=0.5, missing_left=True), [-np.inf, 0.5, np.nan], [0.6, np.inf]),
        (_stump(threshold=1e300), [-np.inf, LARGEST], [np.inf, np.nan]),
        (_stump(threshold=np.inf), [-np.inf, LARGEST, np.inf], [np.nan]),
        (_stump(threshold=np.inf, missing_left=True), [-np.inf, LARGEST, np.inf, np.nan], []),
        (_stump(threshold=-np.inf), [-np.inf], [-LARGEST, 0.0, np.inf, np.nan]),
        (_stump(threshold=-1e-42), [-1.0, -1e-37], [0.0, -0.0, 1e-37]),
        (_stump(codes=[0, 16, 255]), [0, 16, 255, -0.0], [1, 15, 17, 256, -1, 0.5, 1e30, np.inf, -np.inf, np.nan]),
        (_stump(codes=[3], missing_left=True), [3, -1, 2.5, 256, np.inf, np.nan], [2, 4, 255]),
    ],
)
def test_the_way_of_each_cell(tree: Tree, left: list[float], right: list[float]):
    network = forest_network([([tree], np.zeros(1))], 1)
    found = np.asarray(network(np.float32([*left, *right]).reshape(1, -1, 1)))[0, :, 0]
    assert found.tolist() == [-1.0] * len(left) + [1.0] * len(right)


def test_trees_are_read_up_to_an_iteration():
    model = _fitted(HistGradientBoostingClassifier, OUTPUTS_3, max_iter=4)
    trees, baseline = read_boosting(model, COLUMNS, iterations=2)
    assert (len(trees), len(baseline)) == (6, 3)
    whole, _ = read_boosting(model, COLUMNS)
    assert [tree.value.tolist() for tree in whole[:6]] == [tree.value.tolist() for tree in trees]


def test_sizes_and_what_a_row_takes():
    """Two classes of members: one of two stumps, one of a single tree of one leaf."""
    leaf = Tree(**{name: getattr(_stump(), name)[1:2] * 0 for name in Tree.__slots__[:-1]}, categories={})
    members = [([_stump(), _stump(2, codes=[1])], np.zeros(1)), ([leaf], np.ones(1))]
    assert forest_size(forest_weights(members)) == ForestSize(trees=2, nodes=6, splits=1, depth=1, outputs=1)
    network = forest_network(members, 3)
    assert np.asarray(network(np.ones((2, 1, 3), np.float32))).ravel().tolist() == [1.0 - 1.0, 1.0]
    assert cells_per_row(network) == 2 * (3 + 1 + 2 * (12 + 8) + 3 * 4 * 3)


def test_members_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match="different outputs"):
        forest_weights([([], np.zeros(1)), ([], np.zeros(2))])
    with pytest.raises(ValueError, match="1 trees for 2 outputs"):
        forest_weights([([_stump()], np.zeros(2))])
    weights = forest_weights([([_stump()], np.zeros(1))])
    weights["forest/nodes"][0, 1, 2] = 0
    with pytest.raises(ValueError, match="between its parent"):
        splits_of(weights)


def test_a_scikit_learn_that_keeps_trees_elsewhere_is_named():
    model = _fitted(HistGradientBoostingRegressor, SIGNAL, max_iter=1)
    with pytest.raises(ValueError, match="6 columns, not 5"):
        read_boosting(model, 5)
    model._grown = model.__dict__.pop("_predictors")
    with pytest.raises(SetupError, match=r"keep boosted trees as versions 1.6 to 1.9 do.*_predictors"):
        read_boosting(model, COLUMNS)


def test_codes_that_are_none_are_refused():
    with threadpool_limits(1):
        model = HistGradientBoostingRegressor(categorical_features=[0], max_iter=1)
        model.fit(np.float32([[-1], [2]] * 30), np.arange(60))
    with pytest.raises(ValueError, match="whole numbers below 256"):
        read_boosting(model, 1)


def test_a_saved_forest_answers_as_before(tmp_path: Any):
    network = forest_network([([_stump(1, 0.5), _stump(0, codes=[2])], np.zeros(1))], 2)
    network.save(tmp_path / "forest.keras")
    again = keras.models.load_model(tmp_path / "forest.keras", custom_objects=registered_layers(), safe_mode=True)
    rows = np.float32([[[2, np.nan], [3, 0.5], [np.nan, 1]]])
    assert np.asarray(again(rows)).tolist() == np.asarray(network(rows)).tolist() == [[[0.0], [0.0], [2.0]]]


def test_thresholds_are_rounded_down():
    given = np.array([0.1, 1 / 3, -0.1, 1e300, -1e300, 5.0, np.inf, -np.inf, 1e-45, -1e-45])
    found = rounded_down(given)
    assert found.dtype == np.float32
    assert (found <= given).all()
    with np.errstate(over="ignore"):
        assert (np.nextafter(found, np.float32(np.inf)) > given)[:6].all()


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="writes TensorFlow's formats")
@pytest.mark.parametrize("name", ["regressions", "three classes"])
def test_exported_forests_answer_as_before(name: str, tmp_path: Any):
    """A SavedModel, and LiteRT with its own operators alone."""
    import tensorflow as tf

    read = [read_boosting(model, COLUMNS) for model in _members(name)]
    network = forest_network(read, COLUMNS)
    rows = np.stack([_awkward([tree for trees, _ in read for tree in trees])] * len(read))
    expected = np.asarray(network(rows))
    network.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_array_equal(np.asarray(loaded.serve(rows)), expected)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "saved"))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    run = tf.lite.Interpreter(model_content=converter.convert()).get_signature_runner("serving_default")
    (found,) = run(**{network.inputs[0].name: rows}).values()
    np.testing.assert_allclose(found, expected, atol=1e-5)

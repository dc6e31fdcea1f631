"""Trials of boosted trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from autoft.networks.architecture import Inputs
from autoft.networks.boosting import TreeInputs
from autoft.networks.layers.tree_columns import TreeColumns
from autoft.pipeline.trainers import MixedTrainer
from autoft.records.hints import Effect, Hints
from autoft.training.ensemble import prove_ensemble
from autoft.training.tree_trainer import TreeTrainer
from autoft.training.trial_trainer import Limits

if TYPE_CHECKING:
    from autoft.training.stack import Stack

Make = Callable[..., "Stack"]
TREES: dict[str, Any] = {
    "architecture": "trees",
    "shrinkage": 0.1,
    "leaves": 8,
    "leaf_rows": 3.0,
    "dropout": 0.2,
    "l2": 0.01,
}
LIMITS = Limits(epochs=4, patience=4)


def _trainer(data: Stack, **given: Any) -> TreeTrainer:
    return TreeTrainer(data, folds=3, limits=LIMITS, seed=0, **given)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_deployed_trees_answer_as_the_held_out_ones_did(make: Make, task: str):
    data = make(task, center=1e3)
    trainer = _trainer(data)
    outcome = trainer.train(TREES, lambda: False)
    ensemble = trainer.ensemble([(outcome, 1.0)])
    pooled = outcome.held_out[outcome.checkpoints.index(outcome.epochs)]
    inputs = {"dense": data.dense, "slots": data.slots}
    logits = np.asarray(ensemble.networks[0](inputs))
    for s, rows in enumerate(data.held_out):
        assert data.answers(s, logits[s, rows]) == pytest.approx(pooled[rows], rel=1e-5, abs=1e-5)
    assert outcome.checkpoints == (1, 2, 3, 4)
    assert len(outcome.curves["held_out"]) == 4
    assert outcome.curves["train"][3] < outcome.curves["train"][0]


def test_trees_read_categories_by_their_codes_and_know_what_is_missing(make: Make):
    data = make("binary")
    own = TreeInputs.of(Inputs.of(data.plan))
    columns = own.columns(data.dense[0], data.slots[0])
    layer = TreeColumns(own.numbers, own.gaps, own.one_hot)([data.dense, data.slots])
    assert np.array_equal(np.asarray(layer)[0], columns, equal_nan=True)
    # n1 alone has missing cells; the one-hot c0 (a, b, missing) and the embedded c1 are one column each.
    assert np.isnan(columns).any(axis=0).sum() == 1
    assert own.categorical.sum() == 2
    codes = columns[:, own.categorical]
    assert set(codes[:, 0]) == {1.0, 2.0, 3.0}
    assert np.array_equal(codes[:, 1], data.slots[0][:, 0])


def test_a_class_that_a_fold_never_saw_is_unlikely_but_not_impossible(make: Make):
    data = make("multiclass")
    y = data.y.copy()
    y[data.train[0]] = np.minimum(y[data.train[0]], 1)  # fold 0 learns nothing of the last class
    outcome = _trainer(replace(data, y=y)).train(TREES, lambda: False)
    rows = data.held_out[0]
    assert outcome.status == "finished"
    assert np.isfinite(outcome.held_out[-1][rows]).all()
    assert 0 < outcome.held_out[-1][rows][:, 2].max() < 0.05


def test_rows_of_no_weight_teach_nothing(make: Make):
    data = make("regression")
    weights = np.ones(len(data.y))
    weights[::5] = 0.0
    wild = data.y.copy()
    wild[::5] = 1e9
    train = tuple(rows[weights[rows] > 0] for rows in data.train)
    honest, other = (
        _trainer(replace(data, y=y, weights=weights, train=train)).train(TREES, lambda: False) for y in (data.y, wild)
    )
    for name, array in honest.weights.items():
        assert np.array_equal(array, other.weights[name])


def test_a_quantile_is_learned(make: Make):
    data = replace(make("regression"), quantile=0.9)
    low, high = (
        _trainer(replace(data, quantile=q)).train(TREES, lambda: False).held_out[-1].mean() for q in (0.1, 0.9)
    )
    assert low < np.median(data.y) < high


def test_a_trial_out_of_time_keeps_what_it_has(make: Make):
    asked: list[int] = []

    def out_of_time() -> bool:
        asked.append(1)
        return len(asked) == 2

    outcome = _trainer(make("binary")).train(TREES, out_of_time)
    assert outcome.reason == "out of time after epoch 2"
    assert outcome.checkpoints == (1, 2)


def test_a_trial_can_end_after_any_epoch(make: Make):
    """Weights that were lost are trained again: as many epochs as there were."""
    asked: list[int] = []

    def out_of_time() -> bool:
        asked.append(1)
        return len(asked) == 6

    trainer = TreeTrainer(make("binary"), folds=3, limits=Limits(epochs=30, patience=60), seed=0)
    outcome = trainer.train(TREES, out_of_time)
    assert outcome.reason == "out of time after epoch 6"
    whole = trainer.train(TREES, lambda: False)
    assert outcome.curves["held_out"] == whole.curves["held_out"][:6]


def test_a_number_that_a_fold_never_saw_is_no_obstacle(make: Make):
    data = make("regression")
    dense, (_, indicator) = data.dense.copy(), Inputs.of(data.plan).gaps[0]
    dense[0, data.train[0], indicator] = 1.0
    outcome = _trainer(replace(data, dense=dense)).train(TREES, lambda: False)
    assert outcome.status == "finished"
    assert np.isfinite(outcome.held_out[-1]).all()


def test_effects_and_columns_apart_hold_in_the_trees(make: Make):
    data = make("regression")
    hints = Hints(effects=(Effect(column="n0", sign=-1),), apart=(("n1", "d0"),))
    trainer = _trainer(data, hints=hints)
    kept = trainer.ensemble([(trainer.train(TREES, lambda: False), 1.0)])
    assert prove_ensemble(kept, hints)[0].effects == ("n0",)
    without = trainer.train({**TREES, "without": ("n0: effect",)}, lambda: False)
    with pytest.raises(Exception, match="column 'n0' must never move the answer the wrong way"):
        prove_ensemble(trainer.ensemble([(without, 1.0)]), hints)


def test_networks_and_trees_are_one_search_and_one_model(make: Make, params: dict[str, Any]):
    trainer = MixedTrainer(make("binary"), folds=3, limits=LIMITS, seed=0)
    network, trees = (trainer.train(own, lambda: False) for own in (params, TREES))
    ensemble = trainer.ensemble([(network, 0.5), (trees, 0.5)])
    data = make("binary")
    inputs = {"dense": data.dense, "slots": data.slots}
    each = [np.asarray(ensemble.head.answers(one(inputs))) for one in ensemble.networks]
    assert ensemble._answers(inputs) == pytest.approx((each[0] + each[1]) / 2, abs=1e-6)
    assert prove_ensemble(ensemble, Hints()) == ()

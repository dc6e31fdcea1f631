"""Rows of a stack: targets, priors, and which rows are in which batch."""

import numpy as np
import pytest

from autoft.errors import TrainingError
from autoft.preprocessing.encode import Encoded
from autoft.training.stack import Stack, StackTarget, batches, padded, stack_data


def stack(make, y: np.ndarray, *, train: list[np.ndarray], held_out: list[np.ndarray]) -> Stack:
    """A regression on one constant column."""
    encoded = Encoded(numbers=np.zeros((len(y), 2)), codes=np.zeros((len(y), 0), np.int32))
    plan = make(kinds="n").plan
    return stack_data(plan, encoded, StackTarget(y=y, task="regression", classes=0), train=train, held_out=held_out)


TRAIN = [np.array([1, 2, 3, 5, 7, 8, 9]), np.array([0, 4, 6]), np.arange(1, 10)]


@pytest.mark.parametrize("batch", [1, 2, 4, 9, 50])
def test_an_epoch_has_every_training_row_once_and_no_other(batch: int):
    for epoch in (1, 2):
        order, weights = batches(TRAIN, batch, seed=0, epoch=epoch)
        assert order.shape == weights.shape == (-(-9 // batch), len(TRAIN), batch)
        for s, own in enumerate(TRAIN):
            assert sorted(order[:, s][weights[:, s] > 0]) == own.tolist()
            assert set(order[:, s].ravel()) <= set(own)
        assert set(weights.ravel()) <= {0.0, 1.0}


def test_orders_differ_by_epoch_member_and_seed_and_repeat():
    rows = [np.arange(50), np.arange(50)]
    order = batches(rows, 10, seed=0, epoch=1)[0]
    np.testing.assert_array_equal(order, batches(rows, 10, seed=0, epoch=1)[0])
    assert not np.array_equal(order[:, 0], order[:, 1])
    assert not np.array_equal(order, batches(rows, 10, seed=0, epoch=2)[0])
    assert not np.array_equal(order, batches(rows, 10, seed=1, epoch=1)[0])


def test_a_members_order_does_not_depend_on_the_other_members():
    order, weights = batches(TRAIN, 4, seed=0, epoch=1)
    alone, own = batches(TRAIN[:1], 4, seed=0, epoch=1)
    np.testing.assert_array_equal(order[: len(alone), 0][own[:, 0] > 0], alone[:, 0][own[:, 0] > 0])
    assert weights[len(alone) :, 0].sum() == 0


def test_short_members_are_padded_with_a_row_of_their_own():
    table = padded(TRAIN)
    assert table.dtype == np.int32
    for s, own in enumerate(TRAIN):
        assert table[s].tolist() == own.tolist() + [own[0]] * (9 - len(own))


def test_regression_targets_are_scaled_by_the_members_own_rows(make):
    data = make("regression", center=500.0)
    for s, rows in enumerate(data.train):
        assert data.center[s] == data.y[rows].mean()
        assert data.scale[s] == data.y[rows].std()
        assert (data.low[s], data.high[s]) == (data.y[rows].min(), data.y[rows].max())
    np.testing.assert_array_equal(data.prior(), np.zeros((data.members, 1)))


@pytest.mark.parametrize("value", [0.0, 0.1, -3e9])
def test_a_target_that_is_constant_in_a_fold_has_scale_one(make, value: float):
    y = np.arange(90.0)
    y[:50] = value
    rows = [np.arange(50), np.arange(40, 90)]
    data = stack(make, y, train=rows, held_out=rows[::-1])
    assert data.scale[0] == 1.0
    assert data.scale[1] == y[40:].std()


@pytest.mark.parametrize(("task", "classes"), [("binary", 2), ("multiclass", 3)])
def test_the_prior_is_the_share_of_classes_in_training_rows(make, task: str, classes: int):
    data = make(task)
    for s, rows in enumerate(data.train):
        counts = np.array([(data.y[rows] == c).sum() for c in range(classes)]) + 0.5
        logits = np.concatenate([[0.0], data.prior()[s]]) if task == "binary" else data.prior()[s]
        np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(), counts / counts.sum(), rtol=1e-12)


def test_first_weights_are_made_from_training_rows_alone(make):
    data = make()
    start = data.start(0)
    for s, rows in enumerate(data.train):
        own = {row.tobytes() for row in data.dense[s, rows]}
        assert all(row.tobytes() in own for row in start.dense[s])
        assert len({row.tobytes() for row in start.dense[s]}) > 1
        np.testing.assert_array_equal(start.numbers[s, : len(start.dense[s])], start.dense[s][:, start.inputs.numbers])
    assert make(kinds="c").start(0).numbers.shape[2] == 0


def test_a_member_without_rows_is_refused(make):
    empty, some = np.array([], dtype=int), np.arange(5)
    for train, held_out in (([some, empty], [some, some]), ([some, some], [some, empty])):
        with pytest.raises(TrainingError, match="member 2 has"):
            stack(make, np.zeros(90), train=train, held_out=held_out)


def test_long_tables_are_encoded_in_pieces(make, monkeypatch: pytest.MonkeyPatch):
    whole = make()
    monkeypatch.setattr("autoft.training.stack.CHUNK", 7)
    pieces = make.__wrapped__()
    np.testing.assert_array_equal(whole.dense, pieces.dense)
    np.testing.assert_array_equal(whole.slots, pieces.slots)

"""Networks that obey are no weaker than they must be: steps, corners, and anything at all in other columns."""

from __future__ import annotations

import numpy as np
import pytest

from autoft.preprocessing.encode import encode
from autoft.preprocessing.layout import make_layout
from autoft.records.columns import Column
from autoft.records.hints import Effect, Hints
from autoft.training.stack import StackTarget, stack_data
from autoft.training.trainer import Trainer
from autoft.training.trial_trainer import Limits

ROWS = 900
X = np.random.default_rng(0).uniform(-1, 1, (ROWS, 4))
A, B, U, V = X.T
#: All rise with a and b; none is convex or concave, or a sum of functions of single columns.
TARGETS = {
    "the lower of two": np.minimum(A, B),
    "the higher of two": np.maximum(A, B),
    "a ramp where others agree": np.maximum(A, 0) * (U * V > 0) + np.minimum(A, 0) * (U * V < 0),
    "a step, and an exclusive or of others": np.tanh(8 * A) + np.sign(U) * np.sign(V),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mlp", "realmlp"])
@pytest.mark.parametrize("name", list(TARGETS))
def test_a_network_that_obeys_can_still_be(name: str, kind: str):
    ids = ("a", "b", "u", "v")
    columns = [Column(id=i, name=i, kind="numeric", why="") for i in ids]
    values = dict(zip(ids, X.T, strict=True))
    plan, fold, y = make_layout(columns, values), np.arange(ROWS) % 3 == 0, TARGETS[name]
    train, held_out = [np.flatnonzero(~fold)], [np.flatnonzero(fold)]
    data = stack_data(
        plan, encode(plan, values, ROWS), StackTarget(y=y, task="regression", classes=2), train=train, held_out=held_out
    )
    hints = Hints(effects=(Effect(column="a", sign=1), Effect(column="b", sign=1)))
    stack = Trainer(data, folds=1, limits=Limits(epochs=80, patience=30), seed=0, hints=hints)
    params = {
        "architecture": kind,
        "width": 64,
        "depth": 3,
        "numbers": "plain",
        "batch_size": 32,
        "learning_rate": 0.005,
    }
    outcome = stack.train({**params, "dropout": 0.0, "l2": 0.0}, lambda: False)
    error = outcome.held_out[outcome.checkpoints.index(outcome.epochs)][held_out[0]] - y[held_out[0]]
    assert np.square(error).mean() < 0.05 * y.var(), np.square(error).mean() / y.var()

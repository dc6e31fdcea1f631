"""Effects that curves show clearly: planted ones are found; turns and noise are not."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoft.evaluation import partial_dependence
from autoft.evaluation.fold_model import FoldModel
from autoft.knowledge.trend import Trend, one_way, strength
from autoft.preprocessing.encode import Encoded
from autoft.preprocessing.layout import InputLayout
from autoft.records.columns import Column, Target
from autoft.records.hint_tests import Curve
from autoft.records.split import Member

ROWS, FOLDS = 250, 5
NAMES = ("rises", "falls", "turns", "noise", "more noise")
PLAN = InputLayout(numeric=NAMES, boolean=(), date=(), indicated=(), categories=(), outliers="clip")
COLUMNS = [Column(id=name, name=name, kind="numeric", why="") for name in NAMES]
CURVE = Curve(
    column="age",
    kind="numeric",
    label=None,
    grid=(1.0, 2.0, 3.0),
    mean=(0.0, 1.0, 2.0),
    members=((0.0, 1.0, 2.0), (0.0, 1.1, 2.1), (0.1, 1.0, 2.0)),
    lines=((0.0, 1.0, 2.0),),
    rows=30,
    rising=1.0,
    falling=0.0,
    spread=1.0,
    cells=(0.0,) * 11,
)


def network(seed: int) -> Any:
    from sklearn.neural_network import MLPRegressor

    return MLPRegressor(hidden_layer_sizes=(16,), alpha=0.1, learning_rate_init=0.01, max_iter=80, random_state=seed)


def trained(seed: int) -> dict[str, Trend]:
    """Five small networks on overlapping rows of planted data, as folds train them; the effects in their curves."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, len(NAMES)))
    y = np.tanh(x[:, 0]) - 0.7 * x[:, 1] + 0.8 * x[:, 2] ** 2 + rng.normal(0, 0.7, ROWS)
    block = rng.permutation(ROWS) % FOLDS
    members = [
        Member(train=np.flatnonzero(block != k), held_out=np.flatnonzero(block == k), blocks=(k,)) for k in range(FOLDS)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it could be trained for longer
        models = [network(seed * FOLDS + k).fit(x[m.train], y[m.train]) for k, m in enumerate(members)]

    def answers(encoded: Encoded, own: Any) -> Any:
        every = np.stack([model.predict(encoded.numbers) for model in models])
        return every[own, np.arange(len(own))]

    encoded = Encoded(numbers=x, codes=np.zeros((ROWS, 0), dtype=np.int32))
    target = Target(name="y", task="regression")
    model = FoldModel(predict=answers, layout=PLAN, columns=COLUMNS, encoded=encoded, members=members)
    found, _ = partial_dependence.curves(model, y, target, partial_dependence.CurveRequest(names=NAMES))
    return {curve.column: strength(curve) for curve in found}


@pytest.fixture(scope="module")
def runs() -> list[dict[str, Trend]]:
    return [trained(seed) for seed in range(8)]


@pytest.mark.slow
def test_planted_effects_are_found_with_their_direction(runs):
    for name, direction in (("rises", "increasing"), ("falls", "decreasing")):
        clear = [run[name] for run in runs if run[name].clear]
        assert len(clear) >= 6, name
        assert {found.direction for found in clear} == {direction}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["turns", "noise", "more noise"])
def test_turns_and_noise_are_not_taken_for_effects(runs, name):
    assert not any(run[name].clear for run in runs)


def test_a_clear_curve_and_what_takes_its_clarity_away():
    assert strength(CURVE).clear
    assert not strength(replace(CURVE, ordered=False)).clear
    assert not strength(replace(CURVE, rising=0.4)).clear  # most rows go another way
    assert not strength(replace(CURVE, spread=30.0)).clear  # next to nothing beside what other columns do
    assert not strength(replace(CURVE, members=CURVE.members[:2])).clear
    opposed = replace(CURVE, members=(*CURVE.members[:2], (2.0, 1.0, 0.0)))
    assert not strength(opposed).clear
    turning = replace(CURVE, members=(*CURVE.members[:2], (0.0, 3.0, 2.0)))
    assert strength(turning).share == pytest.approx(0.75)
    assert not strength(turning).clear


def test_flat_curves_have_no_effect():
    flat = replace(CURVE, members=((1.0, 1.0, 1.0),) * 3, rising=0.0, spread=0.0)
    found = strength(flat)
    assert (found.clear, found.change, found.error) == (False, 0.0, 0.0)
    assert one_way([[1.0, 1.0]]).tolist() == [0.0]


def test_the_error_is_the_jackknife_s():
    changes = np.array([2.0, 2.1, 1.9])
    # Delete-a-group jackknife: sqrt((K - 1) / K * sum of squares).
    assert strength(CURVE).error == pytest.approx(np.sqrt(2 / 3 * np.sum((changes - changes.mean()) ** 2)))

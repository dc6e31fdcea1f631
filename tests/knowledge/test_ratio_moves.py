"""Ratios with an effect: curves of the networks obey, and networks without it are asked which way they go."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from autoft.evaluation import partial_dependence
from autoft.evaluation.fold_model import FoldModel
from autoft.knowledge import variants
from autoft.pipeline.describe import inspect_table
from autoft.pipeline.hint_tests.verdicts import Response
from autoft.pipeline.split import split
from autoft.pipeline.trainers import make_trainer
from autoft.preprocessing import columns_of_rows
from autoft.training.ensemble import build_ensemble
from tests.knowledge_help import PARAMS, run_in
from tests.tables import tiny_recipe

ROWS = 150


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Prepared rows, what trains on them, and outcomes with an effect, and without it."""
    rng = np.random.default_rng(0)
    cost, people = rng.lognormal(3, 1, ROWS), rng.integers(1, 9, ROWS)
    frame = pd.DataFrame({"cost": cost, "people": people, "since": pd.Timestamp("2020-01-01")})
    frame["since"] += pd.to_timedelta(rng.integers(0, 900, ROWS), unit="D")
    frame["price"] = np.log(cost / people) + rng.normal(0, 0.1, ROWS)
    told = tiny_recipe(
        target="price",
        **{
            "knowledge.ratios": [{"name": "each", "of": ["cost", "people"]}],
            "knowledge.features": {"each": {"effect": "increasing", "scale": "log"}},
        },
    )
    dataset = split(told, inspect_table(told, frame))
    context = run_in(told, tmp_path_factory.mktemp("ratio"))
    stack = make_trainer(context, dataset, dataset.members)
    params = {**PARAMS, "architecture": "mlp", "numbers": "plain"}
    off = {variants.WITHOUT: variants.names(dataset.description.hints)[:1]}
    return dataset, stack, stack.train_all([params, {**params, **off}], lambda: False)


def bag_of(dataset, stack, outcome):
    return build_ensemble(stack.data, [stack.part(outcome, 1.0)], dataset.split.k)


def test_the_curve_of_a_ratio_obeys_while_its_parts_stay(trained, tmp_path):
    dataset, stack, (obeying, _) = trained
    bag = bag_of(dataset, stack, obeying)
    model = FoldModel(
        predict=bag.own_answers,
        layout=dataset.layout,
        columns=dataset.features,
        encoded=dataset.encoded,
        members=dataset.members,
    )
    request = partial_dependence.CurveRequest(names=("each",))
    (curve,), left = partial_dependence.curves(model, dataset.y, dataset.target, request)
    assert left == ()
    assert (curve.rising, curve.falling) == (1.0, 0.0)
    lines = np.array(curve.lines)
    assert (np.diff(lines) >= -1e-6).all()
    assert (lines[:, -1] - lines[:, 0]).min() > 0.1
    # What curves are drawn with leaves the bag whole: it can still be written.
    bag.raw_model().save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras", compile=False).get_layer("preprocess") is not None


@pytest.mark.filterwarnings("error")
def test_a_model_that_is_told_its_own_quotients_says_the_same(trained):
    dataset, stack, (obeying, _) = trained
    bag, where = bag_of(dataset, stack, obeying), ("ratios", 0)
    own = columns_of_rows.of(dataset.layout, dataset.encoded, where)
    same = columns_of_rows.set_to(dataset.layout, dataset.encoded, where, own)
    np.testing.assert_allclose(bag.answers(same), bag.answers(dataset.encoded), rtol=1e-6)
    other = columns_of_rows.set_to(dataset.layout, dataset.encoded, where, own * 3)
    assert np.abs(bag.answers(other) - bag.answers(dataset.encoded)).max() > 0.01


def test_networks_without_the_effect_are_asked_along_the_ratio(trained):
    dataset, stack, (_, without) = trained
    (effect,) = dataset.description.hints.effects
    found = Response(dataset, stack, without, effect).by_member()
    assert len(found) == dataset.split.k
    assert min(found) > 0.5
    against = Response(dataset, stack, without, replace(effect, sign=-1)).by_member()
    np.testing.assert_allclose(against, 1 - np.array(found))

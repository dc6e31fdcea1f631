"""Effects hold for every input: on random rows, and by proof from the weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoft.errors import TrainingError
from autoft.records.decisions import Calibration
from autoft.records.hints import Hints
from autoft.serving.artifact import Meta, as_tensors, load, save
from autoft.serving.predictor import model_inputs
from autoft.training.ensemble import Ensemble, prove_ensemble
from tests import knowledge_help as given_by
from tests.tables import described, target_of

TASKS = ("binary", "multiclass", "regression")
#: Rounding of float32, as a share of the range of answers. Nothing else may move the wrong way.
TOLERANCE = 1e-6


def answers_of_each(bag: Ensemble, rows: dict[str, np.ndarray]) -> np.ndarray:
    """``[networks, S, n, classes]`` of each network of a blend."""
    encoded = given_by.encoded(bag.head.task, rows)
    each = zip(bag.networks, bag.functions, strict=True)
    alone = [replace(bag, networks=(network,), functions=(own,), shares=(1.0,)) for network, own in each]
    return np.stack([one.answers(encoded) for one in alone])


def worst(task: str, before: np.ndarray, after: np.ndarray) -> float:
    """The largest move the wrong way."""
    return float((given_by.watched(task, before) - given_by.watched(task, after)).max())


@pytest.mark.parametrize("task", TASKS)
def test_no_network_ever_moves_the_wrong_way(task: str):
    """Each network of every member on 6,000 pairs of rows."""

    @settings(max_examples=2, deadline=None, derandomize=True, database=None)
    @given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0.0, 100.0))
    def never(seed: int, spread: float) -> None:
        before, after = given_by.pairs(task, 3_000, seed, spread)
        found = [answers_of_each(given_by.bags(task)[0], rows) for rows in (before, after)]
        assert worst(task, *found) <= TOLERANCE
        moved = np.abs(given_by.watched(task, found[1]) - given_by.watched(task, found[0]))
        assert (moved > 1e-3).mean() > 0.05  # they do see the columns

    never()


@pytest.mark.parametrize("task", TASKS)
def test_without_hints_the_same_networks_move_the_wrong_way(task: str):
    """So that the test above could fail. They were trained in the same programs."""
    before, after = given_by.pairs(task, 500, 0)
    found = [answers_of_each(given_by.bags(task)[1], rows) for rows in (before, after)]
    for network in range(len(given_by.networks(task))):
        assert worst(task, found[0][network], found[1][network]) > 0.05


CALIBRATIONS = {
    "none": Calibration(),
    "temperature": Calibration(method="temperature", temperature=1.7),
    "isotonic": Calibration(method="isotonic", knots=((-2.0, 0.1), (-0.5, 0.1), (0.3, 0.6), (2.0, 0.95))),
}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="categories enter as strings")
@pytest.mark.parametrize(
    ("task", "method"),
    [
        ("binary", "isotonic"),
        *((t, "none") for t in TASKS[1:]),
        *(pytest.param("binary", m, marks=pytest.mark.slow) for m in ("none", "temperature")),
    ],
)
def test_the_saved_model_obeys_on_raw_columns(task: str, method: str, tmp_path: Path):
    bag = replace(given_by.bags(task)[0], calibration=CALIBRATIONS[method])
    prove_ensemble(bag, given_by.effects(task))
    vocabularies = {category.id: category.vocabulary for category in bag.plan.categories}
    columns, target = described(bag.plan), target_of(task)
    meta = Meta(columns=columns, target=target, version="0", engine="", ranges={}, vocabularies=vocabularies)
    raw = bag.raw_model()
    before, after = given_by.pairs(task, 20_000, 5)  # 100,000 in all five
    few = {name: cells[:8] for name, cells in before.items()}
    save(tmp_path / "model", raw, meta, {}, model_inputs(raw, meta, few))
    model, _ = load(tmp_path / "model")
    found = [np.asarray(model(as_tensors(model_inputs(model, meta, rows)))) for rows in (before, after)]
    assert worst(task, *found) <= TOLERANCE
    assert np.ptp(given_by.watched(task, found[0])) > 0.02


@pytest.mark.parametrize("task", TASKS)
def test_the_weights_prove_it(task: str):
    proofs = prove_ensemble(given_by.bags(task)[0], given_by.effects(task))
    assert len(proofs) == len(given_by.networks(task))
    for proof in proofs:
        assert proof.effects == tuple(given_by.SIGNS)
        assert max(proof.steepest.values()) > 0
    assert proofs[-1].networks == 3 * 4  # those inside a TabM too
    with pytest.raises(TrainingError, match="column 'n0' must never move the answer the wrong way"):
        prove_ensemble(given_by.bags(task)[1], given_by.effects(task))


@pytest.mark.parametrize("number", range(len(given_by.NETWORKS)), ids=list(given_by.NETWORKS))
def test_one_weight_of_the_wrong_sign_is_noticed(number: int):
    hints = given_by.effects("binary")
    stack = given_by.trainer("binary", hints, epochs=1)
    outcome = given_by.outcome_of(stack, list(given_by.NETWORKS)[number])
    kernel = outcome.weights["logits/kernel"]
    units = kernel.shape[1] if "hidden_0/kernel" in outcome.weights else 1
    kernel[1, units - 1, 0] = (
        -1e-3 if units > 1 else 1e-3
    )  # the last unit may read columns with effects; n0's first bin
    with pytest.raises(TrainingError, match="wrong way"):
        prove_ensemble(given_by.bag_of(stack, [outcome]), hints)


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_calibration_of_more_than_two_classes_is_no_proof(method: str):
    bag = replace(given_by.bags("multiclass")[0], calibration=CALIBRATIONS[method])
    with pytest.raises(TrainingError, match="calibrated"):
        prove_ensemble(bag, given_by.effects("multiclass"))


def test_an_activation_that_falls_is_no_proof():
    stack = given_by.trainer("binary", Hints(), epochs=1)
    bag = given_by.bag_of(stack, [given_by.outcome_of(stack, "mlp", activation="silu")])
    with pytest.raises(TrainingError, match="activations that never fall"):
        prove_ensemble(bag, given_by.effects("binary"))


def test_a_temperature_can_turn_one_of_three_classes():
    """Why there is none: the mean of two members' probabilities of the first class rises, calibrated it falls."""
    from autoft.evaluation.calibration import apply

    before, after = np.array([[[0.30, 0.70, 0.0]], [[0.31, 0.345, 0.345]]])
    assert after[0, 0] > before[0, 0]
    calibration = Calibration(method="temperature", temperature=2.0)
    assert apply(calibration, after)[0, 0] < apply(calibration, before)[0, 0]

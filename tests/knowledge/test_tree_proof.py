"""Effects and separations of boosted trees, proved from the weights that are saved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from autoft.errors import TrainingError
from autoft.knowledge.bounds import reads
from autoft.knowledge.tree_proof import prove_trees
from autoft.networks.architecture import Inputs
from autoft.networks.boosting import TreeInputs
from autoft.networks.forest import forest_weights, interaction_groups, read_boosting, splits_of
from autoft.preprocessing.layout import blocks
from autoft.records.hints import Effect, Hints, RatioInput
from tests.networks_help import plan_with

PLAN = plan_with(first=2)
DENSE = [name for name, size in blocks(PLAN) for _ in range(size)] + ["e0"]
NAMES = [DENSE[position] for position in TreeInputs.of(Inputs.of(PLAN)).positions]
RISES, FALLS = Effect(column="n", sign=1), Effect(column="d", sign=-1)
HINTS = Hints(effects=(RISES, FALLS), apart=(("m", "t0"), ("n", "e0")))


def _rows() -> tuple[np.ndarray, np.ndarray]:
    """Encoded rows, and a signal against the hints: it falls with n but for a step, rises with d, and multiplies what
    is apart."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, len(NAMES))).astype(np.float32)
    x[:, -1] = rng.integers(0, 10, 500)
    own = {name: x[:, NAMES.index(name)].copy() for name in NAMES}
    missing = rng.random(500) < 0.2
    x[missing, NAMES.index("n")] = np.nan
    odd = own["e0"] % 2
    signal = own["d"] + 3 * (own["n"] > 0) - own["n"] + own["m"] * own["t0"] + (1 + own["n"]) * odd
    return x, signal + 2 * missing


X, SIGNAL = _rows()


def _weights(*, constrained: bool) -> Any:
    """Trees of two members; the constraints are those of `HINTS`."""
    given: dict[str, Any] = {"categorical_features": [len(NAMES) - 1], "max_iter": 15, "min_samples_leaf": 5}
    if constrained:
        read = [reads(name, PLAN, HINTS) for name in NAMES]
        signs = {"n": 1, "d": -1}
        given["monotonic_cst"] = [
            next((sign * d for c, sign in signs.items() if isinstance(d := own.get(c), int)), 0) for own in read
        ]
        # Of the cycles of a date nobody can say how they move with it.
        unread = [j for j, own in enumerate(read) if own.get("d") == 0]
        rest = [j for j, own in enumerate(read) if not own.keys() & {"m", "t0", "n", "e0"} and j not in unread]
        at = {c: [j for j, own in enumerate(read) if c in own] for c in ("m", "t0", "n", "e0")}
        towers = [(a, b) for a in ("m", "t0") for b in ("n", "e0")]
        groups = [{*rest, *at[a], *at[b]} for a, b in towers] + [{*unread}]
        given["interaction_cst"] = interaction_groups(groups, given["categorical_features"])
        x = X.copy()
        x[:, unread] = 0
    else:
        x = X
    with threadpool_limits(1):
        members = [HistGradientBoostingRegressor(max_leaf_nodes=k, **given).fit(x, SIGNAL) for k in (8, 31)]
    return forest_weights([read_boosting(model, len(NAMES)) for model in members])


@pytest.fixture(scope="module")
def kept() -> dict[str, np.ndarray]:
    return _weights(constrained=True)


@pytest.fixture(scope="module")
def free() -> dict[str, np.ndarray]:
    return _weights(constrained=False)


def test_constrained_trees_are_proved(kept: dict[str, np.ndarray]):
    proof = prove_trees(HINTS, PLAN, kept)
    assert (proof.effects, proof.apart, proof.networks) == (("n", "d"), HINTS.apart, 2)
    # They read what they may.
    assert proof.steepest["n"] > 0
    splits = splits_of(kept)
    looked_at = {NAMES[f] for f in splits.feature[splits.inner]}
    assert {"n", "m", "t0", "e0"} <= looked_at


@pytest.mark.parametrize(
    ("hints", "message"),
    [
        (Hints(effects=(RISES,)), "column 'n' must never move the answer the wrong way"),
        (Hints(effects=(Effect(column="d", sign=1),)), "column 'd' must be read in a certain direction"),
        (Hints(effects=(Effect(column="e0", sign=1),)), "column 'e0' must be read in a certain direction"),
        (Hints(apart=(("m", "t0"),)), "column 'm' must not act on column 't0'"),
        (Hints(apart=(("e0", "n"),)), "column 'e0' must not act on column 'n'"),
    ],
)
def test_free_trees_are_not(free: dict[str, np.ndarray], hints: Hints, message: str):
    with pytest.raises(TrainingError, match=message):
        prove_trees(hints, PLAN, free)


def test_a_part_of_a_ratio_has_no_direction(free: dict[str, np.ndarray]):
    plan = plan_with(first=2)
    ratio = RatioInput(id="m", name="of", numerator="n", denominator="b")
    with pytest.raises(TrainingError, match="'n' must be read in a certain direction"):
        prove_trees(Hints(effects=(RISES,), ratios=(ratio,)), plan, free)


def _changed(weights: dict[str, np.ndarray], name: str, place: tuple[int, ...], value: float) -> Any:
    found = {key: array.copy() for key, array in weights.items()}
    found[f"forest/{name}"][place] = value
    return found


@pytest.mark.parametrize("member", [0, 1])
def test_one_changed_leaf_is_noticed(kept: dict[str, np.ndarray], member: int):
    """The leaf below the higher values of n falls far below all others; so does one that is no number."""
    splits, n = splits_of(kept), NAMES.index("n")
    node = next(j for j in np.flatnonzero(splits.inner[member]) if splits.feature[member, j] == n)
    leaf = splits.left[member, node] + 1
    while splits.inner[member, leaf]:
        leaf = splits.left[member, leaf]
    for value in (-100.0, np.nan):
        with pytest.raises(TrainingError, match="column 'n' must never move the answer the wrong way"):
            prove_trees(HINTS, PLAN, _changed(kept, "values", (member, leaf), value))


def test_a_changed_column_is_noticed(kept: dict[str, np.ndarray]):
    splits = splits_of(kept)
    below = next(
        (s, left)
        for s, node in zip(*np.nonzero(splits.inner & (splits.feature == NAMES.index("m"))), strict=True)
        if splits.inner[s, left := splits.left[s, node]]
    )
    with pytest.raises(TrainingError, match="'m' must not act on column 't0'"):
        prove_trees(HINTS, PLAN, _changed(kept, "nodes", (*below, 0), 4 * NAMES.index("t0")))
    with pytest.raises(TrainingError, match="known inputs"):
        prove_trees(HINTS, PLAN, _changed(kept, "nodes", (*below, 0), 4 * len(NAMES)))
    with pytest.raises(TrainingError, match="trees that end"):
        prove_trees(HINTS, PLAN, _changed(kept, "nodes", (*below, 2), 0))
    with pytest.raises(TrainingError, match="mlp/kernel is unknown"):
        prove_trees(HINTS, PLAN, {**kept, "mlp/kernel": np.zeros(1)})


def test_no_effect_holds_for_several_classes():
    weights = forest_weights([([], np.zeros(3))])
    with pytest.raises(TrainingError, match="trees answer for 3 classes"):
        prove_trees(Hints(effects=(Effect(column="n", sign=1, output=1),)), PLAN, weights)

"""Which inputs belong to a column, and what hints ask of the weights that read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoft.knowledge import variants
from autoft.knowledge.bounds import reads, weight_bounds
from autoft.networks.family import initial_weights
from autoft.preprocessing.layout import blocks
from autoft.records.hints import Effect, Hints, RatioInput
from tests import knowledge_help as given_by
from tests.networks_help import KINDS, plan_with, small_architecture, start_of

RATIO = RatioInput(id="r000", name="m per n", numerator="m", denominator="n")
HINTS = Hints(ratios=(RATIO,), effects=(Effect(column="r000", sign=1),))


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("n", {"n": 1}),
        ("missing n", {"n": "missing"}),
        ("year_sin d", {"d": 0}),
        ("d after b", {"d": 1, "b": -1}),
        ("t0", {"t0": 0}),
        ("r000", {"r000": 1, "m": 0, "n": 0}),
        ("missing r000", {"r000": "missing", "m": 0, "n": 0}),
        ("n x m", {"n": 0, "m": 0}),
        ("target n", {"n": 0}),
        ("count e0", {"e0": 0}),
        ("t0*b", {"t0": 0, "b": 0}),
    ],
)
def test_a_blocks_name_says_how_it_moves_with_columns(block: str, expected: dict[str, Any]):
    assert reads(block, plan_with(), HINTS) == expected


def test_a_block_of_no_known_column_is_an_error():
    with pytest.raises(LookupError, match="names no column"):
        reads("new", plan_with(), HINTS)


@pytest.mark.parametrize("kind", KINDS)
def test_rules_fit_the_weights_of_every_architecture(kind: str):
    start = start_of(plan_with())
    effects = (Effect(column="n", sign=1), Effect(column="d", sign=-1))
    hints = Hints(effects=effects, apart=(("n", "e0"),), importance={"m": "high", "t1": "low"})
    found = weight_bounds(hints, plan_with(), small_architecture(kind), 2)
    weights = initial_weights(small_architecture(kind), start)
    assert found.low.keys() == found.high.keys() <= weights.keys()
    assert bool(found.low)
    for name, array in (*found.low.items(), *found.high.items(), *found.penalty.items()):
        assert np.broadcast_shapes(array.shape, weights[name].shape[1:]) == weights[name].shape[1:]


def first_kernel(hints: Hints, kind: str = "mlp") -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Bounds of the rows of each dense block in the first kernel."""
    plan, architecture = plan_with(), small_architecture(kind, bins=0)
    found = weight_bounds(hints, plan, architecture, 1)
    name, start, cut = "logits/kernel" if kind == "linear" else "hidden_0/kernel", 0, {}
    for block, size in blocks(plan):
        cut[block] = slice(start, start + size)
        start += size
    return tuple({b: a[name][rows] for b, rows in cut.items()} for a in (found.low, found.high))  # type: ignore[return-value]


def test_an_effect_of_a_date_leaves_it_the_trend_alone():
    low, high = first_kernel(Hints(effects=(Effect(column="d", sign=-1),)), "linear")
    assert (low["d"], high["d"]) == (-np.inf, 0.0)
    assert (low["week_sin d"], high["week_sin d"]) == (0.0, 0.0)
    assert (low["n"], high["n"]) == (-np.inf, np.inf)


def test_a_missing_cell_has_no_direction():
    low, high = first_kernel(Hints(effects=(Effect(column="n", sign=1),)), "linear")
    assert (low["n"], high["n"]) == (0.0, np.inf)
    assert (low["missing n"], high["missing n"]) == (-np.inf, np.inf)


def test_free_units_do_not_read_what_is_constrained():
    low, high = first_kernel(Hints(effects=(Effect(column="n", sign=1),)))
    bound = high["n"][0] > 0
    assert bound.sum() == 8
    assert (low["n"] == 0).all()
    assert np.isinf(low["m"]).all()
    assert np.isinf(high["m"]).all()


def test_where_every_column_is_constrained_no_unit_is_idle():
    plan = replace(plan_with(), categories=(), date=(), boolean=(), indicated=())
    hints = Hints(effects=tuple(Effect(column=c, sign=1) for c in plan.numeric))
    assert (weight_bounds(hints, plan, small_architecture("mlp", bins=0), 1).high["hidden_0/kernel"] > 0).all()


def test_importance_weighs_the_penalties():
    stack = given_by.trainer("regression", Hints(importance={"n0": "high", "n1": "low"}), epochs=30)
    norms = {}
    for name, changes in (("hinted", {}), ("not", {variants.WITHOUT: ("n0: importance", "n1: importance")})):
        outcome = given_by.outcome_of(stack, "linear", numbers="plain", l2=0.3, dropout=0.0, **changes)
        norms[name] = np.abs(outcome.weights["logits/kernel"]).mean(axis=(0, 2))
    assert norms["hinted"][0] > 1.5 * norms["not"][0]
    assert norms["hinted"][1] < 0.5 * norms["not"][1]


def test_hints_can_be_switched_off_by_name():
    hints = Hints(effects=HINTS.effects, apart=(("n", "m"),), importance={"b": "low"})
    assert variants.names(hints) == ("r000: effect", "n, m: apart", "b: importance")
    assert variants.without(hints, ()) == hints
    assert variants.without(hints, variants.names(hints)) == Hints()
    assert variants.without(hints, ["n, m: apart"]).effects == hints.effects


def test_inputs_that_a_hint_has_made_can_be_left_unread():
    """As the test of a ratio or a product asks for; nothing else of the network changes."""
    hints = Hints(ratios=(RATIO,), crosses=(("n", "t0"),))
    assert variants.names(hints) == ("r000: ratio", "n, t0: interaction")
    off = variants.without(hints, ["r000: ratio", "n, t0: interaction"])
    assert off.unread == ("r000", "missing r000", "cross n t0")
    plan = replace(plan_with(), ratios=hints.ratios, crosses=hints.crosses)
    dense = [block for block, width in blocks(plan) for _ in range(width)]
    for kind, kernel in (("mlp", "hidden_0/kernel"), ("linear", "logits/kernel")):
        architecture = small_architecture(kind, bins=0)
        assert not weight_bounds(hints, plan, architecture, 1).low
        found = weight_bounds(off, plan, architecture, 1)
        shut = ((found.low[kernel] == 0) & (found.high[kernel] == 0)).all(axis=1)
        assert [block in off.unread for block in dense] == shut[: len(dense)].tolist()
        assert any(shut)

"""Columns that must not act on each other: their parts of a network's logits add up."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoft.errors import RecipeError, TrainingError
from autoft.knowledge.interactions import MOST, towers
from autoft.records.hints import Effect, Hints
from autoft.training.ensemble import prove_ensemble
from tests import knowledge_help as given_by

#: n0 keeps apart from the embedded x0 and from n1 (with its indicator), and obeys besides.
APART = (("n0", "x0"), ("n1", "n0"))
HINTS = {
    "mlp": Hints(apart=APART, effects=(Effect(column="n0", sign=1),)),
    "tabm-mini": Hints(apart=APART, effects=(Effect(column="n0", sign=1),)),
    "realmlp": Hints(apart=APART),
}
OTHERS = {"n0": 1.5, "n1": np.nan, "n2": -2.0, "x0": "v3"}


def bag_for(name: str, hints: Hints) -> Any:
    stack = given_by.trainer("regression", hints, epochs=8)
    changes = {"architecture": "realmlp"} if name == "realmlp" else {}
    return given_by.bag_of(stack, [given_by.outcome_of(stack, "mlp" if changes else name, **changes)])


def interaction(bag: Any, one: str, other: str) -> float:
    """How far from a sum of two functions the logits are as functions of two columns, largest over rows and members."""
    rows = given_by.pairs("regression", 300, 3)[0]
    logits = {}
    for a, b in product((False, True), repeat=2):
        own = dict(rows)
        for column, changed in ((one, a), (other, b)):
            if changed:
                own[column] = np.full(300, OTHERS[column], dtype=object if column == "x0" else float)
        inputs = bag.encoder(bag.statistics.arrays(given_by.encoded("regression", own)))
        logits[a, b] = np.asarray(bag.networks[0](inputs, training=False), np.float64)
    mixed = logits[True, True] - logits[True, False] - logits[False, True] + logits[False, False]
    return float(np.abs(mixed).max())


@pytest.mark.parametrize("name", list(HINTS))
def test_columns_that_are_kept_apart_add_up_and_others_meet(name: str):
    hints = HINTS[name]
    bag = bag_for(name, hints)
    for pair in APART:
        assert interaction(bag, *pair) < 1e-5
    for pair in (("n0", "n2"), ("n1", "x0"), ("x0", "n2")):
        assert interaction(bag, *pair) > 1e-3
    (proof,) = prove_ensemble(bag, hints)
    assert proof.apart == APART
    with pytest.raises(TrainingError, match="column 'n1' must not act on column 'n2'"):
        prove_ensemble(bag, Hints(apart=(("n1", "n2"),)))


def test_a_weight_between_towers_is_noticed():
    stack = given_by.trainer("regression", HINTS["mlp"], epochs=1)
    outcome = given_by.outcome_of(stack, "mlp")
    outcome.weights["hidden_1/kernel"][2, 7, 15] = 1e-3  # units that read n0, and what n0 must not meet
    with pytest.raises(TrainingError, match="must not act on"):
        prove_ensemble(given_by.bag_of(stack, [outcome]), Hints(apart=APART))


PAIRS = st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")).filter(lambda pair: pair[0] != pair[1])


@settings(deadline=None, derandomize=True, database=None)
@given(st.lists(PAIRS, max_size=6))
def test_two_columns_share_a_tower_exactly_if_they_may_meet(apart: list[tuple[str, str]]):
    found = towers(apart)
    forbidden = {frozenset(pair) for pair in apart}
    named = sorted(set().union(*forbidden)) if forbidden else []
    for pair in combinations(named, 2):
        assert any(set(pair) <= tower for tower in found) == (frozenset(pair) not in forbidden)
    assert set().union(*found) == set(named)
    assert not any(one < other for one in found for other in found)


def test_too_many_towers_are_refused():
    four = [(f"a{k}", f"b{k}") for k in range(4)]
    assert len(towers(four[:3])) == MOST
    with pytest.raises(RecipeError, match="in no more than 8 groups"):
        towers(four)

"""Suite for families of boosted trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autoft.knowledge.tree_proof import prove_trees
from autoft.networks.boosting import Boosting
from autoft.preprocessing.encode import encode
from autoft.records.arrays import Array
from autoft.records.hints import Hints
from autoft.training.ensemble import weights_of
from autoft.training.stack import Stack
from autoft.training.tree_trainer import TreeTrainer
from autoft.training.trial_trainer import Limits

_EPOCHS = 3


def check_answers(family: Boosting, data: Stack, values: Mapping[str, Array]) -> Any:
    """The deployed model, which answers as the trees did for the rows that were held out."""
    trainer = _trainer(data)
    outcome = trainer.train(_params(family), lambda: False)
    assert outcome.status == "finished", f"the trial is {outcome.status}: {outcome.reason}"
    ensemble = trainer.ensemble([(outcome, 1.0)])
    answers = ensemble.answers(encode(data.plan, values, len(data.y)))
    pooled = outcome.held_out[outcome.checkpoints.index(outcome.epochs)]
    for s, rows in enumerate(data.held_out):
        assert np.allclose(answers[s, rows], pooled[rows], rtol=1e-4, atol=1e-5), "the deployed model answers otherwise"
    again = trainer.answers_after(_params(family), outcome.epochs, _EPOCHS, lambda: False)
    assert again is not None
    for rows, own in zip(data.held_out, again, strict=True):
        assert np.allclose(own, pooled[rows], atol=1e-6), "equal epochs give other trees"
    return ensemble


def check_leakage(family: Boosting, honest: Stack, corrupted: Stack, member: int) -> None:
    """Trees of a member are the same, to the last bit, whatever its held-out rows are; the other members' are not."""
    each = [_arrays(family, data) for data in (honest, corrupted)]
    same = [all(map(np.array_equal, *own)) for own in zip(*each, strict=True)]
    assert same[member], "trees depend on held-out rows"
    assert not all(own for s, own in enumerate(same) if s != member), "training rows do not reach the trees"


def check_effects(family: Boosting, data: Stack, hints: Hints) -> None:
    """Effects hold in the trees of the deployed model."""
    trainer = _trainer(data, hints)
    ensemble = trainer.ensemble([(trainer.train(_params(family), lambda: False), 1.0)])
    prove_trees(hints, data.plan, weights_of(ensemble.networks[0]))


def _trainer(data: Stack, hints: Hints | None = None) -> TreeTrainer:
    limits = Limits(epochs=_EPOCHS, patience=_EPOCHS)
    return TreeTrainer(data, folds=data.members, limits=limits, seed=0, hints=hints or Hints())


def _params(family: Boosting) -> dict[str, Any]:
    own = {dimension.name: dimension.default for dimension in family.own_dimensions}
    return {**own, "architecture": family.name, "dropout": 0.2, "l2": 1e-3}


def _arrays(family: Boosting, data: Stack) -> list[list[Array]]:
    """Of each member the features, thresholds and values of its trees, one after another."""
    params, found = _params(family), []
    iterations = family.iterations(params)
    for booster in _trainer(data)._boosters(params):
        booster.grow(iterations)
        trees, baseline = booster.trees(iterations)
        assert len(trees) == iterations * data.outputs, f"{len(trees)} trees in {iterations} iterations"
        names = ("feature", "threshold", "value")
        found.append([baseline, *(np.concatenate([getattr(tree, name) for tree in trees]) for name in names)])
    return found

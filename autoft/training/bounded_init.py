"""First weights of networks under bounds: within them, and with units that bend where the rows are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autoft.knowledge.bounds import Rules
from autoft.networks.architecture import ENSEMBLES, MIXED, Architecture, InitialState
from autoft.networks.families import realmlp
from autoft.preprocessing.bins import encoded
from autoft.records.arrays import Array


def begin(
    architecture: Architecture, start: InitialState, weights: Mapping[str, Array], rules: Rules
) -> dict[str, Array]:
    """First weights within bounds: what has left them begins at the bound, and no unit becomes weaker for it.

    Weights are cut off, not turned around: units whose weights all have one sign are much alike, and learn worse
    (docs/knowledge.md); a weight at its bound may leave it with the first step.

    Under weights of one sign, sums of inputs lie far from zero, all on one side: half of the mixed activations would be
    straight lines on every row, and the others dead. So in perceptrons each bound unit's bias moves its bend to one of
    the member's own training rows, drawn at random, and its kernel is scaled to unit variance, layer by layer (Mishkin
    and Matas, "All you need is a good init", ICLR 2016, arXiv 1511.06422). Free units begin as ever, and so does TabM,
    whose vectors of numbers lie around zero. RealMLP always begins much like this, in all units and the logits: weights
    that are cut off need it anew.

    Args:
        architecture: Of the network.
        start: Of the members; their own training rows, and no other row.
        weights: By name ``[S, in, out]`` (`autoft.networks.families.initial_weights`).
        rules: Bounds.

    Returns:
        All weights by name; the same where nothing is bounded.
    """
    found = dict(weights)
    if "waves/frequency" in rules.low:
        found |= realmlp.half_waves(found, (rules.low["waves/frequency"] == 0).all(axis=1))
    for name, low in rules.low.items():
        found[name] = folded(found[name], low, rules.high[name])
    moved = _moved_units(architecture, rules)
    if moved.any():
        _bend_among_rows(architecture, start, found, moved)
    return found


def folded(weights: Array, low: Array, high: Array) -> Array:
    """Weights within bounds; what is left of a unit is scaled to the norm that it had, where the bounds allow it.

    Args:
        weights: ``[S, in, out]``.
        low, high: The same, or what broadcasts to it.
    """
    allowed = np.clip(weights, low, high).astype(np.float32)
    before, after = (np.sqrt(np.square(w).sum(axis=1, keepdims=True)) for w in (weights, allowed))
    scaled = allowed * np.where(after > 0, before / np.maximum(after, 1e-30), 1.0)
    return np.asarray(np.clip(scaled, low, high), dtype=np.float32)


def _moved_units(architecture: Architecture, rules: Rules) -> Array:
    """``[width]``, the units whose bends are moved: those that read a column by weights of one sign; RealMLP's all."""
    first = "hidden_0/kernel"
    if architecture.kind in ENSEMBLES or architecture.activation != MIXED or first not in rules.low:
        return np.zeros(architecture.width, bool)
    bound = np.asarray(((rules.low[first] == 0) != (rules.high[first] == 0)).any(axis=0))
    return np.ones_like(bound) if architecture.kind == "realmlp" and bound.any() else bound


def _bend_among_rows(architecture: Architecture, start: InitialState, weights: dict[str, Array], moved: Array) -> None:
    """Biases and scales of units of hidden layers, from the first to the last; of RealMLP, of the logits too."""
    ntk = architecture.kind == "realmlp"
    x = realmlp.first_inputs(start, weights) if ntk else _first_inputs(architecture, start, weights)
    layers = [(f"hidden_{layer}", f"bend {layer}", moved) for layer in range(architecture.depth)]
    for layer, key, units in [*layers, *([("logits", "bend logits", np.ones(start.outputs, bool))] if ntk else [])]:
        kernel, bias = f"{layer}/kernel", f"{layer}/bias"
        sums = x @ weights[kernel] / np.float32(np.sqrt(x.shape[2]) if ntk else 1.0)
        spread = sums.std(axis=1, keepdims=True)
        factor = np.where(units & (spread > 1e-6), 1.0 / np.maximum(spread, 1e-6), 1.0)
        weights[kernel], sums = (weights[kernel] * factor).astype(np.float32), sums * factor
        rows = np.stack([rng.integers(0, x.shape[1], len(units)) for rng in start.generators(key)])
        bends = np.where(units, np.take_along_axis(sums, rows[:, None], axis=1), -weights[bias])
        weights[bias] = np.asarray(-bends, np.float32)
        x = realmlp.activated(sums - bends, MIXED)


def _first_inputs(architecture: Architecture, start: InitialState, weights: Mapping[str, Array]) -> Array:
    """What the first hidden layer of a perceptron multiplies, ``[S, rows, in]``: as `mlp.read` has it."""
    features = [start.dense]
    if architecture.bins:
        numbers = start.dense[:, :, list(start.inputs.numbers)]
        shares = encoded(numbers, weights["bins/begin"][:, None], weights["bins/factor"][:, None])
        features.insert(0, shares.reshape(*start.dense.shape[:2], -1))
    return np.concatenate([*features, *start.vectors(weights)], axis=2)

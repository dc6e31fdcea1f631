"""Proof of effects from a network's weights: interval arithmetic on slopes, from a column to the logits.

What leads from a column to a unit is bounded from both sides: how fast the unit can rise with the column, and how fast
it can fall. Activations that never fall (`RISING`) change no sign, so only weights count, and the bounds hold for every
input. Nothing here knows how the weights came to be (`bounds`): only where each input of the first layer comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from autoft.errors import TrainingError
from autoft.knowledge.bounds import reads
from autoft.networks.architecture import Inputs
from autoft.preprocessing.layout import InputLayout, blocks
from autoft.records.arrays import Array
from autoft.records.hints import Effect, Hints

#: Activations that never fall.
RISING = frozenset({"linear", "relu", "mixed"})
#: Weights whose part in a network the proof knows, and variables that do nothing while it answers.
_KNOWN = re.compile(
    r"(bins/(begin|factor)|vectors/(slope|shift|bend)|waves/(frequency|phase|mix|shift|low|high)|embedding/table_\d+"
    r"|front/scale|view/into|hidden_\d+/(kernel|bias|into|out)|bend_\d+/share|logits/(kernel|bias)"
    r"|.*/rate|.*seed_generator_state)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was found to hold for every input.

    Attributes:
        apart: Pairs of columns that meet nowhere but in the sum of the logits.
        networks: How many networks were looked at, in all members and ensembles; a member's trees count as one.
        steepest: By column with an effect, the fastest that any logit can move with its scaled value; of trees the
            largest step of one of them.
    """

    effects: tuple[str, ...]
    apart: tuple[tuple[str, str], ...]
    networks: int
    steepest: Mapping[str, float]


# Slopes are bounds ``[2, S, k, units]`` of how fast units can rise (first) and fall with a column; none is negative.


def _times(slopes: Array, factors: Array) -> Array:
    """Slopes of units times factors, which broadcast."""
    return np.asarray(slopes * np.maximum(factors, 0.0) + slopes[::-1] * np.maximum(-factors, 0.0))


def _bent(slopes: Array, share: Array) -> Array:
    """Slopes of units after ``x + a (f(x) - x)``, f between flat and as steep as its input: slopes from 1 to 1 - a."""
    return np.asarray(slopes * np.maximum(1.0 - share, 1.0) + slopes[::-1] * np.maximum(share - 1.0, 0.0))


def _through(slopes: Array, kernel: Array) -> Array:
    """Slopes of sums of units by a kernel ``[S, k or 1, in, out]``."""
    along, against = slopes[..., None, :], slopes[::-1][..., None, :]
    return np.asarray((along @ np.maximum(kernel, 0.0) + against @ np.maximum(-kernel, 0.0))[..., 0, :])


def prove(hints: Hints, plan: InputLayout, weights: Mapping[str, Array]) -> Proof:
    """Check from trained weights that effects and separations hold.

    Args:
        weights: Of the network, by name (``hidden_0/kernel``).

    Raises:
        TrainingError: If weights allow what a hint forbids, or there are weights of unknown layers.
    """
    strange = sorted(name for name in weights if not _KNOWN.fullmatch(name))
    if strange:
        first = hints.effects[0].column if hints.effects else ""
        raise broken(first, "be proved by known layers", f"{strange[0]} is unknown")
    own = {name: np.asarray(w, np.float64) for name, w in weights.items()}
    steepest = {}
    for effect in hints.effects:
        slopes = _layers(_first(own, plan, hints, effect.column), own)[-1]
        if _wrong(slopes, effect):
            found = "weights lead there with the other sign"
            raise broken(effect.column, "never move the answer the wrong way", found)
        steepest[effect.column] = float(slopes.max())
    for one, other in hints.apart:
        both = [_layers(_first(own, plan, hints, c, meet=True), own) for c in (one, other)]
        if _meet(own, *both):
            raise broken(one, f"not act on column '{other}'", "a unit knows them both")
    members, networks = own["logits/bias"].shape[:2]
    effects = tuple(effect.column for effect in hints.effects)
    return Proof(effects=effects, apart=tuple(hints.apart), networks=members * networks, steepest=steepest)


def broken(column: str, must: str, found: str) -> TrainingError:
    """The error of a network that allows what a hint forbids."""
    fix = "report this with the output of 'autoft doctor'; the run's trials are safe in its journal"
    return TrainingError(f"The model's column '{column}'", must, found, fix)


def _wrong(slopes: Array, effect: Effect) -> bool:
    """Whether the logits can move the wrong way: that which an effect is about, and the others against it."""
    along, against = slopes[:: effect.sign]
    outputs = against.shape[-1]
    if outputs == 1 or effect.output is None:
        return bool((against > 0).any())
    others = np.arange(outputs) != effect.output
    return bool((against[..., effect.output] > 0).any() or (along[..., others] > 0).any())


def _first(weights: Mapping[str, Array], plan: InputLayout, hints: Hints, column: str, *, meet: bool = False) -> Array:
    """Slopes ``[2, S, 1, in]`` of the first layer's inputs; with `meet` missing indicators count, not directions."""

    def slopes_of(inputs: Iterable[tuple[str, int]]) -> Array:
        rows = []
        for block, size in inputs:
            direction = reads(block, plan, hints).get(column)
            touched = direction is not None and (meet or direction != "missing")
            rows += [(touched and (meet or direction != -1), touched and (meet or direction != 1))] * size
        return np.array(rows, float).reshape(-1, 2).T[:, None, None]

    dense = slopes_of(blocks(plan))
    tables = ((own.id, weights[f"embedding/table_{j}"].shape[2]) for j, own in enumerate(plan.embedded))
    parts = [*_of_numbers(weights, plan, dense), dense, slopes_of(tables)]
    members = len(weights["logits/bias"])
    found = np.concatenate([np.broadcast_to(part, (2, members, *part.shape[2:])) for part in parts], axis=3)
    for name in ("front/scale", "view/into"):
        found = _times(found, weights[name]) if name in weights else found
    return np.asarray(found)


def _of_numbers(weights: Mapping[str, Array], plan: InputLayout, dense: Array) -> list[Array]:
    """Slopes of what stands before the dense inputs: bins, or vectors of numbers."""
    own = dense[..., list(Inputs.of(plan).numbers)]
    if "vectors/slope" in weights:  # [S, f, dim], and [S, f * bins, dim]
        slope, bend = weights["vectors/slope"], weights["vectors/bend"]
        bends = bend.reshape(*slope.shape[:2], -1, slope.shape[2])
        each = own[:, :, 0, :, None]
        parts = [_times(each, slope), *(_times(each, bends[:, :, b]) for b in range(bends.shape[2]))]
        return [np.sum(parts, axis=0).reshape(2, len(slope), 1, -1)]
    if "waves/shift" in weights:
        return [_of_waves(weights, own)]
    if "bins/begin" in weights:
        if (weights["bins/factor"] < 0).any():
            raise broken("", "have bins that rise", "some fall")
        return [np.repeat(own, weights["bins/begin"].shape[2], axis=3)]
    return []


def _of_waves(weights: Mapping[str, Array], own: Array) -> Array:
    """Slopes of periodic vectors: the value, then sums of waves, which rise and fall but where angles are limited.

    Between -pi and 0 a cosine only rises; what float32 makes of pi is beyond it by less than such a cosine can tell.
    """
    frequency, mix = weights["waves/frequency"], weights["waves/mix"]
    steep = 2 * np.pi * frequency[..., None] * mix.reshape(*frequency.shape, -1)  # [S, f, waves, dim]
    wave = np.stack([np.maximum(sign * steep, 0.0).sum(axis=2) for sign in (1.0, -1.0)])
    low, high = (weights.get(f"waves/{name}", np.full((1, 1, 1), np.nan)) for name in ("low", "high"))
    half = (low >= np.float32(-np.pi)) & (high <= 0)
    wave = np.where(half, wave, wave[0] + wave[1])
    value = np.ones((*frequency.shape[:2], 1))
    up, down = np.concatenate([np.stack([value, 0 * value]), wave], axis=3)
    each = own[:, :, 0, :, None]
    return np.asarray((each * up + each[::-1] * down).reshape(2, len(frequency), 1, -1))


def _layers(first: Array, weights: Mapping[str, Array]) -> list[Array]:
    """Slopes of the first layer's inputs, of the units of each hidden layer, and of the logits."""
    found, depth = [first], sum(name.startswith("hidden_") and name.endswith("kernel") for name in weights)
    for layer in range(depth):
        slopes, name = found[-1], f"hidden_{layer}"
        if f"{name}/into" in weights:
            slopes = _times(slopes, weights[f"{name}/into"])
        slopes = _through(slopes, weights[f"{name}/kernel"][:, None])
        slopes = _times(slopes, weights[f"{name}/out"]) if f"{name}/out" in weights else slopes
        found.append(_bent(slopes, weights[f"bend_{layer}/share"]) if f"bend_{layer}/share" in weights else slopes)
    kernel, networks = weights["logits/kernel"], weights["logits/bias"].shape[1]
    return [*found, _through(found[-1], kernel.reshape(len(kernel), networks, -1, kernel.shape[2]))]


def _meet(weights: Mapping[str, Array], one: list[Array], other: list[Array]) -> bool:
    """Whether any hidden unit knows two columns; without hidden layers, any input that is made of both and counts."""
    if len(one) > 2:  # logits may add up what belongs to different columns, and inputs that nobody reads may be both
        return any((np.minimum(a[0], b[0]) > 0).any() for a, b in zip(one[1:-1], other[1:-1], strict=True))
    both = np.minimum(one[0][0], other[0][0])[:, 0, :, None]
    return bool((both * np.abs(weights["logits/kernel"]) > 0).any())

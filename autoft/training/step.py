"""One training step of a stack in `keras.ops`: the same arithmetic on every backend.

Learning rate, dropout, L2 and all else that a trial sets are arrays ``[S, 1, 1]``, not constants: another trial is
another argument, not another program. The loss is the sum over members of the mean over their rows, so each member has
the gradient that it would have alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autoft.networks.family import Factor
from autoft.records.arrays import Array
from autoft.records.columns import Task

# Adam's constants (Kingma & Ba, arXiv 1412.6980) with Keras' epsilon.
BETA_1, EPSILON = 0.9, 1e-7
#: What is taken off a logit that must not count.
_NEVER = 1e9
#: ``(weights, first moments, second moments, steps)``; the first three are lists in the order of the network's
#: trainable weights, ``[S, in, out]`` each, steps is ``[S, 1, 1]``.
State = tuple[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a trial sets in a program that already exists.

    Attributes:
        l2: Penalty on the squared kernels, in the gradient (as `keras.regularizers.L2`).
        weight_decay: Decoupled decay of the kernels (Loshchilov & Hutter, arXiv 1711.05101), as a share of the rate.
        label_smoothing: Share of every label that is spread over all classes (not for regression).
        clip: Largest norm of a member's whole gradient; 0 leaves it as it is.
        class_balance: Exponent b of the class weights ``(n / (K n_c))^b``: 0 for none, 1 for classes of equal weight.
        focal: Exponent of the focal loss (Lin and others, ICCV 2017); 0 for the log-loss.
    """

    learning_rate: float
    dropout: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    clip: float = 0.0
    schedule: Literal["constant", "cosine"] = "constant"
    class_balance: float = 0.0
    focal: float = 0.0

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Settings:
        """The settings among a trial's hyperparameters; absent ones keep their neutral value."""
        return cls(**{name: params[name] for name in cls.__slots__ if name in params})


#: Settings that a program skips where none of its trials uses them: they cost a pass over the weights or the rows.
EXTRAS = frozenset({"weight_decay", "label_smoothing", "clip", "schedule", "class_balance", "focal"})
#: Extras that come from hints, not from settings. ``bounds``: after each step weights are put back between a lowest and
#: a highest value; ``importance``: their penalties are multiplied (`program.bound_arrays`).
HINTED = frozenset({"bounds", "importance"})
_NUMBERS = tuple(name for name in Settings.__slots__ if name != "schedule")
#: Names of a program's settings, in the order of `settings_array`.
SETTINGS = (*_NUMBERS, "cosine", "horizon", "beta_2")


def settings_array(settings: Sequence[Settings], members: int, horizon: int, beta_2: float) -> Array:
    """Settings of trials as an array ``[len(SETTINGS), trials * members, 1, 1]`` float32, trial after trial.

    Args:
        horizon: Step at which schedules end.
        beta_2: Adam's decay of the second moments.
    """
    rows = [
        (*(getattr(s, name) for name in _NUMBERS), s.schedule == "cosine", max(horizon, 1), beta_2) for s in settings
    ]
    return np.repeat(np.array(rows, dtype=np.float32).T, members, axis=1)[:, :, None, None]


def logit_losses(
    task: Task, logits: Any, y: Any, smoothing: Any = None, *, focal: Any = None, quantile: float | None = None
) -> Any:
    """``[S, B]`` losses of rows from logits ``[S, B, outputs]`` and targets ``[S, B]``.

    From logits ``[S, B, k, outputs]`` of an ensemble and targets ``[S, B, 1]`` they are ``[S, B, k]``.

    Args:
        smoothing: ``[S, 1, 1]`` label smoothing, None for none.
        focal: ``[S, 1, 1]`` exponents of the focal loss, None for the log-loss: a row's loss is multiplied by the
            probability of all wrong classes, to that power (Lin and others, ICCV 2017).
        quantile: Of the pinball loss of a regression (`losses.pinball`); None for the squared error.
    """
    from keras import ops

    if task == "regression":
        if quantile is None:
            return ops.square(logits[..., 0] - y)
        error = y - logits[..., 0]
        return ops.maximum(quantile * error, (quantile - 1.0) * error)
    if task == "binary":
        z = logits[..., 0]
        soft = y if smoothing is None else y + _to_rank(smoothing, len(y.shape)) * (0.5 - y)
        losses = ops.softplus(z) - soft * z
        if focal is None:
            return losses
        # log(1 - p) of the row's own class, without the p that float32 rounds to 1.
        wrong = -ops.softplus((2 * y - 1) * z)
        return losses * ops.exp(_to_rank(focal, len(z.shape)) * wrong)
    classes = ops.shape(logits)[-1]  # a program for arrays of any size knows it only when it runs
    hard = ops.one_hot(y, classes, dtype=logits.dtype)
    own = hard
    if smoothing is not None:
        own = own + _to_rank(smoothing, len(own.shape)) * (1.0 / ops.cast(classes, logits.dtype) - own)
    whole = ops.logsumexp(logits, axis=-1)
    losses = whole - ops.sum(own * logits, axis=-1)
    if focal is None:
        return losses
    wrong = ops.logsumexp(logits - _NEVER * hard, axis=-1) - whole
    return losses * ops.exp(_to_rank(focal, len(losses.shape)) * wrong)


def _to_rank(setting: Any, rank: int) -> Any:
    """A setting ``[S, 1, 1]`` reshaped to ``[S, 1, ...]`` with `rank` axes."""
    from keras import ops

    return ops.reshape(setting, (-1, *[1] * (rank - 1)))


def class_factors(shares: Any, exponent: Any, y: Any) -> Any:
    """Weights ``[S, B]`` of rows by their class: ``(n / (K n_c))^b``, with mean 1 over a member's training rows.

    Args:
        shares: Of the classes in each member's training rows, ``[S, classes]``; they sum to 1 (then n and K cancel).
        exponent: b, ``[S, 1, 1]``.
        y: Class positions, ``[S, B]``.
    """
    from keras import ops

    rarity = ops.exp(-_to_rank(exponent, 2) * ops.log(ops.maximum(shares, 1e-9)))  # a class without rows weighs nothing
    rarity = rarity / ops.sum(shares * rarity, axis=1, keepdims=True)
    own = ops.one_hot(ops.cast(y, "int32"), ops.shape(shares)[1], dtype=rarity.dtype)
    return ops.sum(own * ops.expand_dims(rarity, 1), axis=2)


def total_loss(losses: Any, weight: Any) -> Any:
    """Sum over members of the weighted mean over their rows, from losses and weights ``[S, B]``.

    Weights are 1 on average over a member's training rows, not over a batch: a batch counts by what it holds, and the
    learning rate keeps its meaning. Padding has weight 0 and is not averaged over.
    """
    from keras import ops

    own = ops.maximum(ops.sum(ops.cast(weight > 0, weight.dtype), axis=1), 1.0)
    return ops.sum(ops.sum(losses * weight, axis=1) / own)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRule:
    """What a program fixes of the optimizer.

    Attributes:
        cycles: Whether learning rate and weight decay follow RealMLP's schedule.
    """

    factors: Sequence[Factor]
    extras: frozenset[str]
    cycles: bool


def update(
    state: State,
    gradients: Sequence[Any],
    settings: Mapping[str, Any],
    active: Any,
    bounds: Mapping[str, Sequence[Any]],
    rule: UpdateRule,
) -> State:
    """One Adam step.

    Args:
        settings: By name of `SETTINGS`, ``[S, 1, 1]``.
        active: ``[S, 1, 1]``, 0 for a member without rows in this step: it keeps weights and moments.
        bounds: Bounds and penalties of each weight (`weight_bounds`), for the `HINTED` of the program.
    """
    from keras import ops

    weights, firsts, seconds, steps = state
    penalty, factors, extras, cycles = 2.0 * settings["l2"], rule.factors, rule.extras, rule.cycles
    penalized: Sequence[Any] = weights
    if "importance" in extras:
        penalized = [w * share if f.l2 else w for w, share, f in zip(weights, bounds["penalty"], factors, strict=True)]
    gradients = [g + penalty * f.l2 * w if f.l2 else g for w, g, f in zip(penalized, gradients, factors, strict=True)]
    if "clip" in extras:
        gradients = _clipped(gradients, settings["clip"])
    rate = active * _rate(settings, steps, extras, cycles)
    decline = rate * settings["weight_decay"] if "weight_decay" in extras else None
    if cycles and decline is not None:
        decline = decline * flat_cos(progress(steps, settings))
    steps, beta_2 = steps + active, settings["beta_2"]
    counted = ops.maximum(steps, 1.0)
    size = rate * ops.sqrt(1.0 - beta_2**counted) / (1.0 - BETA_1**counted)
    share_1, share_2, epsilon = active * (1.0 - BETA_1), active * (1.0 - beta_2), ops.convert_to_tensor(EPSILON)
    new: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    columns = zip(weights, gradients, firsts, seconds, factors, penalized, strict=True)
    for place, (w, g, first, second, f, decaying) in enumerate(columns):
        first = first + share_1 * (g - first)
        second = second + share_2 * (ops.square(g) - second)
        moved = w - (size if f.rate == 1.0 else size * f.rate) * first / (ops.sqrt(second) + epsilon)
        moved = moved if decline is None or not f.decay else moved - decline * f.decay * decaying
        if "bounds" in extras:
            moved = ops.minimum(ops.maximum(moved, bounds["low"][place]), bounds["high"][place])
        new[0].append(moved)
        new[1].append(first)
        new[2].append(second)
    return (*new, steps)


def progress(steps: Any, settings: Mapping[str, Any]) -> Any:
    """Share of a trial's steps that are done, ``[S, 1, 1]``."""
    from keras import ops

    return ops.minimum(steps / settings["horizon"], 1.0)


def flat_cos(done: Any) -> Any:
    """RealMLP's schedule of dropout and weight decay: 1 for the first half, then a half cosine down to 0."""
    from keras import ops

    return 0.5 * (1.0 + ops.cos(np.pi * (2.0 * ops.maximum(done, 0.5) - 1.0)))


def _rate(settings: Mapping[str, Any], steps: Any, extras: frozenset[str], cycles: bool) -> Any:
    """The learning rate of a step: constant, RealMLP's, or half a cosine down to zero at the horizon."""
    from keras import ops

    if cycles:
        # Four cosine cycles, each twice as long as the one before.
        done = ops.log2(1.0 + 15.0 * progress(steps, settings))
        return settings["learning_rate"] * (0.5 * (1.0 - ops.cos(2.0 * np.pi * done)))
    if "schedule" not in extras:
        return settings["learning_rate"]
    falling = 0.5 * (1.0 + ops.cos(np.pi * progress(steps, settings)))
    return settings["learning_rate"] * (1.0 + settings["cosine"] * (falling - 1.0))


def _clipped(gradients: Sequence[Any], largest: Any) -> list[Any]:
    """Each member's gradient with its norm over all weights at most `largest` (0: as it is)."""
    from keras import ops

    squares = [ops.sum(ops.square(g), axis=(1, 2), keepdims=True) for g in gradients]
    norm = ops.sqrt(sum(squares[1:], squares[0]))
    share = ops.where(largest > 0, ops.minimum(1.0, largest / ops.maximum(norm, 1e-30)), 1.0)
    return [g * share for g in gradients]

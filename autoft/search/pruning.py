"""Pruning: the median rule.

Golovin et al., "Google Vizier: a service for black-box optimization", KDD 2017: stop where the best value so far is
worse than the median of the other trials' best values up to the same epoch. The value is the mean held-out loss over
all folds, so all folds of a trial stop together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

#: From a trial's mean held-out curve so far to the reason to stop it, or "".
Prune = Callable[[Sequence[float]], str]

#: Other trials that there must be before one is pruned, and epochs that every trial gets.
_OTHERS, _EPOCHS = 4, 6


def pruning_reason(curve: Sequence[float], others: Sequence[Sequence[float]]) -> str:
    """The reason to stop a trial now, or "", from its mean held-out curve and those of trials that are over (one that
    ended earlier counts with the best it had).

    >>> pruning_reason([0.9] * 6, [[0.9, 0.8, 0.7, 0.6, 0.5, 0.5]] * 4)
    'pruned after epoch 6: held-out loss 0.9, median of 4 other trials 0.5'
    >>> pruning_reason([0.9] * 5, [[0.5] * 9] * 4)
    ''
    """
    epoch = len(curve)
    others = [other[:epoch] for other in others if other]
    if epoch < _EPOCHS or len(others) < _OTHERS:
        return ""
    own, usual = min(curve), median(min(other) for other in others)
    if own <= usual:
        return ""
    return f"pruned after epoch {epoch}: held-out loss {own:.4g}, median of {len(others)} other trials {usual:.4g}"

"""Budget of a search: trials, and a deadline that includes the report."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

from autoft.records.trials import Trial

#: Trials of the first configuration's size that a search should have: fewer epochs each rather than fewer of them.
_ENOUGH_TRIALS = 4
#: No trial is planned with fewer epochs.
_FEWEST_EPOCHS = 3


def plan_epochs(*, seconds: float, epoch_seconds: float, epochs: int, trials: int | None) -> int:
    """Most epochs of a trial, so that a handful of trials fit into the seconds of a search (at most the recipe's).

    >>> plan_epochs(seconds=60, epoch_seconds=1, epochs=100, trials=30)
    15
    """
    each = seconds / max(epoch_seconds, 1e-9) / min(trials or _ENOUGH_TRIALS, _ENOUGH_TRIALS)
    return min(epochs, max(_FEWEST_EPOCHS, int(each)))


@dataclass(slots=True, kw_only=True)
class Budget:
    """When the search has to end.

    Attributes:
        trials: Most trials; None for no limit.
        deadline: On `clock`, when everything has to be over; None for no limit. The first trial is always trained,
            if need be beyond the end: for `least` seconds, and for one epoch.
        reserve: Seconds needed after a search, by its number of trials.
        note: Called with every trial: what follows the search may take the longer for it.
        epochs: Most epochs of a trial, where the time allows fewer than the recipe (`plan_epochs`).
    """

    trials: int | None
    deadline: float | None
    clock: Callable[[], float]
    reserve: Callable[[int], float] = lambda trials: 0.0
    note: Callable[[Trial], None] = lambda trial: None
    epochs: int | None = None
    least: float = 0.0
    _asked: float | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)

    def allowed(self, trials: int, wanted: int = 1) -> int:
        """How many of some wanted trials their number allows after `trials` trials."""
        return wanted if self.trials is None else min(wanted, self.trials - trials)

    def left(self, trials: int = 0) -> float | None:
        """Seconds left to train after `trials` trials, None without a limit."""
        return None if self.deadline is None else self.deadline - self.reserve(trials) - self.clock()

    def begin(self) -> None:
        self._asked = self._began = self.clock()

    def spent(self, trials: int) -> bool:
        """Whether the trial that is running must end now; asked after every epoch. An epoch of which more than half
        would lie beyond the end is not begun."""
        now = self.clock()
        epoch, self._asked = now - (now if self._asked is None else self._asked), now
        left = self.left(trials)
        if left is not None and trials == 1:
            left = max(left, self._began + self.least - now)
        return left is not None and left <= epoch / 2

    def fit(self, wanted: int, seconds: list[float], expected: float | None = None) -> int:
        """How many of some trials there is time for, counting one that gets half the time it needs: what is expected of
        each, or what the trials so far took."""
        each = statistics.median(seconds or [0.0]) if expected is None else expected
        left = (self.left(len(seconds) + fit + 1) for fit in range(wanted))
        short = (fit for fit, own in enumerate(left) if own is not None and own <= each * (fit + 0.5))
        return next(short, wanted)

"""Trial trainers: what every trainer of trials on one set of rows does."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from autoft.records.arrays import Array
from autoft.records.hints import Hints
from autoft.records.trials import SAMPLED_ROWS, TrialResult
from autoft.search.pruning import Prune
from autoft.training.ensemble import Ensemble, NetworkPart, build_ensemble
from autoft.training.epoch import engine
from autoft.training.stack import Stack, padded
from autoft.training.trial_record import Params

#: Whether trials must end now.
OutOfTime = Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a trial may train: its largest number of epochs, and its patience (`Record`)."""

    epochs: int
    patience: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What ends trials: the time (asked after every epoch), the largest number of epochs, and pruning."""

    out_of_time: OutOfTime
    limit: int
    prune: Prune | None


@dataclass(eq=False)
class TrialTrainer(ABC):
    """Trains trials on one set of rows.

    Attributes:
        data: The rows. The first `folds` members are the folds, whose held-out predictions are pooled; others hold out
            pairs of blocks, for nested evaluation.
        seed: Of weights, batch orders and masks.
        clock: Monotonic seconds.
        hints: About the inputs. A trial does without those that its parameters name under ``without``
            (`knowledge.variants.names`).
    """

    data: Stack
    _: KW_ONLY
    folds: int
    limits: Limits
    seed: int
    clock: Callable[[], float] = time.monotonic
    hints: Hints = field(default_factory=Hints)

    def __post_init__(self) -> None:
        # As many training rows as held-out ones give both curves the same noise. Pairs have no curve: they get one row,
        # because the stack is evaluated in one call.
        data, rng = self.data, np.random.default_rng([self.seed, 1])
        sizes = [min(len(rows), SAMPLED_ROWS) if s < self.folds else 1 for s, rows in enumerate(data.held_out)]
        drawn = zip(data.train, sizes, strict=True)
        self._sample = tuple(np.sort(rng.permutation(rows)[:size]) for rows, size in drawn)
        # Both curves are read in one call: held-out rows first, then the sample of the training rows.
        self._watched = np.concatenate([padded(self.data.held_out), padded(self._sample)], axis=1)
        self._held = max(len(rows) for rows in self.data.held_out)

    @abstractmethod
    def _train_all(self, params: Sequence[Params], ends: Ends) -> list[TrialResult]:
        """Train configurations of one shape."""

    def train_all(
        self, params: Sequence[Params], out_of_time: OutOfTime, epochs: int | None = None, prune: Prune | None = None
    ) -> list[TrialResult]:
        """Train configurations of one shape.

        Args:
            params: Hyperparameters of each.
            out_of_time: Asked after every epoch; when true all end with the epochs they have.
            epochs: Upper limit for these trials alone (Hyperband).
            prune: Asked after every epoch about each trial; a reason ends it as ``pruned``.

        Returns:
            Outcomes in the order of `params`; ``failed`` with a reason where one diverged before its first checkpoint.
        """
        limit = min(epochs or self.limits.epochs, self.limits.epochs)
        return self._train_all(params, Ends(out_of_time=out_of_time, limit=limit, prune=prune))

    @abstractmethod
    def answers_after(self, params: Params, epochs: int, horizon: int, out_of_time: OutOfTime) -> list[Array] | None:
        """Answers of every member on its held-out rows, ``[m, classes]`` or ``[m]``, after some epochs.

        Args:
            horizon: Epochs that the trial could have had: schedules are laid out over them.
            out_of_time: Asked before every epoch; where it is true the answer is None.
        """

    @abstractmethod
    def part(self, outcome: TrialResult, share: float) -> NetworkPart:
        """A trial in the deployed model."""

    def train(
        self, params: Params, out_of_time: OutOfTime, epochs: int | None = None, prune: Prune | None = None
    ) -> TrialResult:
        """Train one configuration (`train_all` of one)."""
        return self.train_all([params], out_of_time, epochs, prune)[0]

    @property
    def accelerated(self) -> bool:
        """Whether there is a device that one trial's folds do not fill."""
        return bool(engine().accelerated())

    def together(self, params: Params) -> int:
        """How many trials of this shape are worth training side by side on this device."""
        return 1

    def rehearse(self, params: Params, enough: Callable[[float], bool]) -> list[float]:
        """Seconds of a configuration's first epoch, tracing included, and of its second unless the first are enough.

        Only the compiled program is kept, for the trial that will use it.
        """
        seconds, began = [], self.clock()

        def out_of_time() -> bool:
            nonlocal began
            seconds.append(self.clock() - began)
            began = self.clock()
            return len(seconds) == 2 or enough(seconds[0])

        self.train(params, out_of_time)
        return seconds or [self.clock() - began]  # a limit of one epoch is never asked about

    def ensemble(self, parts: Sequence[tuple[TrialResult, float]]) -> Ensemble:
        """The deployed model of the folds' networks of some trials, each with its share in the answers."""
        return build_ensemble(self.data, [self.part(*own) for own in parts], self.folds)

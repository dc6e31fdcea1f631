"""What a run asks of a trainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from autoft.records.arrays import Array
from autoft.records.trials import TrialResult
from autoft.training.ensemble import Ensemble

#: From a trial's mean held-out curve so far to the reason to stop it, or "".
Prune = Callable[[Sequence[float]], str]


class TrialTrainer(Protocol):
    """Trains trials on the rows of a stack of members (`autoft.training.trainer.Trainer` says more)."""

    @property
    def accelerated(self) -> bool:
        """Whether there is a device that one trial's folds do not fill."""

    def train(
        self,
        params: Mapping[str, Any],
        out_of_time: Callable[[], bool],
        epochs: int | None = None,
        prune: Prune | None = None,
    ) -> TrialResult:
        """Train one configuration."""

    def train_all(
        self,
        params: Sequence[Mapping[str, Any]],
        out_of_time: Callable[[], bool],
        epochs: int | None = None,
        prune: Prune | None = None,
    ) -> list[TrialResult]:
        """Train configurations of one shape; results in the order of `params`."""

    def answers_after(
        self, params: Mapping[str, Any], epochs: int, horizon: int, out_of_time: Callable[[], bool]
    ) -> list[Array] | None:
        """Answers of every member on its held-out rows after a number of epochs; None if time ran out before."""

    def together(self, params: Mapping[str, Any]) -> int:
        """How many trials of this shape are worth training side by side."""

    def rehearse(self, params: Mapping[str, Any], enough: Callable[[float], bool]) -> list[float]:
        """Seconds of the first epoch or two of a configuration."""

    def ensemble(self, parts: Sequence[tuple[TrialResult, float]]) -> Ensemble:
        """The mean of the folds' networks of some trials, and the share of each trial."""

"""Trial times: seconds that a trial is expected to take, by the cost model and by the trials so far."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autoft.networks.family import family_of
from autoft.pipeline import cost, space
from autoft.pipeline.cost import TYPICAL_EPOCHS, CostShape
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.machine import Machine
from autoft.records.trials import Trial

#: Trials of an architecture that say how long its next one takes: the newest, as a machine may become busy.
_NEWEST = 5


@dataclass(slots=True, kw_only=True)
class TrialTimes:
    """Seconds of a trial by its parameters.

    The cost model's, corrected by what trials of the same architecture took, and before there are any by the epoch that
    was measured.

    Attributes:
        measured: Parameters of the configuration whose epoch was measured.
        epoch_seconds: Of that epoch.
        epochs: Most epochs of a trial by the plan, which is made for networks.
        most: Most epochs of a trial by the recipe.
    """

    dataset: Dataset
    measured: Mapping[str, Any]
    epoch_seconds: float
    epochs: int
    most: int
    _slowness: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _epochs: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def note(self, trial: Trial) -> None:
        """Count what a trial took."""
        epochs = len(trial.curves.get("held_out", ()))
        if not epochs or trial.status == "failed":
            return
        name, shape = _architecture(trial.params), replace(self._shape(trial.params), least=0)
        modelled = cost.trial_seconds(shape, Machine(), epochs=epochs, new_program=trial.traces > 0)
        self._slowness[name].append(trial.seconds / modelled)
        if trial.status == "finished" and not trial.cut_short:
            self._epochs[name].append(epochs)

    def __call__(self, params: Mapping[str, Any]) -> float:
        """Seconds that a trial with these parameters is expected to take."""
        name, shape = _architecture(params), self._shape(params)
        taken, epochs = self._slowness.get(name, [])[-_NEWEST:], self._epochs.get(name, [])[-_NEWEST:]
        most = self.most if family_of(params).trees else self.epochs
        expected = int(statistics.median(epochs)) if epochs else min(most, TYPICAL_EPOCHS)
        slowness = statistics.median(taken) if taken else self._measured()
        return slowness * cost.trial_seconds(shape, Machine(), epochs=expected)

    def _measured(self) -> float:
        return self.epoch_seconds / cost.epoch_seconds(self._shape(self.measured), Machine())

    def _shape(self, params: Mapping[str, Any]) -> CostShape:
        shape = space.cost_shape(self.dataset, params)
        return replace(shape, least=min(shape.least, self.epochs))


def _architecture(params: Mapping[str, Any]) -> str:
    return str(params.get("architecture", ""))

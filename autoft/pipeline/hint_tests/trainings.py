"""Trainings without each hint, and without all, of one configuration, as far as there is time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from autoft.knowledge import variants
from autoft.pipeline.context import Run
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.hint_tests.inputs import read_plainly, read_without
from autoft.pipeline.hint_tests.jobs import ALL, OTHER_INPUTS_TIMES, needs_other_inputs, reference_job, training_jobs
from autoft.pipeline.trainers import MakeTrainer
from autoft.records.trials import OUT_OF_MEMORY, OUT_OF_TIME, TrialResult
from autoft.training.program import out_of_memory
from autoft.training.trial_trainer import TrialTrainer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variants:
    """Trainings of one configuration without hints."""

    run: Run
    dataset: Dataset
    trainer: TrialTrainer
    make_trainer: MakeTrainer
    result: TrialResult
    end: float

    def train(self) -> dict[str, TrialResult]:
        """Results by job, with a reason where one ended early; jobs that there was no time for are missing."""
        found: dict[str, TrialResult] = {}
        jobs = training_jobs(self.dataset)
        left = [job for job in jobs if not needs_other_inputs(self.dataset, job)]
        other = [job for job in jobs if needs_other_inputs(self.dataset, job)]
        # As many side by side as end in time; where the device gains nothing by it, each ends before the next.
        while left and (many := max(0, int(min(self._room(), self.trainer.together(self.result.params))))):
            now, left = left[:many], left[many:]
            params = [{**self.result.params, variants.WITHOUT: self._names_inside(job)} for job in now]
            out_of_time = self._out_of_time(len(left) + OTHER_INPUTS_TIMES * len(other))
            found |= zip(now, self.trainer.train_all(params, out_of_time, self.result.limit), strict=True)
        while other and self._room() >= OTHER_INPUTS_TIMES:
            job, other = other[0], other[1:]
            found[job] = self._train_on_other_inputs(job, self._out_of_time(OTHER_INPUTS_TIMES * len(other)))
        comparable = {job: self._accept(one) for job, one in found.items()}
        return {job: one for job, one in comparable.items() if not one.reason.startswith(OUT_OF_TIME)}

    def _names_inside(self, job: str) -> tuple[str, ...]:
        """Hints that a job switches off in the trials' program."""
        return variants.names(self.dataset.description.hints) if job == ALL else (job,)

    def _train_on_other_inputs(self, job: str, out_of_time: Callable[[], bool]) -> TrialResult:
        """One training on other inputs; a failed one where the device has no memory for a second set of rows."""
        if job == ALL:
            rows, off = read_plainly(self.run.recipe, self.dataset), self._names_inside(job)
        else:
            rows = read_without(self.run.recipe, self.dataset, (job,))
            off = tuple(filter(None, (reference_job(self.dataset, job),)))
        params = {**self.result.params, variants.WITHOUT: off}
        try:
            return self.make_trainer(rows, self.dataset.folds).train(params, out_of_time, self.result.limit)
        except Exception as error:
            if not out_of_memory(error):
                raise
            return TrialResult(params=params, status="failed", reason=OUT_OF_MEMORY)

    def _room(self) -> float:
        """How many trainings will end in time."""
        if self.run.interrupt:
            return 0.0
        if math.isinf(self.end):
            return math.inf
        return (self.end - self.run.clock()) / max(self.result.seconds, 1e-3)

    def _out_of_time(self, following: float) -> Callable[[], bool]:
        """Asked after every epoch of some trainings side by side whether they must end.

        Networks without a hint may want more epochs than those with it had: they get them as long as there is time for
        the trainings that follow.
        """
        asked = itertools.count(1)
        return lambda: self._room() <= (following if next(asked) >= self._epochs else 0.0)

    def _accept(self, without: TrialResult) -> TrialResult:
        """A training that the clock ended is as good as any if it had all the epochs of the trial."""
        whole = len(without.curves.get("held_out", ())) >= self._epochs
        return replace(without, reason="") if whole and without.reason.startswith(OUT_OF_TIME) else without

    @property
    def _epochs(self) -> int:
        return len(self.result.curves.get("held_out", ()))

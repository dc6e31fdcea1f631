"""The trainings that put hints to the test: the same configuration without each of them, and without all."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from autoft.knowledge import variants
from autoft.pipeline.dataset import Dataset
from autoft.pipeline.hint_tests import inputs
from autoft.records.trials import OUT_OF_MEMORY, OUT_OF_TIME, TrialResult

if TYPE_CHECKING:
    from autoft.pipeline.context import Context
    from autoft.records import Trial
    from autoft.records.split import Member
    from autoft.training.trainer import Trainer

#: Name of the training without any hint.
ALL = ""
#: A training whose inputs are others takes so many times a trial: its rows are encoded, and its program is traced.
_ANEW = 2.0
#: Fewest epochs of trainings that are shortened, the smallest share of a trial's, and what of the time is filled so.
_FEWEST, _SHORTEST, _FILLED = 5, 0.125, 0.9


def names(dataset: Dataset) -> tuple[str, ...]:
    """Names of all hints that are put to the test."""
    untested = inputs.crossed(dataset)
    read = (name for name in inputs.names(dataset) if name not in untested)
    return (*variants.names(dataset.description.hints), *read)


def jobs(dataset: Dataset) -> tuple[str, ...]:
    """Names of the trainings: those of the hints, and ALL where there are several."""
    found = names(dataset)
    return (*found, ALL) if len(found) > 1 else found


def seconds(dataset: Dataset, trial: float) -> float:
    """What they take, from the seconds of a trial."""
    anew = sum(_reads_anew(dataset, job) for job in jobs(dataset))
    return trial * (len(jobs(dataset)) - anew + _ANEW * anew)


def epochs(dataset: Dataset, trial: TrialResult | Trial, left: float) -> int | None:
    """Epochs of a trial's trainings that fit; None for all that it had itself, 0 where too few would.

    With fewer of them, the training with all hints is one more, so that all are alike.

    Args:
        prepared: Of the run.
        trial: By which hints would be tested.
        left: Seconds.
    """
    needed = seconds(dataset, trial.seconds)
    if needed <= left:
        return None
    had = len(trial.curves.get("held_out", ()))
    found = int(had * _FILLED * left / max(needed + trial.seconds, 1e-3))
    return found if found >= max(_FEWEST, _SHORTEST * had) else 0


def reference(dataset: Dataset, name: str) -> str | None:
    """The training that one without a hint is compared with; None for that with all hints.

    Without its order a column can have no effect, so its order is judged by networks without that effect.
    """
    effect = f"{name.removesuffix(': order')}: effect"
    return effect if name.endswith(": order") and effect in names(dataset) else None


def trained(
    context: Context,
    dataset: Dataset,
    stack: Trainer,
    outcome: TrialResult,
    trainer: Callable[[Dataset, Sequence[Member]], Trainer],
    end: float,
) -> dict[str, TrialResult]:
    """Outcomes by job, with a reason where one ended early; those are missing that there was no time for.

    Args:
        context, dataset: Of the run.
        stack: What trained the trials.
        outcome: Of the configuration.
        trainer: Makes a trainer of other inputs.
        end: When it must be over, on the run's clock.
    """
    time = _Time(context=context, outcome=outcome, end=end)
    found: dict[str, TrialResult] = {}
    inside = variants.names(dataset.description.hints)
    left = [job for job in jobs(dataset) if not _reads_anew(dataset, job)]
    anew = [job for job in jobs(dataset) if _reads_anew(dataset, job)]
    # As many side by side as will be done in time; where the device gains nothing by it, each is done before the next.
    while left and (many := max(0, int(min(time.room(), stack.together(outcome.params))))):
        now, left = left[:many], left[many:]
        off = [{**outcome.params, variants.WITHOUT: inside if job == ALL else (job,)} for job in now]
        out_of_time = time.keeper(len(left) + _ANEW * len(anew))
        found |= zip(now, stack.train_all(off, out_of_time, outcome.limit), strict=True)
    while anew and time.room() >= _ANEW:
        job, anew = anew[0], anew[1:]
        found[job] = _anew(context, dataset, job, outcome, trainer, time.keeper(_ANEW * len(anew)))
    comparable = {job: time.comparable(one) for job, one in found.items()}
    return {job: one for job, one in comparable.items() if not one.reason.startswith(OUT_OF_TIME)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Time:
    """How long the trainings may take. Networks without a hint may want more epochs than those with it had: they get
    them as long as there is time for the trainings that follow.

    Attributes:
        context: Of the run.
        outcome: Of the configuration.
        end: When it must be over, on the run's clock.
    """

    context: Context
    outcome: TrialResult
    end: float

    def room(self) -> float:
        """How many trainings will be done in time."""
        if self.context.interrupt:
            return 0.0
        if math.isinf(self.end):
            return math.inf
        return (self.end - self.context.watch.clock()) / max(self.outcome.seconds, 1e-3)

    def keeper(self, following: float) -> Callable[[], bool]:
        """Asked after every epoch of some trainings side by side whether they must end.

        Args:
            following: How many trainings come after them.
        """
        asked = itertools.count(1)

        def out_of_time() -> bool:
            enough = next(asked) >= self._epochs
            return self.room() <= (following if enough else 0.0)

        return out_of_time

    def comparable(self, without: TrialResult) -> TrialResult:
        """A training that the clock ended is as good as any if it had all the epochs of the trial."""
        had = len(without.curves.get("held_out", ()))
        if without.reason.startswith(OUT_OF_TIME) and had >= self._epochs:
            return replace(without, reason="")
        return without

    @property
    def _epochs(self) -> int:
        """That the trial went through."""
        return len(self.outcome.curves.get("held_out", ()))


def _anew(
    context: Context,
    dataset: Dataset,
    job: str,
    outcome: TrialResult,
    trainer: Callable[[Dataset, Sequence[Member]], Trainer],
    out_of_time: Callable[[], bool],
) -> TrialResult:
    """One training on other inputs; a failed one where the device has no memory for a second set of rows."""
    from autoft.training.program import out_of_memory

    if job == ALL:
        rows, off = inputs.plain(context.recipe, dataset), variants.names(dataset.description.hints)
    else:
        rows = inputs.without(context.recipe, dataset, (job,))
        off = tuple(filter(None, (reference(dataset, job),)))
    params = {**outcome.params, variants.WITHOUT: off}
    try:
        return trainer(rows, dataset.members[: dataset.split.k]).train(params, out_of_time, outcome.limit)
    except Exception as error:
        if not out_of_memory(error):
            raise
        return TrialResult(params=params, status="failed", reason=OUT_OF_MEMORY)


def _reads_anew(dataset: Dataset, job: str) -> bool:
    """Whether a training has other inputs than the trials."""
    anew = inputs.names(dataset)
    return bool(anew) if job == ALL else job in anew
